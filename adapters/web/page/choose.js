// The choice of a photo: as a file, dropped, pasted or taken with the camera.

import { hasCamera, takePhoto } from "./camera.js";
import { shrink } from "./shrink.js";
import { $, say } from "./views.js";
import { t } from "./words.js";

/** The largest photo that the server takes, in bytes. */
export const maxPhoto = 20 * 1024 * 1024;

let name = "";
let ready = Promise.resolve(null);
let url = "";
let missing = null; // The ID of the words on what is missing.

/** Resolves to the photo as it will be sent, or to null where none was chosen. */
export const chosen = () => ready;

/** Takes a file for the photo, or none. */
export async function choose(file) {
  name = file?.name ?? "";
  complain(null);
  ready = file ? shrink(file) : Promise.resolve(null);
  const mine = ready;
  if (file) {
    say(t("preparing"));
    $("name").hidden = false;
    $("name").textContent = t("preparing");
  }
  const photo = await mine;
  if (mine !== ready) return; // Another one was chosen meanwhile.
  URL.revokeObjectURL(url);
  url = photo ? URL.createObjectURL(photo) : "";
  $("empty").hidden = Boolean(photo);
  $("preview").hidden = !photo;
  $("name").hidden = !photo;
  if (photo) $("preview").src = url;
  else $("preview").removeAttribute("src");
  if (photo) say(t("chosen", { name }));
  paintChoice();
}

/** Forgets the choice. */
export function chooseNothing() {
  $("photo").value = "";
  $("capture").value = "";
  return choose(null);
}

/** Says what is missing before the photo can go, by its words' ID, or that nothing is. */
export function complain(id, field) {
  missing = id;
  paintChoice();
  field?.focus();
}

/** Writes the words on the choice. */
export function paintChoice() {
  $("name").textContent = name && `${name} – ${t("change")}`;
  $("missing").textContent = missing ? t(missing) : "";
}

$("preview").onerror = () => ($("preview").hidden = true); // A format that this browser cannot draw.
for (const id of ["photo", "capture"]) {
  $(id).onchange = () => $(id).files.length > 0 && choose($(id).files[0]);
}
$("consent").onchange = () => complain(null);

// A photo dropped beside the field would otherwise replace the page.
for (const event of ["dragover", "drop"]) window.addEventListener(event, (e) => e.preventDefault());
$("drop").addEventListener("dragover", () => $("drop").classList.add("over"));
$("drop").addEventListener("dragleave", () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (e) => {
  $("drop").classList.remove("over");
  if (e.dataTransfer.files.length > 0) choose(e.dataTransfer.files[0]);
});

window.addEventListener("paste", (e) => {
  const file = e.clipboardData?.files[0];
  if (file && !$("start").hidden) choose(file);
});

$("camera").onclick = async () => {
  if (!hasCamera()) return $("capture").click(); // A phone opens its own camera for that.
  try {
    const photo = await takePhoto();
    if (!photo) return; // The browser has put the focus back.
    await choose(photo);
    $("consent").focus();
  } catch {
    complain("camera-refused", $("photo"));
  }
};
