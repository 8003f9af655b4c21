"""The page on HAM10000's two reduced views."""

import pathlib

import cv2
import numpy as np

from ..pictures import decode
from ..sources import read_images
from .measures import sharpness
from .page import Page, axes
from .rates import draw_rates, rate_by
from .samples import SHARP_VIEW, WHOLE_VIEW, Sample
from .views import movement, spectrum

_REGISTERED = 80
_COMPARED = 400


def write(page: Page, data: pathlib.Path, samples: list[Sample]) -> dict:
    """Writes the section; returns its figures."""
    page.section("HAM10000's two views of one image")
    sharp = dict(read_images(data / SHARP_VIEW))
    both = [sample for sample in samples if sample.name in sharp]
    both = [both[i] for i in np.random.default_rng(0).permutation(len(both))[:_COMPARED]]
    pairs = [(sample.picture, np.asarray(decode(sharp[sample.name]))) for sample in both]
    visible, figures = _geometry(page, both, pairs)
    crops = [(whole[:, visible], picture) for whole, picture in pairs]
    figures |= _detail(page, crops) | {"images": len(sharp)}

    rates = rate_by(samples, lambda s: s.diagnosis, lambda s: s.name in sharp)
    figure, (axis,) = axes(height=2.6)
    draw_rates(axis, rates, "images with a sharp view, %")
    share = {kind: float(np.mean([s.name in sharp for s in samples if s.malignant == kind]))
             for kind in (True, False)}
    page.plot(figure, f"{share[True]:.0%} of malignant and {share[False]:.0%} of benign images "
              "have the sharp view: in a mix of both, sharpness itself hints at the class.")
    return figures | {"malignant_share": share[True], "benign_share": share[False]}


def _geometry(page: Page, samples: list[Sample], pairs: list) -> tuple[slice, dict]:
    """Lays the views on each other; returns the columns of the whole view that both show."""
    moves = [movement(*(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY) for view in pair))
             for pair in pairs[:_REGISTERED]]
    moves = [move for move in moves if move is not None]
    if not moves:
        raise ValueError(f"no image of {SHARP_VIEW} could be laid on its copy in {WHOLE_VIEW}")
    (zoom_x, _, shift_x), (_, zoom_y, _) = np.median(moves, axis=0)
    width = pairs[0][1].shape[1]
    left, right = -shift_x / zoom_x, (width - shift_x) / zoom_x
    visible = slice(max(0, round(left)), min(pairs[0][0].shape[1], round(right)))
    lost = np.array([1 - s.mask[:, visible].sum() / max(s.mask.sum(), 1) for s in samples])
    page.montage([[pair[side] for pair in pairs[:6]] for side in (0, 1)],
                 f"Above the {WHOLE_VIEW} view, below the {SHARP_VIEW} one: "
                 "the same height, but not the same width of skin.", size=(150, 112))
    page.text(
        f"Keypoints of {len(moves)} images agree: the sharp view is the other enlarged by "
        f"{zoom_x:.3f} across and {zoom_y:.3f} down, and it shows columns {left:.1f} to "
        f"{right:.1f} of {pairs[0][0].shape[1]}. A picture squashed to a square would have "
        f"{width / pairs[0][0].shape[1]:.3f} across and show all columns. The crop cuts off more "
        f"than a tenth of the lesion in {(lost > 0.1).mean():.0%} of images. (The montage draws "
        "both at 4:3, so that the lower row looks too wide.)"
    )
    return visible, {
        "registered": len(moves), "zoom_across": float(zoom_x), "zoom_down": float(zoom_y),
        "first_column": float(left), "last_column": float(right),
        "lesions_cut": float((lost > 0.1).mean()),
    }


def _detail(page: Page, crops: list) -> dict:
    """Compares sharpness and colour of the part that both views show."""
    spectra, sharpnesses, colours = [], [], []
    for whole, sharp in crops:
        side = len(sharp)
        pair = [cv2.resize(whole, (side, side), interpolation=cv2.INTER_CUBIC), sharp]
        greys = [cv2.cvtColor(view, cv2.COLOR_RGB2GRAY) for view in pair]
        spectra.append([spectrum(grey) for grey in greys])
        sharpnesses.append([sharpness(grey) for grey in greys])
        colours.append([cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
                        .reshape(-1, 3).mean(0) for view in pair])
    spectra, colours = np.mean(spectra, axis=0), np.array(colours)
    ratio = float(10 ** np.median(np.diff(sharpnesses)))
    shift = colours[:, 1] - colours[:, 0]
    figure, (left, right) = axes(2)
    frequencies = (np.arange(len(spectra[0])) + 0.5) / len(spectra[0]) / 2
    for values, name in zip(spectra, (WHOLE_VIEW, SHARP_VIEW)):
        left.plot(frequencies, values, label=name.removesuffix(".tar"))
    left.set_xlabel(f"cycles per pixel of {SHARP_VIEW.removesuffix('.tar')}")
    left.set_ylabel("log10 power")
    left.legend()
    right.boxplot(shift, labels=["lightness", "redness", "yellowness"], showfliers=False)
    right.set_ylabel("colour shift, sharp - whole, Lab")
    page.plot(figure, f"The sharp view has {ratio:.1f} times the Laplacian variance of the other "
              f"enlarged to it; its mean colour differs by {np.abs(shift).mean():.2f} Lab units "
              "a channel.")
    return {"sharpness_ratio": ratio, "colour_shift": np.median(shift, axis=0).tolist()}
