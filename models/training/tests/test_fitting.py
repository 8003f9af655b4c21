"""What is fitted after training must do what its name says, on numbers with a known answer."""

import numpy as np
import pytest
import torch

from deepskin_training import fitting, metrics
from deepskin_training.labels import DIAGNOSES
from deepskin_training.network import calibrated, log_odds


def test_calibration_undoes_overconfidence_and_shift():
    """Fitted probabilities must be those that the labels were drawn with."""
    random = np.random.default_rng(0)
    true_logits = random.normal(0, 1.5, (20_000, len(DIAGNOSES)))
    odds = np.exp(true_logits)
    truth = odds / odds.sum(1, keepdims=True)
    labels = [random.choice(len(DIAGNOSES), p=row) for row in truth]
    seen = torch.tensor(3 * true_logits + np.linspace(-1, 1, len(DIAGNOSES)), dtype=torch.float32)
    fitted = fitting.calibrate(seen, torch.tensor(labels))
    stated = calibrated(seen, *(values[None] for values in fitted)).numpy()
    assert stated.sum(1) == pytest.approx(1, abs=1e-5)
    assert np.abs(stated - truth).mean() < 0.03  # uncalibrated: 0.10
    assert stated.mean(0) == pytest.approx(truth.mean(0), abs=0.02)
    assert metrics.calibration_error(
        fitting.malignancy(stated), metrics.is_malignant(np.array(labels))) < 0.02


def test_calibration_keeps_the_order_of_malignancies():
    random = np.random.default_rng(1)
    logits = torch.tensor(random.normal(0, 2, (500, len(DIAGNOSES))), dtype=torch.float32)
    fitted = fitting.calibrate(logits, torch.tensor(random.integers(0, 7, 500)))
    stated = calibrated(logits, *(values[None] for values in fitted)).numpy()
    raw = log_odds(logits)[:, 0].numpy() * np.sign(fitted.odds[0].item())
    order = np.argsort(raw)
    assert (np.diff(fitting.malignancy(stated)[order]) > -1e-6).all()


def test_label_thresholds_keep_their_promises():
    random = np.random.default_rng(0)
    malignant = np.arange(4000) < 1000
    scores = np.where(malignant, random.beta(4, 2, 4000), random.beta(2, 6, 4000))
    limits = fitting.label_thresholds(scores, malignant, 0.95)
    assert limits["benign"] <= limits["malignant"]
    assert (scores[malignant] >= limits["malignant"]).mean() >= 0.95
    missed = (scores[malignant] < limits["benign"]).mean()
    cleared = (scores[~malignant] < limits["benign"]).mean()
    healthy = (1 - fitting.PREVALENCE) * cleared
    value = healthy / (healthy + fitting.PREVALENCE * missed)
    assert value >= fitting.NEGATIVE_PREDICTIVE_VALUE


def test_naming_undoes_how_common_classes_are():
    shares = np.array([0.04, 0.05, 0.1, 0.001, 0.109, 0.69, 0.01])
    weights = fitting.naming_weights(np.tile(shares, (10, 1)))
    assert max(weights) == 1
    assert weights[5] / weights[0] == pytest.approx(0.04 / 0.69)
    assert weights[3] == weights[6]  # what hardly occurs gains no more


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
