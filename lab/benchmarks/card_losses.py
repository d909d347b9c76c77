"""Where drawn MyKads are lost: card, line, cut, print or field: `python -m lab.benchmarks.card_losses --level hard`."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from core.documents import PRINTED_FIELDS, DocumentType
from lab.specimens import draw
from worker.reading import decode
from worker.reading.cards import mykad, outlines, recogniser
from worker.reading.cards.capitals import CapitalLine
from worker.reading.cards.mykad_sight import Sight

LEVELS = ("clean", "phone", "hard", "turned")
NAMES = PRINTED_FIELDS[DocumentType.MYKAD]
#: Where a field can be lost, in the order in which a picture goes through it.
REFUSED, NOT_FOUND, BADLY_CUT, MISREAD, MISPLACED = "refused", "not found", "badly cut", "misread", "misplaced"
_STAGES: Final = (NOT_FOUND, BADLY_CUT, MISREAD)
_LINES_OF: Final = {"postcode": "district"}  #: fields that have no line of their own
_LONGEST_SIDE: Final = 2000  #: px, as `mykad` reads
_OFF_CORNER: Final = 0.03  #: of the card's width, from which a corner counts as wrong

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """One printed line and what became of it."""

    name: str
    stage: str  #: one of _STAGES, or nothing where it was read as printed
    why: str
    edits: tuple[str, ...] = field(default=(), repr=False)  #: `printed>read`, where it was misread


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of one card."""

    seed: int
    corner: float  #: how far the worst corner is off, in widths of the card; 9 where none was found
    lost: dict[str, str]  #: stage by field, for wrong fields only
    lines: tuple[Seen, ...]
    texts: tuple[str, ...] = field(repr=False)  #: read values of wrong fields beside the true ones


def loss(level: str, seed: int, faces: Sequence[Path] = ()) -> Loss:
    """Draws and reads one card."""
    specimen = draw.specimen("mykad", level, seed, faces=faces)
    picture = next(decode.pictures(specimen.picture, max_pixels=60_000_000))
    colours = decode.bgr(picture, longest_side=_LONGEST_SIDE)
    scale = colours.shape[1] / picture.width
    sight, told = mykad.best_sight(colours), mykad.read(colours)
    seen = [
        _seen(sight, name, text, np.array(box) * scale)
        for name, text, box in zip(specimen.box_names, specimen.box_texts, specimen.line_boxes, strict=True)
    ]
    read_ = {name: told.fields[name].value if name in told.fields else "" for name in NAMES}
    wrong = [name for name in NAMES if read_[name] != specimen.values[name]]
    lost = {name: REFUSED if told.failure else _stage(name, seen) for name in wrong}
    texts = tuple(f"{name}: {specimen.values[name]!r} read {read_[name]!r}" for name in wrong)
    return Loss(seed, _corner(colours, np.array(specimen.page_box) * scale), lost, tuple(seen), texts)


def _stage(name: str, seen: Sequence[Seen]) -> str:
    """The first stage at which a line of this field was lost."""
    stages = [one.stage for one in seen if one.name == _LINES_OF.get(name, name) and one.stage]
    return min(stages, key=_STAGES.index) if stages else MISPLACED


def _corner(picture: npt.NDArray[np.uint8], truth: Points) -> float:
    """Of the best of the cards found, its corners in any order round."""
    best, width = 9.0, float(np.hypot(*(truth[1] - truth[0])))
    for corners, _ in outlines.seen(picture):
        for turn in range(4):
            off = np.hypot(*(np.roll(corners, turn, axis=0) - truth).T).max()
            best = min(best, float(off) / width)
    return best


def _seen(sight: Sight, name: str, text: str, box: Points) -> Seen:
    to_card = np.linalg.inv(sight.card.to_picture)
    true = np.asarray(cv2.perspectiveTransform(box[None], to_card)[0], np.float64)
    ranked = sorted(((_overlap(true, line), line) for line in sight.lines), key=lambda pair: -pair[0])
    if not ranked or ranked[0][0] < 0.5:
        return Seen(name, NOT_FOUND, f"{text!r}")
    line = ranked[0][1]
    edits = _edits(text, line.text)
    if not edits:
        return Seen(name, "", "")
    why = _cut_wrongly(true, line)
    return Seen(name, BADLY_CUT if why else MISREAD, f"{text!r} read {line.text!r} {why}", edits)


def _frame(true: Points) -> tuple[Points, Points, float, float]:
    """Middle of the left end, direction, length and capitals' height of a printed line on the card's image."""
    start, end = (true[0] + true[3]) / 2, (true[1] + true[2]) / 2
    length = float(np.hypot(*(end - start)))
    height = float(np.hypot(*(true[3] - true[0])) + np.hypot(*(true[2] - true[1]))) / 2
    return start, (end - start) / max(length, 1e-6), length, height


