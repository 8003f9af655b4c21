"""Figures of merit, with bootstrap intervals by lesion."""

from collections.abc import Callable, Iterator

import numpy as np
from sklearn.metrics import roc_auc_score

from .labels import MALIGNANT_INDICES


def auc(positive: np.ndarray, score: np.ndarray) -> float:
    """Returns the area under the ROC curve; NaN where all are of one kind."""
    return float(roc_auc_score(positive, score)) if 0 < positive.sum() < len(positive) else np.nan


def calibration_error(scores: np.ndarray, outcomes: np.ndarray, bins: int = 15) -> float:
    """Returns the expected calibration error over equally filled bins."""
    parts = np.array_split(np.argsort(scores), bins)
    gaps = [abs(scores[part].mean() - outcomes[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(scores))


def with_intervals(
    compute: Callable[[np.ndarray], dict], lesions: np.ndarray, rounds: int = 1000
) -> dict[str, list[float]]:
    """Returns {figure: [value, low, high]}, 95% intervals from resampling whole lesions.

    compute takes row indices and returns the figures of those rows; a resample in which a figure
    is not defined (NaN) does not count for it.
    """
    samples = [compute(rows) for rows in resamples(lesions, rounds)]
    values = compute(np.arange(len(lesions)))
    return {
        name: [float(value), *np.nanquantile([s[name] for s in samples], (0.025, 0.975)).tolist()]
        for name, value in values.items()
    }


def resamples(groups: np.ndarray, rounds: int) -> Iterator[np.ndarray]:
    """Yields the rows of bootstrap samples that draw whole groups, the same each time."""
    random = np.random.default_rng(0)
    _, group_of_row = np.unique(groups, return_inverse=True)
    rows = np.argsort(group_of_row, kind="stable")
    members = np.split(rows, np.cumsum(np.bincount(group_of_row))[:-1])
    for _ in range(rounds):
        chosen = random.integers(len(members), size=len(members))
        yield np.concatenate([members[i] for i in chosen])


def is_malignant(truth: np.ndarray) -> np.ndarray:
    """Says which true classes are malignant: bool [n]."""
    return np.isin(truth, MALIGNANT_INDICES)
