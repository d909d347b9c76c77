"""Ours beside PP-OCR and tesseract `kor` over the whole picture, on the same drawn cards in one run.

python -m lab.benchmarks.card_readers --kind driver --level phone --count 25
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.documents import DocumentKind
from lab.benchmarks import readers, real
from lab.specimens import draw

_PP_OCR: Final = "rapidocr-page"
_WITH_KOREAN: Final = "rapidocr-page-kor"
#: Of each kind the value that must be exact, and what a client says that the picture shows.
_KINDS: Final = {
    "mykad": ("ic_number", DocumentKind.MYKAD),
    draw.PAYMENT_CARD: ("number", DocumentKind.PAYMENT_CARD),
    **dict(zip(draw.KOREAN_KINDS, (
        ("resident_number", DocumentKind.ID_CARD),
        ("licence_number", DocumentKind.ID_CARD),
        ("document_number", DocumentKind.ID_CARD),
    ), strict=True)),
}  # fmt: skip


def drawn(folder: Path, kind: str, level: str, seeds: range) -> list[tuple[Path, draw.Specimen]]:
    """A card for each seed, written into `folder`."""
    shown = []
    for seed in seeds:
        specimen = draw.specimen(kind, level, seed)
        path = folder / f"{seed}{'.png' if specimen.media_type == 'image/png' else '.jpg'}"
        path.write_bytes(specimen.picture)
        shown.append((path, specimen))
    return shown


def has(lines: Sequence[str], value: str, *, by_field: bool) -> bool:
    """True when a value is there, blanks aside. For a reader that knows no fields it may stand in anything it read."""
    plain, wanted = [_plain(line) for line in lines], _plain(value)
    return wanted in plain if by_field else wanted in "".join(plain)


def _plain(text: str) -> str:
    return "".join(text.split())


def row(name: str, kind: str, answers: Sequence[readers.Answer], specimens: Sequence[draw.Specimen], mib: int) -> str:
    """One line of the table."""
    number, _ = _KINDS[kind]
    by_field = name.startswith("ours")
    pairs = list(zip(answers, specimens, strict=True))
    numbers = sum(has(answer.lines, specimen.values[number], by_field=by_field) for answer, specimen in pairs)
    whole = sum(
        all(has(answer.lines, value, by_field=by_field) for value in specimen.values.values() if value)
        for answer, specimen in pairs
    )
    cpu = [answer.cpu_ms for answer in answers]
    return (
        f"{name:<18}{f'{numbers} of {len(pairs)}':>12}{f'{whole} of {len(pairs)}':>14}"
        f"{statistics.median(cpu):>15.0f}{real.percentile(cpu, 0.9):>8.0f}{mib:>7}"
    )


def main() -> None:
    """Command line: see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=sorted(_KINDS), help="default: all; may be repeated")
    parser.add_argument("--count", type=int, default=25)
    parser.add_argument("--level", default="phone", choices=draw.LEVELS)
    parser.add_argument("--seed", type=int, default=610_000, help="the first card")
    parser.add_argument("--peers", type=Path, default=Path("var/peers/bin/python"), help="Python with readers.txt")
    chosen = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1")
    for kind in chosen.kind or _KINDS:
        _print_table(kind, chosen)
    print(real.machine())


def _print_table(kind: str, chosen: argparse.Namespace) -> None:
    print(f"{kind:<18}{'number':>12}{'all printed':>14}{'CPU ms median':>15}{'p90':>8}{'MiB':>7}")
    peer = _WITH_KOREAN if kind in draw.KOREAN_KINDS else _PP_OCR
    with tempfile.TemporaryDirectory() as folder:
        shown = drawn(Path(folder), kind, chosen.level, range(chosen.seed, chosen.seed + chosen.count))
        paths, specimens = [path for path, _ in shown], [specimen for _, specimen in shown]
        for name, python in (("ours-card", Path(sys.executable)), (peer, chosen.peers.absolute())):
            answers, mib = readers.told_by(name, python, paths, _KINDS[kind][1].value)
            print(row(name, kind, answers, specimens, mib), flush=True)


if __name__ == "__main__":
    main()
