"""Where numbers and dates of payment cards get lost on the way: `python -m lab.benchmarks.payment_losses`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from lab.benchmarks import payment as benchmark
from lab.benchmarks.korean_losses import inside
from lab.specimens import draw
from worker.reading import decode
from worker.reading.cards import payment
from worker.reading.cards.digit_reading import ReadRow

Points = npt.NDArray[np.float64]

_MOST_PIXELS = 60_000_000
_SEEN = 0.5  #: of what is printed, that rows must hold for it to have been found


def losses(specimen: draw.Specimen) -> tuple[str, str]:
    """At which step the number and the date were lost; empty for what was read as printed."""
    page = next(decode.pictures(specimen.picture, max_pixels=_MOST_PIXELS))
    seen = payment.look(decode.bgr(page, longest_side=payment.COLOURED), page.grey)
    boxes = [np.array(box) for box in specimen.line_boxes]
    groups = specimen.values["groups"].split()
    return _number(seen, specimen.values["number"], boxes[: len(groups)]), _date(
        seen, specimen.values["valid_thru"], boxes[len(groups) :]
    )


def _number(seen: payment.Seen, number: str, boxes: Sequence[Points]) -> str:
    told = seen.number
    if told is not None and told.is_trusted:
        return "" if told.text == number else "handed out wrong"
    if told is not None and told.text == number:
        return "read, not trusted"
    if _share(boxes, seen.rows) < _SEEN:
        return "row not found"
    least = min((inside(_text(row), number) for row in seen.rows), default=len(number))
    return f"misread by {least}" if least < 4 else "rows not joined, or misread"


def _date(seen: payment.Seen, date: str, boxes: Sequence[Points]) -> str:
    told = seen.month.text if seen.month else ""
    if told == date or seen.number is None:
        return "" if told == date else "no number, no date"
    if not date:
        return "none printed, one read"
    if _share(boxes, seen.dates) < _SEEN:
        return "row not found"
    return "another one taken" if any(date in _text(row) for row in seen.dates) else "misread"


def _text(row: ReadRow) -> str:
    return "".join(character.text for character in row.characters)


def _share(boxes: Sequence[Points], rows: Sequence[ReadRow]) -> float:
    """Of the boxes, whose middles lie in a row."""
    held = sum(any(_holds(row, box.mean(axis=0)) for row in rows) for box in boxes)
    return held / max(1, len(boxes))


def _holds(read: ReadRow, point: Points) -> bool:
    step = point - read.row.middle
    along, aside = abs(float(step @ read.row.along)), abs(float(step @ read.row.down))
    return along < read.row.length / 2 + read.row.height and aside < 0.6 * read.row.height


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", action="append", choices=draw.LEVELS)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=benchmark.FIRST_SEED)
    parser.add_argument("--verbose", action="store_true", help="seed and step of every loss; never a value")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for level in chosen.level or benchmark.LEVELS:
        numbers: Counter[str] = Counter()
        dates: Counter[str] = Counter()
        for seed in range(chosen.seed, chosen.seed + chosen.count):
            number, date = losses(draw.specimen(draw.PAYMENT_CARD, level, seed))
            numbers[number or "as printed"] += 1
            dates[date or "as printed"] += 1
            if chosen.verbose and (number or date):
                print(f"  {level} {seed}: number {number or 'right'}, date {date or 'right'}", flush=True)
        print(f"{level}: number {dict(numbers.most_common())}, date {dict(dates.most_common())}", flush=True)


if __name__ == "__main__":
    main()
