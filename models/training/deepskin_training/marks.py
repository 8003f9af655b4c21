"""Things that lie on skin and say nothing of the lesion: hair, rulers, pen, covered patches."""

import math

import cv2
import numpy as np


def draw_hair(picture: np.ndarray, random: np.random.Generator) -> None:
    """Draws up to twenty dark or fair hairs, most in one direction."""
    side = picture.shape[0]
    fair = random.random() < 0.2
    direction = random.uniform(0, math.pi)
    for _ in range(random.integers(2, 20)):
        angle = direction + random.normal(0, 0.4)
        start = random.uniform(0, side, 2)
        reach = random.uniform(0.2, 0.9) * side * np.array([math.cos(angle), math.sin(angle)])
        bend = start + reach / 2 + random.normal(0, 0.08 * side, 2)
        steps = np.linspace(0, 1, 12)[:, None]
        points = ((1 - steps) ** 2 * start + 2 * steps * (1 - steps) * bend
                  + steps**2 * (start + reach))
        shade = random.uniform(150, 210) if fair else random.uniform(15, 80)
        _lines(picture, points, (shade, shade * 0.85, shade * 0.7), max(1, round(side / 160)))


def draw_ruler(picture: np.ndarray, random: np.random.Generator) -> None:
    """Draws a scale of ticks along one side."""
    side = picture.shape[0]
    pitch = random.uniform(0.02, 0.06) * side
    edge = random.uniform(0.01, 0.12) * side
    shade = random.uniform(10, 70) if random.random() < 0.8 else 240.0
    flipped = picture[:, ::-1] if random.random() < 0.5 else picture
    view = flipped.transpose(1, 0, 2) if random.random() < 0.5 else flipped
    layer = np.ascontiguousarray(view)
    for number in range(int(side / pitch)):
        place = round(number * pitch)
        length = (0.06 if number % 5 == 0 else 0.03) * side
        ends = (place, round(edge)), (place, round(edge + length))
        cv2.line(layer, *ends, (shade,) * 3, 1, cv2.LINE_AA)
    view[:] = layer


def draw_pen(picture: np.ndarray, random: np.random.Generator) -> None:
    """Draws what doctors draw on skin before they cut: a ring, an arrow's shaft, or dots."""
    side = picture.shape[0]
    ink = [(40, 45, 120), (60, 30, 90), (30, 30, 35), (30, 70, 90)][random.integers(4)]
    width = max(1, round(side * random.uniform(0.008, 0.02)))
    centre = side / 2 + random.normal(0, 0.06 * side, 2)
    radii = random.uniform(0.18, 0.45) * side * np.exp(random.normal(0, 0.15, 2))
    shape = random.integers(3)
    if shape == 1:
        angle = random.uniform(0, 2 * math.pi)
        ray = np.array([math.cos(angle), math.sin(angle)])
        _lines(picture, centre + np.outer([1.0, 1.8], ray * radii), ink, width)
        return
    turns = np.sort(random.uniform(0, 2 * math.pi, 6)) if shape == 2 else np.linspace(
        0, random.uniform(0.6, 1.05) * 2 * math.pi, 40)
    wobble = np.exp(random.normal(0, 0.02, (len(turns), 1)))
    points = centre + wobble * radii * np.stack([np.cos(turns), np.sin(turns)], 1)
    if shape == 0:
        _lines(picture, points, ink, width)
        return
    for point in points:
        cv2.circle(picture, tuple(int(v) for v in point), width, ink, -1, cv2.LINE_AA)


def erase(picture: np.ndarray, random: np.random.Generator) -> None:
    """Covers a rectangle of up to a tenth of the picture with noise around one colour."""
    side = picture.shape[0]
    height, width = (random.uniform(0.1, 0.32, 2) * side).astype(int) + 1
    top, left = random.integers(0, side - height), random.integers(0, side - width)
    noise = random.uniform(0, 255, 3) + random.normal(0, 20, (height, width, 3))
    picture[top : top + height, left : left + width] = np.clip(noise, 0, 255)


def _lines(picture: np.ndarray, points: np.ndarray, colour: tuple, width: int) -> None:
    shape = np.round(points).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(picture, [shape], False, colour, width, cv2.LINE_AA)
