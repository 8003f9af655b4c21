"""The quick loop: train on 64 images, export, and have the Go program say the same as Python."""

import dataclasses
import pathlib

import numpy as np
from conftest import random_network

import agreement
import golden
from deepskin_training import model, sources
from deepskin_training.config import Config
from deepskin_training.finishing import Serving, finish
from deepskin_training.pictures import decode

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECIPE = ROOT / "models/training/configs/members/imagenet.toml"
IMAGES = 64
SENSITIVITY = {"dermoscopy": 0.95, "phone": 0.99}


def test_small_model_says_the_same_in_go(data, tmp_path, monkeypatch):
    cases = sources.read_metadata(data)
    lesions = {"train": [], "validation": []}
    for case in cases:
        lesions.setdefault(sources.split_of(case.lesion), []).append(case)
    few = lesions["train"][:IMAGES] + lesions["validation"]
    monkeypatch.setattr(sources, "read_metadata", lambda folder: few)
    monkeypatch.setattr(model, "starting_network", random_network)
    config = dataclasses.replace(
        Config.read(RECIPE), side=64, stages=((4, 64),), batch=16, learning_rate=5e-3)
    longer = dataclasses.replace(config, name="longer", start=config)
    network, phases = model.train_member(longer, data, tmp_path / "runs")
    assert [(phase["name"], phase["start"]) for phase in phases] == [
        (config.name, config.start), ("longer", config.name)]
    assert all(phase["seconds"] > 0 for phase in phases)
    serving = Serving("small", 64, SENSITIVITY, {"dermoscopy": 0.5, "phone": 0.5})
    path = tmp_path / "small.onnx"
    finish(serving, [network], data, path, {"recipe": {}})

    photos = tmp_path / "photos"
    photos.mkdir()
    whole, _ = sources.ham10000_views(data)
    for case in lesions["validation"][:12]:
        # Without loss: random layers make much of the grey levels on which decoders differ.
        decode(whole[case.image]).save(photos / f"{case.image}.png")
    said = [golden.Reference(path).judge(photo.read_bytes()) for photo in photos.iterdir()]
    assert np.ptp([answer["diagnoses"]["mel"] for answer in said]) > 0.1  # it tells photos apart
    found = agreement.compare(path, photos)
    assert found.photos == 12
    assert found.good and found.kinds == 0 and found.closer == 0
