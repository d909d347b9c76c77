// What was read of a picture, or why nothing was, as elements. Knows no calls and keeps no state.

import { crop } from "./boxes.js";
import { bytes, copyButton, element, mark, percent } from "./dom.js";
import { REASONS, VERDICTS, named } from "./words.js";

const SURE = 0.95;
const DOUBTFUL = 0.8;
const ORDER = { fail: 0, pass: 1, not_applicable: 2 };

export const look = (confidence) => (confidence >= SURE ? "sure" : confidence >= DOUBTFUL ? "fair" : "doubtful");

/** All places of a job that can be drawn: fields, or what the reason to retake points at. */
export function places(job) {
  const failure = job.failure_reason;
  if (failure) return failure.box ? [{ name: "reason", box: failure.box, look: "bad" }] : [];
  return Object.entries(job.result?.fields ?? {})
    .filter(([, field]) => field.box && field.value)
    .map(([name, field]) => ({ name, box: field.box, look: look(field.confidence) }));
}

/** The outcome of an ended job. `expected` names fields to show although they are empty. */
export function outcome(job, { picture, expected, seconds, onPoint }) {
  const parts = job.failure_reason ? failed(job.failure_reason) : read(job.result, { picture, expected, onPoint });
  return [...parts, about(job, seconds), raw(job)];
}

function failed(failure) {
  const measured = Object.entries(failure.measured ?? {}).map(([name, value]) =>
    element("div", {}, element("dt", {}, named(name)), element("dd", {}, shortNumber(value))),
  );
  return [
    element(
      "div",
      { class: "verdict bad" },
      mark("fail"),
      element("div", {}, element("h3", {}, REASONS[failure.reason] ?? named(failure.reason)), element("p", {}, failure.detail)),
    ),
    measured.length ? element("details", {}, element("summary", {}, "What was measured"), element("dl", { class: "facts" }, measured)) : null,
  ].filter(Boolean);
}

function read(result, { picture, expected, onPoint }) {
  const checks = [...new Map([...(result.mrz?.checks ?? []), ...result.checks].map((check) => [check.name, check])).values()];
  return [
    summary(result, checks),
    fieldTable(result, { picture, expected, checks, onPoint }),
    result.mrz ? zone(result.mrz) : null,
    checks.length ? checkList(checks) : null,
  ].filter(Boolean);
}

function summary(result, checks) {
  const wrong = checks.filter((check) => check.verdict === "fail").length;
  const surely = checks.find((check) => check.name === "read_surely");
  const isGood = wrong === 0;
  const words = isGood
    ? "Every check that applies passed."
    : surely?.verdict === "fail" && wrong === 1
      ? "No rule is broken, but the reader is not sure of every character: let a person look."
      : `${wrong} ${wrong === 1 ? "check" : "checks"} failed: let a person look.`;
  return element(
    "div",
    { class: `verdict ${isGood ? "good" : "fair"}` },
    mark(isGood ? "pass" : "look"),
    element("div", {}, element("h3", {}, named(result.document_type || "document")), element("p", {}, words)),
  );
}

function fieldTable(result, { picture, expected, checks, onPoint }) {
  const missing = expected.filter((name) => !(name in result.fields)).map((name) => [name, { value: "", confidence: 0 }]);
  const rows = [...Object.entries(result.fields), ...missing];
  const told = Object.fromEntries(rows.filter(([, field]) => field.value).map(([name, field]) => [name, field.value]));
  const wrongFields = new Set(checks.filter((check) => check.verdict === "fail").flatMap((check) => check.fields));
  return element(
    "section",
    { "aria-label": "Fields" },
    element(
      "div",
      { class: "buttons spread" },
      element("h3", {}, "Fields"),
      copyButton("all fields", JSON.stringify(told, null, 2), "Copy all"),
    ),
    element(
      "table",
      { class: "fields" },
      element("caption", { class: "unseen" }, "Fields with their values and confidences"),
      element("thead", {}, element("tr", {}, ...["Field", "Value", "Confidence", "Copy"].map((word) => element("th", { scope: "col" }, word)))),
      element("tbody", {}, rows.map(([name, field]) => fieldRow(name, field, picture, wrongFields.has(name), onPoint))),
    ),
  );
}

