// The keys. A number only chooses its button, because a vote cannot be taken back: Enter presses it.

const on = document.getElementById("keys");
const remembered = "deepskin-team-keys";

document.documentElement.classList.add("scripted");
if (on) {
  on.closest("[hidden]").hidden = false;
  on.checked = localStorage.getItem(remembered) !== "off";
  on.onchange = () => {
    localStorage.setItem(remembered, on.checked ? "on" : "off");
    show();
  };
}
show();

function show() {
  document.documentElement.classList.toggle("keyed", !on || on.checked);
}

addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || (on && !on.checked)) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((b) => b.dataset.key === e.key.toLowerCase());
  if (!wanted) return;
  e.preventDefault();
  if (wanted.name === "decision") wanted.focus();
  else wanted.click();
});

// A thumb that trembles votes once, not on the next photo too.
for (const form of document.forms) {
  form.addEventListener("submit", (e) => {
    if (form.dataset.sent) e.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
