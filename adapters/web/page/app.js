// The page: one view at a time, from the choice of a photo to the answer and what comes after.

import { Problem, follow, forget, heatmap, judge, read, upload } from "./api.js";
import { showAnswer } from "./answer.js";

const $ = (id) => document.getElementById(id);
const maxPhoto = 20 * 1024 * 1024;

let photo = null; // The chosen file.
let photoURL = "";
let key = ""; // Names the upload, so that trying again does not make a second case.
let current = ""; // The ID of the case on the page.
let stopFollowing = () => {};
let mapURL = "";

// --- Views ---

function show(view) {
  for (const v of document.querySelectorAll(".view")) v.hidden = v.id !== view;
  const heading = $(view).querySelector("h1, h2");
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

// say is for screen readers; repeated words are not read twice.
function say(words) {
  if ($("live").textContent !== words) $("live").textContent = words;
}

function notice(title, text, again) {
  stopFollowing();
  $("notice-title").textContent = title;
  $("notice-text").textContent = text;
  $("retry").hidden = !again;
  $("retry").onclick = again;
  show("notice");
  say(`${title}. ${text}`);
}

function thumbs(url) {
  for (const img of document.querySelectorAll(".thumb")) {
    img.hidden = !url;
    if (url) img.src = url;
    else img.removeAttribute("src");
    img.onerror = () => (img.hidden = true); // A format that this browser cannot draw.
  }
}

// --- Choosing ---

function choose(file) {
  URL.revokeObjectURL(photoURL);
  photo = file ?? null;
  photoURL = photo ? URL.createObjectURL(photo) : "";
  key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  $("missing").textContent = "";
  $("empty").hidden = Boolean(photo);
  $("preview").hidden = !photo;
  if (photo) $("preview").src = photoURL;
  else $("preview").removeAttribute("src");
  $("name").hidden = !photo;
  $("name").textContent = photo ? `${photo.name} – tap to change` : "";
  thumbs(photoURL);
  if (photo) say(`Chosen: ${photo.name}`);
}

function startOver() {
  stopFollowing();
  current = "";
  history.replaceState(null, "", "/");
  $("photo").value = "";
  choose(null);
  show("start");
}

$("preview").onerror = () => ($("preview").hidden = true);
$("photo").onchange = () => choose($("photo").files[0]);
$("consent").onchange = () => ($("missing").textContent = "");

// A photo dropped beside the field would otherwise replace the page.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (e) => e.preventDefault());
$("drop").addEventListener("dragover", () => $("drop").classList.add("over"));
$("drop").addEventListener("dragleave", () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (e) => {
  $("drop").classList.remove("over");
  if (e.dataTransfer.files.length > 0) choose(e.dataTransfer.files[0]);
});

$("start").onsubmit = (e) => {
  e.preventDefault();
  const missing = (words, field) => {
    $("missing").textContent = words;
    field.focus();
  };
  if (!photo) return missing("Please choose a photo first.", $("photo"));
  if (photo.size > maxPhoto) return missing("This photo is larger than 20 MB. Please choose a smaller one.", $("photo"));
  if (!$("consent").checked) return missing("Please agree first, or we may not look at your photo.", $("consent"));
  send();
};

// --- Sending and waiting ---

async function send() {
  stage("Sending your photo", "");
  $("bar").value = 0;
  show("progress");
  try {
    const sent = await upload(photo, key, (part) => {
      $("bar").value = part * 100;
      if (part === 1) stage("Your photo has arrived", "It is being checked in.");
    });
    history.replaceState(null, "", `#${sent.id}`);
    wait(sent.id);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const passing = [0, 408, 429].includes(problem.status) || problem.status >= 500;
    notice("Your photo was not taken", problem.message, passing ? send : null);
  }
}

function stage(title, detail) {
  $("stage").textContent = title;
  $("detail").textContent = detail;
  say(`${title}. ${detail}`);
}

// wait shows a case as it is and follows it until it is settled.
function wait(id) {
  current = id;
  stopFollowing = follow(id, {
    seen(c) {
      if (c.status === "pending" || c.status === "waiting") return pending(c);
      stopFollowing();
      answer(c);
    },
    waiting: () => stage("The connection was lost", "Trying again. The answer is kept for you."),
    failed: async () => {
      stopFollowing();
      try {
        answer(await read(id));
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        const again = problem.status === 404 ? null : () => wait(id);
        notice("There is no answer to show", problem.message, again);
      }
    },
  });
}

function pending(c) {
  const time = new Date(c.deadline).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  $("bar").removeAttribute("value"); // Nobody can tell how far the model is.
  stage(c.title || "The model is looking at your photo", `Mostly a matter of seconds. You will hear from us by ${time} at the latest.`);
  if ($("progress").hidden) show("progress");
}

// --- The answer ---

function answer(c) {
  showAnswer(c);
  closeMap();
  showVerdict(c.verdict);
  show("answer");
  say("The answer is here.");
}

function closeMap() {
  URL.revokeObjectURL(mapURL);
  mapURL = "";
  $("map").hidden = true;
  $("heatmap").setAttribute("aria-expanded", "false");
  $("heatmap").textContent = "Show what the model looked at";
}

$("heatmap").onclick = async () => {
  if (!$("map").hidden) return closeMap();
  const img = $("map").querySelector("img");
  const caption = $("map").querySelector("figcaption");
  img.hidden = true;
  caption.textContent = "Drawing …";
  $("map").hidden = false;
  $("heatmap").setAttribute("aria-expanded", "true");
  $("heatmap").textContent = "Hide what the model looked at";
  try {
    mapURL = URL.createObjectURL(await heatmap(current));
    img.src = mapURL;
    img.hidden = false;
    caption.textContent = "The warmer the colour, the more this part spoke for the label. " +
      "A frame, if there is one, is what the model looked at from closer up.";
  } catch (problem) {
    caption.textContent = problem.message;
  }
};

// --- What the user says of it ---

const done = "Thank you. That helps to make the answers better.";

function showVerdict(verdict) {
  $("up").setAttribute("aria-pressed", String(verdict?.agrees === true));
  $("down").setAttribute("aria-pressed", String(verdict?.agrees === false));
  const complete = Boolean(verdict?.truth) && verdict?.keep !== undefined;
  $("followup").hidden = verdict?.agrees !== false || complete;
  for (const input of $("followup").querySelectorAll("input")) input.checked = false;
  $("thanks").textContent = verdict?.agrees || complete ? done : "";
}

async function tell(verdict) {
  const buttons = $("feedback").querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  try {
    await judgeKeeping(verdict);
  } catch (problem) {
    $("thanks").textContent = problem.message;
  }
  for (const b of buttons) b.disabled = false;
}

// judgeKeeping saves the rest of a verdict where the photo to keep is no longer there.
async function judgeKeeping(verdict) {
  try {
    await judge(current, verdict);
    showVerdict(verdict);
  } catch (problem) {
    if (problem.status !== 410 || !verdict.keep) throw problem;
    const rest = { ...verdict, keep: false };
    await judge(current, rest);
    showVerdict(rest);
    $("thanks").textContent = `${done} The photo could not be kept: it has already been deleted.`;
  }
}

$("up").onclick = () => tell({ agrees: true });
$("down").onclick = async () => {
  await tell({ agrees: false }); // The thumb counts even if no more is said.
  if (!$("followup").hidden) $("followup").querySelector("input").focus();
};
$("followup").onchange = () => ($("thanks").textContent = "");
$("followup").onsubmit = (e) => {
  e.preventDefault();
  const said = new FormData(e.target);
  if (!said.get("truth") || !said.get("keep")) {
    $("thanks").textContent = "Please answer both questions. “I don’t know” is fine.";
    return;
  }
  tell({ agrees: false, truth: said.get("truth"), keep: said.get("keep") === "yes" });
};

// --- Leaving ---

$("delete").onclick = () => $("sure-delete").showModal();
$("sure-delete").onclose = async () => {
  const wanted = $("sure-delete").returnValue === "delete";
  $("sure-delete").returnValue = "";
  if (!wanted) return;
  try {
    await forget(current);
    history.replaceState(null, "", "/");
    choose(null);
    closeMap();
    notice("Deleted", "The photo, the answer and what you told us about it are gone.");
  } catch (problem) {
    notice("It could not be deleted", problem.message, () => wait(current));
  }
};

for (const b of document.querySelectorAll(".another")) b.onclick = startOver;

// The address keeps the case's ID, so that reloading shows the answer again. The ID opens
// nothing without this browser's cookie.
if (/^#[A-Z2-7]{26}$/.test(location.hash)) wait(location.hash.slice(1));
