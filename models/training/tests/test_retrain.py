"""Training on exports as well: what is learnt from, what is kept, and that it repeats."""

import csv
import dataclasses
import json
import pathlib
import sys

import numpy as np
import onnx
import pytest
import torch
from conftest import draw, pack, random_network

import noise
from deepskin_training import curves, exported, model, parts, record, sources, train
from deepskin_training.batches import NOT_LESION, UNKNOWN, Batches
from deepskin_training.config import Config
from deepskin_training.labels import DIAGNOSES
from deepskin_training.material import Material
from deepskin_training.network import Network
from deepskin_training.train import CHECKPOINT, HISTORY, Run

RECIPE = pathlib.Path(__file__).parents[1] / "configs" / "members" / "imagenet.toml"
PHOTOS = 60


@pytest.fixture(name="config", scope="module")
def fixture_config() -> Config:
    return dataclasses.replace(
        Config.read(RECIPE), side=64, stages=((1, 32), (1, 64)), batch=16, norm="batch", mixup=0.2)


@pytest.fixture(name="export", scope="module")
def fixture_export(tmp_path_factory) -> pathlib.Path:
    """60 photos of as many people: lesions by phone and in dermoscopy, and every tenth without."""
    folder, random = tmp_path_factory.mktemp("export"), np.random.default_rng(3)
    (folder / "images").mkdir()
    (folder / "no_lesion").mkdir()
    (folder / "export.json").write_text('{"format": "deepskin-export", "version": 1}')
    (folder / "withdrawn.csv").write_text("image_id,exported\n")
    with (open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as lesions,
          open(folder / "no_lesion.csv", "w", newline="", encoding="utf-8") as others):
        tables = csv.writer(lesions), csv.writer(others)
        tables[0].writerow(["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization",
                            "source", "kind", "model", "date"])
        tables[1].writerow(["lesion_id", "image_id", "source", "kind", "model", "date"])
        for number in range(PHOTOS):
            names = f"DSL_{number:032x}", f"DSI_{number:032x}"
            kind, diagnosis = ("dermoscopy", "phone")[number % 2], number // 2 % 7
            about = ["telegram", kind, "v-test", "2026-03-01"]
            shows = number % 10 != 0
            if shows:
                tables[0].writerow([*names, DIAGNOSES[diagnosis], "review", "", "", "", *about])
            else:
                tables[1].writerow([*names, *about])
            place = folder / ("images" if shows else "no_lesion") / f"{names[1]}.jpg"
            place.write_bytes(pack(draw(random, diagnosis)))
    return folder


def test_exports_join_the_training_part_by_kind(config, data, export):
    photos = exported.read_exports([export])
    plain, material = Material(config, data), Material(config, data, photos)
    chosen = [photo for photo in photos if exported.split_of(photo) == "train"]
    counts = [sum(photo.diagnosis is not None and photo.phone is phone for photo in chosen)
              for phone in (False, True)]
    assert min(counts) > 10 and len(chosen) < PHOTOS
    assert [len(material.shots) - len(plain.shots), len(material.photos)] == counts
    assert not plain.photos
    assert len(material.cutouts) == len(plain.cutouts)

    # An export that is no longer there changes nothing.
    first, again = (Batches(config, each).make(1, 0, np.arange(100)) for each in (
        plain, Material(config, data, ())))
    assert all((one == other).all() for one, other in zip(first, again, strict=True))


def test_nobody_learns_a_mask_from_exported_lesions(config, data, export):
    material = Material(config, data, exported.read_exports([export]))
    batches = Batches(config, material)
    last = np.arange(len(material.shots))[::-1]  # exported dermoscopy comes last
    batch = batches.make(1, 0, last)
    unknown = (batch.masks == UNKNOWN).flatten(1).all(1)
    assert unknown[:10].all() and not batch.phone[:10].any()
    assert (unknown & batch.phone).any() and (batch.labels[unknown] != NOT_LESION).all()
    assert ((batch.masks >= 0).flatten(1).all(1) | unknown).all()

    # What the mask's loss is, is independent of what the network draws there.
    for mixup in (0.0, 0.2):
        run = Run(dataclasses.replace(config, mixup=mixup), Network(), batches, pathlib.Path())
        run.network.eval()
        unknown_only = batch._replace(masks=torch.full_like(batch.masks, UNKNOWN))
        run._loss(unknown_only).backward()  # pylint: disable=protected-access
        assert run.network.mask.out.weight.grad.abs().max() == 0


