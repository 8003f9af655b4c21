// The list of cases, on this device only: ID, date, label and a thumbnail. A browser without
// storage keeps it until the page is closed.

const memory = new Map();
const side = 112; // Pixels of a thumbnail.

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("deepskin", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("cases", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withCases(mode, use) {
  const db = await open();
  try {
    const transaction = db.transaction("cases", mode);
    const request = use(transaction.objectStore("cases"));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

/** All cases, the latest first. */
export async function list() {
  const kept = await withCases("readonly", (cases) => cases.getAll()).catch(() => [...memory.values()]);
  return kept.sort((a, b) => b.date.localeCompare(a.date));
}

/** Puts a case on the list; the thumbnail is a Blob, or undefined to keep the one there is. */
export async function keep({ id, date, label }, thumb) {
  const old = (await list()).find((c) => c.id === id);
  const entry = { id, date, label, thumb: thumb ?? old?.thumb };
  memory.set(id, entry);
  await withCases("readwrite", (cases) => cases.put(entry)).catch(() => {});
}

/** Takes a case off the list. */
export async function drop(id) {
  memory.delete(id);
  await withCases("readwrite", (cases) => cases.delete(id)).catch(() => {});
}

/** A thumbnail of a photo's middle, a Blob; undefined where this browser cannot draw it. */
export async function thumbnail(photo) {
  try {
    const bitmap = await createImageBitmap(photo);
    const square = Math.min(bitmap.width, bitmap.height);
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    canvas.getContext("2d").drawImage(
      bitmap, (bitmap.width - square) / 2, (bitmap.height - square) / 2, square, square, 0, 0, side, side);
    return await new Promise((resolve) => canvas.toBlob((b) => resolve(b ?? undefined), "image/jpeg", 0.8));
  } catch {
    return undefined;
  }
}
