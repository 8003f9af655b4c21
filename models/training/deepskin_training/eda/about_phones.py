"""The page on phone photos: how they differ from dermoscopy, and what is drawn on them."""

import collections

import cv2
import numpy as np

from ..metrics import auc, with_intervals
from . import measures
from .about_pictures import agreement, flags, looked_at
from .page import Page, axes
from .rates import decade, draw_rates, rate_by
from .samples import Sample
from .separability import auc_with_interval, held_out_scores

_DRAWN = ("lightness", "yellowness", "blue_cast", "sharpness", "contrast",
          "corner_drop")
# Hair, rulers and ink are searched for around the lesion only where its mask is known.
_COMPARABLE = measures.COLOUR + measures.FOCUS + measures.FRAME


def write(page: Page, cutouts: list[Sample], photos: list[Sample],
          measured: dict[str, list[dict]], groups: np.ndarray) -> dict:
    """Writes the sections; measured holds "dermoscopy", "phone photos" and "not skin".

    groups names the lesion of each dermoscopic picture.
    """
    return {
        **_patients(page, cutouts),
        **_cutouts(page, cutouts, photos),
        **_against_dermoscopy(page, photos, measured, groups),
        **_pen_marks(page, photos, measured["phone photos"]),
    }


def _patients(page: Page, cutouts: list[Sample]) -> dict:
    page.section("Phone lesions: who and what")
    by_patient: dict[str, set[str]] = {}
    for sample in cutouts:
        by_patient.setdefault(sample.patient, set()).add(sample.diagnosis)
    patients = collections.Counter(name for names in by_patient.values() for name in names)
    images = collections.Counter(sample.diagnosis for sample in cutouts)
    skin = collections.Counter(sample.skin_type or "unknown" for sample in cutouts)
    figure, (left, middle, right) = axes(3, width=12)
    names = [name for name, _ in images.most_common()]
    rows = np.arange(len(names))
    left.barh(rows - 0.2, [images[name] for name in names], 0.4, label="cut-outs")
    left.barh(rows + 0.2, [patients[name] for name in names], 0.4, label="patients")
    left.set_yticks(rows, names)
    left.invert_yaxis()
    left.legend()
    middle.bar(sorted(skin), [skin[kind] for kind in sorted(skin)])
    middle.set_xlabel("Fitzpatrick type")
    middle.set_ylabel("cut-outs")
    longest = [max(sample.picture.shape[:2]) for sample in cutouts]
    right.hist(longest, 30)
    right.set_xlabel("longest side of the cut-out, pixels")
    dark = skin["5"] + skin["6"]
    known = len(cutouts) - skin["unknown"]
    page.plot(figure, f"{len(cutouts):,} cut-outs of {len(by_patient):,} patients; {dark} of the "
              f"{known:,} with a known skin type are of type V or VI.")
    return {"cutouts": len(cutouts), "cutout_patients": len(by_patient), "dark_skin": dark,
            "known_skin": known}


def _cutouts(page: Page, cutouts: list[Sample], photos: list[Sample]) -> dict:
    diagnoses: dict[str, set[str]] = {}
    for sample in cutouts:
        diagnoses.setdefault(sample.patient, set()).add(sample.diagnosis)
    several = sum(len(kinds) > 1 for kinds in diagnoses.values())
    inside = [float(sample.mask.mean()) for sample in cutouts]
    small = np.mean([max(sample.picture.shape) < 100 for sample in cutouts])
    shared = {sample.name for sample in cutouts} & {sample.name for sample in photos}
    page.text(f"{several} patients have lesions of several diagnoses. The median lesion fills "
              f"{np.median(inside):.0%} of its cut-out; {small:.0%} of cut-outs are under 100 "
              f"pixels, too few for a sharp picture. {len(shared)} of the {len(photos)} whole "
              "photos are among the cut-outs too, so their borders are known.")
    figure, (left, right) = axes(2)
    draw_rates(left, rate_by(cutouts, lambda s: s.diagnosis, lambda s: s.proof == "histo"),
               "biopsied, %")
    draw_rates(right, rate_by(cutouts, decade, lambda s: s.malignant), "malignant, %")
    malignant = np.mean([sample.malignant for sample in cutouts])
    page.plot(figure, f"{malignant:.0%} of phone lesions count as malignant, and which were "
              "biopsied depends on the diagnosis.")
    return {"photos": len(photos), "malignant_share": float(malignant),
            "photos_among_cutouts": len(shared), "small_cutouts": float(small)}


