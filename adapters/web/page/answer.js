// Shows a case's answer.

const kinds = {
  nv: "Mole (melanocytic nevus)",
  mel: "Melanoma",
  bkl: "Age spot or other benign keratosis",
  bcc: "Basal cell carcinoma",
  akiec: "Actinic keratosis or Bowen’s disease",
  vasc: "Blood vessel spot (vascular lesion)",
  df: "Dermatofibroma",
};

const $ = (id) => document.getElementById(id);

// Never 0 or 100: the model is never that sure.
function percent(p) {
  const n = Math.round(p * 100);
  if (n < 1) return "under 1 %";
  if (n > 99) return "over 99 %";
  return `${n} %`;
}

const paragraphs = (text) =>
  text.split(/\n\s*\n/).filter(Boolean).map((words) => {
    const p = document.createElement("p");
    p.textContent = words;
    return p;
  });

function bar([kind, p]) {
  const li = document.createElement("li");
  const track = document.createElement("span");
  const fill = document.createElement("span");
  track.className = "track";
  fill.style.width = `${p * 100}%`;
  track.append(fill);
  const name = document.createElement("span");
  name.textContent = kinds[kind] ?? kind;
  const value = document.createElement("span");
  value.textContent = percent(p);
  li.append(name, value, track);
  return li;
}

export function showAnswer(c) {
  $("title").textContent = c.title || "Your answer";
  $("text").replaceChildren(...paragraphs(c.text));

  // A refused photo gets its reasons, not figures that mean nothing.
  const judged = c.status === "answered" && !c.problems;
  $("figures").hidden = !judged;
  $("figures").dataset.label = c.label ?? "";
  $("label").textContent = c.label ?? "";
  $("sure").hidden = c.confidence === undefined;
  if (c.confidence !== undefined) {
    $("confidence").textContent = percent(c.confidence);
    $("gauge").style.width = `${c.confidence * 100}%`;
  }
  $("diagnoses").hidden = !judged || !c.diagnoses;
  $("diagnoses").open = false;
  $("bars").replaceChildren(...Object.entries(c.diagnoses ?? {}).sort((a, b) => b[1] - a[1]).map(bar));

  $("look").hidden = !judged || !c.heatmap;
  $("feedback").hidden = c.status !== "answered";
  $("ask").textContent = judged ? "Was this answer right?" : "Was it right to refuse this photo?";
}
