"""One self-contained HTML page: sections of plain words, tables and plots."""

import base64
import html
import io

import cv2
import matplotlib
import numpy as np
from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PINK, SKY, GREY = "#cc79a7", "#56b4e9", "#666666"
COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, SKY, GREY)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; }
h2 { margin-top: 3rem; border-bottom: 1px solid #ccc; }
figure { margin: 1.5rem 0; } figure svg, figure img { max-width: 100%; height: auto; }
figcaption { font-weight: 600; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .2rem .8rem;
  text-align: right; border-bottom: 1px solid #ddd; } th:first-child, td:first-child {
  text-align: left; }
"""

matplotlib.rcParams.update({
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3,
    "axes.axisbelow": True, "font.size": 10, "svg.fonttype": "path", "svg.hashsalt": "deepskin",
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
})


class Page:
    """Collects the page from top to bottom."""

    def __init__(self, title: str):
        self._title = title
        self._blocks: list[str] = []
        self._contents: list[str] = []

    def section(self, title: str) -> None:
        """Begins a section."""
        number = len(self._contents) + 1
        self._contents.append(f'<li><a href="#s{number}">{html.escape(title)}</a></li>')
        self._blocks.append(f'<h2 id="s{number}">{html.escape(title)}</h2>')

    def text(self, words: str) -> None:
        """Adds a paragraph of plain text."""
        self._blocks.append(f"<p>{html.escape(words)}</p>")

    def plot(self, figure: Figure, takeaway: str) -> None:
        """Adds a plot below the one sentence that it shows."""
        file = io.StringIO()
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
        picture = file.getvalue()
        self._figure(picture[picture.index("<svg"):], takeaway)

    def montage(self, rows: list[list[np.ndarray]], takeaway: str, size=(160, 120)) -> None:
        """Adds pictures, uint8 [h, w, 3] RGB each, in rows of equal length."""
        tiles = [np.hstack([np.pad(cv2.resize(picture, size, interpolation=cv2.INTER_AREA),
                                   ((2, 2), (2, 2), (0, 0)), constant_values=255)
                            for picture in row]) for row in rows]
        together = cv2.cvtColor(np.vstack(tiles), cv2.COLOR_RGB2BGR)
        _, packed = cv2.imencode(".jpg", together, (cv2.IMWRITE_JPEG_QUALITY, 85))
        code = base64.b64encode(packed.tobytes()).decode()
        alt = html.escape(takeaway, quote=True)
        self._figure(f'<img src="data:image/jpeg;base64,{code}" alt="{alt}">', takeaway)

    def table(self, head: list[str], rows: list[list]) -> None:
        """Adds a table; the first column is the rows' names."""
        cells = "".join(f"<th>{html.escape(name)}</th>" for name in head)
        lines = [f"<tr>{cells}</tr>"]
        for row in rows:
            cells = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
            lines.append(f"<tr>{cells}</tr>")
        self._blocks.append(f"<table>{''.join(lines)}</table>")

    def html(self) -> str:
        """Returns the whole page."""
        title = html.escape(self._title)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
            f"<ol>{''.join(self._contents)}</ol>{''.join(self._blocks)}</body></html>\n"
        )

    def _figure(self, content: str, takeaway: str) -> None:
        caption = f"<figcaption>{html.escape(takeaway)}</figcaption>"
        self._blocks.append(f"<figure>{caption}{content}</figure>")


def axes(columns: int = 1, rows: int = 1, width: float = 8, height: float = 3.2):
    """Returns a figure and the list of its axes, row by row; sizes are in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).ravel().tolist()
