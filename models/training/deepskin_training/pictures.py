"""From bytes to the network's picture: the serving transform and the training augmentation."""

import io
import math

import cv2
import numpy as np
from PIL import Image, ImageOps

from . import marks
from .config import Config

cv2.setNumThreads(1)


def decode(content: bytes) -> Image.Image:
    """Decodes a photo upright, in RGB, with anything transparent shown on white."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if image.mode.startswith("I"):  # 16-bit grey, which PIL would clip instead of scaling
        image = Image.fromarray((np.asarray(image, dtype=np.uint32) // 257).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def serving_picture(content: bytes, side: int) -> np.ndarray:
    """Returns the uint8 [side, side, 3] picture that the served model sees.

    The whole photo is squeezed into a square with an antialiased bilinear filter; the Go
    classifier does the same, and golden tests hold the two together.
    """
    return np.asarray(decode(content).resize((side, side), Image.Resampling.BILINEAR))


def shades_of_grey(picture: np.ndarray, power: int = 6) -> np.ndarray:
    """Removes the colour of the light from uint8 [h, w, 3] (Finlayson and Trezzi, 2004)."""
    light = np.power(np.power(picture / 255.0, power).mean((0, 1)), 1 / power) + 1e-6
    gains = np.linalg.norm(light) / math.sqrt(3) / light
    return np.clip(picture * gains, 0, 255).astype(np.uint8)


class Augmenter:
    """Makes a different training picture of the same photo each time."""

    def __init__(self, config: Config, side: int, random: np.random.Generator):
        self.config = config
        self.side = side
        self.random = random

    def __call__(
        self, pixels: np.ndarray, mask: np.ndarray, phone: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Turns uint8 [h, w, 3] and its mask [h, w] into augmented ones of [side, side].

        Phone photos vary more: in light, noise and pen marks.
        """
        picture, mask = self._warp(pixels, mask)
        if self._happens(self.config.marks * (0.35 if phone else 0.03)):
            marks.draw_pen(picture, self.random)
        if self._happens(self.config.marks * 0.1):
            marks.draw_hair(picture, self.random)
        if self._happens(self.config.marks * 0.06):
            marks.draw_ruler(picture, self.random)
        picture = self._recolour(picture, self.config.colour * (1.6 if phone else 1.0))
        if self.config.constancy:
            picture = shades_of_grey(picture)
        picture = self._degrade(picture, 2 if phone else 1)
        if self._happens(self.config.erase):
            marks.erase(picture, self.random)
        return picture, mask

    def _happens(self, probability: float) -> bool:
        return self.random.random() < probability

    def _warp(self, pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Flips, rotates, zooms, stretches and shifts, reflecting at the border."""
        height, width = pixels.shape[:2]
        quarter = self.random.integers(4) * math.pi / 2
        angle = quarter + self.random.normal(0, 0.25)
        zoom = math.exp(self.random.uniform(math.log(0.9), math.log(1.6)))
        stretch = math.exp(self.random.normal(0, 0.08))
        flip = -1.0 if self.random.random() < 0.5 else 1.0
        rotation = np.array(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        scale = np.diag([flip * zoom * stretch, zoom / stretch])
        squeeze = np.diag([self.side / width, self.side / height])
        matrix = rotation @ scale @ squeeze
        slack = 0.5 * self.side * max(zoom - 1, 0) + 0.04 * self.side
        shift = self.random.uniform(-slack, slack, 2)
        offset = self.side / 2 + shift - matrix @ np.array([width / 2, height / 2])
        matrix = np.column_stack([matrix, offset])
        size = (self.side, self.side)
        return (
            cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REFLECT_101),
            # The mask is for the finest map that predicts it, a sixteenth as wide.
            cv2.resize(
                cv2.warpAffine(mask, matrix, size, borderMode=cv2.BORDER_REFLECT_101),
                (self.side // 16, self.side // 16), interpolation=cv2.INTER_AREA),
        )

    def _recolour(self, picture: np.ndarray, strength: float) -> np.ndarray:
        """Changes white balance, brightness, contrast and saturation, as cameras do."""
        normal = self.random.normal
        gains = np.exp(strength * (normal(0, 0.05, 3) + normal(0, 0.1))).astype(np.float32)
        contrast = math.exp(strength * normal(0, 0.12))
        saturation = math.exp(strength * normal(0, 0.15))
        means = cv2.mean(picture)[:3]
        mean = float(np.mean(means * gains))
        # All of it is one matrix: gains, contrast around the mean, saturation around the grey.
        mix = saturation * np.eye(3) + (1 - saturation) / 3
        shift = np.full(3, mean * (1 - contrast))
        matrix = np.column_stack([mix @ np.diag(gains * contrast), shift])
        return cv2.transform(picture, matrix)

    def _degrade(self, picture: np.ndarray, times: int) -> np.ndarray:
        """Blurs, sharpens, adds noise or compresses, each now and then."""
        chance = 0.15 * times
        if self._happens(chance):
            picture = cv2.GaussianBlur(picture, (0, 0), self.random.uniform(0.4, 1.3))
        elif self._happens(chance):
            soft = cv2.GaussianBlur(picture, (0, 0), self.random.uniform(0.8, 1.6))
            amount = self.random.uniform(0.3, 1.5)
            picture = cv2.addWeighted(picture, 1 + amount, soft, -amount, 0)
        if self._happens(chance / 3):
            noise = self.random.standard_normal(picture.shape, dtype=np.float32)
            picture = np.clip(picture + noise * self.random.uniform(2, 8), 0, 255).astype(np.uint8)
        if self._happens(chance):
            quality = int(self.random.integers(35, 90))
            _, packed = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
            picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        return picture
