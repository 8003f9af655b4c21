"""The quick loop: train on 64 images, export, and have the Go program say the same as Python."""

import dataclasses
import json
import os
import pathlib
import subprocess

import pytest

import golden
from deepskin_training import model, sources
from deepskin_training.config import Config
from deepskin_training.finishing import Serving, finish
from deepskin_training.network import Network

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
    monkeypatch.setattr(model, "starting_network", lambda *_: Network())
    config = dataclasses.replace(
        Config.read(RECIPE), side=64, stages=((2, 64),), batch=16, norm="batch")
    network, seconds = model.train_member(config, data, tmp_path / "run")
    assert seconds > 0
    serving = Serving("small", 64, SENSITIVITY, {"dermoscopy": 0.5, "phone": 0.5})
    path = tmp_path / "small.onnx"
    finish(serving, [network], data, path, {"recipe": {}})

    photos = tmp_path / "photos"
    photos.mkdir()
    whole, _ = sources.ham10000_views(data)
    for case in lesions["validation"][:12]:
        (photos / f"{case.image}.jpg").write_bytes(whole[case.image])
    answers = subprocess.run(
        [ROOT / "deepskin", "classify", "--format", "jsonl", photos], check=True,
        capture_output=True, text=True, env={**os.environ, "DEEPSKIN_MODEL": str(path)},
    ).stdout.splitlines()
    assert len(answers) == 12
    reference = golden.Reference(path)
    for line in answers:
        answer = json.loads(line)
        wanted = reference.judge(pathlib.Path(answer["file"]).read_bytes())
        assert answer["diagnoses"] == pytest.approx(wanted["diagnoses"], abs=0.02)
        assert answer["phone_probability"] == pytest.approx(wanted["phone_probability"], abs=0.02)
        assert answer["kind"] == wanted["kind"]
