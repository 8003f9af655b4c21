"""The pictures that batches are made of, decoded and held in memory."""

import dataclasses
import io
import pathlib
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from . import exported, outside, phone, sources
from .config import Config
from .pictures import decode

# The 224 x 224 view shows these columns of the whole picture's 200, enlarged (docs/data.md).
_SHARP_COLUMNS = (25, 175)


@dataclasses.dataclass(frozen=True)
class Shot:
    """A photo: views uint8 [h, w, 3] of the whole of it, and its lesion's mask, if it is known."""

    views: list[np.ndarray]
    mask: np.ndarray | None  # uint8 [h, w], 255 where the lesion is
    diagnosis: int


class Material:
    """What one fold trains on: HAM10000, phone lesions, everyday photos and exports."""

    def __init__(
        self, config: Config, data: pathlib.Path, exports: Sequence[exported.Photo] = ()
    ):
        cases = [case for case in sources.read_metadata(data)
                 if sources.split_of(case.lesion, config.fold) == "train"]
        whole, sharp = sources.ham10000_views(data)
        masks = sources.read_masks(data)
        self.shots = []
        for case in cases:
            views = [np.asarray(decode(whole[case.image]))]
            height, width = views[0].shape[:2]
            if config.views == "both" and case.image in sharp:
                views.append(sharpened(views[0], np.asarray(decode(sharp[case.image]))))
            mask = np.full((height, width), 255, np.uint8)
            if case.image in masks:
                mask = np.asarray(Image.open(io.BytesIO(masks[case.image])).convert("L"))
            self.shots.append(Shot(views, mask, case.diagnosis))
        self.cutouts = [cutout for cutout in phone.read_cutouts(data)
                        if sources.split_of(cutout.patient, config.fold) == "train"]
        # Pictures without a lesion, each with whether a phone took it.
        self._everyday = [
            (np.asarray(decode(content)), True) for name, content in outside.read_not_skin(data)
            if not outside.is_held_out(name)
        ]
        self._outlined = list(self.shots)
        self.photos = []  # by phones
        for photo in exports:
            if exported.split_of(photo, config.fold) == "train":
                self._add(photo)

    def _add(self, photo: exported.Photo) -> None:
        """Puts an exported photo among those of its kind."""
        if photo.diagnosis is None:
            self._everyday.append((photo.pixels(), photo.phone))
            return
        shots = self.photos if photo.phone else self.shots
        shots.append(Shot([photo.pixels()], None, photo.diagnosis))

    def not_lesion(self, side: int, random: np.random.Generator) -> tuple[np.ndarray, bool]:
        """Returns a picture without a lesion, and whether a phone took it.

        Two in three are everyday photos, or exported ones; the others are healthy skin, near
        lesions in dermoscopy or made up, now and then with the pattern of a screen or a cover.
        """
        draw = random.random()
        if self._everyday and draw < 0.67:
            return self._everyday[random.integers(len(self._everyday))]
        if draw < 0.85:
            patch = self._bare_skin(random)
            if patch is not None:
                return patch, False
        if self.cutouts and draw < 0.97:
            cutout = self.cutouts[random.integers(len(self.cutouts))]
            return phone.bare_skin(cutout, side, random), True
        return _flat(side, random), True

    def _bare_skin(self, random: np.random.Generator) -> np.ndarray | None:
        """Cuts a patch without lesion from a corner of an image; None where none is free."""
        for _ in range(4):
            shot = self._outlined[random.integers(len(self._outlined))]
            view = shot.views[random.integers(len(shot.views))]
            mask = cv2.resize(shot.mask, view.shape[1::-1])
            height, width = (np.array(mask.shape) * random.uniform(0.35, 0.5)).astype(int)
            top = random.choice([0, mask.shape[0] - height])
            left = random.choice([0, mask.shape[1] - width])
            if mask[top : top + height, left : left + width].max() == 0:
                return view[top : top + height, left : left + width]
        return None


def sharpened(whole: np.ndarray, sharp: np.ndarray) -> np.ndarray:
    """Lays the sharp view of a picture's middle onto the enlarged whole: uint8 [h, w, 3]."""
    first, last = _SHARP_COLUMNS
    scale = sharp.shape[1] / (last - first)
    whole = cv2.resize(whole, (round(whole.shape[1] * scale), sharp.shape[0]),
                       interpolation=cv2.INTER_CUBIC)
    left = round(first * scale)
    whole[:, left : left + sharp.shape[1]] = sharp
    return whole


def _flat(side: int, random: np.random.Generator) -> np.ndarray:
    """Draws what a covered lens or a screenshot shows: a plain colour, perhaps with text."""
    ground = random.uniform(0, 255, 3) if random.random() < 0.5 else np.full(3, 250.0)
    picture = np.clip(ground + random.normal(0, 2, (side, side, 3)), 0, 255).astype(np.uint8)
    ink = tuple(int(v) for v in 255 - ground)
    for line in range(random.integers(0, 9)):
        base = (line + 1) * side // 10
        text = "".join(chr(random.integers(97, 123)) for _ in range(random.integers(4, 16)))
        cv2.putText(picture, text, (side // 20, base), cv2.FONT_HERSHEY_SIMPLEX,
                    random.uniform(0.3, 0.6), ink, 1, cv2.LINE_AA)
    return picture
