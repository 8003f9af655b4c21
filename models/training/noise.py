"""Measures how much the figures of a recipe depend on chance.

One network is trained with each of several seeds, and once more with the first: what differs
between those two is what the machine alone brings about. Runs that were interrupted go on.
"""

import argparse
import dataclasses
import json
import os
import pathlib
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from deepskin_training import sources
from deepskin_training.config import Config
from deepskin_training.fitting import malignancy
from deepskin_training.labels import DIAGNOSES
from deepskin_training.metrics import is_malignant
from deepskin_training.model import train_member
from deepskin_training.network import Network
from deepskin_training.parts import Part, diagnosis_logits, read_part

SENSITIVITY = 0.95


def figures(network: Network, part: Part) -> dict[str, float]:
    """Measures a network on validation images."""
    logits = diagnosis_logits(network.cpu(), part.pictures)
    probabilities = torch.from_numpy(logits).softmax(1).numpy()
    scores, malignant = malignancy(probabilities), is_malignant(part.truth)
    melanoma = DIAGNOSES.index("mel")
    limit = np.quantile(scores[malignant], 1 - SENSITIVITY)
    return {
        "malignant_auc": roc_auc_score(malignant, scores),
        "melanoma_auc": roc_auc_score(part.truth == melanoma, probabilities[:, melanoma]),
        f"specificity_at_{SENSITIVITY:.0%}_sensitivity".replace("%", ""):
            (scores[~malignant] < limit).mean(),
    }


def measure(
    config: Config, data: pathlib.Path, seeds: list[int], out: pathlib.Path,
    exports: Sequence[pathlib.Path] = (),
) -> dict:
    """Trains with each seed, and with the first again; returns what the figures are.

    By figure: "values" by seed, their mean and standard deviation "sd", and "repeat", the
    difference between the two runs of the first seed.
    """
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    part = read_part(cases, whole, config.side, "validation", config.fold)

    def outcome(seed: int, name: str) -> dict[str, float]:
        seeded = dataclasses.replace(config, seed=seed, name=f"{config.name}-{name}")
        network, _ = train_member(seeded, data, out, exports)
        return figures(network, part)

    found = [outcome(seed, f"seed-{seed}") for seed in seeds]
    again = outcome(seeds[0], f"seed-{seeds[0]}-again")
    result = {}
    for name, repeated in again.items():
        values = np.array([each[name] for each in found])
        result[name] = {
            "values": dict(zip(map(str, seeds), values.tolist(), strict=True)),
            "mean": values.mean(), "sd": values.std(ddof=1), "repeat": repeated - values[0],
        }
    return result


def main() -> None:
    """Measures the noise from the command line; prints a table and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--exports", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--config", type=pathlib.Path, required=True,
                        help="a network's recipe, as configs/base.toml")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3],
                        help="two or more")
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="folder for the runs, and for noise.json")
    arguments = parser.parse_args()
    if len(set(arguments.seeds)) < 2 or len(set(arguments.seeds)) < len(arguments.seeds):
        parser.error("--seeds must be two or more different ones")
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's torch starts with one
    result = measure(Config.read(arguments.config), arguments.data, arguments.seeds,
                     arguments.out, arguments.exports)
    (arguments.out / "noise.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print("| figure | mean | standard deviation over seeds | same seed again |")
    print("| --- " * 4 + "|")
    for name, noise in result.items():
        print(f"| {name.replace('_', ' ')} | {noise['mean']:.4f} | {noise['sd']:.4f} "
              f"| {noise['repeat']:+.4f} |")


if __name__ == "__main__":
    main()
