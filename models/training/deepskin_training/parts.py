"""The pictures that networks are measured on, as they will be served, and what is true of them."""

import dataclasses

import numpy as np
import torch

from . import phone, sources
from .labels import MALIGNANT_INDICES
from .network import Judged, Network, ServingGraph, normalise, smooth
from .pictures import serving_picture, shades_of_grey

CHUNK = 64


@dataclasses.dataclass(frozen=True)
class Part:
    """Pictures [n, side, side, 3] with true classes [n] and the IDs [n] of lesions or patients."""

    pictures: np.ndarray
    truth: np.ndarray
    groups: np.ndarray

    @property
    def malignant(self) -> np.ndarray:
        """Says which pictures show a malignant lesion: bool [n]."""
        return np.isin(self.truth, MALIGNANT_INDICES)

    def without_light(self) -> "Part":
        """Returns the part with the colour of the light taken off each picture."""
        pictures = np.stack([shades_of_grey(picture) for picture in self.pictures])
        return dataclasses.replace(self, pictures=pictures)


def read_part(
    cases: list[sources.Case], images: dict[str, bytes], side: int, split: str, fold: int = 0
) -> Part:
    """Decodes one part of HAM10000 exactly as the classifier will."""
    chosen = [case for case in cases if sources.split_of(case.lesion, fold) == split]
    return Part(
        np.stack([serving_picture(images[case.image], side) for case in chosen]),
        np.array([case.diagnosis for case in chosen]),
        np.array([case.lesion for case in chosen]),
    )


def compose_part(
    cutouts: list[phone.Cutout], side: int, split: str, fold: int = 0, rounds: int = 1
) -> Part | None:
    """Composes each cut-out of a part, in several ways; None where there is none."""
    chosen = [c for c in cutouts if sources.split_of(c.patient, fold) == split] * rounds
    if not chosen:
        return None
    random = np.random.default_rng(0)
    return Part(
        np.stack([phone.compose(cutout, side, random)[0] for cutout in chosen]),
        np.array([cutout.diagnosis for cutout in chosen]),
        np.array([cutout.patient for cutout in chosen]),
    )


@torch.no_grad()
def diagnosis_logits(network: Network, pictures: np.ndarray, device: str = "cpu") -> np.ndarray:
    """Returns the logits [n, 7] of smoothed pictures, without their half turns."""
    network.eval()
    logits = []
    for chunk in torch.from_numpy(pictures).split(CHUNK):
        last, mask = network.describe(smooth(normalise(chunk.to(device))))
        logits.append(network.head(network.focused(last, mask).mean((2, 3))).cpu())
    return torch.cat(logits).numpy()


@torch.no_grad()
def judge(graph: ServingGraph, pictures: np.ndarray) -> Judged:
    """Returns what the graph's networks say before calibration."""
    graph.eval()
    parts = [graph.judge(chunk) for chunk in torch.from_numpy(pictures).split(CHUNK)]
    return Judged(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))
