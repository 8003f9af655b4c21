"""Tests of the figures that Go's evaluation is held to."""

import json

import numpy as np
import pytest

import figures


def test_golden_file_is_what_scikit_learn_says_today() -> None:
    """The committed file comes from the script, as far as it does not depend on chance."""
    committed = json.loads(figures.GOLDEN.read_text(encoding="utf-8"))
    random = np.random.default_rng(7)
    answers, others = figures.make_answers(random), figures.make_others(random)
    fresh = json.loads(json.dumps(
        figures.describe(answers, others, figures.make_rival(random, answers), rounds=1)))
    for key in ("photos", "others", "rival", "confusion", "splits", "parts", "labels", "malignant"):
        assert fresh[key] == committed[key]
    for key in ("roc", "precision_recall"):
        assert np.allclose(fresh[key], committed[key], atol=1e-12)
    for key in ("figures", "differences"):
        assert fresh[key].keys() == committed[key].keys()
        for name, (value, _, _) in fresh[key].items():
            assert value == pytest.approx(committed[key][name][0], abs=1e-12)


def test_answers_have_ties_and_every_kind() -> None:
    """What the golden file is for: ties, refusals, and all labels and diagnoses."""
    answers = figures.make_answers(np.random.default_rng(7))
    assert len(np.unique(answers["malignancy"])) < len(answers["malignancy"]) / 3
    assert set(answers["label"]) == {"benign", "malignant", "inconclusive"}
    assert len(set(answers["truth"])) == 7 and answers["refused"].any()
    # What is stated is not always the likeliest, and some photos are taken for phone photos.
    assert 0.1 < (answers["stated"] != answers["probabilities"].argmax(1)).mean() < 0.9
    assert 0 < (answers["phone"] > 0.5).mean() < 0.5