def _strip(line: CapitalLine) -> tuple[Points, Points, float]:
    """Ends of a strip's middle and the capitals' height that it was cut for."""
    corners = np.asarray(line.corners, np.float64)
    return (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2, line.height / (1 + 2 * recogniser.MARGIN)


def _overlap(true: Points, line: CapitalLine) -> float:
    """Share of the printed line that the strip runs along, 0 where it runs above or below it."""
    start, along, length, height = _frame(true)
    left, right, _ = _strip(line)
    first, last = (float((point - start) @ along) for point in (left, right))
    inside = min(last, length) - max(first, 0.0)
    middle = (
        (left + right) / 2
        if abs(last - first) < 1
        else left + (right - left) * np.clip(((length / 2) - first) / (last - first), 0, 1)
    )
    away = abs(float((middle - start) @ np.array([-along[1], along[0]])))
    return inside / length if away < 0.6 * height else 0.0


def _cut_wrongly(true: Points, line: CapitalLine) -> str:
    """What is wrong with a strip, empty where it holds the printed line well enough to be read."""
    start, along, length, height = _frame(true)
    left, right, cap = _strip(line)
    normal = np.array([-along[1], along[0]])
    first, last = (float((point - start) @ along) for point in (left, right))
    reach = max(last - first, 1.0)
    ends = [
        float((left + (right - left) * np.clip((at - first) / reach, 0, 1) - start) @ normal) / height
        for at in (0.0, length)
    ]
    faults = []
    if first > 0.15 * height:
        faults.append(f"starts {first / height:.1f} late")
    if last < length - 0.15 * height:
        faults.append(f"ends {(length - last) / height:.1f} early")
    if first < -2.5 * height or last > length + 2.5 * height:
        faults.append("holds more")
    if not 0.72 < cap / height < 1.4:
        faults.append(f"height {cap / height:.2f}")
    if max(map(abs, ends)) > 0.28:
        faults.append(f"off by {ends[0]:.2f}, {ends[1]:.2f}")
    return ", ".join(faults)


def _edits(true: str, told: str) -> tuple[str, ...]:
    """The fewest changes that make one text the other, as `printed>read`; none where they are the same."""
    rows, columns = len(true) + 1, len(told) + 1
    cost = np.zeros((rows, columns), int)
    cost[:, 0], cost[0] = range(rows), range(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            swap = cost[i - 1, j - 1] + (true[i - 1] != told[j - 1])
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, swap)
    i, j, edits = rows - 1, columns - 1, []
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (true[i - 1] != told[j - 1]):
            i, j = i - 1, j - 1
            edits += [f"{true[i]}>{told[j]}"] if true[i] != told[j] else []
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            edits.append(f"{true[i]}>")
        else:
            j -= 1
            edits.append(f">{told[j]}")
    return tuple(reversed(edits))


def table(level: str, losses: Sequence[Loss]) -> str:
    """Counts of one level: fields by stage, lines by stage, what was most often taken for what."""
    fields = Counter((stage, name) for one in losses for name, stage in one.lost.items())
    cards = Counter(
        min(set(one.lost.values()), key=lambda stage: (stage != REFUSED, stage)) for one in losses if one.lost
    )
    lines = Counter(seen.stage for one in losses for seen in one.lines if seen.stage)
    edits = Counter(edit for one in losses for seen in one.lines if seen.stage == MISREAD for edit in seen.edits)
    whole, off = sum(not one.lost for one in losses), sum(one.corner > _OFF_CORNER for one in losses)
    stages = {
        stage: {name: count for (at, name), count in fields.most_common() if at == stage}
        for stage in (REFUSED, *_STAGES, MISPLACED)
    }
    rows = [f"{level}: {whole} of {len(losses)} whole; corners off {off}, cards by first loss {dict(cards)}"]
    rows += [f"  {stage:<10} {told}" for stage, told in stages.items() if told]
    rows.append(f"  lines {dict(lines)} of {sum(len(one.lines) for one in losses)}")
    rows.append(f"  misread {dict(edits.most_common(24))}")
    return "\n".join(rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", action="append", choices=draw.LEVELS, help="may be repeated; the four if left out")
    parser.add_argument("--count", type=int, default=24, help="specimens of each level")
    parser.add_argument("--seed", type=int, default=9000, help="the first seed")
    parser.add_argument("--face", action="append", type=Path, default=[], help="TrueType file to print with; repeated")
    parser.add_argument("--show", action="store_true", help="every lost card: its wrong fields and its lost lines")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for level in chosen.level or LEVELS:
        losses = [loss(level, seed, chosen.face) for seed in range(chosen.seed, chosen.seed + chosen.count)]
        for one in losses if chosen.show else ():
            if one.lost:
                print(f"{level} {one.seed}, worst corner off by {one.corner:.3f}")
                print(*(f"    {text}" for text in one.texts), sep="\n")
                print(*(f"      {seen.name} {seen.stage}: {seen.why}" for seen in one.lines if seen.stage), sep="\n")
        print(table(level, losses), flush=True)


if __name__ == "__main__":
    # One thread each, as the worker reads.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    main()
