"""Everyday photos: half of them are trained on as what is no lesion, half are held out."""

import pathlib

from .sources import position_of, read_images

NOT_SKIN = "not_skin.tar"


def read_not_skin(data: pathlib.Path) -> list[tuple[str, bytes]]:
    """Reads everyday photos, which should be refused, as (name, bytes); empty without."""
    return list(read_images(data / NOT_SKIN)) if (data / NOT_SKIN).exists() else []


def is_held_out(name: str) -> bool:
    """Says whether an everyday photo is in the half that nothing is fitted on."""
    return position_of(name) < 0.5
