// The sheet to print for the doctor.

import { figure, ranked } from "./answer.js";
import { date, percent } from "./figures.js";
import { $ } from "./views.js";
import { t } from "./words.js";

function row(name, value) {
  const tr = document.createElement("tr");
  const th = Object.assign(document.createElement("th"), { scope: "row", textContent: name });
  tr.append(th, Object.assign(document.createElement("td"), { textContent: value }));
  return tr;
}

function copy(picture, canvas) {
  canvas.width = picture?.width ?? 0;
  canvas.height = picture?.height ?? 0;
  if (picture) canvas.getContext("2d").drawImage(picture, 0, 0);
}

/** Puts the pictures on the sheet; without them it has figures only. */
export function sheetPictures(photo, marked) {
  $("sheet").querySelector(".pictures").hidden = !photo;
  copy(photo, $("sheet-photo"));
  copy(marked, $("sheet-marks"));
}

/** Writes the figures of a judged case on the sheet. */
export function paintSheet(c) {
  $("sheet-date").textContent = t("sheet-sent", { date: date(c.created) });
  const rows = [
    row(t("label"), t(`label.${c.label}`)),
    row(t("malignancy"), percent(c.malignancy)),
    row(t("sheet-model"), c.model),
  ];
  if (figure(c)[0] === "confidence") rows.splice(1, 0, row(t("confidence"), percent(c.confidence)));
  if (c.kind) rows.push(row(t("sheet-kind"), t(`kind.${c.kind}`)));
  $("sheet-figures").replaceChildren(...rows);
  $("sheet-bars").replaceChildren(...ranked(c).map(([kind, p]) => row(t(`spot.${kind}`), percent(p))));
  $("sheet").hidden = false;
}

$("print").onclick = () => window.print();
