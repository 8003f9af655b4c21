"""The page on what pictures look like, and what that alone gives away about the class."""

import csv
import pathlib

import numpy as np

from ..labels import DIAGNOSES
from . import measures
from .page import BLUE, ORANGE, SKY, Page, axes
from .rates import draw_rates, rate_by, wilson
from .samples import Sample
from .separability import auc_with_interval, held_out_scores

LOOKED_AT = pathlib.Path(__file__).with_name("looked_at.csv")
DETECTORS = {
    "hair": ("hair", measures.HAIR_SHARE),
    "ruler": ("ticks", measures.RULER_TICKS),
    "ink": ("ink", measures.INK_SHARE),
}
_BOXES = ("lightness", "red_cast", "blue_cast", "sharpness", "contrast", "corner_drop", "area",
          "offset", "skin_redness")

_COMPARED_PROOFS = ("follow_up", "histo")
# What the small classifier may see.
_KINDS = {
    "frame": measures.FRAME,
    "colour of the skin around": measures.SKIN,
    "sharpness, contrast": measures.FOCUS,
    "hair, ruler, ink": measures.OBJECTS,
    "all around the lesion": measures.FRAME + measures.SKIN + measures.OBJECTS,
    "place and size": measures.PLACE,
    "colour of the lesion": measures.LESION,
}


def write(page: Page, samples: list[Sample], measured: list[dict[str, float]]) -> dict:
    """Writes the sections on dermoscopy; returns their figures."""
    page.section("What HAM10000's pictures look like, by class")
    figure, panels = axes(3, rows=3, width=11, height=8)
    for axis, name in zip(panels, _BOXES):
        values = [[m[name] for s, m in zip(samples, measured)
                   if s.diagnosis == diagnosis and not np.isnan(m[name])]
                  for diagnosis in DIAGNOSES]
        boxes = axis.boxplot(values, labels=DIAGNOSES, showfliers=False, patch_artist=True,
                             medianprops={"color": "black"})
        for box in boxes["boxes"]:
            box.set_facecolor(SKY)
        axis.set_title(name.replace("_", " "))
    size = {kind: float(np.median([m["area"] for s, m in zip(samples, measured)
                                   if s.malignant == kind])) for kind in (True, False)}
    redness = {kind: float(np.nanmedian([m["skin_redness"] for s, m in zip(samples, measured)
                                         if s.proof == kind])) for kind in _COMPARED_PROOFS}
    page.plot(figure, "Lesions differ by class, but so does what surrounds them: median redness of "
              f"the skin {redness['follow_up']:.0f} around nevi followed up, "
              f"{redness['histo']:.0f} around lesions cut out; a lesion fills {size[True]:.0%} of "
              f"its picture where malignant, {size[False]:.0%} where benign.")
    _placement(page, samples, measured)
    return {"skin_redness": redness, "area_malignant": size[True], "area_benign": size[False],
            **_objects(page, samples, measured), **_given_away(page, samples, measured)}


def flags(name: str, measured: list[dict[str, float]]) -> np.ndarray:
    """Returns bool [n]: what the detector of this name says of measured pictures."""
    key, least = DETECTORS[name]
    return np.array([m[key] >= least for m in measured])


def looked_at(name: str) -> dict[str, bool]:
    """Returns {image: whether a person saw hair, a ruler or ink on it}."""
    with open(LOOKED_AT, newline="", encoding="utf-8") as file:
        return {row["image"]: row[name] == "1" for row in csv.DictReader(file) if row[name]}


def agreement(name: str, samples: list[Sample], measured: list[dict]) -> dict[str, int]:
    """Counts how a detector did on the pictures that were looked at."""
    seen = looked_at(name)
    pairs = [(seen[s.name], bool(flag)) for s, flag in zip(samples, flags(name, measured))
             if s.name in seen]
    return {
        "looked_at": len(pairs),
        "found": sum(there and flag for there, flag in pairs),
        "missed": sum(there and not flag for there, flag in pairs),
        "false": sum(flag and not there for there, flag in pairs),
    }


def _placement(page: Page, samples: list[Sample], measured: list[dict]) -> None:
    shape = samples[0].mask.shape
    figure, (left, right) = axes(2)
    masks = [s.mask for s in samples if s.mask.shape == shape]
    picture = left.imshow(100 * np.mean(masks, axis=0), cmap="cividis", vmin=0, vmax=100)
    left.grid(False)
    figure.colorbar(picture, ax=left, label="lesion there, %")
    offsets = np.array([m["offset"] for m in measured])
    right.hist(offsets, 40)
    right.set_xlabel("offset of the lesion's centre, half diagonals")
    right.set_ylabel("images")
    cut = np.nanmean([m["cut_off"] for m in measured])
    page.plot(figure, f"Lesions sit in the middle (median offset {np.nanmedian(offsets):.2f}) and "
              f"{cut:.0%} touch an edge: a wide photo of a small mole is unlike all of these.")


