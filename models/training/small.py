"""Writes a single untrained MobileNetV2 as a model, to measure the program's speed with.

What it says means nothing, so it refuses nothing and looks once at each photo. It is as fast as a
trained one.
"""

import argparse
import pathlib

import torch

from deepskin_training import norms
from deepskin_training.export import write_model
from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import KINDS, Network, ServingGraph

_ANY = {"malignant": 0.5, "benign": 0.5, "ood": 1e9, "closer": 0.0}


class Single(Network):
    """A network that sees each picture once, without its half turn."""

    def served(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps [n, 3, h, w] to the focused features and the mask's logits."""
        last, mask = self.describe(values)
        return self.focused(last, mask), mask


def write(side: int, path: pathlib.Path) -> str:
    """Writes the model for pictures of a side and returns its version."""
    torch.manual_seed(1)
    network = Single().eval()
    norms.fold(network.features)
    about = {
        "thresholds": {kind: _ANY for kind in KINDS},
        "naming": {kind: [1.0] * len(DIAGNOSES) for kind in KINDS},
        "metrics": {},
        "recipe": {"name": "untrained, for measuring speed"},
        "data_sha256": "none",
        "licence": "none: it was trained on nothing",
    }
    return write_model(ServingGraph([network]), side, f"untrained-{side}", about, path)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, required=True, help="of the pictures, in pixels")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="the file to write")
    arguments = parser.parse_args()
    print(write(arguments.side, arguments.model))


if __name__ == "__main__":
    main()
