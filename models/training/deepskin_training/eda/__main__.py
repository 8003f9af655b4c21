"""Explores the data: writes a page of plots, its numbers, and the short document about them."""

import argparse
import json
import pathlib
import time

import numpy as np

from . import about_duplicates, about_labels, about_phones, about_pictures, about_views
from . import samples as read
from .measures import measure
from .page import Page

_DOCUMENT = pathlib.Path(__file__).with_name("data.md.in")


def explore(data: pathlib.Path, out: pathlib.Path) -> dict:
    """Writes index.html, summary.json and same_lesions.csv to out; returns the summary.

    Raises FileNotFoundError where the folder lacks a file.
    """
    read.check(data)
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def step(what: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  {what}", flush=True)

    step("reading")
    images = read.dermoscopy(data)
    photos = read.phone(data, read.PHONE_PHOTOS)
    cutouts = read.phone(data, read.PHONE_CUTOUTS)
    step("measuring pictures")
    measured = {
        "dermoscopy": [measure(sample.picture, sample.mask) for sample in images],
        "phone photos": [measure(sample.picture, None) for sample in photos],
        "not skin": [measure(picture, None) for picture in read.everyday(data)],
    }
    page = Page("What the training data are like")
    page.text("Made from HAM10000 (CC BY-NC 4.0), PAD-UFES-20 (CC BY 4.0) and ImageNet samples. "
              "The page shows pictures of them: do not publish it.")
    summary = {}
    step("labels")
    summary["labels"] = about_labels.write(page, images)
    step("duplicates")
    summary["duplicates"] = about_duplicates.write(page, images, cutouts,
                                                   out / "same_lesions.csv")
    step("views")
    summary["views"] = about_views.write(page, data, images)
    step("what measures give away")
    summary["pictures"] = about_pictures.write(page, images, measured["dermoscopy"])
    step("phone photos")
    lesions = np.array([sample.lesion for sample in images])
    summary["phones"] = about_phones.write(page, cutouts, photos, measured, lesions)
    (out / "index.html").write_text(page.html(), encoding="utf-8")
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    step(f"wrote {out / 'index.html'}")
    return summary


def document(summary: dict) -> str:
    """Fills the numbers of a summary into the short document."""
    return _DOCUMENT.read_text(encoding="utf-8").format(**summary)


def main() -> None:
    """Runs the exploration from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with the data")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/eda"))
    parser.add_argument("--document", type=pathlib.Path, help="where to write the Markdown")
    options = parser.parse_args()
    summary = explore(options.data, options.out)
    if options.document:
        options.document.write_text(document(summary), encoding="utf-8")


if __name__ == "__main__":
    main()
