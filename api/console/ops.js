// The operator's page: asks how things stand every few seconds, and mends what was given up.

import { Refused, call } from "./api.js";
import { copyButton, element, mark, say } from "./dom.js";
import { REASONS, named } from "./words.js";

const EVERY_MS = 5000;
const at = (id) => document.getElementById(id);

//: as the alerts have it, deploy/prometheus/alerts.yaml
const WORK_TOO_OLD_SECONDS = 120;
const SWEEPER_SILENT_SECONDS = 60;
const WEBHOOKS_LATE_SECONDS = 300;

let key = null;
let timer = null;
let isPaused = false;

async function look() {
  clearTimeout(timer);
  const asked = key;
  try {
    const [standing, dead, givenUp] = await Promise.all([
      call(asked, "GET", "/v1/admin/standing"),
      call(asked, "GET", "/v1/admin/dead-jobs"),
      call(asked, "GET", "/v1/admin/deliveries"),
    ]);
    if (asked !== key) return;
    at("trouble").hidden = true;
    show(standing, dead, givenUp);
  } catch (error) {
    if (asked === key) tell(error);
  }
  if (key && !isPaused) timer = setTimeout(look, EVERY_MS);
}

function tell(error) {
  if (error instanceof Refused && [401, 403].includes(error.status)) {
    key = null;
    at("board").hidden = at("pace").hidden = true;
    at("ask").hidden = false;
    at("key-error").textContent = error.status === 401 ? "This key is not valid here." : "This key may not do that: it lacks the scope admin.";
    at("key-error").hidden = false;
    at("key").focus();
    return;
  }
  at("trouble").textContent = error instanceof Refused ? error.message : "Something on this page went wrong.";
  at("trouble").hidden = false;
}

// --- what is shown

function show(standing, dead, givenUp) {
  at("ask").hidden = true;
  at("board").hidden = at("pace").hidden = false;
  at("age").textContent = `as of ${new Date().toLocaleTimeString()}`;
  at("tiles").replaceChildren(...tiles(standing));
  at("outcomes").replaceChildren(outcomes(standing.outcomes));
  at("disabled").replaceChildren(disabled(standing.webhooks.disabled));
  replaceRows("dead", dead, deadTable);
  replaceRows("given-up", givenUp, givenUpTable);
}

function tiles({ backlog, webhooks }) {
  const count = (state, priority) =>
    backlog.jobs.filter((one) => one.state === state && (!priority || one.priority === priority)).reduce((sum, one) => sum + one.count, 0);
  const silent = backlog.sweeper_age_seconds;
  return [
    tile("Waiting", count("queued"), `${count("queued", "person")} for persons, ${count("queued", "batch")} of batches`, true),
    tile("Being read", count("reading"), `${backlog.organizations_waiting} organizations wait`, count("reading") > 0 || count("queued") === 0),
    tile("Oldest that is due", span(backlog.oldest_due_seconds), `accepted ${span(backlog.oldest_queued_seconds)} ago`, backlog.oldest_due_seconds <= WORK_TOO_OLD_SECONDS),
    tile("Lost leases", backlog.lost_leases, "their workers are silent", backlog.lost_leases === 0),
    tile("Dead jobs", backlog.dead_jobs, "can be read again below", backlog.dead_jobs === 0),
    tile("Sweeper", silent === null ? "never" : span(silent), "since its last sign of life", silent !== null && silent <= SWEEPER_SILENT_SECONDS),
    tile("Webhooks", webhooks.deliveries.waiting + webhooks.deliveries.sending, `${webhooks.deliveries.sending} on their way`, true),
    tile("Oldest webhook due", span(webhooks.oldest_due_seconds), "could have been sent", webhooks.oldest_due_seconds <= WEBHOOKS_LATE_SECONDS),
  ];
}

function tile(name, value, about, isFine) {
  return element(
    "li",
    { class: `tile ${isFine ? "" : "bad"}` },
    element("span", { class: "name" }, name),
    element("strong", {}, String(value)),
    element("span", { class: "note" }, about),
    element("span", { class: `state ${isFine ? "good" : "bad"}` }, mark(isFine ? "pass" : "look"), isFine ? "fine" : "look here"),
  );
}

