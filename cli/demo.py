"""`idmill demo`: starts everything, sends drawn documents through the public HTTP API, shows what came back, stops."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cli import machine, processes, report, up
from cli.client import Client, Refused
from cli.machine import Machine

STAGES = ("queued", "compressing", "reading", "parsing", "done")
POLL_SECONDS = 0.15
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Picture:
    """What is uploaded. `lines` is what is printed in the machine readable zone, where that is known."""

    name: str
    content: bytes = field(repr=False)
    document: str
    lines: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Sent:
    """An upload on its way: the last thing the API said of it."""

    picture: Picture
    job: dict[str, Any] = field(repr=False)
    at: float
    seconds: float = 0.0

    @property
    def is_open(self) -> bool:
        return bool(self.job["status"] == "CREATED")

    @property
    def is_read(self) -> bool:
        return bool(self.job["status"] == "RECEIVED")

    @property
    def is_exact(self) -> bool:
        """Whether the zone was read exactly as it was printed."""
        mrz = (self.job["result"] or {}).get("mrz") or {}
        return self.is_read and tuple(mrz.get("lines", ())) == self.picture.lines


@click.command(name="demo")
@click.argument("images", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--var",
    type=click.Path(file_okay=False, path_type=Path),
    default="var/demo",
    show_default=True,
    help="Directory of what the demo keeps; its own, so that a running `idmill up` is not disturbed.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Pictures read at a time.")
def command(images: tuple[Path, ...], var: Path, workers: int) -> None:
    """Start everything, read a drawn passport and a drawn identity card (and IMAGES), show the result, stop.

    Exit code: 0 when both drawn documents were read exactly as they were printed, 1 when one was not.
    """
    pictures = [*_specimens(var / "pictures"), *(Picture(path.name, path.read_bytes(), "auto") for path in images)]
    options = machine.Options(var=var, workers=workers)
    unread = 0
    with up.told_plainly(), machine.running(options, step=up.say_step, warn=up.say_warning) as everything:
        up.say_step(f"ready after {everything.seconds:.1f} s\n")
        sent = _send_and_wait(everything, pictures)
        for one in sent:
            up.out.print(report.card(one.picture.name, one.job, seconds=one.seconds, note=_comparison(one)))
        unread = sum(1 for one in sent if one.picture.lines and not one.is_exact)
        up.out.print(_where_to_look_next(everything))
    if unread:
        raise click.ClickException(f"{unread} drawn document(s) were not read as printed; see {var / 'log'}")


def _specimens(folder: Path) -> Iterator[Picture]:
    """The drawn documents, kept in `folder` for whoever wants to look at them."""
    drawing = subprocess.run(
        [sys.executable, "-m", "cli.drawn", str(folder.resolve())],
        cwd=processes.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if drawing.returncode != 0:
        raise click.ClickException(f"the specimens could not be drawn:\n{drawing.stderr}")
    for truth in sorted(folder.glob("*.txt"), reverse=True):
        picture = next(path for path in folder.glob(f"{truth.stem}.*") if path != truth)
        yield Picture(picture.name, picture.read_bytes(), "mrz", tuple(truth.read_text(encoding="ascii").split()))


def _send_and_wait(everything: Machine, pictures: Iterable[Picture]) -> list[Sent]:
    """Uploads them all, then polls until each has ended. A child that dies meanwhile is started again."""
    sent: list[Sent] = []
    with Client(everything.url, everything.access["IDMILL_API_KEY"]) as client, _progress(sent) as redraw:
        for picture in pictures:
            at = time.monotonic()
            try:
                job = client.upload(picture.name, picture.content, picture.document)
            except Refused as refused:
                job = _refused(str(refused))
            sent.append(Sent(picture, job, at))
            redraw()
        while any(one.is_open for one in sent) and time.monotonic() - sent[0].at < PATIENCE_SECONDS:
            everything.supervisor.attend(POLL_SECONDS)
            for one in sent:
                _poll(client, one)
            redraw()
    return sent


def _poll(client: Client, one: Sent) -> None:
    if not one.is_open:
        return
    try:
        one.job = client.job(one.job["id"])
    except Refused as refused:
        one.job = _refused(str(refused))
    one.seconds = time.monotonic() - one.at


def _refused(why: str) -> dict[str, Any]:
    """A job that never was, for the report."""
    return {"status": "FAILED", "stage": "done", "result": None, "failure_reason": {"reason": "refused", "detail": why}}


@contextmanager
def _progress(sent: list[Sent]) -> Iterator[Any]:
    """Yields what draws the stages anew. No thread of its own: this process forks."""
    with Live(console=up.out, auto_refresh=False, transient=True) as live:
        yield lambda: live.update(_stages(sent), refresh=up.out.is_terminal)


def _stages(sent: list[Sent]) -> Table:
    table = Table.grid(padding=(0, 2))
    for one in sent:
        reached = STAGES.index(one.job["stage"])
        words = [
            Text(stage, style="green" if place < reached else "bold yellow" if place == reached else "dim")
            for place, stage in enumerate(STAGES)
        ]
        table.add_row(Text(one.picture.name, style="bold"), *words, f"{one.seconds:.1f} s")
    return table


def _comparison(one: Sent) -> Text | None:
    if not one.picture.lines or not one.is_read:
        return None
    if one.is_exact:
        return Text("✓ every character as it was printed", style="green")
    return Text("✗ not what was printed:\n" + "\n".join(one.picture.lines), style="bold red")


def _where_to_look_next(everything: Machine) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="bold cyan")
    table.add_row("make up", "keeps all this running: API, documentation at /docs, Flower, keys in var/demo.env")
    table.add_row("make demo IMAGE=photo.jpg", "reads a picture of yours along with these")
    table.add_row(".venv/bin/idmill read photo.jpg", "the same reading without any server")
    table.add_row("make bench", "how fast and how exact, on this machine")
    table.add_row(str(everything.logs), "what each process said just now")
    table.add_row(str(everything.logs.parent / "pictures"), "the two documents that were read; nobody's, drawn here")
    frame = Table.grid()
    frame.add_row(Rule("Where to look next", style="dim", align="left"))
    frame.add_row(table)
    return frame
