"""Draws how runs went: loss and AUC by epoch."""

import json
import pathlib

from matplotlib.figure import Figure

from .train import HISTORY

_NAMES = {"loss": "training loss", "validation_auc": "AUC, validation of HAM10000",
          "shared_auc": "AUC, validation of exports"}


def draw(runs: list[pathlib.Path], picture: pathlib.Path) -> None:
    """Writes a PNG with a panel for each figure in the histories, and a line for each run."""
    histories = {run.name: [json.loads(line) for line in (run / HISTORY).read_text(
        encoding="utf-8").splitlines()] for run in runs}
    panels = [name for name in _NAMES
              if any(name in entry for history in histories.values() for entry in history)]
    figure = Figure(figsize=(4.5 * len(panels), 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for run, history in histories.items():
            points = [(entry["epoch"], entry[name]) for entry in history if name in entry]
            axes.plot(*zip(*points), marker=".", label=run)
        axes.set(title=_NAMES[name], xlabel="epoch")
        axes.legend()
    figure.savefig(picture, dpi=120, metadata={"Software": None})
