// Numbers and times as the reader's language writes them.

import { language, t } from "./words.js";

const share = (p) => new Intl.NumberFormat(language(), { style: "percent" }).format(p);

/** Per cent of a probability, never 0 or 100: the model is never that sure. */
export function percent(p) {
  const n = Math.round(p * 100);
  if (n < 1) return t("under", { percent: share(0.01) });
  if (n > 99) return t("over", { percent: share(0.99) });
  return share(n / 100);
}

/** Bytes in megabytes with one decimal. */
export const megabytes = (n) =>
  new Intl.NumberFormat(language(), { style: "unit", unit: "megabyte", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(n / 1e6);

/** The time of day. */
export const time = (when) => new Date(when).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit" });

/** The day and the time of day. */
export const date = (when) => new Date(when).toLocaleString(language(), { dateStyle: "long", timeStyle: "short" });
