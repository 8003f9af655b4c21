"""What is fitted after training, on data that was not trained on."""

import numpy as np
import torch
from sklearn.covariance import LedoitWolf
from torch import nn

from .labels import MALIGNANT_INDICES
from .network import ServingGraph

SENSITIVITY = 0.95
NEGATIVE_PREDICTIVE_VALUE = 0.995
PREVALENCE = 0.03
LESIONS_KEPT = 0.99


def calibrate(graph: ServingGraph, logits: torch.Tensor, labels: torch.Tensor) -> None:
    """Fits one temperature and a shift per class to the likelihood of held-out labels."""
    scale = torch.ones((), requires_grad=True)
    shift = torch.zeros(logits.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([scale, shift], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = nn.functional.cross_entropy(logits * scale + shift, labels)
        value = value + 1e-3 * shift.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    graph.scale.copy_(scale.detach())
    graph.shift.copy_(shift.detach() - shift.detach().mean())


def fit_ood(graph: ServingGraph, pooled: np.ndarray, groups: np.ndarray) -> None:
    """Fits the shared covariance and a centre per group on pooled features [n, 1280]."""
    features = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    names = np.unique(groups)
    centres = np.stack([features[groups == name].mean(0) for name in names])
    centred = features - centres[np.searchsorted(names, groups)]
    precision = LedoitWolf(assume_centered=True).fit(centred.astype(np.float64)).precision_
    whitening = np.linalg.cholesky(precision)
    graph.whitening.copy_(torch.from_numpy(whitening))
    graph.centres = torch.from_numpy((centres @ whitening).astype(np.float32))


def malignancy(probabilities: np.ndarray) -> np.ndarray:
    """Sums the probabilities [n, 7] of the malignant diagnoses."""
    return probabilities[:, MALIGNANT_INDICES].sum(1)


def label_thresholds(scores: np.ndarray, malignant: np.ndarray) -> dict[str, float]:
    """Chooses from which malignancy a lesion is called malignant, and up to which benign.

    "malignant" starts where 95% of the malignant lesions are found; "benign" ends where, at
    3% prevalence, 99.5% of those called benign are, and never above the former.
    """
    upper = float(np.quantile(scores[malignant], 1 - SENSITIVITY, method="lower"))
    candidates = np.unique(scores)
    missed = np.searchsorted(np.sort(scores[malignant]), candidates) / malignant.sum()
    cleared = np.searchsorted(np.sort(scores[~malignant]), candidates) / (~malignant).sum()
    healthy = (1 - PREVALENCE) * cleared
    value = healthy / np.maximum(healthy + PREVALENCE * missed, 1e-12)
    safe = candidates[value >= NEGATIVE_PREDICTIVE_VALUE]
    lower = float(safe.max()) if safe.size else 0.0
    return {"malignant": upper, "benign": min(lower, upper)}


def ood_threshold(scores: np.ndarray) -> float:
    """Returns the score that keeps 99% of known lesions."""
    return float(np.quantile(scores, LESIONS_KEPT))
