"""The page on labels: classes, lesions, patients, and how the diagnoses were made."""

import collections

import numpy as np

from ..labels import DIAGNOSES
from ..metrics import auc
from .page import COLOURS, ORANGE, SKY, Page, axes
from .rates import decade, draw_rates, one_per_lesion, rate_by
from .samples import Sample

_PROOFS = {
    "histo": "a pathologist saw the tissue: the best there is, for lesions worth cutting out",
    "confocal": "seen in the living skin under a confocal microscope, benign keratoses only",
    "consensus": "experts agreed on the picture: what looked clear to them, so the easy cases",
    "follow_up": "a nevus that did not change over three visits or 1.5 years",
}


def write(page: Page, samples: list[Sample]) -> dict:
    """Writes the sections on labels; returns their figures."""
    lesions = one_per_lesion(samples)
    return {
        "images": len(samples),
        "lesions": len(lesions),
        **_classes(page, samples, lesions),
        **_patients(page, lesions),
        **_proofs(page, lesions),
    }


def _classes(page: Page, samples: list[Sample], lesions: list[Sample]) -> dict:
    page.section("Classes and lesions of HAM10000")
    images = collections.Counter(sample.diagnosis for sample in samples)
    by_lesion = collections.Counter(sample.diagnosis for sample in lesions)
    figure, (left, right) = axes(2)
    rows = np.arange(len(DIAGNOSES))
    left.barh(rows - 0.2, [images[name] for name in DIAGNOSES], 0.4, label="images")
    left.barh(rows + 0.2, [by_lesion[name] for name in DIAGNOSES], 0.4, label="lesions")
    left.set_yticks(rows, DIAGNOSES)
    left.set_xscale("log")
    left.set_xlim(left=max(1, min(by_lesion.values()) / 4))
    left.invert_yaxis()
    left.legend()
    sizes = collections.Counter(collections.Counter(s.lesion for s in samples).values())
    right.bar(list(sizes), list(sizes.values()))
    right.set_yscale("log")
    right.set_xlabel("images of one lesion")
    right.set_ylabel("lesions")
    several = sum(count for size, count in sizes.items() if size > 1)
    rarest, commonest = min(images.values()), max(images.values())
    page.plot(figure, f"The commonest class has {commonest / rarest:.0f} times the images of the "
              f"rarest; {several:,} of {len(lesions):,} lesions have more than one image.")
    per_lesion = {name: images[name] / max(by_lesion[name], 1) for name in DIAGNOSES}
    page.table(["class", "images", "lesions", "images a lesion"], [
        [name, images[name], by_lesion[name], f"{per_lesion[name]:.2f}"] for name in DIAGNOSES])
    return {
        "images_by_class": dict(images),
        "lesions_by_class": dict(by_lesion),
        "lesions_with_several_images": several,
        "images_per_lesion_by_class": per_lesion,
    }


def _patients(page: Page, lesions: list[Sample]) -> dict:
    page.section("Age, sex and site against malignancy")
    page.text("Shares of malignant lesions (melanoma, basal cell carcinoma, actinic keratosis and "
              "Bowen's disease), each lesion once, with 95% Wilson intervals. They describe who "
              "was photographed in two specialist practices, not how common cancer is.")
    figures = {}
    figure, (left, middle, right) = axes(3, width=12, height=4.4)
    for axis, name, group in (
        (left, "age", decade),
        (middle, "site", lambda s: s.site),
        (right, "sex", lambda s: s.sex or "unknown"),
    ):
        rates = rate_by(lesions, group, lambda sample: sample.malignant)
        if name == "site":
            rates = dict(sorted(rates.items(), key=lambda item: -item[1][0]))
        draw_rates(axis, rates, "malignant, %")
        axis.set_title(f"by {name} (lesions)")
        figures[f"malignant_by_{name}"] = rates
    ages = {kind: float(np.nanmedian([s.age for s in lesions if s.malignant == kind]))
            for kind in (True, False)}
    page.plot(figure, f"Half of the people with a malignant lesion are over {ages[True]:.0f}, "
              f"of those with a benign one over {ages[False]:.0f}.")
    return figures | {"median_age_malignant": ages[True], "median_age_benign": ages[False]}


def _proofs(page: Page, lesions: list[Sample]) -> dict:
    page.section("How each diagnosis was made, and how far to trust it")
    counts = {name: collections.Counter(s.proof for s in lesions if s.diagnosis == name)
              for name in DIAGNOSES}
    figure, (axis,) = axes()
    left = np.zeros(len(DIAGNOSES))
    for proof, colour in zip(_PROOFS, COLOURS):
        widths = np.array([100 * counts[name][proof] / max(counts[name].total(), 1)
                           for name in DIAGNOSES])
        axis.barh(DIAGNOSES, widths, left=left, color=colour, label=proof)
        left += widths
    axis.invert_yaxis()
    axis.set_xlabel("lesions, %")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    benign = [sample for sample in lesions if not sample.malignant]
    proved = sum(sample.proof == "histo" for sample in benign)
    malignant_proved = np.mean([sample.proof == "histo" for sample in lesions if sample.malignant])
    page.plot(figure, f"{malignant_proved:.0%} of malignant lesions were proved by histology, but "
              f"only {proved / len(benign):.0%} of benign ones.")
    page.table(["label type", "what it means"], [[k, v] for k, v in _PROOFS.items()])
    given_away = auc(np.array([sample.malignant for sample in lesions]),
                     np.array([sample.proof == "histo" for sample in lesions], float))
    page.text(f"The label type alone would tell malignant from benign with an AUC of "
              f"{given_away:.3f}. It must never be an input, and a specificity over all benign "
              f"lesions flatters: it counts those that nobody thought of cutting.")
    ages = {proof: [s.age for s in benign if s.proof == proof and not np.isnan(s.age)]
            for proof in _PROOFS}
    known = [proof for proof, values in ages.items() if values]
    figure, (axis,) = axes(height=2.4)
    parts = axis.boxplot([ages[proof] for proof in known], vert=False, labels=known,
                         patch_artist=True, medianprops={"color": "black"})
    for box in parts["boxes"]:
        box.set_facecolor(SKY)
    axis.set_xlabel("age at benign lesions, years")
    axis.axvline(np.nanmedian([s.age for s in lesions if s.malignant]), color=ORANGE)
    medians = ", ".join(f"{np.median(ages[proof]):.0f} ({proof})" for proof in known)
    page.plot(figure, f"Median ages of people with benign lesions differ by label type: {medians}; "
              "the orange line is that of malignant lesions.")
    return {
        "proofs": {name: dict(counter) for name, counter in counts.items()},
        "benign_histology_share": proved / len(benign),
        "malignant_histology_share": float(malignant_proved),
        "proof_auc": given_away,
    }
