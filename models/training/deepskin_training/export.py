"""Writes the self-contained ONNX file: graph, weights and everything needed to use them."""

import hashlib
import json
import pathlib
import tempfile

import onnx
import torch

from .labels import DIAGNOSES, MALIGNANT
from .network import ServingGraph

OUTPUTS = ["probabilities", "ood", "grids", "phone", "box"]


def write_model(
    graph: ServingGraph,
    side: int,
    name: str,
    metadata: dict[str, object],
    path: pathlib.Path,
) -> str:
    """Writes the model and returns its version: the recipe's name and a hash of all the rest.

    The graph maps "pictures", uint8 [n, side, side, 3] RGB, to ServingGraph's outputs, which
    have the names in OUTPUTS. Metadata values other than strings become JSON.
    """
    blank = torch.zeros(1, side, side, 3, dtype=torch.uint8)
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        torch.onnx.export(
            graph.eval().cpu(),
            blank,
            file.name,
            opset_version=17,
            input_names=["pictures"],
            output_names=OUTPUTS,
            dynamic_axes={name: {0: "n"} for name in ["pictures", *OUTPUTS]},
            # Folding would give weights other names: golden.py reads them by name.
            do_constant_folding=False,
        )
        content = pathlib.Path(file.name).read_bytes()
    model = onnx.load_from_string(content)
    with torch.no_grad():
        for output, value in zip(model.graph.output, graph(blank), strict=True):
            for number, size in enumerate(value.shape[1:], 1):
                output.type.tensor_type.shape.dim[number].dim_value = size
    everything = {
        "labels": DIAGNOSES,
        "malignant": MALIGNANT,
        "licence": "CC BY-NC 4.0, inherited from HAM10000 (Tschandl, Rosendahl, Kittler, 2018)",
        **metadata,
    }
    texts = {key: value if isinstance(value, str) else json.dumps(value)
             for key, value in everything.items()}
    # Other thresholds are another model to whoever gets its answers.
    content += "".join(texts.values()).encode()
    texts["version"] = version = f"{name}-{hashlib.sha256(content).hexdigest()[:8]}"
    for key, text in texts.items():
        model.metadata_props.add(key=key, value=text)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return version
