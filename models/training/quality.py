"""Measures whether photos that are refused for their quality are judged worse than others.

Validation images of HAM10000 are spoilt step by step. A limit in classifier/quality.go is right
where the model's figures have fallen by the time it refuses, and not before.
"""

import argparse
import io
import pathlib
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageFilter
from sklearn.metrics import roc_auc_score

from deepskin_training import fitting, metrics, sources
from deepskin_training.network import KINDS, ServingGraph
from deepskin_training.pictures import decode
from golden import MODEL, ROOT, Reference

DOCUMENT = ROOT / "docs" / "quality.md"
# The limits of classifier/quality.go.
MIN_SIDE, MIN_MEAN, MAX_MEAN, CLIPPED_AT, MAX_CLIPPED, MIN_SHARPNESS = 100, 40, 235, 250, 0.5, 2.5

FAULTS = {
    "blur, sigma as a share of the width": (0.005, 0.01, 0.015, 0.02, 0.03, 0.05),
    "darkness, light left": (0.5, 0.35, 0.25, 0.15, 0.08),
    "glare, light added": (0.2, 0.4, 0.6, 0.75, 0.9),
    "few pixels, shorter side": (120, 96, 64, 48, 32),
}


def spoil(photo: Image.Image, fault: str, strength: float) -> Image.Image:
    """Returns the RGB photo with a fault of FAULTS."""
    match fault.split(",")[0]:
        case "blur":
            return photo.filter(ImageFilter.GaussianBlur(strength * photo.width))
        case "darkness":
            return photo.point(lambda value: round(value * strength))
        case "glare":
            return photo.point(lambda value: round(value + (255 - value) * strength))
        case "few pixels":
            scale = strength / min(photo.size)
            size = tuple(round(length * scale) for length in photo.size)
            return photo.resize(size, Image.Resampling.BOX)
    raise ValueError(f"no such fault: {fault}")


def refused(picture: np.ndarray, size: tuple[int, int]) -> bool:
    """Says whether a photo of this size, seen by the model as uint8 [side, side, 3], is refused."""
    luma = picture @ np.array([0.299, 0.587, 0.114])
    edges = (luma[1:-1, :-2] + luma[1:-1, 2:] + luma[:-2, 1:-1] + luma[2:, 1:-1]
             - 4 * luma[1:-1, 1:-1])
    return bool(
        min(size) < MIN_SIDE or not MIN_MEAN <= luma.mean() <= MAX_MEAN
        or (luma >= CLIPPED_AT).mean() > MAX_CLIPPED or edges.var() < MIN_SHARPNESS)


@torch.no_grad()
def judge(graph: ServingGraph, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the malignancies [n] of pictures, and whether they pass for phone photos [n]."""
    said = [graph(chunk) for chunk in torch.from_numpy(pictures).split(64)]
    probabilities, phone = torch.cat([s[0] for s in said]), torch.cat([s[3] for s in said])
    return fitting.malignancy(probabilities.numpy()), phone.numpy() > 0.5


def measure(
    reference: Reference, photos: list[Image.Image], malignant: np.ndarray, lesions: np.ndarray,
    change: Callable[[Image.Image], Image.Image],
) -> dict[str, object]:
    """Returns the figures of photos after a change: shares, and the AUC with its interval."""
    changed = [change(photo) for photo in photos]
    side = (reference.side, reference.side)
    pictures = np.stack([np.asarray(p.resize(side, Image.Resampling.BILINEAR)) for p in changed])
    scores, phone = judge(reference.graph, pictures)
    limits = np.array([reference.thresholds[kind]["malignant"] for kind in KINDS])
    called = scores >= limits[phone.astype(int)]
    turned_away = [refused(p, photo.size) for p, photo in zip(pictures, changed, strict=True)]
    draws = metrics.resamples(lesions, 300)
    aucs = [roc_auc_score(malignant[rows], scores[rows]) for rows in draws]
    return {
        "refused": np.mean(turned_away),
        "auc": roc_auc_score(malignant, scores),
        "interval": np.percentile(aucs, (2.5, 97.5)),
        "sensitivity": called[malignant].mean(),
        "specificity": (~called[~malignant]).mean(),
    }


def table(reference: Reference, data: pathlib.Path) -> list[str]:
    """Spoils the validation images in every way; returns the rows of a Markdown table."""
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    chosen = [case for case in cases if sources.split_of(case.lesion) == "validation"]
    photos = [decode(whole[case.image]) for case in chosen]
    malignant = metrics.is_malignant(np.array([case.diagnosis for case in chosen]))
    lesions = np.array([case.lesion for case in chosen])
    rows = []

    def add(fault: str, strength: str, change: Callable[[Image.Image], Image.Image]) -> None:
        found = measure(reference, photos, malignant, lesions, change)
        low, high = found["interval"]
        rows.append(f"| {fault} | {strength} | {found['refused']:.1%} | {found['auc']:.3f} "
                    f"({low:.3f} to {high:.3f}) | {found['sensitivity']:.3f} "
                    f"| {found['specificity']:.3f} |")
        print(rows[-1], flush=True)

    add("none", "", lambda photo: photo)
    for fault, strengths in FAULTS.items():
        for strength in strengths:
            add(fault, f"{strength:g}", lambda p, f=fault, s=strength: spoil(p, f, s))
    return rows


def main() -> None:
    """Writes the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--document", type=pathlib.Path, default=DOCUMENT)
    arguments = parser.parse_args()
    reference = Reference(arguments.model)
    text = io.StringIO()
    text.write(f"""# Photo quality and errors

Written by `make quality DATA=dir` with {reference.version}: HAM10000's validation images, spoilt step by step. *Refused* is
the share that the limits of `classifier/quality.go` turn away; the other figures are what the model would have said
of all of them, refused or not. A limit stands where the figures have fallen.

| fault | strength | refused | malignant AUC (95% interval) | sensitivity | specificity |
| --- | --- | --- | --- | --- | --- |
""")
    text.write("\n".join(table(reference, arguments.data)) + "\n")
    arguments.document.write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
