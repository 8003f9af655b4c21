"""Trains every recipe of a folder and compares each with the first, on validation lesions."""

import argparse
import os
import pathlib

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from . import metrics, phone, sources
from .batches import Batches
from .config import Config
from .labels import DIAGNOSES
from .material import Material
from .fitting import malignancy
from .parts import Part, compose_part, diagnosis_logits, read_part
from .train import Run, starting_network

FIGURES = ("malignant_auc", "melanoma_auc", "balanced_accuracy", "specificity", "phone_auc")
_FINAL = "final.pt"


def main() -> None:
    """Trains what is not trained yet, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--configs", type=pathlib.Path, required=True,
                        help="folder of recipes; the first by name is what others are compared to")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the runs")
    parser.add_argument("--table", type=pathlib.Path, help="Markdown file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's torch starts with one
    results = [
        attempt(Config.read(path), arguments.data, arguments.out / path.stem)
        for path in sorted(arguments.configs.glob("*.toml"))
    ]
    text = "\n".join(table(results)) + "\n"
    print(text)
    if arguments.table:
        arguments.table.write_text(text, encoding="utf-8")


def attempt(config: Config, data: pathlib.Path, folder: pathlib.Path) -> dict:
    """Trains one recipe, unless that was done before, and says what it gives on validation."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "outcome.npz"
    if not done.exists():
        cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
        validation = read_part(cases, whole, config.side, "validation", config.fold)
        photos = compose_part(phone.read_cutouts(data), config.side, "validation", config.fold)
        if config.constancy:
            validation, photos = validation.without_light(), photos.without_light()
        torch.manual_seed(config.seed)
        batches = Batches(config, Material(config, data))
        network = starting_network(config, data, validation.pictures[:128])
        run = Run(config, network, batches, folder)
        network = run.train(validation).cpu()
        torch.save(network.state_dict(), folder / _FINAL)
        (folder / "checkpoint.pt").unlink()
        np.savez(
            done, seconds=run.seconds, prior=batches.counts * batches.class_weights().numpy(),
            **_outcome("dermoscopy", network, validation), **_outcome("phone", network, photos),
        )
    return {"name": config.name, **np.load(done)}


def _outcome(kind: str, network: torch.nn.Module, part: Part) -> dict[str, np.ndarray]:
    return {
        f"{kind}_logits": diagnosis_logits(network, part.pictures),
        f"{kind}_truth": part.truth,
        f"{kind}_groups": part.groups,
    }


def figures(result: dict, rows: np.ndarray, phone_rows: np.ndarray) -> dict[str, float]:
    """Computes an attempt's figures on some validation images and composed phone photos."""
    logits, truth = result["dermoscopy_logits"][rows], result["dermoscopy_truth"][rows]
    scores, malignant = _malignancy(logits), metrics.is_malignant(truth)
    melanoma = DIAGNOSES.index("mel")
    return {
        "malignant_auc": roc_auc_score(malignant, scores),
        "melanoma_auc": roc_auc_score(truth == melanoma, _softmax(logits)[:, melanoma]),
        "balanced_accuracy": balanced_accuracy_score(
            truth, (logits - np.log(result["prior"])).argmax(1)),
        "specificity": (scores[~malignant] < np.quantile(scores[malignant], 0.05)).mean(),
        "phone_auc": roc_auc_score(
            metrics.is_malignant(result["phone_truth"][phone_rows]),
            _malignancy(result["phone_logits"][phone_rows])),
    }


def table(results: list[dict], rounds: int = 500) -> list[str]:
    """Formats the attempts as a Markdown table: figures, and differences from the first.

    Intervals are 95% bootstrap ones by lesion; differences are of the same resampled lesions.
    """
    groups = [results[0][f"{kind}_groups"] for kind in ("dermoscopy", "phone")]
    draws = list(zip(*(metrics.resamples(group, rounds) for group in groups), strict=True))
    everything = [np.arange(len(group)) for group in groups]
    lines = ["| attempt | " + " | ".join(name.replace("_", " ") for name in FIGURES) + " | min |",
             "| --- " * (len(FIGURES) + 2) + "|"]
    base = None
    for result in results:
        value = figures(result, *everything)
        sampled = [figures(result, *rows) for rows in draws]
        cells = []
        for name in FIGURES:
            values = np.array([sample[name] for sample in sampled])
            if base is None:
                low, high = np.percentile(values, (2.5, 97.5))
                cells.append(f"{value[name]:.3f} ({low:.3f} to {high:.3f})")
            else:
                low, high = np.percentile(values - base[name], (2.5, 97.5))
                cells.append(f"{value[name]:.3f} ({low:+.3f} to {high:+.3f})")
        if base is None:
            base = {name: np.array([sample[name] for sample in sampled]) for name in FIGURES}
        lines.append(f"| {result['name']} | " + " | ".join(cells)
                     + f" | {float(result['seconds']) / 60:.0f} |")
    return lines


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


def _malignancy(logits: np.ndarray) -> np.ndarray:
    return malignancy(_softmax(logits))


if __name__ == "__main__":
    main()
