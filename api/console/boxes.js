// The places where something was read: polygons over the picture, and each one's print cut out straight.

import { drawn } from "./dom.js";

const CROP_HEIGHT = 30; // CSS pixels at most; print is readable from about 20
const CROP_WIDTH = 360;
const MARGIN = 0.12; // of the box's height, around the print

/** Draws `places` (`{name, box, look}`) over the picture; `onPoint` is told the name under the pointer, or null. */
export function drawBoxes(svg, size, places, onPoint) {
  svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  svg.replaceChildren(
    ...places.map(({ name, box, look }) =>
      drawn("polygon", {
        points: box.map((corner) => corner.join(",")).join(" "),
        class: `box ${look}`,
        "data-name": name,
        onpointerenter: () => onPoint(name),
        onpointerleave: () => onPoint(null),
      }),
    ),
  );
}

/** Lets one place stand out, or none. */
export function point(svg, name) {
  svg.classList.toggle("pointing", name !== null);
  for (const polygon of svg.children) polygon.classList.toggle("pointed", polygon.dataset.name === name);
}

/** A canvas with the print of one box, turned as it is read; null where there is nothing to cut. */
export function crop(picture, box) {
  const [[x0, y0], [x1, y1], , [x3, y3]] = box;
  const width = Math.hypot(x1 - x0, y1 - y0);
  const height = Math.hypot(x3 - x0, y3 - y0);
  if (width < 2 || height < 2) return null;
  const margin = MARGIN * height;
  const scale = Math.min(CROP_HEIGHT / (height + 2 * margin), CROP_WIDTH / (width + 2 * margin), 3);
  const sharp = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((width + 2 * margin) * scale * sharp);
  canvas.height = Math.ceil((height + 2 * margin) * scale * sharp);
  canvas.style.setProperty("--wide", `${canvas.width / sharp}px`);
  canvas.className = "crop";
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  context.scale(scale * sharp, scale * sharp);
  context.translate(margin, margin);
  context.rotate(-Math.atan2(y1 - y0, x1 - x0));
  context.translate(-x0, -y0);
  context.drawImage(picture, 0, 0);
  return canvas;
}
