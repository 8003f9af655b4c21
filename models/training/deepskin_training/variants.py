"""What can be decided after training: which networks are served together, and how they look."""

import dataclasses
import pathlib
import tomllib

import numpy as np
import torch

from . import phone, sources
from .config import Config
from .finishing import PHONE_ROUNDS
from .network import Network, normalise, smooth
from .parts import CHUNK, Part, compose_part, read_part
from .train import finished


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
    networks = [_trained(member, runs) for member in variant.members]
    cases, (whole, _) = sources.read_metadata(data), sources.ham10000_views(data)
    dermoscopy = read_part(cases, whole, variant.side, "validation")
    photos = compose_part(
        phone.read_cutouts(data), variant.side, "validation", rounds=PHONE_ROUNDS)
    logits = _logits(variant, networks, dermoscopy)
    return {
        "name": variant.name,
        "cost": variant.passes,
        # As finishing does with calibrated probabilities.
        "prior": torch.from_numpy(logits).softmax(1).numpy().mean(0) if variant.rarity
                 else np.ones(logits.shape[1]),
        "dermoscopy_logits": logits,
        "dermoscopy_truth": dermoscopy.truth,
        "dermoscopy_groups": dermoscopy.groups,
        "phone_logits": _logits(variant, networks, photos),
        "phone_truth": photos.truth,
        "phone_groups": photos.groups,
    }


def _trained(member: Config, runs: pathlib.Path) -> Network:
    done = finished(member, runs / member.name)
    if done is None:
        raise FileNotFoundError(f"{member.name} is not trained: make train comes first")
    return done[0]


@torch.no_grad()
def _logits(variant: Variant, networks: list[Network], part: Part) -> np.ndarray:
    """Returns the logits [n, 7] of a part's pictures, the mean of all networks."""
    logits = []
    for chunk in torch.from_numpy(part.pictures).split(CHUNK):
        values = smooth(normalise(chunk)) if variant.smoothing else normalise(chunk)
        each = []
        for network in networks:
            if variant.half_turn:
                focused, _ = network.served(values)
            else:
                focused = network.focused(*network.describe(values))
            each.append(network.head(focused.mean((2, 3))))
        logits.append(sum(each) / len(each))
    return torch.cat(logits).numpy()
