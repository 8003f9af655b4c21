"""What is fitted after training, on data that was not trained on."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from .labels import MALIGNANT_INDICES
from .network import calibrated

NEGATIVE_PREDICTIVE_VALUE = 0.995
PREVALENCE = 0.03
LEAST_COMMON = 0.01  # share below which a class counts as no rarer when diagnoses are named


class Calibration(NamedTuple):
    """What network.calibrated needs for one kind of photo."""

    scale: torch.Tensor  # [1]
    shift: torch.Tensor  # [7]
    odds: torch.Tensor  # [2]


def calibrate(logits: torch.Tensor, labels: torch.Tensor) -> Calibration:
    """Fits temperatures and shifts to the likelihood of held-out labels [n] given logits [n, 7]."""
    scale = torch.ones(1, requires_grad=True)
    shift = torch.zeros(logits.shape[1], requires_grad=True)
    odds = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([scale, shift, odds], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        probabilities = calibrated(logits, scale, shift, odds[None])
        value = nn.functional.nll_loss(probabilities.clamp(min=1e-12).log(), labels)
        value = value + 1e-3 * shift.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return Calibration(scale.detach(), shift.detach(), odds.detach())


def malignancy(probabilities: np.ndarray) -> np.ndarray:
    """Sums the probabilities [n, 7] of the malignant diagnoses."""
    return probabilities[:, MALIGNANT_INDICES].sum(1)


def label_thresholds(
    scores: np.ndarray, malignant: np.ndarray, sensitivity: float
) -> dict[str, float]:
    """Chooses from which malignancy a lesion is called malignant, and up to which benign.

    "malignant" starts where that share of the malignant lesions is found; "benign" ends where, at
    3% prevalence, 99.5% of those called benign are, and never above the former.
    """
    upper = float(np.quantile(scores[malignant], 1 - sensitivity, method="lower"))
    candidates = np.unique(scores)
    missed = np.searchsorted(np.sort(scores[malignant]), candidates) / malignant.sum()
    cleared = np.searchsorted(np.sort(scores[~malignant]), candidates) / (~malignant).sum()
    healthy = (1 - PREVALENCE) * cleared
    value = healthy / np.maximum(healthy + PREVALENCE * missed, 1e-12)
    safe = candidates[value >= NEGATIVE_PREDICTIVE_VALUE]
    lower = float(safe.max()) if safe.size else 0.0
    return {"malignant": upper, "benign": min(lower, upper)}


def naming_weights(probabilities: np.ndarray) -> list[float]:
    """Returns weights [7] that undo how common diagnoses are, for naming the likeliest.

    With calibrated probabilities [n, 7], their means are the shares of the classes.
    """
    weights = 1 / np.maximum(probabilities.mean(0), LEAST_COMMON)
    return (weights / weights.max()).tolist()
