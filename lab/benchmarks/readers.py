"""Ours beside the open readers of machine readable zones, on the same pictures in one run: `make bench-readers`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.documents import Verdict
from lab.benchmarks import real
from lab.specimens import draw
from worker.reading.mrz import parse

PEERS = ("passporteye", "passporteye-mrz", "fastmrz", "rapidocr", "tesseract")
_NEED_MODEL = ("passporteye-mrz", "fastmrz")
_KINDS = tuple(kind for kind in draw.KINDS if kind != "no-mrz")
_ONE_READER = Path(__file__).with_name("one_reader.py")
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and the lines that are printed on it."""

    path: Path
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader said of one picture."""

    lines: tuple[str, ...]
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one reader made of all pictures."""

    reader: str
    exact: int
    wrong_but_valid: int  #: every digit passes and the text is wrong
    cpu_ms: list[float]
    peak_mib: int  #: the process and the largest that it ran, together


def real_pictures(folder: Path, subset: str) -> list[Shown]:
    """The pictures of `folder`/truth.json that have lines. Raises OSError."""
    truth = json.loads((folder / "truth.json").read_text())
    return [Shown(folder / one["file"], tuple(one["mrz"])) for one in truth if one["mrz"] and one["subset"] == subset]


def drawn_pictures(folder: Path, count: int, level: str, seed: int) -> list[Shown]:
    """`count` specimens of all kinds in turn, written into `folder`."""
    shown = []
    for number in range(count):
        specimen = draw.specimen(_KINDS[number % len(_KINDS)], level, seed + number)
        path = folder / f"{number:04}{'.png' if specimen.media_type == 'image/png' else '.jpg'}"
        path.write_bytes(specimen.picture)
        shown.append(Shown(path, specimen.truth_lines))
    return shown


def measured(reader: str, python: Path, pictures: Sequence[Shown], model: str) -> Measured:
    """Runs one reader over all pictures in a process of its own. Raises CalledProcessError when it breaks."""
    answers, peak_mib = told_by(reader, python, [shown.path for shown in pictures], model)
    wrong = [answer.lines for answer, shown in zip(answers, pictures, strict=True) if answer.lines != shown.lines]
    cpu_ms = [answer.cpu_ms for answer in answers]
    return Measured(reader, len(pictures) - len(wrong), sum(map(digits_pass, wrong)), cpu_ms, peak_mib)


def told_by(reader: str, python: Path, pictures: Sequence[Path], model: str = "") -> tuple[list[Answer], int]:
    """What one reader of `one_reader` says of each picture, and its peak memory in MiB. Raises CalledProcessError."""
    told = subprocess.run(
        [python, _ONE_READER, reader, model],
        input="\n".join(map(str, pictures)),
        env=os.environ | {"PYTHONPATH": str(_ROOT) if reader.startswith("ours") else ""},
        capture_output=True,
        text=True,
        check=True,
    )
    *answers, last = [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]
    return [Answer(tuple(answer["lines"]), answer["cpu_ms"]) for answer in answers], last["peak_mib"]


def digits_pass(lines: tuple[str, ...]) -> bool:
    """True when this is a zone and no check digit speaks against it."""
    try:
        checks = parse.parse(lines).checks
    except parse.MrzSyntaxError:
        return False
    return all(check.verdict is not Verdict.FAIL for check in checks if check.name.endswith("_check_digit"))


def table(rows: Sequence[Measured], pictures: int) -> str:
    """One line a reader; how many times our median its median is stands last."""
    ours = statistics.median(rows[0].cpu_ms)
    lines = [
        f"{'reader':<17}{'exact':>12}{'wrong-but-valid':>17}{'CPU ms median':>15}{'p90':>8}{'MiB':>7}{'x ours':>9}"
    ]
    for row in rows:
        median = statistics.median(row.cpu_ms)
        lines.append(
            f"{row.reader:<17}{f'{row.exact} of {pictures}':>12}{row.wrong_but_valid:>17}{median:>15.0f}"
            f"{real.percentile(row.cpu_ms, 0.9):>8.0f}{row.peak_mib:>7}{median / ours:>9.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Command line: see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="a folder with truth.json; default: drawn specimens")
    parser.add_argument("--subset", default="main", help="of truth.json")
    parser.add_argument("--count", type=int, default=25, help="drawn specimens")
    parser.add_argument("--level", default="phone", choices=draw.LEVELS)
    parser.add_argument("--seed", type=int, default=600_000, help="the first drawn specimen")
    parser.add_argument("--peers", type=Path, default=Path("var/peers/bin/python"), help="Python with readers.txt")
    parser.add_argument("--mrz-model", default="", help="path of mrz.traineddata for PassportEye and FastMRZ")
    parser.add_argument("--reader", action="append", choices=PEERS, help="default: all; may be repeated")
    chosen = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1")
    if shutil.which("tesseract") is None:
        sys.exit("the other readers need the program tesseract: apt install tesseract-ocr")
    with tempfile.TemporaryDirectory() as folder:
        pictures = (
            real_pictures(chosen.pictures, chosen.subset)
            if chosen.pictures
            else drawn_pictures(Path(folder), chosen.count, chosen.level, chosen.seed)
        )
        rows = [measured("ours", Path(sys.executable), pictures, "")]
        for peer in chosen.reader or PEERS:
            if peer in _NEED_MODEL and not chosen.mrz_model:
                print(f"{peer} is left out: give --mrz-model")
                continue
            rows.append(measured(peer, chosen.peers.absolute(), pictures, chosen.mrz_model))
    print(table(rows, len(pictures)))
    print(real.machine())


if __name__ == "__main__":
    main()
