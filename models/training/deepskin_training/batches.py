"""Augmented training batches."""

from collections.abc import Iterator

import numpy as np
import torch

from . import phone
from .config import Config
from .labels import DIAGNOSES
from .pictures import Augmenter, decode
from .sources import Case


class Batches:
    """HAM10000's training part in shuffled order, with phone lesions mixed in."""

    def __init__(
        self,
        config: Config,
        cases: list[Case],
        views: list[dict[str, bytes]],
        cutouts: list[phone.Cutout],
    ):
        self._seed = config.seed
        self._side = config.side
        self._cases = [case for case in cases if case.split == "train"]
        self._pixels = [
            [np.asarray(decode(view[case.image])) for view in views if case.image in view]
            for case in self._cases
        ]
        self._cutouts = [cutout for cutout in cutouts if cutout.split == "train"]
        self._phones = round(config.batch * config.phone_share) if self._cutouts else 0
        self._lesions = config.batch - self._phones
        self.per_epoch = len(self._cases) // self._lesions

    def class_weights(self) -> torch.Tensor:
        """Weighs classes by the square root of their rarity; the mean over images is one."""
        counts = np.bincount([case.diagnosis for case in self._cases], minlength=len(DIAGNOSES))
        weights = np.sqrt(1 / np.maximum(counts, 1))
        weights *= counts.sum() / (weights * counts).sum()
        return torch.from_numpy(weights.astype(np.float32))

    def epoch(self, number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yields (uint8 [n, side, side, 3], labels [n]); the same again for the same number."""
        random = np.random.default_rng((self._seed, number))
        augment = Augmenter(self._side, random)
        order = random.permutation(len(self._cases))
        for start in range(0, self.per_epoch * self._lesions, self._lesions):
            pictures, labels = [], []
            for i in order[start : start + self._lesions]:
                views = self._pixels[i]
                pictures.append(augment(views[random.integers(len(views))]))
                labels.append(self._cases[i].diagnosis)
            for i in random.integers(len(self._cutouts) or 1, size=self._phones):
                composed = phone.compose(self._cutouts[i], self._side, random)
                pictures.append(augment(composed))
                labels.append(self._cutouts[i].diagnosis)
            yield torch.from_numpy(np.stack(pictures)), torch.tensor(labels)
