"""Where images come from: folders, tar and zip archives, read without unpacking."""

import csv
import dataclasses
import hashlib
import pathlib
import tarfile
import zipfile
from collections.abc import Iterator

from .labels import DIAGNOSES

TEST_SHARE = 0.15
VALIDATION_SHARE = 0.15

# HAM10000: the published archives, or else reduced copies, of the whole and of the middle.
HAM10000_PUBLISHED = ("HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip")
HAM10000_WHOLE = "ham10000_200x150.tar"
HAM10000_SHARP = "ham10000_224x224.tar"
METADATA = "HAM10000_metadata.csv"
MASKS = "ham10000_masks_200x150.tar.gz"


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of HAM10000's metadata."""

    image: str
    lesion: str
    diagnosis: int


def position_of(name: str) -> float:
    """Maps a name to a number in [0, 1) by a hash, the same on every machine."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def split_of(lesion: str, fold: int = 0) -> str:
    """Assigns a lesion, and so every image of it, to one part by a hash of its ID.

    The test part is always the same. Folds 0 to 4 of cross-validation differ in what is
    validation; fold 0 is the one that calibration and thresholds use.
    """
    position = position_of(lesion) - TEST_SHARE
    if position < 0:
        return "test"
    first = fold * VALIDATION_SHARE
    return "validation" if first <= position < first + VALIDATION_SHARE else "train"


def read_metadata(data: pathlib.Path) -> list[Case]:
    """Reads HAM10000's metadata, sorted by image ID so that runs repeat."""
    with open(data / METADATA, newline="", encoding="utf-8") as file:
        rows = [
            Case(
                image=row["image_id"],
                lesion=row["lesion_id"],
                diagnosis=DIAGNOSES.index(row["dx"]),
            )
            for row in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda case: case.image)


def read_images(source: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    """Yields (name without extension, bytes) of each image in a folder or an archive."""
    if source.is_dir():
        for path in sorted(source.rglob("*.*")):
            yield path.stem, path.read_bytes()
    elif source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield pathlib.PurePath(info.filename).stem, archive.read(info)
    else:
        with tarfile.open(source) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content:
                    yield pathlib.PurePath(member.name).stem, content.read()


def ham10000_views(data: pathlib.Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Reads HAM10000 by image ID: every whole image, and the sharper middles of some.

    The published archives are whole and sharp, so they need no middles.
    """
    published = [data / name for name in HAM10000_PUBLISHED]
    if all(path.exists() for path in published):
        return {name: image for path in published for name, image in read_images(path)}, {}
    if not (data / HAM10000_WHOLE).exists():
        raise FileNotFoundError(
            f"no HAM10000 in {data}: want {HAM10000_WHOLE} or {HAM10000_PUBLISHED}")
    sharp = data / HAM10000_SHARP
    return dict(read_images(data / HAM10000_WHOLE)), dict(
        read_images(sharp) if sharp.exists() else [])


def read_masks(data: pathlib.Path) -> dict[str, bytes]:
    """Reads the masks of HAM10000's lesions by image ID; empty where the folder has none."""
    if not (data / MASKS).exists():
        return {}
    return {name.removesuffix("_segmentation"): mask for name, mask in read_images(data / MASKS)}


def hash_files(paths: list[pathlib.Path]) -> str:
    """Returns one SHA-256 over the names and contents of the files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode())
        with open(path, "rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def training_files(data: pathlib.Path) -> list[pathlib.Path]:
    """Lists the files of the folder that a training run reads."""
    names = (METADATA, MASKS, HAM10000_WHOLE, HAM10000_SHARP, *HAM10000_PUBLISHED,
             "phone_lesions.tar", "phone_lesions.csv", "not_skin.tar")
    return [data / name for name in names if (data / name).exists()]
