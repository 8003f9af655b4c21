"""Tests of the independent reference that the Go classifier is held to."""

import copy
import io
import json
import pathlib

import numpy as np
import pytest
import torch
from PIL import Image

import golden
from deepskin_training import norms
from deepskin_training.export import write_model
from deepskin_training.network import Network, ServingGraph
from deepskin_training.pictures import decode

LIMITS = {"malignant": 0.5, "benign": 0.5, "ood": 1e9, "closer": 0.0}
ABOUT = {
    "thresholds": {"dermoscopy": LIMITS, "phone": LIMITS},
    "naming": {"dermoscopy": [1.0] * 7, "phone": [1.0] * 7},
}


@pytest.fixture(name="served", scope="module")
def fixture_served() -> ServingGraph:
    """A small-sided serving graph whose every weight and batch statistic is random."""
    torch.manual_seed(3)
    network = Network()
    with torch.no_grad():
        network.train()
        for _ in range(3):  # gives the batch norms statistics that differ from the start
            network(torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8))
    norms.fold(network.features)
    graph = ServingGraph([network, copy.deepcopy(network)]).eval()
    for weight in graph.networks[1].parameters():
        weight.data *= 1.01
    graph.scale.uniform_(0.5, 1.0)
    graph.phone_limit.fill_(-0.3)
    graph.shift.normal_()
    return graph


@pytest.fixture(name="model", scope="module")
def fixture_model(served: ServingGraph, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The graph as an ONNX file."""
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    write_model(served, 64, "tiny", ABOUT, path)
    return path


def photo_bytes() -> bytes:
    """A PNG of 90 x 70 random pixels."""
    pixels = np.random.default_rng(1).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def test_reference_computes_what_was_exported(served: ServingGraph, model: pathlib.Path) -> None:
    """The weights come back from the file into their places."""
    content = photo_bytes()
    judged = golden.Reference(model).judge(content)
    picture = np.asarray(decode(content).resize((64, 64), Image.Resampling.BILINEAR))
    with torch.no_grad():
        probabilities, ood, *_ = served(torch.from_numpy(picture.copy())[None])
    assert list(judged["diagnoses"].values()) == pytest.approx(probabilities[0].tolist(), abs=1e-4)
    assert judged["ood"] == pytest.approx(ood.item(), rel=1e-3)


def test_golden_set_is_written_upright_and_judged(
    model: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Every orientation shows the same photo, and each file gets its numbers."""
    (tmp_path / golden.BASE).write_bytes(photo_bytes())
    golden.write_files(tmp_path)
    upright = np.asarray(decode((tmp_path / "exif-1.jpg").read_bytes()), dtype=float)
    for orientation in range(2, 9):
        content = (tmp_path / f"exif-{orientation}.jpg").read_bytes()
        assert Image.open(io.BytesIO(content)).getexif()[0x0112] == orientation
        turned = np.asarray(decode(content), dtype=float)
        assert np.abs(turned - upright).mean() < 25  # noise of JPEG; another turn gives 85

    reference = golden.Reference(model)
    golden.write_expected(reference, tmp_path)
    expected = json.loads((tmp_path / golden.EXPECTED).read_text(encoding="utf-8"))
    assert expected["model"] == reference.version
    assert set(expected["files"]) == {path.name for path in golden.photos_in(tmp_path)}
    assert sum(expected["files"]["grey.jpg"]["diagnoses"].values()) == pytest.approx(1, abs=1e-4)


def test_images_prints_json_lines(
    model: pathlib.Path, tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line for each photo of the folder, other files left out."""
    (tmp_path / "one.png").write_bytes(photo_bytes())
    (tmp_path / "notes.txt").write_text("not a photo", encoding="utf-8")
    monkeypatch.setattr(
        "sys.argv", ["golden.py", "--model", str(model), "--images", str(tmp_path)])
    golden.main()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == ["one.png"]
    assert lines[0]["model"].startswith("tiny-")
