"""Compares what the Go program says of photos with what independent Python says of them.

Both decode and resize for themselves; Go runs the model with ONNX Runtime, Python with torch.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numpy as np

from deepskin_training import sources
from golden import MODEL, ROOT, Reference

PROGRAM = ROOT / "deepskin"
MOST, MEAN = 0.02, 0.002  # how far probabilities may be apart, at most and on average


class Agreement(NamedTuple):
    """How far apart the two are: absolute differences of probabilities."""

    photos: int
    most: float
    mean: float
    kinds: int  # photos that the two take for different kinds
    closer: int  # photos that only one of the two looked at again

    @property
    def good(self) -> bool:
        """Says whether the two agree."""
        return self.most <= MOST and self.mean <= MEAN


def compare(model: pathlib.Path, folder: pathlib.Path) -> Agreement:
    """Has both judge the photos of a folder."""
    run = subprocess.run(
        [PROGRAM, "classify", "--format", "jsonl", folder], check=True, capture_output=True,
        text=True, env={**os.environ, "DEEPSKIN_MODEL": str(model)},
    )
    reference = Reference(model)
    apart, kinds, closer = [], 0, 0
    for line in run.stdout.splitlines():
        said = json.loads(line)
        wanted = reference.judge(pathlib.Path(said["file"]).read_bytes())
        if "diagnoses" not in said:
            raise ValueError(f"{said['file']} was refused for {said['problems']}")
        apart.append([abs(said["diagnoses"][name] - value)
                      for name, value in wanted["diagnoses"].items()]
                     + [abs(said["phone_probability"] - wanted["phone_probability"])])
        kinds += said["kind"] != wanted["kind"]
        closer += said.get("closer", False) != wanted["closer"]
    return Agreement(len(apart), float(np.max(apart)), float(np.mean(apart)), kinds, closer)


def main() -> None:
    """Compares the two on HAM10000's test part; fails where they do not agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    arguments = parser.parse_args()
    whole, _ = sources.ham10000_views(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        for case in sources.read_metadata(arguments.data):
            if sources.split_of(case.lesion) == "test":
                (pathlib.Path(folder) / f"{case.image}.jpg").write_bytes(whole[case.image])
        found = compare(arguments.model, pathlib.Path(folder))
    print(f"{found.photos} photos: probabilities differ by {found.mean:.5f} on average and "
          f"{found.most:.4f} at most; {found.kinds} kinds and {found.closer} second looks differ")
    if not found.good:
        sys.exit(f"the limits are {MEAN} on average and {MOST} at most")


if __name__ == "__main__":
    main()
