"""Tests of the measurement of photo quality against errors."""

import types

import numpy as np
import pytest
import torch
from PIL import Image

import quality

SIDE = 64


def photo(size: tuple[int, int] = (200, 150)) -> Image.Image:
    """Skin-coloured noise: sharp, neither dark nor bright."""
    random = np.random.default_rng(2)
    pixels = random.normal((190, 150, 130), 25, (size[1], size[0], 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def seen(image: Image.Image) -> np.ndarray:
    """What the model sees of it."""
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def test_good_photo_is_not_refused():
    assert not quality.refused(seen(photo()), photo().size)


@pytest.mark.parametrize("fault", quality.FAULTS)
def test_each_fault_is_refused_at_its_worst(fault):
    worst = quality.spoil(photo(), fault, quality.FAULTS[fault][-1])
    assert quality.refused(seen(worst), worst.size)


def test_unknown_fault_is_an_error():
    with pytest.raises(ValueError, match="rust"):
        quality.spoil(photo(), "rust, grams", 1)


def test_figures_are_of_the_changed_photos():
    """A model that goes by brightness alone is right until the light is gone."""
    def graph(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        bright = pictures.float().mean((1, 2, 3)) / 255
        probabilities = torch.zeros(len(bright), 7)
        probabilities[:, 4], probabilities[:, 5] = bright, 1 - bright  # melanoma or nevus
        return probabilities, bright, bright, bright * 0, bright

    limits = {"malignant": 0.5}
    reference = types.SimpleNamespace(
        graph=graph, side=SIDE, thresholds={"dermoscopy": limits, "phone": limits})
    photos = [photo().point(lambda value, i=i: value + 40 * (i % 2) - 20) for i in range(20)]
    malignant, lesions = np.arange(20) % 2 == 1, np.arange(20)
    as_it_is = quality.measure(reference, photos, malignant, lesions, lambda p: p)
    assert as_it_is["auc"] == 1 and as_it_is["refused"] == 0 and as_it_is["sensitivity"] == 1
    dark = quality.measure(
        reference, photos, malignant, lesions, lambda p: quality.spoil(p, "darkness", 0))
    assert dark["refused"] == 1 and dark["sensitivity"] == 0 and dark["auc"] == 0.5
