"""Shares with their intervals, counted by lesion."""

from collections.abc import Callable

import numpy as np

from .page import BLUE
from .samples import Sample


def one_per_lesion(samples: list[Sample]) -> list[Sample]:
    """Keeps the first picture of each lesion."""
    return list({sample.lesion: sample for sample in reversed(samples)}.values())[::-1]


def wilson(hits: int, total: int) -> list[float]:
    """Returns [share, low, high] with Wilson's 95% interval; total must not be 0."""
    share, squared = hits / total, 1.96**2
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    half = np.sqrt(squared * (share * (1 - share) + squared / (4 * total)) / total)
    half /= 1 + squared / total
    return [share, float(middle - half), float(middle + half)]


def decade(sample: Sample) -> str:
    """Names the decade of the person's age, as in "50s"; "unknown" without."""
    return "unknown" if np.isnan(sample.age) else f"{int(sample.age) // 10 * 10:02d}s"


def rate_by(
    samples: list[Sample], group: Callable[[Sample], str], hit: Callable[[Sample], bool]
) -> dict[str, list[float]]:
    """Returns {group: [share of hits, low, high, samples]}, sorted by name."""
    groups: dict[str, list[bool]] = {}
    for sample in samples:
        groups.setdefault(group(sample), []).append(hit(sample))
    return {
        name: [*wilson(sum(hits), len(hits)), len(hits)] for name, hits in sorted(groups.items())
    }


def draw_rates(axis, rates: dict[str, list[float]], label: str) -> None:
    """Draws shares as dots with their intervals, one row a group."""
    share, low, high, _ = np.array(list(rates.values())).T
    rows = np.arange(len(rates))
    error = np.clip([share - low, high - share], 0, None)
    axis.errorbar(100 * share, rows, xerr=100 * error, fmt="o", color=BLUE, capsize=3)
    axis.set_yticks(rows, [f"{name} ({values[3]:,})" for name, values in rates.items()])
    axis.set_xlim(0, max(5, 105 * high.max()))
    axis.set_xlabel(label)
    axis.invert_yaxis()
