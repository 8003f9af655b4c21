"""Every image of the data folder with what is known of it, as the exploration wants it."""

import csv
import dataclasses
import pathlib

import cv2
import numpy as np

from ..labels import MALIGNANT
from ..pictures import decode
from ..sources import METADATA, read_images, split_of

WHOLE_VIEW = "ham10000_200x150.tar"
SHARP_VIEW = "ham10000_224x224.tar"
MASKS = "ham10000_masks_200x150.tar.gz"
PHONE_PHOTOS = "phone_photos"
PHONE_CUTOUTS = "phone_lesions"
NOT_SKIN = "not_skin.tar"
FILES = (
    METADATA, WHOLE_VIEW, SHARP_VIEW, MASKS, NOT_SKIN,
    *(f"{name}.{kind}" for name in (PHONE_PHOTOS, PHONE_CUTOUTS) for kind in ("tar", "csv")),
)


@dataclasses.dataclass(frozen=True)
class Sample:
    """An image and its row of metadata; what is not known is an empty string or NaN."""

    name: str
    picture: np.ndarray  # uint8 [h, w, 3] RGB
    mask: np.ndarray | None  # bool [h, w], True on the lesion; None where nobody drew one
    lesion: str  # groups what must stay together: the lesion, in phone files the patient's
    patient: str  # known in phone files only
    split: str
    diagnosis: str
    malignant: bool
    proof: str  # how the diagnosis was made
    age: float
    sex: str
    site: str
    skin_type: str  # Fitzpatrick's, 1 to 6


def check(data: pathlib.Path) -> None:
    """Raises FileNotFoundError that names all files the folder lacks."""
    missing = [name for name in FILES if not (data / name).exists()]
    if missing:
        raise FileNotFoundError(f"{data} lacks {', '.join(missing)}")


def dermoscopy(data: pathlib.Path) -> list[Sample]:
    """Reads HAM10000 in its complete view, sorted by image ID."""
    pictures = dict(read_images(data / WHOLE_VIEW))
    masks = {
        name.removesuffix("_segmentation"): content for name, content in read_images(data / MASKS)
    }
    return [
        Sample(
            name=row["image_id"],
            picture=np.asarray(decode(pictures[row["image_id"]])),
            mask=grey(masks[row["image_id"]]) > 127,
            lesion=row["lesion_id"],
            patient="",
            split=split_of(row["lesion_id"]),
            diagnosis=row["dx"],
            malignant=row["dx"] in MALIGNANT,
            proof=row["dx_type"],
            age=_age(row["age"]),
            sex=row["sex"],
            site=row["localization"],
            skin_type="",
        )
        for row in sorted(_rows(data / METADATA), key=lambda row: row["image_id"])
    ]


def phone(data: pathlib.Path, source: str) -> list[Sample]:
    """Reads PHONE_PHOTOS, or PHONE_CUTOUTS on white with what is opaque as their masks."""
    pictures = dict(read_images(data / f"{source}.tar"))
    samples = []
    for row in _rows(data / f"{source}.csv"):
        content = pictures[pathlib.PurePath(row["file"]).stem]
        mask = None
        if source == PHONE_CUTOUTS:
            packed = np.frombuffer(content, np.uint8)
            mask = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)[..., 3] > 127
        samples.append(
            Sample(
                name=row["img_id"].removesuffix(".png"),
                picture=np.asarray(decode(content)),
                mask=mask,
                lesion=f"{row['patient_id']}_{row['lesion_id']}",
                patient=row["patient_id"],
                split="",
                diagnosis=row["diagnostic"],
                malignant=row["malignant"] == "1",
                proof="histo" if row["biopsied"] == "True" else "consensus",
                age=_age(row["age"]),
                sex=row["sex"].lower(),
                site=row["region"].lower(),
                skin_type=row["fitzpatrick"].removesuffix(".0"),
            )
        )
    return samples


def everyday(data: pathlib.Path) -> list[np.ndarray]:
    """Reads the pictures without skin, uint8 [h, w, 3] each."""
    return [np.asarray(decode(content)) for _, content in read_images(data / NOT_SKIN)]


def grey(content: bytes) -> np.ndarray:
    """Decodes an image to uint8 [h, w]."""
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)


def _rows(path: pathlib.Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _age(text: str) -> float:
    return float(text) if text else float("nan")