function fieldRow(name, field, picture, isWrong, onPoint) {
  const value = field.value
    ? element("span", { class: "value" }, field.value)
    : element("span", { class: "unread" }, field.confidence > 0.5 ? "empty" : "not read");
  const row = element(
    "tr",
    { "data-name": name },
    element("th", { scope: "row" }, named(name)),
    element(
      "td",
      {},
      field.value && field.box && picture ? crop(picture, field.box) : null,
      value,
      isWrong ? element("span", { class: "wrong" }, mark("fail"), "a check failed") : null,
    ),
    element("td", { class: "confidence" }, field.value ? confidence(field.confidence) : ""),
    element("td", { class: "act" }, field.value ? copyButton(named(name), field.value) : ""),
  );
  for (const begins of ["pointerenter", "focusin"]) row.addEventListener(begins, () => onPoint(name));
  for (const ends of ["pointerleave", "focusout"]) row.addEventListener(ends, () => onPoint(null));
  return row;
}

function confidence(share) {
  const bar = element("span", { class: "share" });
  bar.style.setProperty("--share", share);
  return element("span", { class: `sureness ${look(share)}` }, bar, element("span", {}, percent(share)));
}

function zone(mrz) {
  const repaired = new Map(mrz.repaired.map((one) => [`${one.line}/${one.column}`, one]));
  const lines = mrz.lines.map((line, number) =>
    element(
      "span",
      { class: "line" },
      [...line].map((character, column) => {
        const repair = repaired.get(`${number}/${column}`);
        return repair ? element("mark", { title: `read as ${repair.read}` }, character) : character;
      }),
    ),
  );
  const note = repaired.size
    ? element("p", { class: "note" }, `${repaired.size} marked ${repaired.size === 1 ? "character" : "characters"} taken otherwise than read, by the check digits.`)
    : null;
  return element(
    "section",
    { "aria-label": "Machine readable zone" },
    element("div", { class: "buttons spread" }, element("h3", {}, `Machine readable zone, ${mrz.format}`), copyButton("the lines", mrz.lines.join("\n"))),
    element("pre", { class: "zone", tabindex: "0" }, lines),
    ...(note ? [note] : []),
  );
}

function checkList(checks) {
  const sorted = [...checks].sort((a, b) => ORDER[a.verdict] - ORDER[b.verdict]);
  return element(
    "section",
    { "aria-label": "Checks" },
    element("h3", {}, "Checks"),
    element(
      "ul",
      { class: "checks" },
      sorted.map((check) =>
        element(
          "li",
          { class: check.verdict },
          mark(check.verdict),
          element("span", {}, named(check.name)),
          element("span", { class: "word" }, VERDICTS[check.verdict]),
        ),
      ),
    ),
  );
}

function about(job, seconds) {
  const image = job.result?.image;
  const facts = [["Outcome after", `${seconds.toFixed(1)} s`]];
  if (image) {
    facts.push(["Picture", `${kindOf(image.media_type)}, ${image.width} × ${image.height}, ${bytes(image.bytes)}`]);
    if (image.compressed_bytes) {
      const size = `${image.compressed_width} × ${image.compressed_height}`;
      facts.push(["Compressed", `${kindOf(image.compressed_media_type)}, ${size}, ${bytes(image.compressed_bytes)}`]);
    }
  }
  if (job.result?.engine) facts.push(["Reader", job.result.engine]);
  return element(
    "dl",
    { class: "facts" },
    facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
}

function raw(job) {
  const text = JSON.stringify(job, null, 2);
  return element(
    "details",
    { class: "raw" },
    element("summary", {}, "Raw JSON"),
    element("div", { class: "buttons spread" }, element("p", { class: "note" }, `GET /v1/jobs/${job.id}`), copyButton("the JSON", text, "Copy")),
    element("pre", { tabindex: "0" }, text),
  );
}

const kindOf = (mediaType) => mediaType.split("/").pop().toUpperCase();
const shortNumber = (value) => (Number.isInteger(value) ? String(value) : value.toPrecision(3));
