"""Numbers that describe a picture without knowing what is on it."""

import cv2
import numpy as np

SIDE = 200  # pixels of the longest side at which everything is measured

# Which measures belong together: the page asks what each group alone gives away.
FRAME = ("corner_drop", "dark_corners")
COLOUR = ("lightness", "redness", "yellowness", "red_cast", "blue_cast")
FOCUS = ("sharpness", "contrast")
OBJECTS = ("hair", "ticks", "ink")
SKIN = ("skin_lightness", "skin_redness", "skin_yellowness")
PLACE = ("area", "offset", "cut_off")
LESION = ("lesion_lightness", "lesion_redness", "lesion_yellowness")

# When a picture counts as having hair, a ruler or ink: chosen by looking at pictures.
HAIR_SHARE = 0.01
RULER_TICKS = 3
INK_SHARE = 0.001


def measure(picture: np.ndarray, mask: np.ndarray | None) -> dict[str, float]:
    """Measures uint8 [h, w, 3] RGB with the lesion's bool mask [h, w].

    Colours are CIE Lab, casts are log ratios of the mean channels to green, sharpness is the
    decimal logarithm of the Laplacian's variance, hair, ink, dark corners and area are shares of
    the picture's pixels, ticks a count, offset is in half diagonals. Without a mask what needs
    one is left out.
    """
    scale = SIDE / max(picture.shape[:2])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(picture, size, interpolation=how)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    around = np.ones(grey.shape, bool)
    values = {}
    if mask is not None:
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        around = cv2.dilate(mask, np.ones((9, 9), np.uint8)) == 0
        values |= _place(mask > 0) | _colours("lesion", lab[mask > 0])
        values |= _colours("skin", lab[around & (lab[..., 0] > 20)])
    lines = _dark_lines(grey)
    red, green, blue = picture.reshape(-1, 3).mean(0) + 1
    lightness, redness, yellowness = lab.reshape(-1, 3).mean(0)
    return {key: float(value) for key, value in values.items()} | {
        **_frame(lab[..., 0]),
        "lightness": float(lightness),
        "redness": float(redness),
        "yellowness": float(yellowness),
        "red_cast": float(np.log(red / green)),
        "blue_cast": float(np.log(blue / green)),
        "sharpness": sharpness(grey),
        "contrast": float(lab[..., 0].std()),
        "hair": _hair(lines, around),
        "ticks": _ticks(lines, around),
        "ink": _ink(lab, around),
    }


def sharpness(grey: np.ndarray) -> float:
    """Returns log10 of the Laplacian's variance of uint8 [h, w]."""
    return float(np.log10(cv2.Laplacian(grey, cv2.CV_32F).var() + 1e-2))


def _colours(of_what: str, lab: np.ndarray) -> dict[str, float]:
    """Returns the mean Lab of pixels [n, 3]; NaN where there are none."""
    mean = lab.mean(0) if len(lab) else np.full(3, np.nan)
    return dict(zip((f"{of_what}_{name}" for name in ("lightness", "redness", "yellowness")), mean))


def _frame(lightness: np.ndarray) -> dict[str, float]:
    """Compares the corners with the middles of the edges: a round field of view darkens them."""
    height, width = lightness.shape
    high, wide = height // 8, width // 8
    corners = [lightness[rows, columns] for rows in (slice(high), slice(-high, None))
               for columns in (slice(wide), slice(-wide, None))]
    middle = slice(height // 2 - high, height // 2 + high)
    edges = [lightness[middle, :wide], lightness[middle, -wide:]]
    pixels = np.concatenate([corner.ravel() for corner in corners])
    return {
        "corner_drop": float(np.mean([edge.mean() for edge in edges]) - pixels.mean()),
        "dark_corners": float((pixels < 15).mean()),
    }


def _place(mask: np.ndarray) -> dict[str, float]:
    """Says how much of the picture the lesion fills, how far off the middle, and if it is cut."""
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return {"area": 0, "offset": np.nan, "cut_off": np.nan}
    height, width = mask.shape
    away = np.hypot(rows.mean() - height / 2, columns.mean() - width / 2)
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return {
        "area": mask.mean(),
        "offset": away / np.hypot(height / 2, width / 2),
        "cut_off": edge.any(),
    }


def _dark_lines(grey: np.ndarray) -> np.ndarray:
    """Returns how much darker each pixel is than its surroundings across a thin line."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    return cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)


def _hair(lines: np.ndarray, around: np.ndarray) -> float:
    """Returns the share of pixels on long thin dark lines outside the lesion."""
    found = ((lines > 14) & around).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    long = (length > 22) & (stats[:, cv2.CC_STAT_AREA] < 6 * length)
    long[0] = False  # the background
    return float(long[parts].mean())


def _ticks(lines: np.ndarray, around: np.ndarray) -> float:
    """Counts short, straight, parallel dark lines near the edge, as on a ruler."""
    found = ((lines > 30) & around).astype(np.uint8)
    count, parts, stats, centres = cv2.connectedComponentsWithStats(found, connectivity=8)
    far = np.array(lines.shape[::-1])
    angles, lengths, places = [], [], []
    for part in range(1, count):
        left, top, wide, high, area = stats[part]
        margin = min(*centres[part], *(far - centres[part]))
        if not (5 <= area <= 60 and 4 <= max(wide, high) <= 15 and margin < 0.16 * far[1]):
            continue
        pixels = np.nonzero(parts[top : top + high, left : left + wide] == part)
        spread, directions = np.linalg.eigh(np.cov(np.stack(pixels[::-1])))
        if spread[1] > 8 * max(spread[0], 0.1):
            angles.append(np.arctan2(directions[1, 1], directions[0, 1]))
            lengths.append(np.sqrt(12 * spread[1]))
            places.append(centres[part])
    if not angles:
        return 0.0
    angles, lengths, places = np.array(angles), np.array(lengths), np.array(places)
    together = np.abs(np.sin(angles[:, None] - angles)) < 0.2
    together &= np.abs(np.log(lengths[:, None] / lengths)) < 0.4
    together &= np.linalg.norm(places[:, None] - places, axis=2) < 35
    return float(together.sum(1).max())


def _ink(lab: np.ndarray, around: np.ndarray) -> float:
    """Returns the share of pixels around the lesion that are blue or violet against their skin."""
    yellowness = lab[..., 2]
    blue = yellowness < min(-2.0, float(np.median(yellowness)) - 18)
    return float((blue & around & (lab[..., 0] > 10)).mean())
