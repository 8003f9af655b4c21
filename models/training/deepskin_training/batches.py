"""Augmented training batches."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from . import phone
from .config import Config
from .labels import DIAGNOSES
from .material import Material, Shot
from .pictures import Augmenter

NOT_LESION = -1  # a label
UNKNOWN = -1.0  # a mask's value


class Batch(NamedTuple):
    """n training pictures and what is true of them; labels are NOT_LESION where none is shown."""

    pictures: torch.Tensor  # uint8 [n, side, side, 3]
    labels: torch.Tensor  # int64 [n]
    phone: torch.Tensor  # bool [n]
    masks: torch.Tensor  # float32 [n, side/16, side/16], UNKNOWN where nobody drew the lesion


class Batches:
    """Dermoscopy for training in random order, mixed with phone lesions and what is no lesion."""

    def __init__(self, config: Config, material: Material):
        self.config = config
        self.material = material
        self._phone_lesions = len(material.cutouts) + len(material.photos)
        self._phones = round(config.batch * config.phone_share) if self._phone_lesions else 0
        self._empty = round(config.batch * config.empty_share)
        self._lesions = config.batch - self._phones - self._empty
        self.per_epoch = len(material.shots) // self._lesions

    @property
    def counts(self) -> np.ndarray:
        """Counts the dermoscopic images of each class: int [7]."""
        labels = [shot.diagnosis for shot in self.material.shots]
        return np.bincount(labels, minlength=len(DIAGNOSES))

    def class_weights(self) -> torch.Tensor:
        """Weighs classes by a power of their rarity; the mean over images is one."""
        counts = self.counts
        weights = np.maximum(counts, 1.0) ** -self.config.class_power
        weights *= counts.sum() / (weights * counts).sum()
        return torch.from_numpy(weights.astype(np.float32))

    def epoch(self, number: int) -> DataLoader:
        """Returns the epoch's batches, made in another process; the same for the same number."""
        return DataLoader(_Epoch(self, number), batch_size=None, num_workers=1, prefetch_factor=4)

    def order(self, number: int) -> np.ndarray:
        """Returns the images of an epoch in their order."""
        random = np.random.default_rng((self.config.seed, number))
        shots = self.material.shots
        if not self.config.balanced_sampling:
            return random.permutation(len(shots))
        rarity = 1 / self.counts[[shot.diagnosis for shot in shots]]
        return random.choice(len(shots), len(shots), p=rarity / rarity.sum())

    def make(self, number: int, step: int, order: np.ndarray) -> Batch:
        """Makes one batch of an epoch."""
        random = np.random.default_rng((self.config.seed, number, step))
        side = self.config.side_in(number)
        augment = Augmenter(self.config, side, random)
        material, samples = self.material, []
        for i in order[step * self._lesions : (step + 1) * self._lesions]:
            samples.append(_augmented(augment, material.shots[i], random, is_phone=False))
        for i in random.integers(self._phone_lesions or 1, size=self._phones):
            if i >= len(material.cutouts):
                photo = material.photos[i - len(material.cutouts)]
                samples.append(_augmented(augment, photo, random, is_phone=True))
                continue
            cutout = material.cutouts[i]
            picture, mask = augment(*phone.compose(cutout, side, random), phone=True)
            samples.append((picture, _shares(mask), cutout.diagnosis, True))
        for _ in range(self._empty):
            picture, is_phone = material.not_lesion(side, random)
            blank = np.zeros(picture.shape[:2], np.uint8)
            picture, mask = augment(picture, blank, phone=is_phone)
            samples.append((picture, _shares(mask), NOT_LESION, is_phone))
        pictures, masks, labels, kinds = zip(*samples, strict=True)
        return Batch(
            torch.from_numpy(np.stack(pictures)),
            torch.tensor(labels),
            torch.tensor(kinds),
            torch.from_numpy(np.stack(masks)),
        )


def _augmented(
    augment: Augmenter, shot: Shot, random: np.random.Generator, is_phone: bool
) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """Returns an augmented picture of a photo, its mask, its class and its kind."""
    view = shot.views[random.integers(len(shot.views))]
    outline = np.zeros(view.shape[:2], np.uint8) if shot.mask is None else cv2.resize(
        shot.mask, view.shape[1::-1])
    picture, mask = augment(view, outline, phone=is_phone)
    mask = np.full(mask.shape, UNKNOWN, np.float32) if shot.mask is None else _shares(mask)
    return picture, mask, shot.diagnosis, is_phone


def _shares(mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.float32) / 255


class _Epoch(Dataset):
    def __init__(self, batches: Batches, number: int):
        self._batches = batches
        self._number = number
        self._order = batches.order(number)

    def __len__(self) -> int:
        return self._batches.per_epoch

    def __getitem__(self, step: int) -> Batch:
        return self._batches.make(self._number, step, self._order)
