"""The picture that the network sees, from awkward bytes; and what augmentation may do to it."""

import dataclasses
import io
import pathlib

import cv2
import numpy as np
import pytest
from PIL import Image

from deepskin_training import material, phone, pictures
from deepskin_training.config import Config

CONFIG = Config.read(pathlib.Path(__file__).parents[1] / "configs/members/imagenet.toml")


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
    mask = np.zeros((150, 200), np.uint8)
    mask[40:110, 60:140] = 255
    (first, first_mask), (again, _), (other, _) = (
        pictures.Augmenter(CONFIG, 96, np.random.default_rng(seed))(photo, mask)
        for seed in (1, 1, 2)
    )
    assert first_mask.shape == (6, 6) and 0 < first_mask.mean() < 255
    assert first.shape == (96, 96, 3) and first.dtype == np.uint8
    assert (first == again).all()
    assert (first != other).any()


def test_composed_lesion_stands_on_skin_of_its_border():
    pixels = np.zeros((80, 80, 4), np.uint8)
    pixels[10:70, 10:70] = (200, 150, 120, 255)
    pixels[25:55, 25:55] = (60, 30, 30, 255)
    cutout = phone.Cutout.cut(pixels, 0, "PAT_1")
    composed, mask = phone.compose(cutout, 192, np.random.default_rng(3))
    assert composed.shape == (192, 192, 3)
    assert np.median(composed, axis=(0, 1)) == pytest.approx([200, 150, 120], abs=25)
    dark = (composed.astype(int).sum(2) < 200).mean()
    assert 0.005 < dark < 0.5
    lesion = composed.astype(int).sum(2) < 200
    assert mask[lesion].min() > 127
    bare = phone.bare_skin(cutout, 192, np.random.default_rng(3))
    assert (bare.astype(int).sum(2) < 200).mean() == 0


def test_masks_follow_the_picture():
    """What is dark in the augmented picture is what its mask marks."""
    photo = np.full((150, 200, 3), 200, np.uint8)
    mask = np.zeros((150, 200), np.uint8)
    photo[50:90, 110:160], mask[50:90, 110:160] = 20, 255
    plain = dataclasses.replace(CONFIG, marks=0.0)
    for seed in range(20):
        augment = pictures.Augmenter(plain, 160, np.random.default_rng(seed))
        picture, small = augment(photo, mask)
        dark = cv2.resize((picture.mean(2) < picture.mean() - 20).astype(np.float32), (10, 10),
                          interpolation=cv2.INTER_AREA)
        assert np.abs(dark - small / 255).mean() < 0.1


def test_sharpened_view_lies_on_the_whole():
    whole = np.random.default_rng(0).integers(0, 255, (15, 20, 3), dtype=np.uint8)
    whole = cv2.resize(whole, (200, 150), interpolation=cv2.INTER_CUBIC)
    sharp = cv2.resize(whole[:, 25:175], (224, 224), interpolation=cv2.INTER_CUBIC)
    joined = material.sharpened(whole, sharp)
    assert joined.shape == (224, 299, 3)
    alone = cv2.resize(whole, (299, 224), interpolation=cv2.INTER_CUBIC)
    assert np.abs(joined.astype(int) - alone).mean() < 3


def test_shades_of_grey_takes_a_cast_off():
    grey = np.random.default_rng(0).integers(60, 120, (40, 40, 1), dtype=np.uint8)
    cast = (grey * np.array([1.0, 0.8, 0.6])).astype(np.uint8)
    means = pictures.shades_of_grey(cast).mean((0, 1))
    assert means.max() - means.min() < 2
