"""What a run was made from and with, kept beside it as run.json."""

import dataclasses
import json
import pathlib
import platform
import subprocess
from collections.abc import Sequence

import cv2
import numpy
import onnx
import PIL
import sklearn
import torch
import torchvision

from . import exported, sources
from .config import Config
from .train import CHECKPOINT

FILE = "run.json"
_LIBRARIES = (cv2, numpy, onnx, PIL, sklearn, torch, torchvision)
_INPUTS = ("data_sha256", "exports_sha256", "start_sha256")
# Runs from before there were records had no exports, and started as their recipes say.
_UNRECORDED = {"recipe": {}, "exports_sha256": [], "start_sha256": None}


def describe(
    config: Config, data: pathlib.Path, exports: Sequence[pathlib.Path],
    start: pathlib.Path | None,
) -> dict:
    """Returns the record of a run: recipe, hashes of what it reads, versions of what runs it."""
    return {
        "recipe": json.loads(json.dumps(dataclasses.asdict(config))),  # with lists for tuples
        "data_sha256": sources.hash_files(sources.training_files(data)),
        "exports_sha256": exported.hash_exports(list(exports)),
        "start_sha256": sources.hash_files([start / CHECKPOINT]) if start else None,
        "code": code_version(),
        "versions": {"python": platform.python_version(),
                     **{library.__name__: library.__version__ for library in _LIBRARIES}},
    }


def begin(folder: pathlib.Path, run: dict) -> None:
    """Writes the record of a run that begins in a folder.

    Raises ValueError where the folder holds a run of another recipe, or from other data: its
    network must not pass for this one's. Other versions are none of that, and the record keeps
    those that the run began with.
    """
    path = folder / FILE
    if path.exists():
        past = json.loads(path.read_text(encoding="utf-8"))
    elif (folder / CHECKPOINT).exists():
        past = _UNRECORDED
    else:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        return
    # A recipe may have got new fields since.
    other = [f"recipe's {name}" for name, value in past["recipe"].items()
             if run["recipe"].get(name, value) != value]
    other += [name for name in _INPUTS if past.get(name, run[name]) != run[name]]
    if other:
        raise ValueError(f"{folder} holds a run with another {', '.join(other)}: "
                         "name another folder, or remove it")


def code_version() -> str:
    """Returns what git calls the code, or "unknown" where there is no git."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=pathlib.Path(__file__).parent,
            check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