def test_phones_are_learnt_from_exports_alone(config, data, export, monkeypatch):
    monkeypatch.setattr("deepskin_training.phone.read_cutouts", lambda data: [])
    assert not Batches(config, Material(config, data)).make(0, 0, np.arange(100))[2][:14].any()
    material = Material(config, data, exported.read_exports([export]))
    batch = Batches(config, material).make(0, 0, np.arange(100))
    assert (batch.phone & (batch.labels != NOT_LESION)).sum() == 4


def interrupted(config, data, folder, photos, epochs):
    """Trains, but is cut off after some epochs, if at all; returns the network's weights."""
    torch.manual_seed(5)
    run = Run(config, Network(config.dropout, config.context),
              Batches(config, Material(config, data, photos)), folder)
    note = run._record  # pylint: disable=protected-access

    def stop(epoch, *arguments):
        note(epoch, *arguments)
        if epoch == epochs:
            # A kill in the middle of the next epoch's end.
            with open(folder / HISTORY, "a", encoding="utf-8") as history:
                history.write('{"epoch": 2}\n')
            raise KeyboardInterrupt

    run._record = stop  # pylint: disable=protected-access
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    validation = parts.read_part(cases, whole, config.side, "validation")
    return run.train(validation, exported.validation_part(photos, config.side)).state_dict()


def test_an_interrupted_run_gives_exactly_the_same(config, data, export, tmp_path):
    assert config.dropout > 0 and config.mixup > 0  # both take random numbers
    photos = exported.read_exports([export])
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = interrupted(config, data, tmp_path / "whole", photos, None)
    (tmp_path / "cut" / HISTORY).write_text('{"epoch": 1}\n')  # killed before a checkpoint
    with pytest.raises(KeyboardInterrupt):
        interrupted(config, data, tmp_path / "cut", photos, 1)
    torch.rand(100)  # whatever else happened
    cut = interrupted(config, data, tmp_path / "cut", photos, None)
    histories = [[{**json.loads(line), "seconds": 0}
                  for line in (tmp_path / name / HISTORY).read_text().splitlines()]
                 for name in ("whole", "cut")]
    assert histories[0] == histories[1]
    assert [entry["epoch"] for entry in histories[0]] == [1, 2]
    assert 0 < histories[0][1]["shared_auc"] <= 1
    states = [torch.load(tmp_path / name / CHECKPOINT)["network"] for name in ("whole", "cut")]
    for one, other in ((whole, cut), states):
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(name="quick")
def fixture_quick(data, monkeypatch):
    """Starts from random weights, and trains on a few images alone."""
    few = [case for number, case in enumerate(sources.read_metadata(data))
           if sources.split_of(case.lesion) == "validation" or number % 3 == 0]
    monkeypatch.setattr(sources, "read_metadata", lambda folder: few)
    monkeypatch.setattr(model, "starting_network", random_network)


def write_recipe(folder: pathlib.Path) -> pathlib.Path:
    """Writes the recipe of a model with one small network, and returns its path."""
    (folder / "small.toml").write_text(
        f'base = "{RECIPE}"\nside = 64\nstages = [[1, 64]]\nbatch = 16\n')
    (folder / "tiny.toml").write_text(
        'members = ["small.toml"]\nside = 64\nsensitivity = { dermoscopy = 0.95, phone = 0.99 }\n'
        'closer = { dermoscopy = 0.0, phone = 0.3 }\n')
    return folder / "tiny.toml"


