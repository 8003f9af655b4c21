// Takes the token out of the link, so that nothing is left to paste and nobody reads it off the address.

const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("link").value = token;
  document.getElementById("paste").hidden = true;
  document.getElementById("ready").hidden = false;
  document.querySelector("#login button").focus();
}
