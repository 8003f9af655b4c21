// The page's words, in the language of the reader.

/** The languages that there are, by tag, with the names that their speakers call them. */
export const languages = { en: "English", fr: "Français", nl: "Nederlands", de: "Deutsch", es: "Español" };

const memory = "language"; // The key in localStorage.
let words = {};
let tag = "en";

/** The chosen language's tag. */
export const language = () => tag;

/** Says what has this ID; data fills the places in braces. */
export function t(id, data = {}) {
  return (words[id] ?? id).replace(/\{(\w+)\}/g, (_, name) => data[name]);
}

/** The language that was chosen here, or the first of the browser's that there is. */
function preferred() {
  try {
    const chosen = localStorage.getItem(memory);
    if (chosen in languages) return chosen;
  } catch {
    // A browser without storage.
  }
  return navigator.languages.map((l) => l.toLowerCase().split("-")[0]).find((l) => l in languages) ?? "en";
}

/** Keeps a choice for the next visit. */
export function remember(chosen) {
  try {
    localStorage.setItem(memory, chosen);
  } catch {
    // Then it counts for this visit only.
  }
}

/** Loads a language and says everything fixed on the page in it. */
export async function speak(wanted = preferred()) {
  const response = await fetch(`/page/words/${wanted}.json`);
  if (!response.ok) throw new Error(`no words in ${wanted}`);
  words = await response.json();
  tag = wanted;
  document.documentElement.lang = tag;
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
  for (const e of document.querySelectorAll("[data-t-alt]")) e.alt = t(e.dataset.tAlt);
  for (const e of document.querySelectorAll("[data-t-aria-label]")) e.setAttribute("aria-label", t(e.dataset.tAriaLabel));
}