def _objects(page: Page, samples: list[Sample], measured: list[dict]) -> dict:
    page.section("Hair, rulers, ink and dark corners in dermoscopy")
    page.text("Simple detectors: long thin dark lines (hair), short parallel dark lines near the "
              "edge (ruler), blue or violet against the skin (ink). 40 pictures were looked at, "
              "10 flagged by each detector and 10 by none:")
    result = {name: agreement(name, samples, measured) for name in DETECTORS}
    page.table(["", "looked at", "found", "missed", "false alarms"],
               [[name, *counts.values()] for name, counts in result.items()])
    figure, panels = axes(4, width=12)
    shares = {}
    for axis, name in zip(panels, (*DETECTORS, "dark corners")):
        flagged = (np.array([m["dark_corners"] > 0.05 for m in measured])
                   if name == "dark corners" else flags(name, measured))
        flag_of = dict(zip((s.name for s in samples), flagged))
        draw_rates(axis, rate_by(samples, lambda s: s.diagnosis, lambda s, f=flag_of: f[s.name]),
                   f"{name} flagged, %")
        shares[f"{name.replace(' ', '_')}_share"] = float(flagged.mean())
    listed = ", ".join(f"{key.removesuffix('_share').replace('_', ' ')} {share:.0%}"
                       for key, share in shares.items())
    page.plot(figure, f"Flagged in dermoscopy: {listed}; the shares differ by class.")
    return {"detectors": result, **shares}


def _given_away(page: Page, samples: list[Sample], measured: list[dict]) -> dict:
    page.section("What measures alone give away")
    page.text("Gradient boosting on the measures of each kind alone, five folds by lesion: the "
              "AUC of malignancy that needs no look at the lesion's structure. What lies outside "
              "the lesion should give nothing; what it gives, a network can learn by mistake.")
    columns = {name: np.array([[m[key] for key in keys] for m in measured])
               for name, keys in _KINDS.items()}
    columns["all measures"] = np.array([list(m.values()) for m in measured])
    patient = np.array([[s.age, _code(s.sex), _code(s.site)] for s in samples])
    columns |= {"age, sex, site": patient,
                "everything": np.hstack([columns["all measures"], patient])}
    positive = np.array([s.malignant for s in samples])
    lesions = np.array([s.lesion for s in samples])
    scores = {name: held_out_scores(features, positive, lesions)
              for name, features in columns.items()}
    figures = {name: auc_with_interval(score, positive, lesions) for name, score in scores.items()}
    _draw_aucs(page, figures)
    proved = np.array([s.proof == "histo" for s in samples])
    on_proved = {name: auc_with_interval(scores[name][proved], positive[proved], lesions[proved])
                 for name in ("all around the lesion", "age, sex, site", "everything")}
    page.text("On lesions proved by histology only, the same scores reach "
              + ", ".join(f"{v[0]:.3f} ({name})" for name, v in on_proved.items()) + ".")
    nevi = np.array([s.diagnosis == "nv" and s.proof in _COMPARED_PROOFS for s in samples])
    place_scores = held_out_scores(columns["all around the lesion"][nevi], proved[nevi],
                                   lesions[nevi])
    place = auc_with_interval(place_scores, proved[nevi], lesions[nevi])
    page.text(f"Among nevi alone, what is around the lesion tells those cut out from those "
              f"followed up with an AUC of {place[0]:.3f}: they were photographed in different "
              "places or ways, and a network can learn the place for the diagnosis.")
    return {"auc_of": figures, "auc_on_histology": on_proved, "nevi_proof_auc": place,
            **_by_proof(page, samples, scores["everything"])}


def _draw_aucs(page: Page, figures: dict[str, list[float]]) -> None:
    rows = np.arange(len(figures))
    value, low, high = np.array(list(figures.values())).T
    figure, (axis,) = axes()
    axis.errorbar(value, rows, xerr=[value - low, high - value], fmt="o", color=BLUE, capsize=3)
    axis.axvline(0.5, color=ORANGE, ls="--")
    axis.set_yticks(rows, list(figures))
    axis.invert_yaxis()
    axis.set_xlabel("AUC of malignancy (95% interval); dashed: chance")
    page.plot(figure, f"Without the lesion's structure: {figures['everything'][0]:.3f} from "
              f"everything, {figures['age, sex, site'][0]:.3f} from age, sex and site, "
              f"{figures['all around the lesion'][0]:.3f} from what is around the lesion.")


def _by_proof(page: Page, samples: list[Sample], scores: np.ndarray) -> dict:
    """Shows that benign lesions without histology are the easy ones."""
    positive = np.array([s.malignant for s in samples])
    threshold = np.quantile(scores[positive], 0.05)
    rows, figures = [], {}
    for proof in sorted({s.proof for s in samples if not s.malignant}):
        chosen = np.array([not s.malignant and s.proof == proof for s in samples])
        share, low, high = wilson(int((scores[chosen] < threshold).sum()), int(chosen.sum()))
        figures[proof] = [share, low, high]
        rows.append([proof, chosen.sum(), f"{share:.1%} ({low:.1%} to {high:.1%})"])
    page.text("The same classifier, at the threshold of 95% sensitivity, by how the benign "
              "diagnosis was made:")
    page.table(["label type", "benign images", "specificity"], rows)
    return {"specificity_by_proof": figures}


def _code(word: str) -> float:
    """Turns a category into a number that repeats from run to run."""
    return float(int.from_bytes(word.encode()[:6], "big"))
