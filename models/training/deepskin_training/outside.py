"""Photos that the network was never fitted on: whole phone photos, and everyday pictures."""

import csv
import dataclasses
import pathlib

import numpy as np

from .pictures import serving_picture
from .sources import position_of, read_images

PHONE_PHOTOS = "phone_photos"  # .tar and .csv, from PAD-UFES-20
NOT_SKIN = "not_skin.tar"


@dataclasses.dataclass(frozen=True)
class PhonePhotos:
    """Pictures [n, side, side, 3], whether each lesion is malignant [n], and patient IDs [n]."""

    pictures: np.ndarray
    malignant: np.ndarray
    patients: np.ndarray


def read_phone_photos(data: pathlib.Path, side: int) -> PhonePhotos | None:
    """Reads the whole phone photos, none of whose patients were trained on; None without."""
    archive = data / f"{PHONE_PHOTOS}.tar"
    if not archive.exists():
        return None
    images = dict(read_images(archive))
    with open(data / f"{PHONE_PHOTOS}.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [pathlib.PurePath(row["file"]).stem for row in rows]
    return PhonePhotos(
        np.stack([serving_picture(images[name], side) for name in names]),
        np.array([row["malignant"] == "1" for row in rows]),
        np.array([row["patient_id"] for row in rows]),
    )


def read_not_skin(data: pathlib.Path) -> list[tuple[str, bytes]]:
    """Reads everyday photos, which should be refused, as (name, bytes); empty without."""
    return list(read_images(data / NOT_SKIN)) if (data / NOT_SKIN).exists() else []


def is_held_out(name: str) -> bool:
    """Says whether an everyday photo is in the half that nothing is fitted on."""
    return position_of(name) < 0.5
