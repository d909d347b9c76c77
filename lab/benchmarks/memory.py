"""How much memory a reading process takes after many mixed readings: `python -m lab.benchmarks.memory`."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from core.documents import DocumentKind
from lab.benchmarks import real
from lab.specimens import draw, papers
from worker.reading import read

_ZONES = tuple((DocumentKind.MRZ, kind) for kind in papers.KINDS)
_ALL = (
    *_ZONES,
    (DocumentKind.AUTO, "td3"),
    *((DocumentKind.AUTO, kind) for kind in draw.CARD_KINDS if kind != draw.PAYMENT_CARD),
    (DocumentKind.PAYMENT_CARD, draw.PAYMENT_CARD),
)
_LEVELS = ("phone", "hard", "clean")


def resident_mib(asked: tuple[tuple[DocumentKind, str], ...], count: int) -> tuple[float, float]:
    """MiB that a process holds after `count` readings of these kinds in turn, and its peak. Raises CalledProcessError.

    The pictures are drawn here and read in a process of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for number in range(count):
            document, kind = asked[number % len(asked)]
            path = Path(folder) / f"{number:04}"
            path.write_bytes(draw.specimen(kind, _LEVELS[number % len(_LEVELS)], 600_000 + number).picture)
            lines.append(f"{document.value} {path}")
        command = [sys.executable, "-m", "lab.benchmarks.memory", "--child"]
        told = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    now, peak = told.stdout.split()
    return float(now), float(peak)


def _read_all() -> None:
    """Reads what standard input names and tells what this process holds."""
    for line in sys.stdin.read().splitlines():
        document, path = line.split(" ", 1)
        read.read(Path(path).read_bytes(), document=DocumentKind(document), options=read.ReadingOptions())
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    status = Path("/proc/self/status")
    held = [line for line in status.read_text().splitlines() if line.startswith("VmRSS:")] if status.exists() else []
    print(int(held[0].split()[1]) / 1024 if held else peak, peak)


@click.command()
@click.option("--count", default=50, show_default=True, help="Readings of each process.")
@click.option("--child", is_flag=True, hidden=True)
def main(*, count: int, child: bool) -> None:
    """Prints what a process holds after readings of kind mrz, and after readings of all kinds."""
    if child:
        _read_all()
        return
    for name, asked in (("mrz", _ZONES), ("all kinds", _ALL)):
        now, peak = resident_mib(asked, count)
        print(f"{name}: {now:.0f} MiB after {count} readings, at most {peak:.0f} MiB")
    print(real.machine())


if __name__ == "__main__":
    main()
