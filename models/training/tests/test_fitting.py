"""What is fitted after training must do what its name says, on numbers with a known answer."""

import numpy as np
import pytest
import torch

from deepskin_training import fitting, metrics
from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import FEATURES, Network, ServingGraph


@pytest.fixture(name="graph", scope="module")
def fixture_graph() -> ServingGraph:
    torch.manual_seed(0)
    return ServingGraph(Network())


def test_calibration_undoes_overconfidence_and_shift(graph):
    random = np.random.default_rng(0)
    true_logits = random.normal(0, 1.5, (20_000, len(DIAGNOSES)))
    odds = np.exp(true_logits)
    labels = [random.choice(len(DIAGNOSES), p=row / row.sum()) for row in odds]
    seen = torch.tensor(3 * true_logits + np.linspace(-1, 1, len(DIAGNOSES)), dtype=torch.float32)
    fitting.calibrate(graph, seen, torch.tensor(labels))
    assert graph.scale.item() == pytest.approx(1 / 3, rel=0.05)
    wanted = -np.linspace(-1, 1, len(DIAGNOSES)) / 3
    assert graph.shift.numpy() == pytest.approx(wanted, abs=0.06)


def test_ood_score_grows_with_distance(graph):
    random = np.random.default_rng(0)
    groups = np.repeat([0, 1], 400)
    pooled = random.normal(1, 0.1, (800, FEATURES)).astype(np.float32)
    pooled[groups == 1, :40] += 2
    fitting.fit_ood(graph, pooled, groups)

    def score(features: np.ndarray) -> float:
        unit = torch.nn.functional.normalize(torch.tensor(features), dim=0)
        distances = (unit @ graph.whitening - graph.centres).square().sum(1)
        return distances.min().sqrt().item()

    assert score(pooled[0]) < score(pooled[0] + random.normal(0, 0.5, FEATURES).astype(np.float32))
    assert score(pooled[700]) == pytest.approx(score(pooled[0]), rel=0.3)


def test_label_thresholds_keep_their_promises():
    random = np.random.default_rng(0)
    malignant = np.arange(4000) < 1000
    scores = np.where(malignant, random.beta(4, 2, 4000), random.beta(2, 6, 4000))
    limits = fitting.label_thresholds(scores, malignant)
    assert limits["benign"] <= limits["malignant"]
    assert (scores[malignant] >= limits["malignant"]).mean() >= fitting.SENSITIVITY
    missed = (scores[malignant] < limits["benign"]).mean()
    cleared = (scores[~malignant] < limits["benign"]).mean()
    healthy = (1 - fitting.PREVALENCE) * cleared
    value = healthy / (healthy + fitting.PREVALENCE * missed)
    assert value >= fitting.NEGATIVE_PREDICTIVE_VALUE


def test_calibration_error_of_known_numbers():
    scores = np.repeat([0.2, 0.8], 100)
    outcomes = np.concatenate([np.arange(100) < 30, np.arange(100) < 80])
    assert metrics.calibration_error(scores, outcomes, bins=2) == pytest.approx(0.05)


def test_intervals_are_wider_when_images_share_lesions():
    values = np.random.default_rng(0).normal(size=300)
    repeated = np.repeat(values, 4)

    def compute(rows):
        return {"mean": repeated[rows].mean()}

    together = metrics.with_intervals(compute, np.repeat(np.arange(300), 4))
    apart = metrics.with_intervals(compute, np.arange(1200))
    width = {name: high - low for name, (_, low, high) in
             (("together", together["mean"]), ("apart", apart["mean"]))}
    assert width["together"] == pytest.approx(2 * width["apart"], rel=0.15)
