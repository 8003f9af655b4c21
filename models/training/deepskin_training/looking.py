"""What the served model says of a photo: one look, and a second where the lesion is small.

The Go classifier follows the same rule (classifier/closer.go says it in words), and golden tests
hold the two together.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from .network import ServingGraph

LESION_SHARE = 0.55  # of the part's side, which the lesion takes
LEAST_PART = 64  # pixels
GREATEST_PART = 0.8  # of the photo's shorter side


class Look(NamedTuple):
    """What the graph says of one picture."""

    probabilities: np.ndarray  # float64 [7]
    ood: float
    phone: float  # probability
    box: np.ndarray  # float64 [4]: left, top, right, bottom, as shares of the photo

    @property
    def kind(self) -> str:
        """Names the kind of photo."""
        return "phone" if self.phone > 0.5 else "dermoscopy"


def judge(
    graph: ServingGraph, thresholds: dict[str, dict[str, float]], photo: Image.Image, side: int
) -> tuple[Look, bool]:
    """Returns what is said of an upright RGB photo, and whether it was looked at again.

    After a second look, probabilities and score are those of both looks, the box is the
    second look's, and the kind stays the first look's.
    """
    first = look(graph, photo, side)
    limits = thresholds[first.kind]
    part = part_around(first.box, limits["closer"], photo.size)
    if part is None or first.ood > limits["ood"]:
        return first, False
    second = look(graph, photo.crop(part), side)
    if second.ood > limits["ood"]:
        return first, False
    both = np.sqrt(first.probabilities * second.probabilities)
    corner = np.array(part[:2] * 2)
    box = (corner + second.box * (part[2] - part[0])) / np.array(photo.size * 2)
    return Look(both / both.sum(), min(first.ood, second.ood), first.phone, box), True


@torch.no_grad()
def look(graph: ServingGraph, photo: Image.Image, side: int) -> Look:
    """Runs the graph on a photo squeezed into its square."""
    picture = np.array(photo.resize((side, side), Image.Resampling.BILINEAR))
    probabilities, ood, _, phone, box = graph(torch.from_numpy(picture)[None])
    return Look(probabilities[0].double().numpy(), ood.item(), phone.item(),
                box[0].double().numpy())


def part_around(
    box: np.ndarray, closer: float, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Returns the square (left, top, right, bottom), in pixels, that deserves a second look."""
    spans = box[2:] - box[:2]
    if not 0 < max(spans) < closer:
        return None
    longest = max(spans * size)
    side = _nearest(max(longest / LESION_SHARE, LEAST_PART))
    if side > GREATEST_PART * min(size):
        return None
    left, top = (
        min(max(_nearest(middle * length - side / 2), 0), length - side)
        for middle, length in zip((box[:2] + box[2:]) / 2, size, strict=True)
    )
    return left, top, left + side, top + side


def _nearest(value: float) -> int:
    return math.floor(value + 0.5)
