// The native API as the page uses it. The key comes with every call and is kept nowhere here.

const PAUSE_MS = 250;
const PATIENCE_MS = 60_000;

/** An answer that is no success. `status` 0: no answer at all. */
export class Refused extends Error {
  constructor(status, words, retrySeconds = 0) {
    super(words);
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

const OFFLINE = "The server does not answer. Is it running, and are you connected?";

/** Uploads a picture; resolves with its job. `onProgress` is told the share that has left, 0 to 1. */
export function upload(key, picture, kind, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("document", kind);
    form.append("image", picture, "picture"); // the file's own name may name a person
    const request = new XMLHttpRequest(); // `fetch` does not tell how much has left
    request.open("POST", "/v1/jobs");
    request.responseType = "json";
    request.setRequestHeader("Authorization", `Bearer ${key}`);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.response);
      else reject(refusal(request.status, request.response, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", () => reject(new Refused(0, OFFLINE)));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/** Follows a job to its end; `onChange` sees it whenever it is asked for. A connection that breaks is tried again. */
export async function follow(key, id, { onChange, signal }) {
  let lostAt = null;
  for (;;) {
    const began = performance.now();
    try {
      const job = await call(key, "GET", `/v1/jobs/${id}?wait=1`, { signal });
      lostAt = null;
      onChange(job);
      if (job.status !== "CREATED") return job;
    } catch (error) {
      const isPassing = error instanceof Refused && [0, 429, 502, 503, 504].includes(error.status);
      lostAt ??= began;
      if (!isPassing || began - lostAt > PATIENCE_MS) throw error;
      await pause(1000 * Math.max(1, error.retrySeconds), signal);
    }
    await pause(Math.max(0, PAUSE_MS - (performance.now() - began)), signal);
  }
}

/** Erases a job and all that was read from it. */
export const erase = (key, id) => call(key, "DELETE", `/v1/jobs/${id}`);

/** One call; resolves with its JSON. Rejects with `Refused`. */
export async function call(key, method, path, { signal, body } = {}) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, OFFLINE);
  }
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw refusal(answer.status, told, answer.headers.get("Retry-After"));
  return told;
}

function refusal(status, problem, retryAfter) {
  return new Refused(status, problem?.detail ?? `The server answered ${status}.`, Number(retryAfter) || 0);
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
