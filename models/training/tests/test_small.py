"""Tests of the model that speed is measured with."""

import json
import pathlib

import onnx
import pytest

import small


@pytest.fixture(name="model", scope="module")
def fixture_model(tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    """The model at a small side."""
    path: pathlib.Path = tmp_path_factory.mktemp("model") / "small.onnx"
    version = small.write(64, path)
    model = onnx.load(path)
    assert version == {entry.key: entry.value for entry in model.metadata_props}["version"]
    return model


def test_it_refuses_nothing_and_looks_once(model: onnx.ModelProto) -> None:
    """Every photo costs the same."""
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    for limits in json.loads(metadata["thresholds"]).values():
        assert limits["ood"] > 1e6 and limits["closer"] == 0


def test_it_is_one_network_without_the_half_turn(model: onnx.ModelProto) -> None:
    """52 convolutions of MobileNetV2, 4 of the heads and the mask's, and nothing twice."""
    assert sum(node.op_type == "Conv" for node in model.graph.node) == 52 + 4
