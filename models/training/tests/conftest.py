"""Made-up data in the form of HAM10000: no real image is needed, or shipped."""

import csv
import io
import pathlib
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from deepskin_training import norms
from deepskin_training.config import Config
from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import Network


def draw(random: np.random.Generator, diagnosis: int) -> np.ndarray:
    """Draws a spot whose colour tells its class: uint8 [48, 64, 3]."""
    picture = np.full((48, 64, 3), (210, 170, 150), np.float32) + random.normal(0, 4, (48, 64, 3))
    rows, columns = np.mgrid[:48, :64]
    spot = (rows - 24) ** 2 + (columns - 32) ** 2 < random.uniform(10, 18) ** 2
    picture[spot] = (40 + 30 * diagnosis, 60, 220 - 30 * diagnosis)
    return np.clip(picture, 0, 255).astype(np.uint8)


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Puts a file into an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def pack(pixels: np.ndarray, kind: str = "JPEG") -> bytes:
    """Returns pixels as a file's bytes."""
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, kind)
    return packed.getvalue()


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> pathlib.Path:
    """A folder with made-up data.

    210 lesions, 30 of each class, two images of every third one; 60 phone lesions; 12 things.
    """
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
                add(archive, f"ham10000_200x150/{name}.jpg", pack(draw(random, diagnosis)))
    _add_phone_lesions(folder, random)
    with tarfile.open(folder / "not_skin.tar", "w") as archive:
        for number in range(12):
            stripes = np.zeros((40, 60, 3), np.uint8)
            stripes[:, ::2] = random.integers(0, 256, 3)
            add(archive, f"not_skin/thing_{number}.jpg", pack(stripes))
    return folder


def _add_phone_lesions(folder: pathlib.Path, random: np.random.Generator) -> None:
    with (
        tarfile.open(folder / "phone_lesions.tar", "w") as archive,
        open(folder / "phone_lesions.csv", "w", newline="", encoding="utf-8") as file,
    ):
        table = csv.writer(file)
        table.writerow(["file", "diagnostic", "patient_id", "patient_in_phone_photos"])
        for number in range(60):
            code = ("BCC", "NEV", "SEK", "MEL")[number % 4]
            spot = np.zeros((40, 40, 4), np.uint8)
            spot[4:36, 4:36] = (210, 170, 150, 255)
            spot[12:28, 12:28, :3] = random.integers(30, 120, 3)
            add(archive, f"phone_lesions/PAT_{number}.webp", pack(spot, "WEBP"))
            table.writerow([f"phone_lesions/PAT_{number}.webp", code, f"PAT_{number}",
                            int(number % 10 == 9)])


def random_network(config: Config, _: pathlib.Path, pictures: np.ndarray) -> Network:
    """Stands for a pretrained network: random weights, with the statistics of pictures."""
    network = Network(config.dropout, config.context)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0  # statistics of the last batch alone
    network.train()
    with torch.no_grad():
        network(torch.from_numpy(pictures[:24]))
    norms.freeze(network.features)
    network.features.requires_grad_(False)  # the heads learn to read them in a few steps
    return network