function outcomes(rows) {
  if (!rows.length) return nothing("No job has ended.");
  const most = Math.max(...rows.map((row) => row.count));
  const all = rows.reduce((sum, row) => sum + row.count, 0);
  return table(
    ["Outcome", "Document", "Jobs", "Share"],
    rows.map((row) => [
      row.state === "failed" ? (REASONS[row.reason] ?? named(row.reason)) : named(row.state),
      named(row.document),
      element("span", { class: "number" }, String(row.count)),
      bar(row.count / most, row.count / all, row.state),
    ]),
  );
}

function bar(length, share, state) {
  const drawn = element("span", { class: `length ${state}` });
  drawn.style.setProperty("--length", length);
  return element("span", { class: "bar-cell" }, drawn, `${Math.round(100 * share)} %`);
}

function disabled(byReason) {
  const rows = Object.entries(byReason);
  if (!rows.length) return nothing("Every endpoint is on.");
  return table(["Reason", "Endpoints"], rows.map(([reason, count]) => [named(reason || "switched off"), element("span", { class: "number" }, String(count))]));
}

function deadTable(rows) {
  if (!rows.length) return nothing("None.");
  return table(
    ["Job", "Organization", "Document", "Trouble", "Claims", "Given up", "Kept until", "Action"],
    rows.map((row) => [
      id(row.id),
      id(row.organization_id),
      named(row.document),
      row.trouble ? named(row.trouble) : "–",
      element("span", { class: "number" }, String(row.claims)),
      time(row.finished_at),
      time(row.replayable_until),
      action("Read again", row.id, () => call(key, "POST", `/v1/admin/dead-jobs/${row.id}/replay`), "A new attempt is queued."),
    ]),
  );
}

function givenUpTable(rows) {
  if (!rows.length) return nothing("None.");
  return table(
    ["Delivery", "Organization", "Endpoint", "Last answer", "Requests", "Given up", "Action"],
    rows.map((row) => [
      id(row.id),
      id(row.organization_id),
      id(row.endpoint_id),
      [row.last_status, row.last_error && named(row.last_error)].filter(Boolean).join(" · ") || "–",
      element("span", { class: "number" }, String(row.attempts)),
      time(row.finished_at),
      action("Send again", row.id, () => call(key, "POST", `/v1/admin/deliveries/${row.id}/redeliver`), "It is sent again."),
    ]),
  );
}

/** Rows are drawn anew only when they changed, so that a focused button stays. */
function replaceRows(where, rows, draw) {
  const text = JSON.stringify(rows);
  if (at(where).dataset.shown === text) return;
  at(where).dataset.shown = text;
  at(where).replaceChildren(draw(rows));
}

function action(words, name, act, done) {
  const button = element("button", { type: "button", class: "button", "aria-label": `${words}: ${name}` }, words);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await act();
      say(done);
      look();
    } catch (error) {
      button.disabled = false;
      tell(error);
    }
  });
  return button;
}

function table(heads, rows) {
  return element(
    "div",
    { class: "scrolls", tabindex: "0", role: "region", "aria-label": heads[0] },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, cell))))),
    ),
  );
}

const nothing = (words) => element("p", { class: "note" }, words);
/** The end of an id, which is random; its beginning is the time. All of it is in the title and is copied. */
const id = (text) => element("span", { class: "id" }, element("code", { title: text }, `…${text.slice(-12)}`), copyButton(`the id ${text}`, text));
const time = (text) => (text ? element("time", { datetime: text }, new Date(text).toLocaleString([], { dateStyle: "short", timeStyle: "short" })) : "–");

function span(seconds) {
  if (seconds < 1) return "0 s";
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

// --- what a person does

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  at("key-error").textContent = key ? "" : "Enter an admin key.";
  at("key-error").hidden = Boolean(key);
  if (key) look();
});
at("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  at("pause").setAttribute("aria-pressed", isPaused);
  at("pause").textContent = isPaused ? "Go on" : "Pause";
  if (isPaused) clearTimeout(timer);
  else look();
});
addEventListener("pagehide", () => {
  key = null;
  at("key").value = "";
});
