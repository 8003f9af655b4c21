"""The picture that the network sees, from awkward bytes; and what augmentation may do to it."""

import io

import numpy as np
import pytest
from PIL import Image

from deepskin_training import phone, pictures


def encode(image: Image.Image, kind: str, **options) -> bytes:
    """Returns the image as a file's bytes."""
    packed = io.BytesIO()
    image.save(packed, kind, **options)
    return packed.getvalue()


def test_exif_orientation_is_applied():
    image = Image.new("RGB", (64, 32), "white")
    image.paste("black", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    picture = pictures.serving_picture(encode(image, "JPEG", exif=exif), 32)
    assert picture[:12].mean() < 20 < 235 < picture[-12:].mean()


def test_transparent_is_white():
    picture = pictures.serving_picture(encode(Image.new("RGBA", (40, 40)), "PNG"), 32)
    assert (picture == 255).all()


def test_16_bit_grey_is_scaled_not_clipped():
    grey = Image.fromarray(np.full((40, 40), 32_896, np.uint16))
    picture = pictures.serving_picture(encode(grey, "PNG"), 32)
    assert picture == pytest.approx(128, abs=1)


def test_augmentation_repeats_with_its_seed_and_changes_without():
    photo = np.random.default_rng(0).integers(0, 255, (150, 200, 3), dtype=np.uint8)
    first, again, other = (
        pictures.Augmenter(96, np.random.default_rng(seed))(photo) for seed in (1, 1, 2)
    )
    assert first.shape == (96, 96, 3) and first.dtype == np.uint8
    assert (first == again).all()
    assert (first != other).any()


def test_composed_lesion_stands_on_skin_of_its_border():
    pixels = np.zeros((80, 80, 4), np.uint8)
    pixels[10:70, 10:70] = (200, 150, 120, 255)
    pixels[25:55, 25:55] = (60, 30, 30, 255)
    composed = phone.compose(phone.Cutout(pixels, 0, "train"), 192, np.random.default_rng(3))
    assert composed.shape == (192, 192, 3)
    assert np.median(composed, axis=(0, 1)) == pytest.approx([200, 150, 120], abs=25)
    dark = (composed.astype(int).sum(2) < 200).mean()
    assert 0.005 < dark < 0.5
