"""Measures a model on drawn lines of unused seeds, by kind of difficulty: `python -m lab.training.evaluate`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lab.training import lines
from worker.reading.engines import ocrb
from worker.reading.mrz import characters, line_reading

FIRST_SEED = 2**31  #: training draws from 2**32 upwards, tests from below 2**20


@dataclass(frozen=True, slots=True)
class Score:
    """How one line was read by the likeliest character of each place, before any rule."""

    characters: int  #: in the line's text
    right: int  #: of those, read as printed
    added: int  #: places read within the text where nothing is printed

    @property
    def exact(self) -> bool:
        """True when the whole line was read as printed."""
        return self.right == self.characters and not self.added


def score(reading: line_reading.LineReading, text: str, centres: lines.Places, pitch: float) -> Score:
    """Holds a reading against a text by places: each character takes the nearest place within half a pitch."""
    found = np.array([characters.ALPHABET[best] for best in reading.log_probabilities.argmax(axis=1)])
    within = (reading.centres > centres[0] - pitch / 2) & (reading.centres < centres[-1] + pitch / 2)
    found, places = found[within], reading.centres[within]
    if not len(found):
        return Score(len(text), 0, 0)
    nearest = np.abs(places[None] - centres[:, None]).argmin(axis=1)
    near = np.abs(places[nearest] - centres) < pitch / 2
    right = int(np.sum(near & (found[nearest] == np.array(list(text)))))
    return Score(len(text), right, max(0, len(found) - len(set(nearest[near]))))


def buckets(line: lines.DrawnLine) -> list[str]:
    """The rows of the table that a line counts in."""
    pitch = line.captured_pitch
    edges = ((6, "4.4-6 px"), (9, "6-9 px"), (14, "9-14 px"), (24, "14-24 px"), (99, "24-40 px"))
    size = next(name for limit, name in edges if pitch < limit)
    unmarked = [] if line.marks - {"jpeg"} else ["unmarked", f"unmarked {size}"]
    return ["all", size, f"face {line.face}", *sorted(line.marks), *unmarked]


def table(scores: Iterable[tuple[str, Score]]) -> str:
    """One row a bucket: lines, share of characters right, share of lines exact."""
    rows: dict[str, list[Score]] = {}
    for name, one in scores:
        rows.setdefault(name, []).append(one)
    out = [f"{'bucket':28} {'lines':>6} {'characters':>11} {'lines exact':>12}"]
    for name, group in rows.items():
        share = sum(one.right for one in group) / sum(one.characters for one in group)
        out.append(f"{name:28} {len(group):6d} {share:11.2%} {sum(one.exact for one in group) / len(group):12.2%}")
    return "\n".join(out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--model", type=Path, help="an ONNX file instead of the committed one")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    engine = ocrb.OcrbEngine(chosen.model)
    scores: list[tuple[str, Score]] = []
    spent = 0.0
    for seed in range(FIRST_SEED, FIRST_SEED + chosen.lines):
        line = lines.draw(seed)
        if not line.text:
            continue
        started = time.process_time()
        (reading,) = engine.read_lines([line.image])
        spent += time.process_time() - started
        one = score(reading, line.text, line.centres, line.pitch)
        scores += [(name, one) for name in buckets(line)]
    print(engine.name)
    print(table(sorted(scores, key=lambda pair: pair[0])))
    print(f"{spent / chosen.lines * 1000:.2f} ms CPU a line")


if __name__ == "__main__":
    main()