@pytest.mark.usefixtures("quick")
def test_retraining_leaves_all_that_it_was_made_from(data, export, tmp_path, monkeypatch):
    recipe = write_recipe(tmp_path)

    def retrain(out: str, *more: str) -> dict:
        monkeypatch.setattr(sys, "argv", [
            "model", "--data", str(data), "--config", str(recipe), "--out", str(tmp_path / out),
            "--model", str(tmp_path / out / "candidate.onnx"), *more])
        model.main()
        return json.loads((tmp_path / out / "small" / record.FILE).read_text())

    with_exports = ("--exports", str(export))
    first = retrain("first", *with_exports)
    assert first["recipe"]["stages"] == [[1, 64]] and first["start_sha256"] is None
    assert first["exports_sha256"] == exported.hash_exports([export])
    assert first["data_sha256"] == sources.hash_files(sources.training_files(data))
    assert first["code"] and first["versions"]["torch"] == torch.__version__
    assert (tmp_path / "first" / "tiny.png").read_bytes().startswith(b"\x89PNG")
    model_file = onnx.load(tmp_path / "first" / "candidate.onnx")
    metadata = {entry.key: entry.value for entry in model_file.metadata_props}
    assert json.loads(metadata["exports_sha256"]) == first["exports_sha256"]
    monkeypatch.setattr(model, "finish", lambda *_: "not of interest any more")

    # Started from the first, it begins where that ended, with layers that stay as they were.
    second = retrain("second", *with_exports, "--start", str(tmp_path / "first"))
    assert second["start_sha256"] == sources.hash_files([tmp_path / "first/small" / CHECKPOINT])
    ends = [torch.load(tmp_path / name / "small" / CHECKPOINT)["network"]
            for name in ("first", "second")]
    fixed = "features.0.0.weight"
    assert torch.equal(ends[0][fixed], ends[1][fixed])
    assert not torch.equal(ends[0]["head.weight"], ends[1]["head.weight"])

    # The same again loads what is finished; anything else is refused.
    assert retrain("first", *with_exports) == first
    for other in ((), (*with_exports, "--start", str(tmp_path / "second"))):
        with pytest.raises(ValueError, match="sha256: name another folder"):
            retrain("first", *other)
    (tmp_path / "small.toml").write_text(
        (tmp_path / "small.toml").read_text() + "learning_rate = 1e-3\n")
    with pytest.raises(ValueError, match="recipe's learning_rate"):
        retrain("first", *with_exports)


def test_runs_without_a_record_had_no_exports(config, data, export, tmp_path):
    torch.save({"epoch": 0}, tmp_path / CHECKPOINT)
    record.begin(tmp_path, record.describe(config, data, [], None))
    with pytest.raises(ValueError, match="another exports_sha256"):
        record.begin(tmp_path, record.describe(config, data, [export], None))
    assert not (tmp_path / record.FILE).exists()  # nobody knows what it was made with


def test_an_unfinished_run_is_no_start(config, tmp_path):
    torch.save({"epoch": 1, "best": {"epoch": 1}}, tmp_path / CHECKPOINT)
    with pytest.raises(FileNotFoundError, match="no finished run"):
        train.warm_network(config, tmp_path)


def test_curves_of_runs_with_and_without_exports(tmp_path):
    for name, more in (("one", {"shared_auc": 0.6}), ("other", {})):
        (tmp_path / name).mkdir()
        (tmp_path / name / HISTORY).write_text("".join(
            json.dumps({"epoch": epoch, "loss": 1 / epoch, "validation_auc": 0.8, **more}) + "\n"
            for epoch in (1, 2)))
    runs = [tmp_path / "one", tmp_path / "other"]
    sizes = []
    for shown in (runs, runs[1:]):
        curves.draw(shown, tmp_path / "curves.png")
        content = (tmp_path / "curves.png").read_bytes()
        sizes.append(int.from_bytes(content[16:20], "big"))
    assert sizes[0] > sizes[1]  # one panel more


@pytest.mark.usefixtures("quick")
def test_noise_is_measured_over_seeds(data, export, tmp_path):
    config = dataclasses.replace(Config.read(RECIPE), side=64, stages=((1, 64),), batch=16)
    found = noise.measure(config, data, [1, 2], tmp_path, [export])
    auc = found["malignant_auc"]
    assert set(auc["values"]) == {"1", "2"}
    assert auc["mean"] == pytest.approx(sum(auc["values"].values()) / 2)
    assert auc["sd"] == pytest.approx(abs(auc["values"]["1"] - auc["values"]["2"]) / 2 ** 0.5)
    assert auc["repeat"] == pytest.approx(0, abs=1e-3)
    assert len(list(tmp_path.glob("*/run.json"))) == 3
