// Answers a photo with a smaller one, or with null where it should go as it is.

const longest = 2048; // Pixels.
const heaviest = 4 * 1024 * 1024; // Bytes.
const read = ["image/jpeg", "image/png", "image/webp"]; // By the server; others only become JPEG here.

async function smaller(photo) {
  const bitmap = await createImageBitmap(photo); // Turned upright, as its EXIF data say.
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && photo.size <= heaviest && read.includes(photo.type)) return null;
  const width = Math.round(bitmap.width * scale);
  const height = Math.round(bitmap.height * scale);
  const resized = await createImageBitmap(bitmap, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#fff"; // Under what is transparent.
  context.fillRect(0, 0, width, height);
  context.drawImage(resized, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

self.onmessage = async (e) => {
  let result = null;
  try {
    result = await smaller(e.data);
  } catch {
    // A format that this browser cannot read, or a picture beyond its memory.
  }
  self.postMessage(result);
};
