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

# Views of HAM10000, best first: the published archives, then reduced copies of them.
HAM10000_VIEWS = (
    ("HAM10000_images_part_1.zip", "HAM10000_images_part_2.zip"),
    ("ham10000_224x224.tar",),
    ("ham10000_200x150.tar",),
)
METADATA = "HAM10000_metadata.csv"


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of HAM10000's metadata."""

    image: str
    lesion: str
    diagnosis: int
    split: str


def split_of(lesion: str) -> str:
    """Assigns a lesion, and so every image of it, to one part by a hash of its ID."""
    digest = hashlib.sha256(lesion.encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < TEST_SHARE:
        return "test"
    if position < TEST_SHARE + VALIDATION_SHARE:
        return "validation"
    return "train"


def read_metadata(data: pathlib.Path) -> list[Case]:
    """Reads HAM10000's metadata, sorted by image ID so that runs repeat."""
    with open(data / METADATA, newline="", encoding="utf-8") as file:
        rows = [
            Case(
                image=row["image_id"],
                lesion=row["lesion_id"],
                diagnosis=DIAGNOSES.index(row["dx"]),
                split=split_of(row["lesion_id"]),
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


def ham10000_views(data: pathlib.Path) -> list[dict[str, bytes]]:
    """Reads every view of HAM10000 that the folder holds; the complete one comes last."""
    views = []
    for names in HAM10000_VIEWS:
        paths = [data / name for name in names]
        if all(path.exists() for path in paths):
            views.append({name: image for path in paths for name, image in read_images(path)})
    if not views:
        raise FileNotFoundError(f"no HAM10000 images in {data}: expected one of {HAM10000_VIEWS}")
    return sorted(views, key=len)


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
    names = [METADATA, *(name for view in HAM10000_VIEWS for name in view)]
    return [data / name for name in names if (data / name).exists()]
