"""Photos that people shared and reviewers labelled, as "deepskin export" writes them.

The folder is made elsewhere and copied about, so nothing in it is taken on trust.
"""

import csv
import dataclasses
import hashlib
import json
import pathlib
import re

import numpy as np
from PIL import Image

from . import sources
from .labels import DIAGNOSES
from .parts import Part
from .pictures import decode, serving_picture

_MARK = "export.json"
_LESIONS = "metadata.csv"
_NO_LESION = "no_lesion.csv"
_WITHDRAWN = "withdrawn.csv"
_COLUMNS = {
    _LESIONS: ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization", "source",
               "kind", "model", "date"],
    _NO_LESION: ["lesion_id", "image_id", "source", "kind", "model", "date"],
    _WITHDRAWN: ["image_id", "exported"],
}
_FOLDERS = {_LESIONS: "images", _NO_LESION: "no_lesion"}
_IMAGE = re.compile(r"DSI_[0-9a-f]{32}")
_LESION = re.compile(r"DSL_[0-9a-f]{32}")
_LONGEST = 384  # pixels of a photo in training: more would be lost in the pictures


@dataclasses.dataclass(frozen=True)
class Photo:
    """One exported photo."""

    path: pathlib.Path
    image: str
    lesion: str  # stands for the sender
    diagnosis: int | None  # None where no lesion is shown
    phone: bool  # or else dermoscopy

    def pixels(self) -> np.ndarray:
        """Returns uint8 [h, w, 3] of the photo, small enough to hold many in memory."""
        picture = self._read(decode)
        picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BILINEAR)
        return np.asarray(picture)

    def served(self, side: int) -> np.ndarray:
        """Returns the uint8 [side, side, 3] picture that a served model would see."""
        return self._read(lambda content: serving_picture(content, side))

    def _read(self, turn):
        try:
            return turn(self.path.read_bytes())
        except (OSError, ValueError, SyntaxError) as error:  # what PIL raises of damaged files
            raise ValueError(f"{self.path}: it cannot be decoded: {error}") from error


def read_exports(folders: list[pathlib.Path]) -> list[Photo]:
    """Reads exports, sorted by image ID so that runs repeat.

    Raises ValueError, with the file, where an export is damaged or unfinished, where two hold the
    same photo, and where one lists a photo as withdrawn that another still has.
    """
    photos: dict[str, Photo] = {}
    withdrawn: dict[str, pathlib.Path] = {}
    for folder in folders:
        _check_mark(folder)
        for photo in _read_table(folder, _LESIONS) + _read_table(folder, _NO_LESION):
            if photo.image in photos:
                raise ValueError(f"{photo.path}: the photo is a duplicate of "
                                 f"{photos[photo.image].path}")
            photos[photo.image] = photo
        for line, row in _rows(folder / _WITHDRAWN):
            withdrawn[_matched(_IMAGE, row["image_id"], line)] = folder
    for image in photos.keys() & withdrawn.keys():
        raise ValueError(f"{photos[image].path}: the photo was withdrawn, says "
                         f"{withdrawn[image] / _WITHDRAWN}: make the export anew")
    return [photos[image] for image in sorted(photos)]


def split_of(photo: Photo, fold: int = 0) -> str:
    """Assigns a photo, and all others of its sender, to training or validation.

    The hash is that of sources.split_of. What it calls test is trained on: the test part is
    HAM10000's alone, the same for every model.
    """
    part = sources.split_of(photo.lesion, fold)
    return "train" if part == "test" else part


def validation_part(photos: list[Photo], side: int, fold: int = 0) -> Part | None:
    """Reads the validation lesions of exports as they would be served; None where there is none."""
    chosen = [photo for photo in photos
              if photo.diagnosis is not None and split_of(photo, fold) == "validation"]
    if not chosen:
        return None
    return Part(
        np.stack([photo.served(side) for photo in chosen]),
        np.array([photo.diagnosis for photo in chosen]),
        np.array([photo.lesion for photo in chosen]),
    )


def hash_exports(folders: list[pathlib.Path]) -> list[str]:
    """Returns, sorted, the SHA-256 of each export: of what is trained on, and its names."""
    hashes = []
    for folder in folders:
        total = hashlib.sha256()
        for table, inside in _FOLDERS.items():
            for path in [folder / table, *sorted((folder / inside).iterdir())]:
                total.update(path.relative_to(folder).as_posix().encode())
                with open(path, "rb") as file:
                    total.update(hashlib.file_digest(file, "sha256").digest())
        hashes.append(total.hexdigest())
    return sorted(hashes)


def _check_mark(folder: pathlib.Path) -> None:
    path = folder / _MARK
    try:
        mark = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: it is no export of deepskin: {error}") from error
    if not isinstance(mark, dict) or (mark.get("format"), mark.get("version")) != (
            "deepskin-export", 1):
        raise ValueError(f"{path}: the export has a form that is not known here")


def _read_table(folder: pathlib.Path, table: str) -> list[Photo]:
    """Reads the photos of a table, which must be exactly those of its folder."""
    inside = folder / _FOLDERS[table]
    photos: dict[str, Photo] = {}
    for line, row in _rows(folder / table):
        image = _matched(_IMAGE, row["image_id"], line)
        if image in photos:
            raise ValueError(f"{line}: {image} is a duplicate")
        photo = Photo(
            path=inside / f"{image}.jpg", image=image,
            lesion=_matched(_LESION, row["lesion_id"], line),
            diagnosis=_one_of(DIAGNOSES, row["dx"], line) if table == _LESIONS else None,
            phone=_one_of(("dermoscopy", "phone"), row["kind"], line) == 1)
        if photo.path.is_symlink() or not photo.path.is_file():
            raise ValueError(f"{photo.path}: the photo is missing: was the export interrupted?")
        photos[image] = photo
    known = {photo.path.name for photo in photos.values()}
    for path in inside.iterdir():
        if path.name not in known:
            raise ValueError(f"{path}: it is not in {table}: was the export interrupted?")
    return list(photos.values())


def _rows(path: pathlib.Path) -> list[tuple[str, dict[str, str]]]:
    """Reads a table; returns its rows, each with the words that name it in errors."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            table = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: it cannot be read: {error}") from error
    columns = _COLUMNS[path.name]
    if not table or table[0] != columns:
        raise ValueError(f"{path}: the columns must be {', '.join(columns)}")
    rows = []
    for number, fields in enumerate(table[1:], 2):
        if len(fields) != len(columns):
            raise ValueError(f"{path}, line {number}: it has {len(fields)} fields")
        rows.append((f"{path}, line {number}", dict(zip(columns, fields, strict=True))))
    return rows


def _matched(form: re.Pattern, name: str, line: str) -> str:
    if not form.fullmatch(name):
        raise ValueError(f"{line}: {name[:50]!r} is no pseudonym")
    return name


def _one_of(known, value: str, line: str) -> int:
    """Returns the place of a value among those that are known."""
    if value not in known:
        raise ValueError(f"{line}: {value[:50]!r} is not one of {', '.join(known)}")
    return known.index(value)
