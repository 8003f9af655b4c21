// The calls of the JSON API. Every failure is a Problem with words for the reader.

export class Problem extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

const unreachable = () =>
  new Problem(0, "The server could not be reached. Please check your connection and try again.");

function problemOf(status, body) {
  let words = "";
  try {
    words = JSON.parse(body).detail;
  } catch {
    // Not one of our answers: something between us and the server speaks.
  }
  return new Problem(status, words || "Something went wrong. Please try again in a moment.");
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

// upload sends a photo and tells how much of it has gone, from 0 to 1. fetch could not tell.
export function upload(photo, key, progress) {
  const form = new FormData();
  form.append("consent", "true");
  form.append("photo", photo);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/cases");
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
    request.onerror = () => reject(unreachable());
    request.onload = () =>
      request.status === 202
        ? resolve(JSON.parse(request.responseText))
        : reject(problemOf(request.status, request.responseText));
    request.send(form);
  });
}

export const read = async (id) => (await call(`/v1/cases/${id}`)).json();

export const heatmap = async (id) => (await call(`/v1/cases/${id}/heatmap`)).blob();

export const forget = (id) => call(`/v1/cases/${id}`, { method: "DELETE" });

export const judge = (id, verdict) =>
  call(`/v1/cases/${id}/verdict`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(verdict),
  });

// follow calls seen with each state of a case. Browsers reconnect by themselves when a stream
// breaks (waiting tells), but give up when the server answers with a problem: then failed.
export function follow(id, { seen, waiting, failed }) {
  const source = new EventSource(`/v1/cases/${id}/events`);
  source.addEventListener("case", (e) => seen(JSON.parse(e.data)));
  source.onerror = () => (source.readyState === EventSource.CLOSED ? failed() : waiting());
  return () => source.close();
}
