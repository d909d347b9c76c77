"""Measures a Korean model on drawn lines of unused seeds: `python -m lab.training.korean.evaluate --unseen`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2

from lab.training.korean import glyphs, lines
from worker.reading.cards.capitals import distance
from worker.reading.cards.korean import hangul
from worker.reading.cards.korean.engine import KoreanEngine

FIRST_SEED = 2**31  #: training draws from 2**32 upwards


def buckets(line: lines.DrawnLine) -> list[str]:
    """The rows of the table that a line counts in."""
    edges = ((11, "8-11 px"), (16, "11-16 px"), (24, "16-24 px"), (36, "24-36 px"), (999, "36-60 px"))
    size = next(name for limit, name in edges if line.captured_em < limit)
    kind = "digits" if line.text and not any(sign in hangul.SYLLABLES for sign in line.text) else "hangul"
    plain = [] if line.marks - {"jpeg"} else [f"unmarked {size} {kind}"]
    return ["all", size, kind, *plain]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--model", type=Path, help="an ONNX file instead of the committed one")
    parser.add_argument("--unseen", action="store_true", help="in faces that training never draws")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    engine = KoreanEngine(chosen.model)
    faces = glyphs.installed(glyphs.UNSEEN) if chosen.unseen else None
    table: dict[str, list[tuple[int, int]]] = {}
    spent = 0.0
    for seed in range(FIRST_SEED, FIRST_SEED + chosen.lines):
        line = lines.draw(seed, faces)
        text = line.text.replace(" ", "")
        started = time.process_time()
        (printed,) = engine.read_lines([line.image])
        spent += time.process_time() - started
        wrong = distance(printed.text.replace(" ", ""), text)
        for name in buckets(line):
            table.setdefault(name, []).append((len(text), wrong))
    print(f"{engine.name}\n{'bucket':28} {'lines':>6} {'signs wrong':>12} {'lines exact':>12}")
    for name, rows in sorted(table.items()):
        share = sum(wrong for _, wrong in rows) / max(1, sum(count for count, _ in rows))
        print(f"{name:28} {len(rows):6d} {share:12.2%} {sum(not wrong for _, wrong in rows) / len(rows):12.2%}")
    print(f"{spent / chosen.lines * 1000:.2f} ms CPU a line")


if __name__ == "__main__":
    main()
