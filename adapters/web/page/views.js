// What is on the screen: one view at a time.

/** The element with an ID. */
export const $ = (id) => document.getElementById(id);

let repaint = () => {};

/**
 * Shows a view. Paint writes the words of its present state, now and whenever the language
 * changes.
 */
export function show(view, paint = () => {}) {
  $("sheet").hidden = true; // Until paint writes an answer's.
  repaint = paint;
  paint();
  for (const v of document.querySelectorAll(".view")) v.hidden = v.id !== view;
  $(view).querySelector("h1").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** The view on the screen. */
export const shown = () => document.querySelector(".view:not([hidden])")?.id;

/** Writes the words of the present view anew. */
export const paintAgain = () => repaint();

/** Changes what paintAgain does, for a view whose state changed. */
export function nowPaint(paint) {
  repaint = paint;
  paint();
}

/** Tells screen readers; repeated words are not read twice. */
export function say(words) {
  if ($("live").textContent !== words) $("live").textContent = words;
}

/** Shows how to take a good photo, in a view. */
export function placeGuide(view) {
  $(view).querySelector(".guide-place").append($("guide"));
  $("guide").hidden = false;
}

let thumbURL = "";

/** Shows a photo, a Blob, as what the reader said; null shows none. */
export function thumbs(photo) {
  URL.revokeObjectURL(thumbURL);
  thumbURL = photo ? URL.createObjectURL(photo) : "";
  for (const img of document.querySelectorAll(".thumb")) {
    const bubble = img.parentElement;
    bubble.hidden = !photo;
    img.onerror = () => (bubble.hidden = true); // A format that this browser cannot draw.
    if (photo) img.src = thumbURL;
    else img.removeAttribute("src");
  }
}
