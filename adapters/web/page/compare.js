// The slider between the photo and where the model looked.

import { percent } from "./figures.js";
import { heatmap, legend } from "./heatmap.js";
import { $ } from "./views.js";
import { t } from "./words.js";

const canvas = $("compare");
const slide = $("slide");
let photo = null; // An ImageBitmap.
let marked = null; // A canvas of the same size.

/** Takes a photo and its grid; without them there is nothing to compare. Returns the marked photo. */
export function compare(bitmap, grid) {
  photo = bitmap;
  marked = bitmap && heatmap(bitmap, grid);
  if (!bitmap) return null;
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  slide.value = 50;
  draw();
  return marked;
}

/** Draws the photo left of the slider and the marks right of it. */
export function draw() {
  if (!photo) return;
  const context = canvas.getContext("2d");
  const border = Math.round((canvas.width * slide.value) / 100);
  context.drawImage(photo, 0, 0);
  if (border < canvas.width) {
    const rest = canvas.width - border;
    context.drawImage(marked, border, 0, rest, canvas.height, border, 0, rest, canvas.height);
  }
  if (border > 0 && border < canvas.width) {
    context.fillStyle = "#000";
    context.fillRect(border - 2, 0, 4, canvas.height);
    context.fillStyle = "#fff";
    context.fillRect(border - 1, 0, 2, canvas.height);
  }
  const share = slide.value / 100;
  slide.setAttribute("aria-valuetext", t("look-slide-value", { photo: percent(share), marks: percent(1 - share) }));
}

slide.oninput = draw;

/** The picture itself can be dragged too. */
function drag(e) {
  const box = canvas.getBoundingClientRect();
  slide.value = ((e.clientX - box.left) / box.width) * 100;
  draw();
}

canvas.onpointerdown = (e) => {
  canvas.setPointerCapture(e.pointerId);
  drag(e);
};
canvas.onpointermove = (e) => canvas.hasPointerCapture(e.pointerId) && drag(e);

/** Opens or closes the picture. */
export function openMap(open) {
  $("map").hidden = !open;
  $("heatmap").setAttribute("aria-expanded", String(open));
  paintMap();
}

/** Writes the words around the picture. */
export function paintMap() {
  $("heatmap").textContent = t($("map").hidden ? "look-show" : "look-hide");
  draw();
}

$("heatmap").onclick = () => openMap($("map").hidden);
for (const scale of document.querySelectorAll(".legend canvas")) legend(scale);
