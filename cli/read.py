"""`idmill read`: the same reading as the service's, on files at hand, without a server. Prints tables or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from core.documents import DocumentKind, Failure, FailureReason, Reading, Verdict
from worker.reading import read, result
from worker.reading.engines import named

PICTURES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".pdf"}
)  #: what is taken from a folder; a file that is named is always tried
_COLOUR: Final = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.NOT_APPLICABLE: "dim"}


@click.command("read")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--document",
    type=click.Choice([kind.value for kind in DocumentKind]),
    default=DocumentKind.AUTO.value,
    show_default=True,
    help="What the pictures show.",
)
@click.option(
    "--engine", type=click.Choice(named.NAMES), default="ocrb", show_default=True, help="Who reads the MRZ lines."
)
@click.option("--max-pixels", type=click.IntRange(min=1), default=60_000_000, show_default=True, help="Refuse above.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of tables.")
def command(paths: tuple[Path, ...], document: str, engine: str, max_pixels: int, *, as_json: bool) -> None:
    """Read document pictures and say what stands on them.

    PATHS are files and folders; folders are searched for pictures, sub-folders included. No server is needed and
    nothing is kept. Exit code: 0 when every picture was read, 1 when one was not, 2 when the call was wrong.
    """
    files = list(_files(paths))
    if not files:
        raise click.UsageError("No picture was found in what was named.")
    options = read.ReadingOptions(max_pixels=max_pixels, engine=engine, compress=False)
    console = Console()
    unread = 0
    for path, reading in _readings(files, DocumentKind(document), options):
        unread += not reading.is_read
        if as_json:
            click.echo(json.dumps(_line(path, reading), ensure_ascii=False))
        else:
            console.print(_card(path, reading))
    if not as_json and len(files) > 1:
        console.print(f"{len(files) - unread} of {len(files)} read")
    raise SystemExit(1 if unread else 0)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                inner for inner in path.rglob("*") if inner.suffix.lower() in PICTURES and inner.is_file()
            )
        else:
            yield path


def _readings(
    files: list[Path], document: DocumentKind, options: read.ReadingOptions
) -> Iterator[tuple[Path, Reading]]:
    """Reads one file after the other, with a bar on the terminal (stderr) where there are several."""
    bar = Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=len(files) < 2 or not Console(stderr=True).is_terminal,
    )
    with bar:
        task = bar.add_task("Reading", total=len(files))
        for path in files:
            bar.update(task, description=path.name[-40:])
            yield path, _reading(path, document, options)
            bar.advance(task)


def _reading(path: Path, document: DocumentKind, options: read.ReadingOptions) -> Reading:
    try:
        content = path.read_bytes()
    except OSError as error:
        failure = Failure(FailureReason.DAMAGED_PICTURE, f"The file cannot be opened: {error.strerror}.")
        return Reading("", {}, None, (), {}, None, {}, "", failure)
    return read.read(content, document=document, options=options)


def _line(path: Path, reading: Reading) -> dict[str, Any]:
    failure = result.failure_as_json(reading.failure) if reading.failure else None
    return {"path": str(path), "is_read": reading.is_read, "failure": failure} | result.as_json(reading)


def _card(path: Path, reading: Reading) -> Panel:
    milliseconds = reading.timings_ms.get("total", 0.0)
    if reading.failure:
        return Panel(
            Text.assemble((reading.failure.reason.value, "bold red"), "\n", reading.failure.detail),
            title=Text(str(path)),
            subtitle=f"{milliseconds:.0f} ms",
            border_style="red",
        )
    parts: list[Any] = [_fields(reading)]
    if reading.mrz:
        parts.append(Text("\n".join(reading.mrz.lines), style="bold cyan", no_wrap=True))
    parts.append(_checks(reading))
    kind = f"{reading.document_type} · {reading.mrz.format.value}" if reading.mrz else reading.document_type
    return Panel(
        Group(*parts),
        title=Text(str(path)),
        subtitle=f"{kind} · {milliseconds:.0f} ms · {reading.engine}",
        border_style="yellow" if any(check.verdict is Verdict.FAIL for check in reading.checks) else "green",
    )


def _fields(reading: Reading) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for name, found in reading.fields.items():
        if found.value:
            share = f"{found.confidence * 100:.1f} %"
            table.add_row(
                name.replace("_", " "), Text(found.value), Text(share, "green" if found.confidence > 0.95 else "yellow")
            )
    return table


def _checks(reading: Reading) -> Text:
    marks = {Verdict.PASS: "+", Verdict.FAIL: "x", Verdict.NOT_APPLICABLE: "-"}
    made = [
        (f"{marks[check.verdict]} {check.name.replace('_', ' ')}  ", _COLOUR[check.verdict])
        for check in reading.checks
        if check.verdict is not Verdict.NOT_APPLICABLE
    ]
    return Text.assemble(*made)
