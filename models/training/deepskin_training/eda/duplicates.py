"""Finds pictures of the same skin: perceptual hashes propose pairs, matching keypoints decide."""

from collections.abc import Iterator

import cv2
import numpy as np

from .samples import Sample

WHOLE_DISTANCE = 8  # of 63 bits
BOX_DISTANCE = 10
SAME_SKIN = 7  # matched keypoints; none of 4,000 random pairs had as many

_SIDE = 32
_REACH = 4  # radius of what a keypoint's descriptor sees, in its sizes
_SIGNS = (-1.0) ** np.arange(8)  # what mirroring does to the cosine coefficients


def spectra(samples: list[Sample]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lowest 8 x 8 cosine coefficients of the whole pictures and the lesions' boxes.

    Boxes make zoomed and shifted copies alike. Each is float32 [n, 8, 8].
    """
    whole, boxes = [], []
    for sample in samples:
        grey = cv2.cvtColor(sample.picture, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        box = small if sample.mask is None or not sample.mask.any() else _box(grey, sample.mask)
        whole.append(cv2.dct(small.astype(np.float32))[:8, :8])
        boxes.append(cv2.dct(box.astype(np.float32))[:8, :8])
    return np.array(whole), np.array(boxes)


def close_pairs(coefficients: np.ndarray, limit: int, turned: bool) -> dict[tuple[int, int], int]:
    """Returns {(i, j): bits} of all pairs i < j within the limit, however one is mirrored.

    turned also compares pictures turned by a quarter, which makes sense for square boxes.
    """
    bits = _bits(coefficients)
    found: dict[tuple[int, int], int] = {}
    for variant in _variants(coefficients, turned):
        rows = _bits(variant)
        for start in range(0, len(rows), 1000):
            distances = (bits.shape[1] - rows[start : start + 1000] @ bits.T) / 2
            for i, j in np.argwhere(distances <= limit):
                if start + i < j:
                    key = (int(start + i), int(j))
                    found[key] = min(found.get(key, 64), int(distances[i, j]))
    return found


class Matcher:
    """Counts keypoints of two pictures that one shift, turn and zoom brings together.

    inside leaves out keypoints that see the mask's border, for cut-outs: outlines are alike.
    """

    def __init__(self, samples: list[Sample], inside: bool = False):
        self._samples = samples
        self._inside = inside
        self._sift = cv2.SIFT_create(200, contrastThreshold=0.01)
        self._features: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}

    def keypoints(self, first: int, second: int) -> int:
        """Returns the number of keypoints that agree; 0 where there is no such movement."""
        here, what = self._of(first)
        there, other = self._of(second)
        if what is None or other is None or min(len(what), len(other)) < 8:
            return 0
        likeness = what @ other.T
        rows, best = np.arange(len(what)), likeness.argmax(1)
        top = likeness[rows, best].copy()
        mutual = likeness.argmax(0)[best] == rows
        likeness[rows, best] = -1
        clear = mutual & (1 - top < 0.72 * (1 - likeness.max(1)))
        if clear.sum() < 4:
            return 0
        movement, agree = cv2.estimateAffinePartial2D(
            here[clear], there[best[clear]], ransacReprojThreshold=2.5
        )
        if movement is None or not 0.4 < np.hypot(*movement[0, :2]) < 2.5:
            return 0
        return int(agree.sum())

    def _of(self, index: int) -> tuple[np.ndarray, np.ndarray | None]:
        if index not in self._features:
            sample = self._samples[index]
            grey = cv2.cvtColor(sample.picture, cv2.COLOR_RGB2GRAY)
            grey = cv2.resize(grey, None, fx=200 / max(grey.shape), fy=200 / max(grey.shape))
            points = self._sift.detect(grey)
            if self._inside:
                mask = cv2.resize(sample.mask.astype(np.uint8), grey.shape[::-1])
                depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
                points = [p for p in points if depth[int(p.pt[1]), int(p.pt[0])] > _REACH * p.size]
            points, what = self._sift.compute(grey, points)
            if what is not None:  # square roots compare histograms better (RootSIFT)
                what = np.sqrt(what / np.maximum(what.sum(1, keepdims=True), 1e-6))
            self._features[index] = (np.array([p.pt for p in points], np.float32), what)
        return self._features[index]


def propose(samples: list[Sample]) -> dict[tuple[int, int], int]:
    """Returns {(i, j): bits} of all pairs i < j whose hashes are close."""
    whole, boxes = spectra(samples)
    proposed = close_pairs(boxes, BOX_DISTANCE, turned=True)
    for key, distance in close_pairs(whole, WHOLE_DISTANCE, turned=False).items():
        proposed[key] = min(proposed.get(key, 64), distance)
    return dict(sorted(proposed.items()))


def _box(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Cuts a square of 1.4 times the lesion's longer side around it: uint8 [32, 32]."""
    rows, columns = np.nonzero(mask)
    side = 1.4 * max(np.ptp(rows), np.ptp(columns), 8)
    blurred = cv2.blur(grey, (max(1, round(side / _SIDE)),) * 2)
    zoom = _SIDE / side
    matrix = np.array([
        [zoom, 0, _SIDE / 2 - zoom * (columns.min() + columns.max()) / 2],
        [0, zoom, _SIDE / 2 - zoom * (rows.min() + rows.max()) / 2],
    ])
    return cv2.warpAffine(blurred, matrix, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE)


def _variants(coefficients: np.ndarray, turned: bool) -> Iterator[np.ndarray]:
    sets = (coefficients, coefficients.transpose(0, 2, 1)) if turned else (coefficients,)
    for plain in sets:
        for columns in (1.0, _SIGNS):
            for rows in (1.0, _SIGNS[:, None]):
                yield plain * columns * rows


def _bits(coefficients: np.ndarray) -> np.ndarray:
    """Compares each coefficient but the mean with their median: float32 [n, 63] of -1 and 1."""
    flat = coefficients.reshape(len(coefficients), -1)[:, 1:]
    return np.where(flat > np.median(flat, axis=1, keepdims=True), 1, -1).astype(np.float32)
