"""What can be decided after training: which networks are served together, and how they look."""

import dataclasses
import functools
import pathlib
import tomllib

import numpy as np
import torch

from . import phone, sources
from .config import Config
from .finishing import PHONE_ROUNDS
from .model import train_member
from .network import normalise, smooth
from .parts import CHUNK, Part, compose_part, read_part


@dataclasses.dataclass(frozen=True)
class Variant:
    """A way to serve trained networks; configs/variants/00-served.toml explains the fields."""

    name: str
    members: tuple[Config, ...]
    side: int
    half_turn: bool
    smoothing: bool
    rarity: bool

    @property
    def passes(self) -> int:
        """Counts how often a network runs for one picture."""
        return len(self.members) * (2 if self.half_turn else 1)

    @classmethod
    def read(cls, path: pathlib.Path) -> "Variant":
        """Reads a file, which changes fields of the first one in its folder.

        Networks and side are those of the model that the first names, unless a file says otherwise.
        """
        first = min(path.parent.glob("*.toml"))
        fields = {**tomllib.loads(first.read_text(encoding="utf-8")),
                  **tomllib.loads(path.read_text(encoding="utf-8"))}
        model = path.parent / fields.pop("model")
        recipe = tomllib.loads(model.read_text(encoding="utf-8"))
        fields = {"members": recipe["members"], "side": recipe["side"], **fields}
        members = tuple(Config.read(model.parent / name) for name in fields.pop("members"))
        return cls(name=path.stem, members=members, **fields)


def outcome(variant: Variant, data: pathlib.Path, runs: pathlib.Path) -> dict:
    """Measures a variant on validation lesions; returns what attempts.table takes.

    runs has the folders of the trained networks.
    """
    parts = read_parts(data, variant.side)
    each = [logits(member, runs, data, variant.side, variant.half_turn, variant.smoothing)
            for member in variant.members]
    said = {kind: sum(one[kind] for one in each) / len(each) for kind in parts}
    return {
        "name": variant.name,
        "cost": variant.passes,
        # As finishing does with calibrated probabilities.
        "prior": torch.from_numpy(said["dermoscopy"]).softmax(1).numpy().mean(0) if variant.rarity
                 else np.ones(said["dermoscopy"].shape[1]),
        **{f"{kind}_logits": said[kind] for kind in parts},
        **{f"{kind}_truth": part.truth for kind, part in parts.items()},
        **{f"{kind}_groups": part.groups for kind, part in parts.items()},
    }


@functools.lru_cache(maxsize=1)
def read_parts(data: pathlib.Path, side: int) -> dict[str, Part]:
    """Reads what variants are measured on, by kind of photo."""
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    return {
        "dermoscopy": read_part(cases, whole, side, "validation"),
        "phone": compose_part(
            phone.read_cutouts(data), side, "validation", rounds=PHONE_ROUNDS),
    }


@functools.lru_cache
def logits(
    member: Config, runs: pathlib.Path, data: pathlib.Path, side: int, half_turn: bool,
    smoothing: bool,
) -> dict[str, np.ndarray]:
    """Returns what one network says: logits [n, 7] by kind of photo. Variants share many.

    A network that is not trained yet is.
    """
    network, _ = train_member(member, data, runs)
    network.eval()
    said = {}
    for kind, part in read_parts(data, side).items():
        chunks = []
        for chunk in torch.from_numpy(part.pictures).split(CHUNK):
            with torch.no_grad():
                values = smooth(normalise(chunk)) if smoothing else normalise(chunk)
                if half_turn:
                    focused, _ = network.served(values)
                else:
                    focused = network.focused(*network.describe(values))
                chunks.append(network.head(focused.mean((2, 3))))
        said[kind] = torch.cat(chunks).numpy()
    return said
