"""Where what a Korean card prints gets lost on the way: `python -m lab.benchmarks.korean_losses --kind driver`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

from lab.benchmarks import korean
from lab.specimens import draw, korean_cards
from worker.reading import decode
from worker.reading.cards.base import Card
from worker.reading.cards.korean import read as korean_read
from worker.reading.cards.korean.rows import Row

_LONGEST = 2000  #: px, as the reader takes the picture
_TODAY = date(2026, 6, 1)
_WHOLE = 0.9  #: of a value's length that one line must hold
_SEEN = 0.25  #: of it, below which no line holds it

Points = npt.NDArray[np.float64]


class Lost(StrEnum):
    """The step of the reading at which a value was lost."""

    CARD = "card not found"
    LINE = "line not found"
    SPLIT = "line split"
    CUT = "line cut badly"
    MISREAD = "misread"
    ASSIGNED = "read, not assigned"


@dataclass(frozen=True, slots=True)
class Loss:
    """One value that was lost: where, and by how many signs where it was misread."""

    name: str
    lost: Lost
    signs: int = 0


def losses(specimen: draw.Specimen) -> Iterator[Loss]:
    """Of every key of the dialect that is not as printed."""
    keys, _ = korean.wrong_keys(specimen)
    if not keys:
        return
    page = next(decode.pictures(specimen.picture, max_pixels=60_000_000))
    picture = decode.bgr(page, longest_side=_LONGEST)
    scale = picture.shape[1] / page.width
    looked = korean_read.best_look(picture, today=_TODAY)
    boxes = dict(zip(specimen.box_names, specimen.line_boxes, strict=True))
    for name in (korean.FIELDS[key] for key in keys):
        parts = [np.array(box) * scale for at, box in boxes.items() if at == name or at.startswith(f"{name}_")]
        if looked is None or not parts:
            yield Loss(name, Lost.CARD if looked is None else Lost.ASSIGNED)
            continue
        told = [_loss(part, looked, text) for part, text in zip(parts, _texts(specimen, name, parts), strict=True)]
        first = min(told, key=lambda one: list(Lost).index(one[0]))
        yield Loss(name, first[0], sum(signs for _, signs in told))


def _texts(specimen: draw.Specimen, name: str, parts: Sequence[Points]) -> list[str]:
    value = specimen.values[name]
    return [value] if len(parts) == 1 else value.split("/")


def _loss(part: Points, looked: korean_read.Look, text: str) -> tuple[Lost, int]:
    """Where the print inside `part`, (4, 2) corners in the picture, was lost, and how many signs are wrong."""
    corners = _on_card(part, looked.card)
    height, width = looked.card.image.shape[:2]
    if corners.min() < -0.02 * width or (corners.max(axis=0) > (1.02 * width, 1.02 * height)).any():
        return Lost.CARD, len(text)
    rows = [*looked.rows, *looked.small]
    held = sorted(((_overlap(corners, row), row) for row in rows), key=lambda pair: -pair[0])
    held = [pair for pair in held if pair[0] > _SEEN]
    if not held:
        return Lost.LINE, len(text)
    share, row = held[0]
    wrong = inside(row.plain, text.replace(" ", ""))
    if not wrong:
        return Lost.ASSIGNED, 0
    if share < _WHOLE:
        return (Lost.SPLIT if len(held) > 1 else Lost.CUT), wrong
    return (Lost.MISREAD if _is_cut_well(corners, row) else Lost.CUT), wrong


def _on_card(points: Points, card: Card) -> Points:
    return np.asarray(cv2.perspectiveTransform(points[None], np.linalg.inv(card.to_picture))[0], np.float64)


def _overlap(corners: Points, row: Row) -> float:
    """Share of a value's length that a row holds, 0 where it stands on another level."""
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    (left, top), (right, bottom) = row.line.corners.min(axis=0), row.line.corners.max(axis=0)
    shared = min(y1, bottom) - max(y0, top)
    if shared < 0.5 * min(y1 - y0, bottom - top):
        return 0.0
    return float(max(0.0, min(x1, right) - max(x0, left)) / max(1.0, x1 - x0))


def _is_cut_well(corners: Points, row: Row) -> bool:
    """True where the strip is about as high as its print and stands on its level."""
    middle, its = corners.mean(axis=0), row.line.corners.mean(axis=0)
    tall = float(np.hypot(*(corners[3] - corners[0])))
    strip = float(np.hypot(*(row.line.corners[3] - row.line.corners[0])))
    slope = (row.line.corners[1, 1] - row.line.corners[0, 1]) / max(1.0, np.ptp(row.line.corners[:, 0]))
    away = abs(middle[1] - its[1] - slope * (middle[0] - its[0]))
    return bool(0.9 < strip / tall < 3.0 and away < 0.35 * tall)


def inside(text: str, value: str) -> int:
    """Signs to be changed, added or left out until `value` stands somewhere in `text`."""
    row = [0] * (len(text) + 1)
    for place, sign in enumerate(value, start=1):
        above, row[0] = row[0], place
        for column, other in enumerate(text, start=1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (sign != other))
    return min(row)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=korean_cards.KINDS)
    parser.add_argument("--level", action="append", choices=draw.LEVELS)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=korean.FIRST_SEED)
    parser.add_argument("--verbose", action="store_true", help="seed and key of every loss; never a value")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for kind in chosen.kind or korean_cards.KINDS:
        for level in chosen.level or korean.LEVELS:
            _print_group(kind, level, chosen)


def _print_group(kind: str, level: str, chosen: argparse.Namespace) -> None:
    table: Counter[tuple[str, str]] = Counter()
    whole = 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        told = list(losses(draw.specimen(kind, level, seed)))
        whole += not told
        table.update((one.lost.value, one.name) for one in told)
        if chosen.verbose and told:
            print(f"  {kind} {level} {seed}: " + ", ".join(f"{one.name} {one.lost} {one.signs}" for one in told))
    print(f"{kind} {level}: all keys of {whole} of {chosen.count} cards", flush=True)
    for (lost, name), count in sorted(table.items(), key=lambda pair: -pair[1]):
        print(f"  {count:4} {lost:20} {name}", flush=True)


if __name__ == "__main__":
    main()