def _against_dermoscopy(page: Page, photos: list[Sample], measured: dict[str, list[dict]],
                        groups: np.ndarray) -> dict:
    page.section("Phone photos, dermoscopy and everyday pictures")
    figure, panels = axes(3, rows=2, width=11, height=5.5)
    for axis, name in zip(panels, _DRAWN):
        everything = np.concatenate([[m[name] for m in rows] for rows in measured.values()])
        edges = np.linspace(*np.quantile(everything, (0.01, 0.99)), 30)
        for source, rows in measured.items():
            axis.hist([m[name] for m in rows], edges, density=True, histtype="step", lw=2,
                      label=source)
        axis.set_title(name.replace("_", " "))
        axis.set_yticks([])
    panels[0].legend(fontsize=8)
    sharp = {source: 10 ** np.median([m["sharpness"] for m in rows])
             for source, rows in measured.items()}
    page.plot(figure, "Median Laplacian variance at the same size: "
              + ", ".join(f"{source} {value:.0f}" for source, value in sharp.items())
              + ".")
    positive = np.array([False] * len(groups) + [True] * len(photos))
    both = measured["dermoscopy"] + measured["phone photos"]
    patients = np.concatenate([groups, [sample.patient for sample in photos]])
    figures = {}
    for name, keys in (("colour, sharpness, frame", _COMPARABLE), ("colour", measures.COLOUR),
                       ("sharpness, contrast", measures.FOCUS), ("frame", measures.FRAME)):
        features = np.array([[m[key] for key in keys] for m in both])
        scores = held_out_scores(features, positive, patients)
        figures[name] = auc_with_interval(scores, positive, patients)
    page.table(["phone told from dermoscopy by", "AUC (95% interval)"],
               [[name, f"{v:.3f} ({low:.3f} to {high:.3f})"]
                for name, (v, low, high) in figures.items()])
    page.text("A classifier needs no lesion to tell the two kinds apart: anything that only one "
              "kind has in training (its sharpness, its colour, a composite's seam) becomes a "
              "sign of that kind, and of that kind's share of cancers.")
    return {"phone_auc_of": figures, "laplacian_variance": {k: float(v) for k, v in sharp.items()}}


def _pen_marks(page: Page, photos: list[Sample], measured: list[dict]) -> dict:
    page.section("Pen marks on phone photos")
    seen = looked_at("ink")
    photos, measured = zip(*((s, m) for s, m in zip(photos, measured) if s.name in seen))
    marked = np.array([seen[sample.name] for sample in photos])
    page.text("Doctors circle what they mean to treat or cut. All whole phone photos were looked "
              "at for drawn circles, arrows and dots; the detector of ink, whose thresholds were "
              "chosen on these photos, is compared with that.")
    counts = agreement("ink", photos, measured)
    page.table(["", "looked at", "found", "missed", "false alarms"], [["ink", *counts.values()]])
    page.montage([[cv2.resize(s.picture, (160, 160)) for s, m in zip(photos, marked)
                   if m == wanted][:6] for wanted in (True, False)],
                 "Above photos with pen marks, below photos without.", size=(140, 140))
    malignant = np.array([sample.malignant for sample in photos])
    rates = rate_by(photos, lambda s: s.diagnosis, lambda s: seen[s.name])
    figure, (axis,) = axes(height=2.4)
    draw_rates(axis, rates, "photos with pen marks, %")
    patients = np.array([sample.patient for sample in photos])
    alone = with_intervals(
        lambda rows: {
            "auc": auc(malignant[rows], marked[rows].astype(float)),
            "marked": marked[rows][malignant[rows]].mean(),
            "marked_benign": marked[rows][~malignant[rows]].mean(),
        }, patients)
    page.plot(figure, f"{alone['marked'][0]:.0%} of malignant and {alone['marked_benign'][0]:.0%} "
              f"of benign photos are marked: the pen alone has an AUC of {alone['auc'][0]:.2f} "
              f"({alone['auc'][1]:.2f} to {alone['auc'][2]:.2f}).")
    return {
        "pen_auc": alone["auc"],
        "pen_malignant": alone["marked"],
        "pen_benign": alone["marked_benign"],
        "pen_marked": int(marked.sum()),
        "pen_by_diagnosis": rates,
        "pen_detector": counts,
        "pen_detector_auc": auc(malignant, flags("ink", list(measured)).astype(float)),
    }
