// What the reader says of an answer.

import { judge } from "./api.js";
import { $, say } from "./views.js";
import { t } from "./words.js";

let id = ""; // Of the case on the page.
let words = null; // What is said below the buttons.

function answerWith(say) {
  words = say;
  paintFeedback();
}

/** Writes what is said below the buttons, and how much room is left for a comment. */
export function paintFeedback() {
  $("thanks").textContent = words ? words() : "";
  $("comment-left").textContent = t("comment-left", { n: left() });
}

/** How many characters still fit into the comment. */
const left = () => $("comment").maxLength - $("comment").value.length;

/** Shows what was said of a case so far. */
export function showVerdict(of, verdict) {
  id = of;
  $("up").setAttribute("aria-pressed", String(verdict?.agrees === true));
  $("down").setAttribute("aria-pressed", String(verdict?.agrees === false));
  const complete = Boolean(verdict?.truth) && verdict?.keep !== undefined;
  $("followup").hidden = verdict?.agrees !== false || complete;
  $("followup").reset();
  $("comment").value = verdict?.comment ?? "";
  answerWith(verdict?.agrees || complete ? () => t("thanks") : null);
}

async function tell(verdict) {
  const buttons = $("feedback").querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  try {
    await tellKeeping(verdict);
  } catch (problem) {
    answerWith(() => problem.words);
  }
  for (const b of buttons) b.disabled = false;
}

/** Saves the rest of a verdict where the photo to keep is no longer there. */
async function tellKeeping(verdict) {
  try {
    await judge(id, verdict);
    showVerdict(id, verdict);
  } catch (problem) {
    if (problem.status !== 410 || !verdict.keep) throw problem;
    const rest = { ...verdict, keep: false };
    await judge(id, rest);
    showVerdict(id, rest);
    answerWith(() => t("thanks-gone"));
  }
}

$("up").onclick = async () => {
  await tell({ agrees: true });
  $("up").focus();
};
$("down").onclick = async () => {
  await tell({ agrees: false }); // The thumb counts even if no more is said.
  if (!$("followup").hidden) $("followup").querySelector("input").focus();
};
$("followup").onchange = () => answerWith(null);
$("comment").oninput = () => {
  paintFeedback();
  if ([100, 10, 0].includes(left())) say(t("comment-left", { n: left() })); // Not at every letter.
};
$("followup").onsubmit = (e) => {
  e.preventDefault();
  const said = new FormData(e.target);
  if (!said.get("truth") || !said.get("keep")) return answerWith(() => t("both"));
  const comment = $("comment").value.trim();
  tell({ agrees: false, truth: said.get("truth"), keep: said.get("keep") === "yes", ...(comment && { comment }) });
};
