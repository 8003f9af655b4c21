"""The parts of HAM10000 as they will be served, and what a network says of them."""

import dataclasses

import numpy as np
import torch

from .labels import MALIGNANT_INDICES
from .network import Network, ServingGraph
from .pictures import serving_picture
from .sources import Case

_CHUNK = 64


@dataclasses.dataclass(frozen=True)
class Part:
    """Pictures [n, side, side, 3] of one part, with true classes [n] and lesion IDs [n]."""

    pictures: np.ndarray
    truth: np.ndarray
    lesions: np.ndarray

    @property
    def malignant(self) -> np.ndarray:
        """Says which pictures show a malignant lesion: bool [n]."""
        return np.isin(self.truth, MALIGNANT_INDICES)


def read_part(cases: list[Case], view: dict[str, bytes], side: int, split: str) -> Part:
    """Decodes one part exactly as the classifier will."""
    chosen = [case for case in cases if case.split == split]
    return Part(
        np.stack([serving_picture(view[case.image], side) for case in chosen]),
        np.array([case.diagnosis for case in chosen]),
        np.array([case.lesion for case in chosen]),
    )


@torch.no_grad()
def pooled_features(network: Network, pictures: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """Returns the pooled features [n, 1280] as they will be served, on the CPU."""
    network.eval()
    return torch.cat([
        network.served_map(torch.from_numpy(pictures[i : i + _CHUNK]).to(device))
        .mean((2, 3))
        .cpu()
        for i in range(0, len(pictures), _CHUNK)
    ])


@torch.no_grad()
def serve(graph: ServingGraph, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (probabilities [n, 7], ood [n]) as the exported graph gives them."""
    graph.eval()
    parts = [
        graph(torch.from_numpy(pictures[i : i + _CHUNK]))
        for i in range(0, len(pictures), _CHUNK)
    ]
    return (
        torch.cat([probabilities for probabilities, _, _ in parts]).numpy(),
        torch.cat([ood for _, ood, _ in parts]).numpy(),
    )
