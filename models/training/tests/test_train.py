"""A whole run on made-up lesions: learn, be interrupted, go on, export."""

import dataclasses
import json
import pathlib

import numpy as np
import onnx
import pytest
import torch

from deepskin_training import norms, pretrained, sources
from deepskin_training.batches import NOT_LESION, Batches
from deepskin_training.config import Config
from deepskin_training.finishing import Serving, finish
from deepskin_training.labels import DIAGNOSES
from deepskin_training.material import Material
from deepskin_training.network import Network
from deepskin_training.parts import read_part
from deepskin_training.train import Run, has_ended

CONFIGS = pathlib.Path(__file__).parents[1] / "configs"
RECIPES = sorted([*CONFIGS.glob("members/*.toml"), *CONFIGS.glob("attempts/*.toml")])
SENSITIVITY = {"dermoscopy": 0.95, "phone": 0.99}
SERVING = Serving("test", 64, SENSITIVITY, {"dermoscopy": 0.0, "phone": 0.3})


@pytest.fixture(name="config", scope="module")
def fixture_config() -> Config:
    recipe = Config.read(CONFIGS / "members" / "imagenet.toml")
    return dataclasses.replace(
        recipe, side=64, stages=((1, 32), (1, 64)), batch=16, norm="batch", learning_rate=3e-3)


def new_run(config: Config, data: pathlib.Path, folder: pathlib.Path) -> Run:
    """Sets a run up as usual, but from random weights."""
    torch.manual_seed(0)
    return Run(config, Network(), Batches(config, Material(config, data)), folder)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_can_be_read(path):
    config = Config.read(path)
    assert config.name == path.stem
    assert config.side_in(0) == config.stages[0][1]
    assert config.side_in(config.epochs - 1) == config.stages[-1][1]


def test_recipe_needs_whole_cells(config):
    with pytest.raises(ValueError, match="multiples of 32"):
        dataclasses.replace(config, side=112)
    with pytest.raises(ValueError, match="multiples of 32"):
        dataclasses.replace(config, stages=((1, 64), (1, 80)))


def test_run_ends_when_it_gets_no_better(config):
    patient = dataclasses.replace(config, stages=((9, 64),), patience=3)
    assert [has_ended(patient, epoch, best=2) for epoch in range(2, 6)] == [
        False, False, False, True]
    assert not has_ended(dataclasses.replace(patient, patience=0), 8, best=2)
    assert has_ended(patient, 9, best=9)


def test_run_learns_resumes_and_exports(config, data, tmp_path):
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    validation = read_part(cases, whole, config.side, "validation")
    # Interrupted after the first epoch: the recipe is the same, so the schedule fits.
    first = new_run(config, data, tmp_path)
    record = first._record  # pylint: disable=protected-access

    def interrupt(*arguments):
        record(*arguments)
        raise KeyboardInterrupt

    first._record = interrupt  # pylint: disable=protected-access
    with pytest.raises(KeyboardInterrupt):
        first.train(validation)

    network = new_run(config, data, tmp_path).train(validation)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [entry["epoch"] for entry in history] == [1, 2]
    assert history[1]["loss"] < history[0]["loss"]

    version = finish(SERVING, [network], data, tmp_path / "model.onnx", {"recipe": {}})
    model = onnx.load(tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["version"] == version
    assert json.loads(metadata["labels"]) == list(DIAGNOSES)
    thresholds = json.loads(metadata["thresholds"])
    assert set(thresholds) == set(json.loads(metadata["naming"])) == {"dermoscopy", "phone"}
    assert set(thresholds["phone"]) == {"malignant", "benign", "ood", "closer"}
    shapes = {
        output.name: [dimension.dim_value for dimension in output.type.tensor_type.shape.dim[1:]]
        for output in model.graph.output
    }
    assert shapes == {"probabilities": [7], "ood": [], "grids": [7, 2, 2], "phone": [], "box": [4]}


def test_batches_repeat_for_the_same_epoch_only(config, data):
    batches = Batches(config, Material(config, data))
    first, again, other = (next(iter(batches.epoch(n))).pictures.numpy() for n in (0, 0, 1))
    assert (first == again).all()
    assert first.shape == (16, 32, 32, 3) and other.shape == (16, 64, 64, 3)


def test_batches_hold_all_kinds(config, data):
    batches = Batches(config, Material(config, data))
    batch = next(iter(batches.epoch(1)))
    lesions = batch.labels != NOT_LESION
    assert (lesions & ~batch.phone).sum() == 10
    assert (lesions & batch.phone).sum() == 4
    assert (~lesions).sum() == 2
    assert batch.masks.shape == (16, 4, 4)
    assert batch.masks[~lesions].max() == 0 < batch.masks[lesions].max()


def test_parts_of_every_fold_keep_lesions_apart():
    names = [f"HAM_{number:07d}" for number in range(3000)]
    tests = {name for name in names if sources.split_of(name) == "test"}
    seen = []
    for fold in range(5):
        parts = {part: {name for name in names if sources.split_of(name, fold) == part}
                 for part in ("train", "validation", "test")}
        assert parts["test"] == tests
        assert sum(map(len, parts.values())) == len(names)
        seen.append(parts["validation"])
    assert not set.intersection(*seen[:2]) and len(set.union(*seen)) == sum(map(len, seen))


def test_folded_batch_norms_are_reproduced(monkeypatch):
    """The network must compute what convolutions with the file's biases would."""
    random = np.random.default_rng(0)
    network = Network().eval()
    convolutions = [m for m in network.features.modules() if isinstance(m, torch.nn.Conv2d)]
    layers = [
        (random.normal(0, 0.3, m.weight.shape).astype(np.float32),
         random.normal(0, 0.5, m.weight.shape[0]).astype(np.float32))
        for m in convolutions
    ]
    monkeypatch.setattr(pretrained, "read_convolutions", lambda path: layers)
    batch = torch.tensor(random.normal(size=(4, 3, 64, 64)), dtype=torch.float32)
    pretrained.load_tflite(network.features, pathlib.Path("unused"), batch)

    first = network.features[0]
    weight, bias = (torch.from_numpy(values) for values in layers[0])
    plain = torch.nn.functional.conv2d(batch, weight, bias, stride=2, padding=1)
    with torch.no_grad():
        ours = first[1](first[0](batch))
        assert ours.numpy() == pytest.approx(plain.numpy(), abs=1e-4)


def test_frozen_and_folded_norms_compute_the_same():
    torch.manual_seed(1)
    network = Network().train()
    pictures = torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        for _ in range(3):  # gives the batch norms statistics that differ from the start
            network(pictures)
        wanted = network.eval()(pictures)
        for change in (norms.freeze, norms.fold):
            change(network.features)
            assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
            for logits, want in zip(network(pictures), wanted, strict=True):
                assert logits.numpy() == pytest.approx(want.numpy(), abs=1e-4)
