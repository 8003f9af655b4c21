"""The page on pictures of the same skin that stand under different names."""

import collections
import csv
import itertools
import pathlib

import numpy as np

from .duplicates import BOX_DISTANCE, SAME_SKIN, WHOLE_DISTANCE, Matcher, propose
from .page import ORANGE, Page, axes
from .samples import Sample

_SHOWN = 12


def write(page: Page, samples: list[Sample], cutouts: list[Sample], table: pathlib.Path) -> dict:
    """Writes the section and the CSV of HAM10000's pairs; returns the figures."""
    page.section("The same skin under different lesion IDs")
    page.text(
        "Perceptual hashes (64-bit pHash, mirrored too, of the whole picture within "
        f"{WHOLE_DISTANCE} bits and of the square around the lesion, turned too, within "
        f"{BOX_DISTANCE}) propose pairs. Most of those are strangers, for lesions look alike, so "
        "a second measure decides: SIFT keypoints that one shift, turn and zoom brings together."
    )
    matcher = Matcher(samples)
    proposed = propose(samples)
    groups = collections.defaultdict(list)
    for i, sample in enumerate(samples):
        groups[sample.lesion].append(i)
    same = [pair for group in groups.values() for pair in itertools.combinations(group, 2)]
    other = [(i, j) for i, j in proposed if samples[i].lesion != samples[j].lesion]
    same_points = np.array([matcher.keypoints(*pair) for pair in same], int)
    other_points = np.array([matcher.keypoints(*pair) for pair in other], int)
    _draw(page, proposed, (same, same_points), (other, other_points))

    known = [pair for pair, points in zip(same, same_points) if points >= SAME_SKIN]
    recall = sum(pair in proposed for pair in known) / max(len(known), 1)
    order = np.argsort(-other_points, kind="stable")
    found = [(*other[k], int(other_points[k])) for k in order if other_points[k] >= SAME_SKIN]
    crossing = [f for f in found if samples[f[0]].split != samples[f[1]].split]
    disagreeing = [f for f in found if samples[f[0]].diagnosis != samples[f[1]].diagnosis]
    touched = {samples[i].lesion for i, j, _ in crossing for i in (i, j)
               if samples[i].split == "test"}
    if found:
        page.montage(
            [[samples[pair[side]].picture for pair in found[start : start + 6]] for start in
             range(0, min(_SHOWN, len(found)) // 6 * 6, 6) for side in (0, 1)]
            or [[samples[side].picture for side in found[0][:2]]],
            f"The {min(_SHOWN, len(found))} surest pairs, one above the other: the same skin, "
            "filed as two lesions.",
        )
    page.text(
        f"{len(found)} pairs show the same skin under two lesion IDs, {len(crossing)} of them "
        f"across the parts of the split; {len(disagreeing)} of the pairs disagree on the "
        f"diagnosis. Of same-lesion pairs that keypoints recognise, the hashes propose "
        f"{recall:.0%}, so there may be about {len(found) / max(recall, 1e-9):.0f} in all."
    )
    _save(table, samples, found)
    return {
        "proposed_pairs": len(other),
        "pairs": len(found),
        "crossing_pairs": len(crossing),
        "test_lesions_touched": len(touched),
        "disagreeing_pairs": len(disagreeing),
        "recall": recall,
        **_phones(page, cutouts),
    }


def _draw(page: Page, proposed: dict, same: tuple, other: tuple) -> None:
    """Draws the numbers of pairs by distance and by keypoints."""
    figure, (left, right) = axes(2)
    for (pairs, points), name, shift in ((same, "same lesion ID", -0.4), (other, "other ID", 0.4)):
        distances = [proposed[pair] for pair in pairs if pair in proposed]
        counts = collections.Counter(distances)
        left.bar([bits + shift for bits in counts], counts.values(), 0.8, label=name)
        right.hist(np.clip(points, 0, 60), np.arange(0, 63, 2), histtype="step", lw=2, label=name)
    for axis, label in ((left, "hash distance, bits"), (right, "keypoints that agree")):
        axis.set_yscale("log")
        axis.set_xlabel(label)
    left.set_ylabel("pairs")
    right.axvline(SAME_SKIN, color=ORANGE, ls="--")
    left.legend()
    counts = collections.Counter(proposed[pair] for pair in other[0])
    near = ", ".join(f"{counts[bits]:,} at {bits}" for bits in sorted(counts))
    page.plot(figure, f"Hashes alone find {len(other[0]):,} pairs across lesion IDs ({near} bits) "
              f"and would drown the true ones; {(other[1] >= SAME_SKIN).sum()} pass the keypoints "
              "(dashed line).")


def _phones(page: Page, cutouts: list[Sample]) -> dict:
    """Looks for the same lesion under two patients among the phone cut-outs."""
    matcher = Matcher(cutouts, inside=True)
    strangers = [pair for pair in propose(cutouts)
                 if cutouts[pair[0]].patient != cutouts[pair[1]].patient]
    found = [pair for pair in strangers if matcher.keypoints(*pair) >= SAME_SKIN]
    names = "; ".join(f"{cutouts[i].name} and {cutouts[j].name}" for i, j in found)
    page.text(f"Phone cut-outs: {len(strangers):,} pairs of different patients proposed, "
              f"{len(found)} confirmed by keypoints{': ' + names if names else ''}.")
    return {"phone_proposed_pairs": len(strangers), "phone_pairs": len(found)}


def _save(path: pathlib.Path, samples: list[Sample], found: list[tuple[int, int, int]]) -> None:
    """Writes the pairs, surest first, with each picture's part of the split."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["lesion", "other_lesion", "image", "other_image", "keypoints"])
        for i, j, points in found:
            first, second = samples[i], samples[j]
            table.writerow([first.lesion, second.lesion, first.name, second.name, points])
