"""A whole run on made-up lesions: learn, be interrupted, go on, export."""

import dataclasses
import json
import pathlib

import numpy as np
import onnx
import pytest
import torch

from deepskin_training import pretrained, sources
from deepskin_training.batches import Batches
from deepskin_training.config import Config
from deepskin_training.finishing import finish
from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import Network
from deepskin_training.parts import read_part
from deepskin_training.train import Run

RECIPES = sorted((pathlib.Path(__file__).parents[1] / "configs").glob("*.toml"))


@pytest.fixture(name="config", scope="module")
def fixture_config() -> Config:
    recipe = Config.read(RECIPES[0])
    return dataclasses.replace(recipe, side=64, epochs=2, batch=16, learning_rate=3e-3)


def new_run(config: Config, data: pathlib.Path, folder: pathlib.Path) -> Run:
    """Sets a run up as main does, from random weights."""
    torch.manual_seed(0)
    batches = Batches(config, sources.read_metadata(data), sources.ham10000_views(data), [])
    return Run(config, Network(), batches, folder)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_can_be_read(path):
    assert Config.read(path).name == path.stem


def test_run_learns_resumes_and_exports(config, data, tmp_path):
    validation = read_part(sources.read_metadata(data), sources.ham10000_views(data)[-1],
                           config.side, "validation")
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

    result = finish(config, network, data, tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["version"] == result["version"]
    assert json.loads(metadata["labels"]) == list(DIAGNOSES)
    assert set(json.loads(metadata["thresholds"])) == {"malignant", "benign", "ood"}
    assert [output.name for output in model.graph.output] == ["probabilities", "ood", "grids"]
    shape = [dimension.dim_value for dimension in
             model.graph.input[0].type.tensor_type.shape.dim[1:]]
    assert shape == [64, 64, 3]


def test_batches_repeat_for_the_same_epoch_only(config, data):
    batches = Batches(config, sources.read_metadata(data), sources.ham10000_views(data), [])
    first, again, other = (next(batches.epoch(n))[0].numpy() for n in (0, 0, 1))
    assert (first == again).all()
    assert first.shape == other.shape and (first != other).any()


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
