"""Smartphone lesions: cut-outs with transparent surroundings, placed on made-up skin."""

import csv
import dataclasses
import io
import pathlib

import cv2
import numpy as np
from PIL import Image

from .labels import DIAGNOSES
from .sources import read_images, split_of

ARCHIVE = "phone_lesions.tar"
METADATA = "phone_lesions.csv"
# PAD-UFES-20's diagnoses, as HAM10000 names them.
_CODES = {"ACK": "akiec", "SCC": "akiec", "BCC": "bcc", "MEL": "mel", "NEV": "nv", "SEK": "bkl"}


@dataclasses.dataclass(frozen=True)
class Cutout:
    """A lesion cut out along its border: uint8 [h, w, 4] RGBA, transparent outside."""

    pixels: np.ndarray
    diagnosis: int
    split: str


def read_cutouts(data: pathlib.Path) -> list[Cutout]:
    """Reads the cut-outs, split by patient; patients of the whole test photos are left out.

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
            cutouts.append(Cutout(pixels, diagnosis, split_of(row["patient_id"])))
    return cutouts


def compose(cutout: Cutout, side: int, random: np.random.Generator) -> np.ndarray:
    """Places the lesion on skin of its border's colour; returns uint8 [side, side, 3] RGB."""
    height, width = cutout.pixels.shape[:2]
    zoom = side * random.uniform(0.25, 0.8) / max(height, width)
    size = (max(8, round(width * zoom)), max(8, round(height * zoom)))
    # Colours are weighted by opacity, or what lies hidden outside the border would bleed in.
    opaque = cutout.pixels[..., 3:].astype(np.float32) / 255
    flat = np.concatenate([cutout.pixels[..., :3] * opaque, opaque], axis=2)
    flat = cv2.resize(flat, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    alpha = flat[..., 3]
    colours = flat[..., :3] / np.maximum(alpha, 1e-3)[..., None]

    solid = (alpha > 0.5).astype(np.uint8)
    rim = max(3, min(size) // 12)
    inner = cv2.erode(np.pad(solid, rim), np.ones((rim, rim), np.uint8))[rim:-rim, rim:-rim]
    ring = (solid == 1) & (inner == 0)
    skin = np.median(colours[ring], axis=0) if ring.any() else np.array([200.0, 160.0, 140.0])

    canvas = skin.astype(np.float32) + _texture(side, random)
    feather = cv2.GaussianBlur(np.pad(alpha * solid, 4), (0, 0), random.uniform(0.8, 2.5))
    feather = np.minimum(feather[4:-4, 4:-4], alpha)[..., None]
    left = random.integers(0, side - size[0] + 1)
    top = random.integers(0, side - size[1] + 1)
    window = canvas[top : top + size[1], left : left + size[0]]
    window[:] = feather * colours + (1 - feather) * window
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _texture(side: int, random: np.random.Generator) -> np.ndarray:
    """Makes float32 [side, side, 3] of skin: patches, light from one side, pores and noise."""
    total = np.zeros((side, side, 3), np.float32)
    for cells, strength in ((3, 9.0), (9, 5.0), (40, 3.5), (90, 2.5)):
        grid = random.normal(0, strength, (cells, cells, 1)).astype(np.float32)
        tint = random.normal(1, 0.25, 3).astype(np.float32)
        total += cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)[..., None] * tint
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    light = random.normal(0, 10, 2)
    total += (ramp[:, None] * light[0] + ramp[None] * light[1])[..., None]
    return total + 2 * random.standard_normal(total.shape, dtype=np.float32)
