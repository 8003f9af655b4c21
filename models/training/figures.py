"""Says what scikit-learn makes of made-up answers: the figures that Go's evaluation is held to.

The answers are drawn from a seed, with many ties, because ties are where such code goes wrong.
"""

import argparse
import collections
import json
import pathlib

import numpy as np
from sklearn import metrics as sk

from deepskin_training.labels import DIAGNOSES, MALIGNANT, MALIGNANT_INDICES
from deepskin_training.metrics import auc, with_intervals
from deepskin_training.sources import split_of

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "internal/evaluation/testdata/golden.json"
PHOTOS = 400
LESIONS = 240
ROUNDS = 4000
# A difference takes the figures of both models in each round.
DIFFERENCE_ROUNDS = 1000
LESION_IDS = 10000
OTHERS = 150
# How much each diagnosis counts where the one to be stated is chosen, in the order of DIAGNOSES.
NAMING = np.array([2, 1.5, 1, 3, 1, 0.4, 3])
MALIGNANT_FROM, BENIGN_BELOW = 0.3, 0.15
# At how much of one rate the other is read off; the margin is for rounding.
TARGETS = (0.90, 0.95)
MARGIN = 1e-9


def make_answers(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Draws truths, probabilities [n, 7] in steps of 0.01, lesions, labels and refusals.

    The photos are dermoscopy; "phone" [n] is how much each looks like a phone photo.
    """
    lesion = random.integers(LESIONS, size=PHOTOS)
    truth_of_lesion = random.choice(7, size=LESIONS, p=(0.08, 0.12, 0.14, 0.05, 0.16, 0.4, 0.05))
    truth = truth_of_lesion[lesion]
    logits = random.normal(0, 1.2, (PHOTOS, 7)) + random.normal(0, 0.8, (LESIONS, 7))[lesion]
    logits[np.arange(PHOTOS), truth] += 1.8
    logits[:, DIAGNOSES.index("nv")] += 0.5
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    probabilities = np.round(probabilities, 2)
    malignancy = np.round(probabilities[:, MALIGNANT_INDICES].sum(1), 2)
    refused = random.random(PHOTOS) < 0.08
    label = np.where(malignancy >= MALIGNANT_FROM, "malignant", "inconclusive")
    label = np.where(malignancy < BENIGN_BELOW, "benign", label)
    return {
        "lesion": lesion,
        "truth": truth,
        # Actinic keratoses count as malignant, but not as cancer.
        "cancer": np.isin(truth, [DIAGNOSES.index(code) for code in ("bcc", "mel")]),
        "probabilities": probabilities,
        "malignancy": malignancy,
        "label": np.where(refused, "inconclusive", label),
        "refused": refused,
        "stated": (probabilities * NAMING).argmax(1),
        "phone": np.round(random.beta(1.2, 4, PHOTOS), 2),
    }


def make_rival(
    random: np.random.Generator, answers: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Draws what another model says of the same photos: much the same, and a little worse."""
    noise = np.exp(random.normal(0, 0.7, (PHOTOS, 7)))
    probabilities = (answers["probabilities"] + 0.01) * noise
    probabilities = np.round(probabilities / probabilities.sum(1, keepdims=True), 2)
    malignancy = np.round(probabilities[:, MALIGNANT_INDICES].sum(1), 2)
    refused = answers["refused"] ^ (random.random(PHOTOS) < 0.04)
    label = np.where(malignancy >= MALIGNANT_FROM, "malignant", "inconclusive")
    label = np.where(malignancy < BENIGN_BELOW, "benign", label)
    return answers | {
        "probabilities": probabilities,
        "malignancy": malignancy,
        "label": np.where(refused, "inconclusive", label),
        "refused": refused,
        "stated": (probabilities * NAMING).argmax(1),
        "phone": np.round(random.beta(1.2, 4, PHOTOS), 2),
    }


def make_others(random: np.random.Generator) -> np.ndarray:
    """Draws how much photos of the other kind, which phones took, look like phone photos [n]."""
    return np.round(random.beta(4, 1.2, OTHERS), 2)


def figures(answers: dict[str, np.ndarray]) -> dict[str, float]:
    """Computes every figure; labels count for photos that were not refused, scores for all."""
    truth, score, stated = answers["truth"], answers["malignancy"], answers["stated"]
    malignant, melanoma = np.isin(truth, MALIGNANT_INDICES), DIAGNOSES.index("mel")
    harmless = np.isin(truth, [DIAGNOSES.index(code) for code in ("nv", "bkl")])
    known = answers["cancer"] | harmless
    judged = ~answers["refused"]
    called, was = answers["label"][judged] == "malignant", malignant[judged]
    fpr, tpr, _ = sk.roc_curve(malignant, score, drop_intermediate=False)
    return {
        "malignant_auc": auc(malignant, score),
        "melanoma_auc": auc(truth == melanoma, answers["probabilities"][:, melanoma]),
        "cancer_auc": auc(answers["cancer"][known], score[known]),
        "average_precision": sk.average_precision_score(malignant, score),
        **{f"sensitivity_at_{t:.0%}_specificity".replace("%", ""):
           tpr[fpr <= 1 - t + MARGIN].max() for t in TARGETS},
        **{f"specificity_at_{t:.0%}_sensitivity".replace("%", ""):
           1 - fpr[tpr >= t - MARGIN].min() for t in TARGETS},
        "sensitivity": sk.recall_score(was, called),
        "specificity": sk.recall_score(~was, ~called),
        "precision": sk.precision_score(was, called),
        "accuracy": sk.accuracy_score(was, called),
        "f1": sk.f1_score(was, called),
        "cancers_called_benign": (answers["label"][judged & answers["cancer"]] == "benign").mean(),
        "inconclusive": (answers["label"][judged] == "inconclusive").mean(),
        "diagnosis_accuracy": sk.accuracy_score(truth, stated),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, stated),
        "calibration_error": calibration_error(score, malignant),
        "refused": answers["refused"].mean(),
        "malignant_refused": answers["refused"][malignant].mean(),
        "kind_right": (answers["phone"] <= 0.5).mean(),
    }


