// The words and figures of an answer.

import { percent } from "./figures.js";
import { $ } from "./views.js";
import { t } from "./words.js";

const paragraphs = (text) =>
  text.split(/\n\s*\n/).filter(Boolean).map((words) => Object.assign(document.createElement("p"), { textContent: words }));

function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

function bar([kind, p]) {
  const fill = element("span", "");
  fill.style.width = `${p * 100}%`;
  return element("li", "", element("span", "", t(`spot.${kind}`)), element("span", "", percent(p)), element("span", "track", fill));
}

/** Whether the model judged the photo: a refused one gets its reasons, not figures that mean nothing. */
export const judged = (c) => c.status === "answered" && !c.problems;

/** The kinds of spots with their probabilities, the likeliest first. */
export const ranked = (c) => Object.entries(c.diagnoses ?? {}).sort((a, b) => b[1] - a[1]);

/** The figure that goes with the label: of an inconclusive one the chance that it is malignant. */
export const figure = (c) =>
  c.label === "inconclusive" ? ["malignancy", c.malignancy] : ["confidence", c.confidence];

/** Writes an answer. */
export function paintAnswer(c) {
  $("title").textContent = c.title || t("answer");
  $("text").replaceChildren(...paragraphs(c.text));
  $("figures").hidden = !judged(c);
  $("figures").dataset.label = c.label ?? "";
  $("label").textContent = c.label ? t(`label.${c.label}`) : "";
  const [name, p] = figure(c);
  $("sure").hidden = p === undefined;
  if (p !== undefined) {
    $("figure").textContent = t(name === "malignancy" ? "malignancy" : "confidence");
    $("confidence").textContent = percent(p);
    $("gauge").style.width = `${p * 100}%`;
  }
  $("diagnoses").hidden = !judged(c) || !c.diagnoses;
  $("bars").replaceChildren(...ranked(c).map(bar));
  $("feedback").hidden = c.status !== "answered";
  $("ask").textContent = t(judged(c) ? "ask" : "ask-refused");
}
