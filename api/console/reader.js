// The page that reads a document: choose, upload, follow, show. The key lives in its input and in nothing else.

import { Refused, call, erase, follow, upload } from "./api.js";
import { drawBoxes, point } from "./boxes.js";
import { Camera, isLive } from "./camera.js";
import { bytes, element, say } from "./dom.js";
import { outcome, places } from "./result.js";
import { KINDS, STAGES, named } from "./words.js";

const at = (id) => document.getElementById(id);

let vocabulary = { kinds: Object.keys(KINDS), fields: {}, max_upload_bytes: Infinity };
let chosen = null; // the picture, a Blob
let running = null; // { stop: AbortController, key, id } while a reading is under way

// --- what to ask

async function learn() {
  try {
    vocabulary = await call("", "GET", "/console/vocabulary.json");
    at("limit").textContent = `, up to ${Math.floor(vocabulary.max_upload_bytes / 1e6)} MB`;
  } catch {
    // the words that are built in do; the server says what it does not take
  }
  at("kinds").replaceChildren(...vocabulary.kinds.map(kindChoice));
}

function kindChoice(kind, number) {
  const [name, about] = KINDS[kind] ?? [named(kind), ""];
  const input = element("input", { type: "radio", name: "document", value: kind });
  input.checked = number === 0;
  return element("label", { class: "kind" }, input, element("span", {}, element("strong", {}, name), element("small", {}, about)));
}

const kind = () => document.querySelector("[name=document]:checked")?.value ?? "auto";

function choose(picture) {
  if (!picture) return;
  fail("picture-error", "");
  if (picture.size > vocabulary.max_upload_bytes) {
    fail("picture-error", `This file has ${bytes(picture.size)}; at most ${bytes(vocabulary.max_upload_bytes)} are taken.`);
    return;
  }
  halt();
  chosen = picture;
  clearOutcome();
  preview(picture);
  at("read").disabled = false;
  at("read").focus({ preventScroll: true });
  say("Picture chosen.");
}

function preview(picture) {
  const image = at("picture");
  URL.revokeObjectURL(image.src);
  at("empty").hidden = true;
  at("figure").hidden = false;
  at("no-preview").hidden = true;
  image.parentElement.hidden = false;
  image.onerror = () => {
    image.parentElement.hidden = true;
    at("no-preview").hidden = false;
  };
  image.src = URL.createObjectURL(picture);
}

function fail(id, words) {
  at(id).textContent = words;
  at(id).hidden = !words;
  if (id === "key-error") at("key").toggleAttribute("aria-invalid", Boolean(words));
}

// --- the reading

async function start() {
  const key = at("key").value.trim();
  fail("key-error", key ? "" : "Enter your API key.");
  if (!key) return at("key").focus();
  if (!chosen || running) return;
  const mine = { stop: new AbortController(), key, id: null };
  running = mine;
  clearOutcome();
  at("read").disabled = true;
  at("progress").hidden = false;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  try {
    show("uploading", 0);
    const onProgress = (share) => show("uploading", share);
    const signal = mine.stop.signal;
    const job = await upload(key, chosen, kind(), { onProgress, signal });
    mine.id = job.id;
    const ended = await follow(key, job.id, { signal, onChange: (now) => running === mine && show(now.stage, 0, now.queue, seconds()) });
    if (running === mine) await finish(ended, key, seconds());
  } catch (error) {
    if (running === mine) tell(error);
  } finally {
    if (running === mine) {
      running = null;
      at("progress").hidden = true;
      at("read").disabled = !chosen;
    }
  }
}

/** Stops a reading that is under way and erases what the server has of it. */
function halt() {
  const stopped = running;
  running = null;
  if (!stopped) return;
  stopped.stop.abort();
  at("progress").hidden = true;
  at("read").disabled = !chosen;
  if (stopped.id) erase(stopped.key, stopped.id).catch(() => {});
  say("Stopped.");
}

