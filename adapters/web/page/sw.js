// The service worker: keeps the page for those who are offline, and nothing else. It never sees
// photos or answers: what is below /v1/ goes past it.

const cacheName = "offline-page";
const languages = ["en", "fr", "nl", "de", "es"];
const kept = [
  "/page/offline.html", "/page/offline.js", "/page/words.js", "/page/style.css", "/page/icon.svg",
  ...languages.map((tag) => `/page/words/${tag}.json`),
];

self.addEventListener("install", (e) => {
  e.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(kept)));
  self.skipWaiting();
});

self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));

/** Asks the server, keeps what it says of a kept file, and goes back to that where it is away. */
async function fileOf(request, path) {
  try {
    const response = await fetch(request);
    if (response.ok) (await caches.open(cacheName)).put(path, response.clone());
    return response;
  } catch (unreachable) {
    const old = await caches.match(path);
    if (old) return old;
    throw unreachable;
  }
}

/** Opens the page, or the offline page where the server is away. */
async function pageOf(request) {
  try {
    return await fetch(request);
  } catch (unreachable) {
    const offline = await caches.match("/page/offline.html");
    if (offline) return offline;
    throw unreachable;
  }
}

self.addEventListener("fetch", (e) => {
  const { pathname } = new URL(e.request.url);
  if (e.request.mode === "navigate") e.respondWith(pageOf(e.request));
  else if (kept.includes(pathname)) e.respondWith(fileOf(e.request, pathname));
});
