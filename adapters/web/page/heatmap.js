// Draws where the model looked, from its grid, as the server's heatmap does: clear where the grid
// is zero, tinted from violet over green to yellow where it is strong.

/** matplotlib's viridis (CC0), at equal distances. */
const stops = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
  [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37],
];
const strongest = 0.6; // The lesion must stay visible.
const skin = "rgb(228 184 164)"; // Under the legend's colours.

/** Red, green, blue and opacity, each 0 to 255, of a value from 0 to 1. */
function colour(value) {
  const position = value * (stops.length - 1);
  const i = Math.min(Math.floor(position), stops.length - 2);
  const mixed = stops[i].map((c, k) => c + (stops[i + 1][k] - c) * (position - i));
  return [...mixed, 255 * strongest * Math.min(1, 1.6 * Math.max(value - 0.06, 0))];
}

/** The cubic B-spline. */
function spline(x) {
  const d = Math.abs(x);
  if (d < 1) return (3 * d ** 3 - 6 * d ** 2 + 4) / 6;
  return d < 2 ? (2 - d) ** 3 / 6 : 0;
}

/** How much each of n cells counts at each of length places along them. */
function weights(length, n) {
  return Array.from({ length }, (_, v) => {
    const at = ((v + 0.5) * n) / length - 0.5;
    const row = Array.from({ length: n }, (_, u) => spline(u - at));
    const sum = row.reduce((a, b) => a + b);
    return row.map((w) => w / sum);
  });
}

/** The grid blended to width times height values from 0 to 1: cells are the model's, not the skin's. */
function blend(grid, width, height) {
  const values = grid.values.map((v) => Math.min(Math.max(v, 0), 1));
  const across = weights(width, grid.columns);
  const down = weights(height, grid.rows);
  const rows = Array.from({ length: grid.rows }, (_, r) =>
    across.map((w) => w.reduce((sum, share, c) => sum + share * values[r * grid.columns + c], 0)));
  const field = new Float32Array(width * height);
  let peak = 1 / 255;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let r = 0; r < grid.rows; r++) sum += down[y][r] * rows[r][x];
      field[y * width + x] = sum;
      peak = Math.max(peak, sum);
    }
  }
  const highest = Math.max(...values); // The spline rounds peaks off.
  return field.map((v) => (v / peak) * highest);
}

/** A canvas with the grid's colours over nothing. */
function paint(grid, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const colours = Array.from({ length: 256 }, (_, i) => colour(i / 255));
  blend(grid, width, height).forEach((v, i) => image.data.set(colours[Math.round(v * 255)], i * 4));
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * A thin line around a part of the picture, at the picture's border inside of it: white within
 * black, to stand out from any skin.
 */
function frame(context, x, y, width, height) {
  const rings = ["#000", "#fff", "#fff"]; // From the outside.
  const left = Math.max(x - rings.length, 0);
  const top = Math.max(y - rings.length, 0);
  const right = Math.min(x + width + rings.length, context.canvas.width);
  const bottom = Math.min(y + height + rings.length, context.canvas.height);
  rings.forEach((line, i) => {
    context.strokeStyle = line;
    context.strokeRect(left + i + 0.5, top + i + 0.5, right - left - 2 * i - 1, bottom - top - 2 * i - 1);
  });
}

const fine = 320; // Pixels of the blended grid; it is smooth, so it can be stretched.

/**
 * A canvas as large as the photo, an ImageBitmap, with the photo and the grid over it. The grid has
 * rows, columns, values from 0 to 1, and a part, in shares of the photo, unless it covers all.
 */
export function heatmap(photo, grid) {
  const canvas = Object.assign(document.createElement("canvas"), { width: photo.width, height: photo.height });
  const context = canvas.getContext("2d");
  const part = grid.part ?? { left: 0, top: 0, right: 1, bottom: 1 };
  const x = Math.round(part.left * photo.width);
  const y = Math.round(part.top * photo.height);
  const width = Math.max(Math.round(part.right * photo.width) - x, 1);
  const height = Math.max(Math.round(part.bottom * photo.height) - y, 1);
  const scale = Math.min(1, fine / Math.max(width, height));
  const colours = paint(grid, Math.max(Math.round(width * scale), 1), Math.max(Math.round(height * scale), 1));
  context.drawImage(photo, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(colours, x, y, width, height);
  if (grid.part) frame(context, x, y, width, height);
  return canvas;
}

/** Draws the scale of colours, on the colour of skin, into a canvas. */
export function legend(canvas) {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  context.fillStyle = skin;
  context.fillRect(0, 0, width, height);
  for (let x = 0; x < width; x++) {
    const [r, g, b, a] = colour(x / (width - 1));
    context.fillStyle = `rgb(${r} ${g} ${b} / ${a / 255})`;
    context.fillRect(x, 0, 1, height);
  }
}
