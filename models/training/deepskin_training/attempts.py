"""Trains and compares recipes, and ways to serve, on validation lesions."""

import argparse
import os
import pathlib

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from . import metrics, phone, sources, variants
from .batches import Batches
from .config import Config
from .labels import DIAGNOSES
from .material import Material
from .fitting import malignancy
from .parts import Part, compose_part, diagnosis_logits, read_part
from .train import CHECKPOINT, Run, starting_network

FIGURES = ("malignant_auc", "melanoma_auc", "balanced_accuracy", "specificity", "phone_auc")
_TEXT = """# What was tried

Written by `make attempts DATA=dir`, on validation lesions only; the test parts played no role. The first row of a table
has figures with 95% bootstrap intervals by lesion; the others have their figures, and the interval of the difference
from the first row on the same resampled lesions. A difference is **bold** where its interval leaves out zero; of so many,
a few will by chance. *Specificity* is at 95% sensitivity, *phone AUC* on phone lesions composed on drawn skin, and
*balanced accuracy* over the seven diagnoses.

## Training

Short runs of one network each, by the recipes in `models/training/configs/attempts`, each of which changes one thing, or two
that belong together, in `configs/base.toml`.

{attempts}

## Serving

Networks that were trained in full, together and looked at in different ways (`models/training/configs/variants`).

{variants}
"""


def main() -> None:
    """Trains what is not trained yet, and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--configs", type=pathlib.Path, required=True,
                        help="folder with the folders attempts and variants; the first recipe of "
                        "each by name is what the others are compared to")
    parser.add_argument("--runs", type=pathlib.Path, required=True,
                        help="folder with the shipped model's runs; attempts go below it")
    parser.add_argument("--document", type=pathlib.Path, required=True, help="Markdown to write")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's torch starts with one
    attempts, ways = (sorted((arguments.configs / kind).glob("*.toml"))
                      for kind in ("attempts", "variants"))
    trained = [attempt(path, arguments.data, arguments.runs / "attempts" / path.stem)
               for path in attempts]
    served = [{**variants.outcome(variants.Variant.read(path), arguments.data, arguments.runs),
               "change": change(path)} for path in ways]
    text = _TEXT.format(attempts="\n".join(table(trained, "minutes")),
                        variants="\n".join(table(served, "passes")))
    print(text)
    arguments.document.write_text(text, encoding="utf-8")


def change(path: pathlib.Path) -> str:
    """Returns what a recipe says beside its base."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return ", ".join(line for line in lines if line and not line.startswith("base ="))


def attempt(path: pathlib.Path, data: pathlib.Path, folder: pathlib.Path) -> dict:
    """Trains one recipe, unless that was done before, and says what it gives on validation."""
    config = Config.read(path)
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
        np.savez(
            done, cost=run.seconds / 60,
            prior=batches.counts * batches.class_weights().numpy(),
            **_outcome("dermoscopy", network, validation), **_outcome("phone", network, photos),
        )
        (folder / CHECKPOINT).unlink()
    return {"name": config.name, "change": change(path), **np.load(done)}


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


def table(results: list[dict], cost: str, rounds: int = 500) -> list[str]:
    """Formats results as a Markdown table: the first one's figures, and differences from it.

    A result has what figures needs, and its name, change and cost. Intervals are 95% bootstrap ones
    by lesion; differences are of the same resampled lesions.
    """
    groups = [results[0][f"{kind}_groups"] for kind in ("dermoscopy", "phone")]
    draws = list(zip(*(metrics.resamples(group, rounds) for group in groups), strict=True))
    everything = [np.arange(len(group)) for group in groups]
    titles = ["", "change", *(name.replace("_", " ") for name in FIGURES), cost]
    lines = [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|"]
    base: dict[str, np.ndarray] = {}
    for result in results:
        value = figures(result, *everything)
        sampled = [figures(result, *rows) for rows in draws]
        values = {name: np.array([sample[name] for sample in sampled]) for name in FIGURES}
        cells = []
        for name in FIGURES:
            drawn = values[name] - base.get(name, 0)
            low, high = np.percentile(drawn, (2.5, 97.5))
            if not base:
                cells.append(f"{value[name]:.3f} ({low:.3f} to {high:.3f})")
            else:
                mark = "**" if low > 0 or high < 0 else ""
                cells.append(f"{value[name]:.3f} ({mark}{low:+.3f} to {high:+.3f}{mark})")
        base = base or values
        change_made = f"`{result['change']}`" if result["change"] and len(lines) > 2 else "none"
        lines.append(f"| {result['name']} | {change_made} | {' | '.join(cells)} "
                     f"| {float(result['cost']):.0f} |")
    return lines


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


def _malignancy(logits: np.ndarray) -> np.ndarray:
    return malignancy(_softmax(logits))


if __name__ == "__main__":
    main()
