// Photos as pixels.

/** The photo, a Blob, upright and at most this many pixels long; rejects where it cannot be read. */
export async function bitmapOf(photo, longest) {
  const bitmap = await createImageBitmap(photo);
  const scale = longest / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  return createImageBitmap(bitmap, {
    resizeWidth: Math.max(Math.round(bitmap.width * scale), 1),
    resizeHeight: Math.max(Math.round(bitmap.height * scale), 1),
    resizeQuality: "high",
  });
}
