// Making elements, and the buttons that copy. Text only ever goes in as text.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings become text. Listeners are given as `onclick` and the like. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for a drawing. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const MARKS = {
  pass: "M4 10.500l4 4 8-9",
  fail: "M5 5l10 10M15 5L5 15",
  not_applicable: "M5 10h10",
  look: "M10 3.500v9M10 16v.1",
  copy: "M7 7V4h9v9h-3M4 7h9v9H4z",
};

/** A small sign beside words that say the same. */
export function mark(name) {
  return drawn("svg", { viewBox: "0 0 20 20", class: `mark ${name}`, "aria-hidden": "true" }, drawn("path", { d: MARKS[name] }));
}

/** A button that copies text and says so. `what` completes "Copy ...". */
export function copyButton(what, text, words = "") {
  const label = element("span", { class: words ? "" : "unseen" }, words || `Copy ${what}`);
  const button = element("button", { type: "button", class: words ? "quiet" : "quiet icon", title: `Copy ${what}` }, mark("copy"), label);
  button.addEventListener("click", async () => {
    const done = await copied(text);
    say(done ? `Copied ${what}` : "The browser does not allow copying; select the text instead.");
    button.classList.toggle("done", done);
    setTimeout(() => button.classList.remove("done"), 1500);
  });
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByHand(text); // without TLS there is no clipboard object
  }
}

function copiedByHand(text) {
  const area = element("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}

/** Tells screen readers. */
export function say(words) {
  const said = document.getElementById("said");
  if (said.textContent !== words) said.textContent = words;
}

export const percent = (share) => `${share > 0.995 && share < 1 ? "> 99" : Math.round(share * 100)} %`;

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${Math.round(count / 1000)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
