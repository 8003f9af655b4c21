// The view with the list of cases.

import { forget } from "./api.js";
import { date } from "./figures.js";
import { drop, list } from "./history.js";
import { $, say, show } from "./views.js";
import { t } from "./words.js";

let urls = [];
let openCase = () => {};
let asksFirst = async () => false;
let entries = [];

function button(className, ...content) {
  const b = Object.assign(document.createElement("button"), { type: "button", className });
  b.append(...content);
  return b;
}

function picture(thumb) {
  const img = Object.assign(document.createElement("img"), { alt: "", width: 56, height: 56 });
  if (thumb) {
    urls.push(URL.createObjectURL(thumb));
    img.src = urls.at(-1);
  } else {
    img.className = "none";
    img.src = "/page/icon.svg";
  }
  return img;
}

function item(c) {
  const when = date(c.date);
  const label = t(`label.${c.label}`);
  const words = document.createElement("span");
  words.append(Object.assign(document.createElement("strong"), { textContent: label }), document.createElement("br"), when);
  const go = button("case", picture(c.thumb), words);
  go.setAttribute("aria-label", t("history-open", { date: when, label }));
  go.onclick = () => openCase(c.id);
  const erase = button("quiet", t("delete-yes"));
  erase.setAttribute("aria-label", t("history-delete", { date: when }));
  erase.onclick = async () => (await asksFirst("delete-title", "delete-text")) && remove([c]);
  const li = document.createElement("li");
  li.append(go, erase);
  return li;
}

/** Deletes cases on the server and here; where the server is away, they stay. */
async function remove(cases) {
  let problem = null;
  for (const c of cases) {
    try {
      await forget(c.id);
      await drop(c.id);
    } catch (p) {
      problem = p;
    }
  }
  await showHistory();
  $("history-problem").textContent = problem ? problem.words : "";
  if (!problem) say(t(entries.length > 0 ? "deleted" : "history-cleared"));
}

function paint() {
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [];
  $("history-text").textContent = t(entries.length > 0 ? "history-text" : "history-none");
  $("history-problem").textContent = "";
  $("clear").hidden = entries.length === 0;
  $("cases").hidden = entries.length === 0;
  $("cases").replaceChildren(...entries.map(item));
}

/** Shows the list. */
export async function showHistory() {
  entries = await list();
  show("history", paint);
}

/** Says what opens a case, and what asks before deleting. */
export function connectHistory(open, ask) {
  openCase = open;
  asksFirst = ask;
}

$("clear").onclick = async () => (await asksFirst("clear-title", "clear-text")) && remove(entries);