function show(stage, share, queue, seconds = 0) {
  const names = Object.keys(STAGES);
  const reached = names.indexOf(stage);
  at("stages").replaceChildren(
    ...names.map((name, place) =>
      element("li", { class: place < reached ? "over" : place === reached ? "now" : "", "aria-current": place === reached ? "step" : null }, STAGES[name]),
    ),
  );
  const waits = queue?.position ? `${queue.position} before yours${queue.expected_seconds === null ? "" : `, about ${queue.expected_seconds} s`}` : "";
  const part = stage === "uploading" && share ? `${Math.round(share * 100)} %` : "";
  at("progress-words").textContent = [waits || part, seconds > 1 ? `${Math.round(seconds)} s` : ""].filter(Boolean).join(" · ") || "…";
  say(`${STAGES[stage] ?? stage}${waits ? `, ${waits}` : ""}`);
}

async function finish(job, key, seconds) {
  const image = at("picture");
  const isShown = !image.parentElement.hidden && (await image.decode().then(() => true, () => false));
  const size = { width: image.naturalWidth, height: image.naturalHeight };
  const onPoint = (name) => pointAt(job, name);
  if (isShown) drawBoxes(at("boxes"), size, places(job), onPoint);
  const expected = vocabulary.fields[job.result?.document_type] ?? [];
  const actions = element(
    "div",
    { class: "buttons" },
    element("button", { type: "button", class: "button", onclick: () => at("file").click() }, job.failure_reason ? "Try another picture" : "Read another"),
    element("button", { type: "button", class: "quiet", onclick: (event) => forget(event.target, key, job.id) }, "Erase from the server"),
  );
  at("outcome").replaceChildren(...outcome(job, { picture: isShown ? image : null, expected, seconds, onPoint }), actions);
  at("outcome").hidden = false;
  at("result-title").focus({ preventScroll: true });
  at("result-title").scrollIntoView({ block: matchMedia("(max-width: 56rem)").matches ? "start" : "nearest" });
  say(job.failure_reason ? `Not read. ${job.failure_reason.detail}` : `Read. ${Object.values(job.result.fields).filter((field) => field.value).length} fields.`);
}

function pointAt(job, name) {
  point(at("boxes"), name);
  for (const row of at("outcome").querySelectorAll("tr[data-name]")) row.classList.toggle("pointed", row.dataset.name === name);
  const field = job.result?.fields[name];
  at("caption").textContent = field ? `${named(name)}: ${field.value}` : "";
}

async function forget(button, key, id) {
  button.disabled = true;
  try {
    await erase(key, id);
    chosen = null;
    clearOutcome();
    at("figure").hidden = true;
    at("empty").hidden = false;
    at("read").disabled = true;
    at("file").value = "";
    say("Erased.");
  } catch (error) {
    button.disabled = false;
    say(error.message);
  }
}

function tell(error) {
  if (error.name === "AbortError") return;
  if (error instanceof Refused && error.status === 401) {
    fail("key-error", "This key is not valid here.");
    at("key").focus();
    return;
  }
  const words = error instanceof Refused ? error.message : "Something on this page went wrong.";
  at("outcome").replaceChildren(element("p", { class: "notice bad", role: "alert" }, words));
  at("outcome").hidden = false;
}

function clearOutcome() {
  at("outcome").hidden = true;
  at("outcome").replaceChildren();
  at("boxes").replaceChildren();
  at("caption").textContent = "";
}

// --- what a person does

const camera = new Camera(at("camera"), choose);

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
at("stop").addEventListener("click", halt);
at("key").addEventListener("input", () => fail("key-error", ""));
at("show-key").addEventListener("click", (event) => {
  const isShown = at("key").type === "password";
  at("key").type = isShown ? "text" : "password";
  event.target.setAttribute("aria-pressed", isShown);
  event.target.textContent = isShown ? "Hide" : "Show";
});
for (const id of ["file", "capture"]) at(id).addEventListener("change", (event) => choose(event.target.files[0]));
at("open-camera").addEventListener("click", () => (isLive() ? camera.open() : at("capture").click()));
document.addEventListener("paste", (event) => choose([...event.clipboardData.files][0]));

const drop = at("drop");
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault(); // beside the field too: a browser would leave the page to show the file
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  choose(event.dataTransfer.files[0]);
});
addEventListener("pagehide", () => {
  at("key").value = "";
});

learn();
