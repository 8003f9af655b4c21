// Takes a photo with the camera, in a dialog with a ring to put the spot into.

import { $ } from "./views.js";
import { t } from "./words.js";

const dark = 60; // Mean brightness, of 255, below which a photo is likely to be refused.
const look = 700; // Milliseconds between two looks at the brightness.

/** Whether this browser lets a page use a camera at all. */
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The mean brightness, 0 to 255, of the middle of the live picture. */
function brightness(video, context) {
  const { width, height } = context.canvas;
  const side = Math.min(video.videoWidth, video.videoHeight) / 2;
  context.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  return sum / (data.length / 4);
}

function frame(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
}

/**
 * Opens the camera, the one on the back where there are two. Resolves to the photo, a File, or to
 * null where none was taken; rejects where there is no camera or no permission.
 */
export async function takePhoto() {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: { ideal: "environment" }, width: { ideal: 2560 }, height: { ideal: 1920 } },
  });
  const dialog = $("viewfinder");
  const video = dialog.querySelector("video");
  const hint = $("camera-hint");
  const eye = Object.assign(document.createElement("canvas"), { width: 32, height: 32 })
    .getContext("2d", { willReadFrequently: true });
  let watch;
  try {
    video.srcObject = stream;
    hint.textContent = t("camera-ready");
    dialog.showModal();
    return await new Promise((resolve, reject) => {
      dialog.onclose = () => dialog.open || resolve(null); // Not for an earlier close.
      $("camera-close").onclick = () => resolve(null);
      $("shoot").onclick = async () => {
        const photo = await frame(video);
        resolve(photo && new File([photo], "camera.jpg", { type: photo.type }));
      };
      video.play().then(() => {
        if (!dialog.open) return; // Closed meanwhile.
        $("shoot").disabled = false;
        $("shoot").focus();
        watch = setInterval(() => {
          const words = t(brightness(video, eye) < dark ? "camera-dark" : "camera-ring");
          if (hint.textContent !== words) hint.textContent = words;
        }, look);
      }, reject);
    });
  } finally {
    clearInterval(watch);
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    $("shoot").disabled = true;
    dialog.onclose = null;
    dialog.close();
  }
}
