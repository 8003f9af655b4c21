// The page that the service worker shows where there is no connection.

import { speak } from "./words.js";

const again = () => location.reload();

await speak();
document.getElementById("retry").onclick = again;
window.addEventListener("online", again);
