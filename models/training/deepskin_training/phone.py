"""Smartphone lesions: cut-outs with transparent surroundings, placed on made-up skin."""

import csv
import dataclasses
import io
import math
import pathlib

import cv2
import numpy as np
from PIL import Image

from .labels import DIAGNOSES
from .sources import read_images

ARCHIVE = "phone_lesions.tar"
METADATA = "phone_lesions.csv"
# PAD-UFES-20's diagnoses, as HAM10000 names them.
_CODES = {"ACK": "akiec", "SCC": "akiec", "BCC": "bcc", "MEL": "mel", "NEV": "nv", "SEK": "bkl"}
_LONGEST = 192  # pixels of a cut-out: more would be lost on the canvas


@dataclasses.dataclass(frozen=True)
class Cutout:
    """A lesion cut out along its border, and the colour of the skin around it.

    Colours are multiplied by opacity, or what lies hidden outside the border would bleed in
    when they are resized.
    """

    pixels: np.ndarray  # float32 [h, w, 4], RGB times opacity (0 to 255), opacity (0 to 1)
    skin: np.ndarray  # float32 [3]
    diagnosis: int
    patient: str

    @classmethod
    def cut(cls, pixels: np.ndarray, diagnosis: int, patient: str) -> "Cutout":
        """Makes one of uint8 [h, w, 4] RGBA."""
        opaque = pixels[..., 3:].astype(np.float32) / 255
        flat = np.concatenate([pixels[..., :3] * opaque, opaque], axis=2)
        scale = min(1.0, _LONGEST / max(flat.shape[:2]))
        flat = cv2.resize(flat, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return cls(flat, _skin_of(pixels), diagnosis, patient)


def read_cutouts(data: pathlib.Path) -> list[Cutout]:
    """Reads the cut-outs; those of patients of the whole test photos are left out.

    Returns an empty list where the folder has none.
    """
    if not (data / ARCHIVE).exists():
        return []
    images = dict(read_images(data / ARCHIVE))
    cutouts = []
    with open(data / METADATA, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["patient_in_phone_photos"] == "1":
                continue
            content = images[pathlib.PurePath(row["file"]).stem]
            pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
            diagnosis = DIAGNOSES.index(_CODES[row["diagnostic"]])
            cutouts.append(Cutout.cut(pixels, diagnosis, row["patient_id"]))
    return cutouts


def compose(
    cutout: Cutout, side: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Places the lesion on skin of its border's colour.

    Returns the picture, uint8 [side, side, 3] RGB, and its mask, uint8 [side, side].
    """
    height, width = cutout.pixels.shape[:2]
    # From a small spot to nothing but lesion.
    zoom = side * math.exp(random.uniform(math.log(0.2), math.log(1.4))) / max(height, width)
    size = (max(8, round(width * zoom)), max(8, round(height * zoom)))
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    flat = cv2.resize(cutout.pixels, size, interpolation=method)
    flat = flat[_cut(size[1], side, random), _cut(size[0], side, random)]
    size = flat.shape[1::-1]
    alpha = flat[..., 3]
    colours = flat[..., :3] / np.maximum(alpha, 1e-3)[..., None]

    canvas = cutout.skin + _texture(side, random)
    solid = (alpha > 0.5).astype(np.uint8)
    feather = cv2.GaussianBlur(np.pad(alpha * solid, 4), (0, 0), random.uniform(0.8, 2.5))
    feather = np.minimum(feather[4:-4, 4:-4], alpha)
    # Most people put the spot in the middle.
    room = np.array([side - size[0], side - size[1]])
    left, top = np.clip(random.normal(room / 2, room / 5), 0, room).astype(int)
    window = np.s_[top : top + size[1], left : left + size[0]]
    mask = np.zeros((side, side), np.uint8)
    mask[window] = 255 * feather
    feather = feather[..., None]
    canvas[window] = feather * colours + (1 - feather) * canvas[window]
    return np.clip(canvas, 0, 255).astype(np.uint8), mask


def _cut(length: int, side: int, random: np.random.Generator) -> slice:
    """Returns the part of a length that a picture of this side shows."""
    start = random.integers(0, max(length - side, 0) + 1)
    return slice(start, start + side)


def bare_skin(cutout: Cutout, side: int, random: np.random.Generator) -> np.ndarray:
    """Makes a picture, uint8 [side, side, 3], of skin as around the lesion, without it."""
    return np.clip(cutout.skin + _texture(side, random), 0, 255).astype(np.uint8)


def _skin_of(pixels: np.ndarray) -> np.ndarray:
    """Returns the median colour, float32 [3], of the ring just inside the border."""
    solid = (pixels[..., 3] > 127).astype(np.uint8)
    rim = max(3, min(solid.shape) // 12)
    inner = cv2.erode(np.pad(solid, rim), np.ones((rim, rim), np.uint8))[rim:-rim, rim:-rim]
    ring = (solid == 1) & (inner == 0)
    if not ring.any():
        return np.array([200, 160, 140], np.float32)
    return np.median(pixels[..., :3][ring], axis=0).astype(np.float32)


def _texture(side: int, random: np.random.Generator) -> np.ndarray:
    """Makes float32 [side, side, 3] of skin: patches, light from one side, pores and noise."""
    total = np.zeros((side, side, 3), np.float32)
    for cells, strength in ((3, 9.0), (9, 5.0), (40, 3.5), (90, 2.5)):
        grid = random.normal(0, strength, (cells, cells, 1)) * random.normal(1, 0.25, 3)
        grid = grid.astype(np.float32)
        total += cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    light = random.normal(0, 10, 2)
    total += (ramp[:, None] * light[0] + ramp[None] * light[1])[..., None]
    return total + 2 * random.standard_normal((side, side, 1), dtype=np.float32)
