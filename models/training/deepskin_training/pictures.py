"""From bytes to the network's picture: the serving transform and the training augmentation."""

import io
import math

import cv2
import numpy as np
from PIL import Image, ImageOps

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


class Augmenter:
    """Makes a different training picture of the same photo each time."""

    def __init__(self, side: int, random: np.random.Generator):
        self.side = side
        self.random = random

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Turns uint8 [h, w, 3] into an augmented uint8 [side, side, 3]."""
        picture = self._recolour(self._warp(pixels))
        if self.random.random() < 0.15:
            picture = cv2.GaussianBlur(picture, (0, 0), self.random.uniform(0.4, 1.3))
        if self.random.random() < 0.15:
            quality = int(self.random.integers(35, 90))
            _, packed = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
            picture = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        return picture

    def _warp(self, pixels: np.ndarray) -> np.ndarray:
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
        return cv2.warpAffine(
            pixels,
            np.column_stack([matrix, offset]),
            (self.side, self.side),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )

    def _recolour(self, picture: np.ndarray) -> np.ndarray:
        """Changes white balance, brightness, contrast and saturation, as cameras do."""
        gains = np.exp(self.random.normal(0, 0.05, 3) + self.random.normal(0, 0.1))
        contrast = math.exp(self.random.normal(0, 0.12))
        saturation = math.exp(self.random.normal(0, 0.15))
        values = picture.astype(np.float32) * gains.astype(np.float32)
        mean = values.mean()
        values = (values - mean) * contrast + mean
        grey = values.mean(axis=2, keepdims=True)
        values = grey + (values - grey) * saturation
        return np.clip(values, 0, 255).astype(np.uint8)
