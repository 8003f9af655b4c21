"""Writes the self-contained ONNX file: graph, weights and everything needed to use them."""

import hashlib
import json
import pathlib
import tempfile

import onnx
import torch

from .labels import DIAGNOSES, MALIGNANT
from .network import ServingGraph


def write_model(
    graph: ServingGraph,
    side: int,
    name: str,
    metadata: dict[str, object],
    path: pathlib.Path,
) -> str:
    """Writes the model and returns its version: the recipe's name and a hash of the graph.

    The graph maps "pictures", uint8 [n, side, side, 3] RGB, to "probabilities" [n, 7], "ood"
    [n] and "grids" [n, 7, rows, columns]. Metadata values other than strings become JSON.
    """
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        torch.onnx.export(
            graph.eval().cpu(),
            torch.zeros(1, side, side, 3, dtype=torch.uint8),
            file.name,
            opset_version=17,
            input_names=["pictures"],
            output_names=["probabilities", "ood", "grids"],
            dynamic_axes={n: {0: "n"} for n in ("pictures", "probabilities", "ood", "grids")},
        )
        content = pathlib.Path(file.name).read_bytes()
    model = onnx.load_from_string(content)
    version = f"{name}-{hashlib.sha256(content).hexdigest()[:8]}"
    everything = {
        "version": version,
        "labels": DIAGNOSES,
        "malignant": MALIGNANT,
        "licence": "CC BY-NC 4.0, inherited from HAM10000 (Tschandl, Rosendahl, Kittler, 2018)",
        **metadata,
    }
    for key, value in everything.items():
        text = value if isinstance(value, str) else json.dumps(value)
        model.metadata_props.add(key=key, value=text)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return version
