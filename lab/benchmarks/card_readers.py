"""Ours beside PP-OCR over the whole picture, on the same drawn MyKads in one run.

python -m lab.benchmarks.card_readers --level phone --count 25
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lab.benchmarks import readers, real
from lab.specimens import draw

_NUMBER = re.compile(r"(?<!\d)(\d{6})-(\d{2})-(\d{4})(?!\d)")
_PEER = "rapidocr-page"


def drawn(folder: Path, count: int, level: str, seed: int) -> list[tuple[Path, draw.Specimen]]:
    """`count` cards, written into `folder`."""
    shown = []
    for number in range(seed, seed + count):
        specimen = draw.specimen("mykad", level, number)
        path = folder / f"{number}{'.png' if specimen.media_type == 'image/png' else '.jpg'}"
        path.write_bytes(specimen.picture)
        shown.append((path, specimen))
    return shown


def has_number(lines: Sequence[str], specimen: draw.Specimen) -> bool:
    """True when the number stands among the lines, and no other."""
    return {"-".join(found) for line in lines for found in _NUMBER.findall(line)} == {specimen.values["ic_number"]}


def has_all(lines: Sequence[str], specimen: draw.Specimen, *, by_field: bool) -> bool:
    """True when every value is there. For a reader that knows no fields every printed line is enough, in any order."""
    wanted = specimen.values.values() if by_field else specimen.box_texts
    return {text for text in wanted if text} <= set(lines)


def row(name: str, answers: Sequence[readers.Answer], specimens: Sequence[draw.Specimen], peak_mib: int) -> str:
    """One line of the table."""
    pairs = list(zip(answers, specimens, strict=True))
    numbers = sum(has_number(answer.lines, specimen) for answer, specimen in pairs)
    whole = sum(has_all(answer.lines, specimen, by_field=name != _PEER) for answer, specimen in pairs)
    cpu = [answer.cpu_ms for answer in answers]
    return (
        f"{name:<15}{f'{numbers} of {len(pairs)}':>12}{f'{whole} of {len(pairs)}':>14}"
        f"{statistics.median(cpu):>15.0f}{real.percentile(cpu, 0.9):>8.0f}{peak_mib:>7}"
    )


def main() -> None:
    """Command line: see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=25)
    parser.add_argument("--level", default="phone", choices=draw.LEVELS)
    parser.add_argument("--seed", type=int, default=610_000, help="the first card")
    parser.add_argument("--peers", type=Path, default=Path("var/peers/bin/python"), help="Python with readers.txt")
    chosen = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        shown = drawn(Path(folder), chosen.count, chosen.level, chosen.seed)
        paths, specimens = [path for path, _ in shown], [specimen for _, specimen in shown]
        print(f"{'reader':<15}{'number':>12}{'all printed':>14}{'CPU ms median':>15}{'p90':>8}{'MiB':>7}")
        for name, python in (("ours-mykad", Path(sys.executable)), (_PEER, chosen.peers.absolute())):
            answers, peak_mib = readers.told_by(name, python, paths)
            print(row(name, answers, specimens, peak_mib), flush=True)
    print(real.machine())


if __name__ == "__main__":
    main()
