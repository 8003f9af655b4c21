// Makes huge photos smaller before they are sent, in a worker, so that the page stays quick.

const patience = 20000; // Milliseconds, then the original goes as it is.

/**
 * Resolves to a JPEG whose longest side has at most 2,048 pixels, upright and without camera
 * data, or to the photo itself where it is small enough or the browser cannot read it.
 */
export function shrink(photo) {
  return new Promise((resolve) => {
    let worker;
    const end = (smaller) => {
      worker?.terminate();
      resolve(smaller ?? photo);
    };
    try {
      worker = new Worker("/page/shrink-worker.js");
    } catch {
      return end(null);
    }
    worker.onmessage = (e) => end(e.data);
    worker.onerror = () => end(null);
    setTimeout(() => end(null), patience);
    worker.postMessage(photo);
  });
}
