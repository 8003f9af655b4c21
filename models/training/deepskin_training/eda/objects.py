"""Writes which photos show hair, a ruler or ink: groups that the evaluation compares."""

import argparse
import csv
import pathlib

from . import samples
from .about_pictures import DETECTORS, flags
from .measures import measure


def write_objects(data: pathlib.Path, out: pathlib.Path) -> None:
    """Writes image and a yes or no for each detector: HAM10000's test part, whole phone photos."""
    photos = [s for s in samples.dermoscopy(data) if s.split == "test"]
    photos += samples.phone(data, samples.PHONE_PHOTOS)
    measured = [measure(photo.picture, photo.mask) for photo in photos]
    found = [flags(name, measured) for name in DETECTORS]
    with open(out, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", *DETECTORS])
        for photo, *answers in zip(photos, *found, strict=True):
            table.writerow([photo.name, *("yes" if answer else "no" for answer in answers)])


def main() -> None:
    """Runs the detectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="CSV file")
    arguments = parser.parse_args()
    write_objects(arguments.data, arguments.out)


if __name__ == "__main__":
    main()
