"""What a small classifier can tell from measures alone: what it finds, a network finds too."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold

from ..metrics import auc, with_intervals

_FOLDS = 5
_ROUNDS = 200  # of the bootstrap


def held_out_scores(features: np.ndarray, positive: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Returns gradient boosting's score [n] of each row by a model that never saw its group.

    features is float [n, m] with NaN for what is not known, positive bool [n], groups [n].
    """
    scores = np.zeros(len(positive))
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    for fit, held in folds.split(features, positive, groups):
        model = HistGradientBoostingClassifier(
            max_iter=80, max_leaf_nodes=12, l2_regularization=1.0, random_state=0
        )
        model.fit(features[fit], positive[fit])
        scores[held] = model.predict_proba(features[held])[:, 1]
    return scores


def auc_with_interval(
    scores: np.ndarray, positive: np.ndarray, groups: np.ndarray
) -> list[float]:
    """Returns [AUC, low, high] with a 95% bootstrap interval over groups."""
    figures = with_intervals(
        lambda rows: {"auc": auc(positive[rows], scores[rows])}, groups, rounds=_ROUNDS
    )
    return figures["auc"]
