"""How the two reduced views of HAM10000 lie on each other, and how sharp each is."""

import cv2
import numpy as np

_POINTS = 15  # matched keypoints below which a picture says too little


def movement(small: np.ndarray, sharp: np.ndarray) -> np.ndarray | None:
    """Returns the affine matrix [2, 3] from pixels of one grey view to the other's, or None."""
    sift = cv2.SIFT_create(600, contrastThreshold=0.01)
    here, what = sift.detectAndCompute(cv2.resize(small, None, fx=2, fy=2), None)
    there, other = sift.detectAndCompute(cv2.resize(sharp, None, fx=2, fy=2), None)
    if what is None or other is None or min(len(what), len(other)) < 2:
        return None
    close = cv2.BFMatcher().knnMatch(what, other, k=2)
    close = [best for best, second in close if best.distance < 0.8 * second.distance]
    if len(close) < _POINTS:
        return None
    matrix, agree = cv2.estimateAffine2D(
        np.array([here[match.queryIdx].pt for match in close]) / 2,
        np.array([there[match.trainIdx].pt for match in close]) / 2,
        ransacReprojThreshold=1.5,
    )
    return matrix if matrix is not None and agree.sum() >= _POINTS else None


def spectrum(grey: np.ndarray, bins: int = 40) -> np.ndarray:
    """Returns the mean log10 power of a square grey picture by spatial frequency: float [bins].

    The bins reach from zero to half a cycle per pixel.
    """
    side = len(grey)
    window = np.hanning(side)[:, None] * np.hanning(side)
    power = np.abs(np.fft.fftshift(np.fft.fft2((grey - grey.mean()) * window))) ** 2
    axis = np.fft.fftshift(np.fft.fftfreq(side))
    radius = np.minimum((np.hypot(axis[:, None], axis) * 2 * bins).astype(int), bins)
    total = np.bincount(radius.ravel(), power.ravel(), bins + 1)
    return np.log10(total / np.bincount(radius.ravel(), minlength=bins + 1) + 1e-3)[:bins]
