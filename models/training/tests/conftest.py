"""Made-up data in the form of HAM10000: no real image is needed, or shipped."""

import csv
import io
import pathlib
import tarfile

import numpy as np
import pytest
from PIL import Image

from deepskin_training.labels import DIAGNOSES


def draw(random: np.random.Generator, diagnosis: int) -> np.ndarray:
    """Draws a spot whose colour tells its class: uint8 [48, 64, 3]."""
    picture = np.full((48, 64, 3), (210, 170, 150), np.float32) + random.normal(0, 4, (48, 64, 3))
    rows, columns = np.mgrid[:48, :64]
    spot = (rows - 24) ** 2 + (columns - 32) ** 2 < random.uniform(10, 18) ** 2
    picture[spot] = (40 + 30 * diagnosis, 60, 220 - 30 * diagnosis)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> pathlib.Path:
    """A folder with 210 made-up lesions, 30 of each class, two images of every third one."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(7)
    with (
        tarfile.open(folder / "ham10000_200x150.tar", "w") as archive,
        open(folder / "HAM10000_metadata.csv", "w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file)
        table.writerow(["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"])
        for lesion in range(210):
            for view in range(2 if lesion % 3 == 0 else 1):
                name = f"ISIC_{lesion:04d}{view}"
                diagnosis = lesion % len(DIAGNOSES)
                table.writerow([f"HAM_{lesion:07d}", name, DIAGNOSES[diagnosis], "histo", 50,
                                "female", "back"])
                packed = io.BytesIO()
                Image.fromarray(draw(random, diagnosis)).save(packed, "JPEG")
                info = tarfile.TarInfo(f"ham10000_200x150/{name}.jpg")
                info.size = packed.tell()
                packed.seek(0)
                archive.addfile(info, packed)
    return folder
