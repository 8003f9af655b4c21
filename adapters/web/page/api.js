// The calls of the JSON API. Every failure is a Problem with words for the reader.

import { language, t } from "./words.js";

/** A refusal of the server, by its HTTP status, or 0 where it could not be reached. */
export class Problem extends Error {
  /** Whether trying again may help. */
  get passing() {
    return [0, 408, 429].includes(this.status) || this.status >= 500;
  }

  /** What to tell the reader. */
  get words() {
    // What these are about only the server knows, which says it in the right language.
    if ([400, 422, 429].includes(this.status) && this.message) return this.message;
    return [0, 404, 408, 410, 413, 503].includes(this.status) ? t(`problem.${this.status}`) : t("problem.other");
  }

  constructor(status, detail = "") {
    super(detail);
    this.status = status;
  }
}

function problemOf(status, body) {
  try {
    return new Problem(status, JSON.parse(body).detail);
  } catch {
    return new Problem(status); // Something between us and the server speaks.
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, "Accept-Language": language() } });
  } catch {
    throw new Problem(0);
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

/** Sends a photo; progress hears how many of how many bytes have gone. fetch could not tell. */
export function upload(photo, key, progress) {
  const form = new FormData();
  form.append("consent", "true");
  form.append("photo", photo);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/cases");
    request.setRequestHeader("Accept-Language", language());
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded, e.total);
    request.onerror = () => reject(new Problem(0));
    request.onload = () =>
      request.status === 202
        ? resolve(JSON.parse(request.responseText))
        : reject(problemOf(request.status, request.responseText));
    request.send(form);
  });
}

/** A case as it is now. */
export const read = async (id) => (await call(`/v1/cases/${id}`)).json();

/** The reduced copy of a case's photo, a Blob. */
export const photoOf = async (id) => (await call(`/v1/cases/${id}/photo`)).blob();

/** Deletes a case. One that is gone already is no problem. */
export async function forget(id) {
  try {
    await call(`/v1/cases/${id}`, { method: "DELETE" });
  } catch (problem) {
    if (problem.status !== 404) throw problem;
  }
}

/** Gives a verdict on an answer. */
export const judge = (id, verdict) =>
  call(`/v1/cases/${id}/verdict`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(verdict),
  });

/** The data of a stream of server-sent events, until it ends. EventSource could not say our language. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice(6));
    }
  }
}

const pause = 2000; // Milliseconds before a broken stream is opened again.

/**
 * Follows a case: seen hears each state, waiting that the stream broke and is opened again,
 * failed the server's Problem. Returns what ends it.
 */
export function follow(id, { seen, waiting, failed }) {
  const stop = new AbortController();
  const { signal } = stop;
  /** Opens the stream and returns its events, or null where the server is away. */
  async function open() {
    try {
      return events((await call(`/v1/cases/${id}/events`, { signal })).body);
    } catch (problem) {
      if (signal.aborted || problem.status === 0) return null;
      stop.abort();
      failed(problem);
      return null;
    }
  }
  (async () => {
    while (!signal.aborted) {
      const stream = await open();
      while (stream && !signal.aborted) {
        const next = await stream.next().catch(() => ({ done: true }));
        if (next.done) break;
        seen(next.value);
      }
      if (signal.aborted) return;
      waiting();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  })();
  return () => stop.abort();
}
