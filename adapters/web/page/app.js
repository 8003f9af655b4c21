// The page's course: from the choice of a photo to the answer and what comes after.

import { judged, paintAnswer } from "./answer.js";
import { Problem, follow, forget, photoOf, read, upload } from "./api.js";
import { bitmapOf } from "./bitmap.js";
import { chooseNothing, chosen, complain, maxPhoto, paintChoice } from "./choose.js";
import { compare, openMap, paintMap } from "./compare.js";
import { paintFeedback, showVerdict } from "./feedback.js";
import { megabytes, time } from "./figures.js";
import { drop, keep, thumbnail } from "./history.js";
import { connectHistory, showHistory } from "./history-view.js";
import { paintSheet, sheetPictures } from "./sheet.js";
import { $, nowPaint, paintAgain, placeGuide, say, show, shown, thumbs } from "./views.js";
import { language, languages, remember, speak, t } from "./words.js";

const longest = 1024; // Pixels of what is drawn, as in the server's copy.

let key = ""; // Names the upload, so that trying again does not make a second case.
let current = ""; // The ID of the case on the page.
let sent = null; // Its photo, where it was sent from this page just now.
let stopFollowing = () => {};

/** Leaves the case on the page. */
function leave() {
  stopFollowing();
  current = "";
  history.replaceState(null, "", "/");
}

// --- Choosing and sending ---

function start() {
  placeGuide("start");
  show("start", paintChoice);
}

/** Forgets the photo that was sent; one that was only chosen stays. */
async function forgetSent() {
  leave();
  if (sent) await chooseNothing();
  sent = null;
}

async function startOver() {
  await forgetSent();
  start();
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

$("start").onsubmit = async (e) => {
  e.preventDefault();
  const photo = await chosen();
  if (shown() !== "start") return; // The button was pressed twice while the photo was made ready.
  if (!photo) return complain("missing-photo", $("photo"));
  if (photo.size === 0) return complain("missing-empty", $("photo"));
  if (photo.size > maxPhoto) return complain("missing-large", $("photo"));
  if (!$("consent").checked) return complain("missing-consent", $("consent"));
  if (photo !== sent) key = newKey();
  sent = photo;
  send();
};

async function send() {
  thumbs(sent);
  stage(() => [t("sending"), ""]);
  $("bar").hidden = false;
  $("bar").value = 0;
  try {
    const accepted = await upload(sent, key, (done, total) => {
      $("bar").value = done / total;
      if (done < total) return stage(() => [t("sending"), t("sending-bytes", { sent: megabytes(done), total: megabytes(total) })]);
      $("bar").hidden = true; // From here on nobody can tell how far things are.
      stage(() => [t("arrived"), t("arrived-detail")]);
    });
    open(accepted.id);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    notice(() => [t("not-taken"), problem.words], problem.passing ? send : null);
  }
}

// --- Waiting ---

/** Says how things stand; words returns a title and a detail. */
function stage(words) {
  const paint = () => {
    const [title, detail] = words();
    $("stage").textContent = title;
    $("detail").textContent = detail;
    if ($("bar").hidden) say(`${title}. ${detail}`); // Not every byte.
  };
  if (shown() === "progress") nowPaint(paint);
  else show("progress", paint);
  $("dots").hidden = !$("bar").hidden;
}

/** Shows a case as it is and follows it until it is settled. */
function open(id) {
  stopFollowing();
  current = id;
  history.replaceState(null, "", `#${id}`);
  $("bar").hidden = true;
  stopFollowing = follow(id, {
    seen(c) {
      if (c.status === "pending" || c.status === "waiting") {
        return stage(() => [c.title || t("looking"), t("waiting", { time: time(c.deadline) })]);
      }
      stopFollowing();
      answer(c);
    },
    waiting: () => stage(() => [t("lost"), t("lost-detail")]),
    failed: (problem) =>
      notice(() => [t("no-answer"), problem.words], problem.status === 404 ? null : () => open(id)),
  });
}

// --- The answer ---

async function answer(c) {
  showVerdict(c.id, c.verdict);
  openMap(false);
  $("diagnoses").open = false;
  $("look").hidden = true;
  $("print").hidden = !judged(c);
  sheetPictures(null, null);
  $("guide").hidden = true;
  if (c.problems) placeGuide("answer");
  show("answer", () => paintCase(c));
  say(t("answer-here"));
  const photo = await photoFor(c);
  if (current !== c.id) return; // The reader has gone on.
  if (photo && c.grid && judged(c)) await showLook(photo, c);
  const label = judged(c) ? c.label : "refused";
  if (c.status === "answered") await keep({ id: c.id, date: c.created, label }, photo && (await thumbnail(photo)));
}

function paintCase(c) {
  paintAnswer(c);
  paintMap();
  paintFeedback();
  if (judged(c)) paintSheet(c);
}

/** The photo that was sent just now, or the server's copy as long as it is kept; else null. */
async function photoFor(c) {
  if (sent) return sent;
  let photo = null;
  try {
    photo = c.photo ? await photoOf(c.id) : null;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
  }
  if (current === c.id) thumbs(photo);
  return photo;
}

/** Offers to see where the model looked, if this browser can draw the photo. */
async function showLook(photo, c) {
  const bitmap = await bitmapOf(photo, longest).catch(() => null);
  if (!bitmap || current !== c.id) return;
  sheetPictures(bitmap, compare(bitmap, c.grid));
  $("look").hidden = false;
}

/** Says an answer in another language: its title and text come from the server. */
async function answerAgain() {
  const id = current;
  try {
    const c = await read(id);
    if (current === id && shown() === "answer") nowPaint(() => paintCase(c));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem; // The old words stay.
  }
}

// --- Notices and deleting ---

/** Shows a title and a text, and a button that tries again where there is something to try. */
function notice(words, again) {
  stopFollowing();
  $("retry").hidden = !again;
  $("retry").onclick = again;
  show("notice", () => {
    [$("notice-title").textContent, $("notice-text").textContent] = words();
  });
  say(words().join(". "));
}

/** Asks before deleting, by the IDs of the words, and resolves to whether it is wanted. */
function sure(title, text) {
  const dialog = $("sure-delete");
  $("sure-title").textContent = t(title);
  $("sure-text").textContent = t(text);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // The event of an earlier close may come when the dialog is open again.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "delete");
  });
}

$("delete").onclick = async () => {
  const id = current;
  if (!(await sure("delete-title", "delete-text"))) return;
  try {
    await forget(id);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return notice(() => [t("delete-failed"), problem.words], () => open(id));
  }
  await drop(id);
  await forgetSent();
  compare(null);
  notice(() => [t("deleted"), t("deleted-text")]);
};

// --- The frame of it all ---

for (const b of document.querySelectorAll(".another")) b.onclick = startOver;
$("back").onclick = start;
$("open-history").onclick = async () => {
  await forgetSent();
  showHistory();
};
connectHistory((id) => {
  thumbs(null);
  open(id);
}, sure);

for (const [tag, name] of Object.entries(languages)) {
  $("language").append(Object.assign(document.createElement("option"), { value: tag, lang: tag, textContent: name }));
}
$("language").onchange = async () => {
  await speak($("language").value);
  remember(language());
  paintAgain();
  if (shown() === "answer") answerAgain();
};

await speak();
$("language").value = language();
// The address keeps the case's ID, so that reloading shows the answer again. The ID opens nothing
// without this browser's cookie.
if (/^#[A-Z2-7]{26}$/.test(location.hash)) open(location.hash.slice(1));
else start();
navigator.serviceWorker?.register("/sw.js").catch(() => {}); // It only helps those who are offline.