def kind_auc(answers: dict[str, np.ndarray], others: np.ndarray, rounds: int) -> list[float]:
    """Returns [value, low, high] of the AUC that tells the kinds apart.

    Each kind is resampled by itself: one by lesion, the others by photo.
    """
    random = np.random.default_rng(0)
    _, lesion_of_row = np.unique(answers["lesion"], return_inverse=True)
    lesions = lesion_of_row.max() + 1
    is_phone = np.arange(PHOTOS + OTHERS) >= PHOTOS
    scores = np.concatenate([answers["phone"], others])
    samples = []
    for _ in range(rounds):
        draws = np.bincount(random.integers(lesions, size=lesions), minlength=lesions)
        other_draws = np.bincount(random.integers(OTHERS, size=OTHERS), minlength=OTHERS)
        weights = np.concatenate([draws[lesion_of_row], other_draws])
        samples.append(sk.roc_auc_score(is_phone, scores, sample_weight=weights))
    return [auc(is_phone, scores), *np.quantile(samples, (0.025, 0.975)).tolist()]


def calibration_error(scores: np.ndarray, outcomes: np.ndarray, bins: int = 15) -> float:
    """Is metrics.calibration_error, with equal scores kept in their order."""
    parts = np.array_split(np.argsort(scores, kind="stable"), bins)
    gaps = [abs(scores[part].mean() - outcomes[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(scores))


def differences(
    answers: dict[str, np.ndarray], rival: dict[str, np.ndarray], rounds: int
) -> dict[str, list[float]]:
    """Returns {figure: [value, low, high]} of answers less rival, both of the same lesions."""
    def compute(rows: np.ndarray) -> dict[str, float]:
        ours, theirs = (
            figures({name: values[rows] for name, values in some.items()})
            for some in (answers, rival))
        return {name: value - theirs[name] for name, value in ours.items()}

    return with_intervals(compute, answers["lesion"], rounds)


def said(answers: dict[str, np.ndarray], row: int) -> dict:
    """Returns what a model said of one photo."""
    return {
        "probabilities": answers["probabilities"][row].tolist(),
        "malignancy": float(answers["malignancy"][row]),
        "label": str(answers["label"][row]),
        "refused": bool(answers["refused"][row]),
        "stated": DIAGNOSES[answers["stated"][row]],
        "phone": float(answers["phone"][row]),
    }


def describe(
    answers: dict[str, np.ndarray], others: np.ndarray, rival: dict[str, np.ndarray],
    rounds: int = ROUNDS
) -> dict:
    """Returns what the golden file holds."""
    malignant = np.isin(answers["truth"], MALIGNANT_INDICES)
    fpr, tpr, _ = sk.roc_curve(malignant, answers["malignancy"], drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(malignant, answers["malignancy"])
    intervals = with_intervals(
        lambda rows: figures({name: values[rows] for name, values in answers.items()}),
        answers["lesion"], rounds)
    lesions = [f"HAM_{i:07d}" for i in range(0, 200, 10)] + ["PAT_1014", ""]
    return {
        "labels": DIAGNOSES,
        "malignant": MALIGNANT,
        "photos": [
            {
                "lesion": f"L{answers['lesion'][i]}",
                "diagnosis": DIAGNOSES[answers["truth"][i]],
                "cancer": bool(answers["cancer"][i]),
            } | said(answers, i)
            for i in range(len(malignant))
        ],
        # What another model says of the same photos.
        "rival": [said(rival, i) for i in range(len(malignant))],
        # How much photos of the other kind look like phone photos.
        "others": others.tolist(),
        # [value, low, high] by name
        "figures": intervals | {"kind_auc": kind_auc(answers, others, rounds)},
        # The same, of the photos less the rival's.
        "differences": differences(answers, rival, min(rounds, DIFFERENCE_ROUNDS)),
        "confusion":
            sk.confusion_matrix(answers["truth"], answers["stated"], labels=range(7)).tolist(),
        "roc": np.stack([fpr, tpr], 1).tolist(),
        "precision_recall": np.stack([recall, precision], 1)[::-1].tolist(),
        "splits": {lesion: split_of(lesion) for lesion in lesions},
        # How many of so many lesions are in each part: with these, a border that moves shows.
        "parts": collections.Counter(split_of(f"HAM_{i:07d}") for i in range(LESION_IDS)),
    }


def write(content: dict, path: pathlib.Path) -> None:
    """Writes the golden file with one line for each entry of its lists."""
    lines = []
    for key, value in content.items():
        if isinstance(value, list):
            value = "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "\n]"
        else:
            value = json.dumps(value)
        lines.append(f"{json.dumps(key)}: {value}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Writes the golden file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=GOLDEN)
    args = parser.parse_args()
    random = np.random.default_rng(7)
    answers, others = make_answers(random), make_others(random)
    write(describe(answers, others, make_rival(random, answers)), args.out)


if __name__ == "__main__":
    main()
