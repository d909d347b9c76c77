"""`idmill up`: everything on one machine until Ctrl-C. What is started, and in which order: `cli.machine`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli import lock, machine
from cli.children import DiedAtStart
from cli.embedded.ports import NoFreePort
from cli.embedded.postgres import PostgresUnavailable
from cli.embedded.valkey import ValkeyUnavailable
from cli.machine import CannotStart, Machine
from cli.supervisor import StopAsked

_PORTS = click.IntRange(1, 65535)
_WIDE_OPEN = ("0.0.0.0", "::")  # noqa: S104  # compared, not bound

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@click.command(name="up")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the API listens on.")
@click.option("--port", type=_PORTS, help="Port of the API.  [default: 8000, or a free one when that is busy]")
@click.option("--flower-port", type=_PORTS, help="Port of Flower, on loopback.  [default: 5555, or a free one]")
@click.option("--metrics-port", type=_PORTS, help="Port for Prometheus, on loopback.  [default: 9464, or a free one]")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=_processors,
    show_default="one per processor",
    help="How many pictures are read at the same time.",
)
@click.option(
    "--var",
    type=click.Path(file_okay=False, path_type=Path),
    default="var",
    envvar="IDMILL_VAR",
    show_default=True,
    help="Directory of everything that must survive a restart, of logs, and of demo.env.",
)
@click.option("--reader", type=click.Choice(["ocrb", "tesseract"]), help="Engine that reads machine readable zones.")
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]),
    default="INFO",
    show_default=True,
    help="What the logs below VAR/log tell.",
)
def command(**chosen: Any) -> None:
    """Run everything on this machine until Ctrl-C: Postgres, Valkey, API, workers, webhooks, sweeper, metrics,
    Flower.

    A child that dies is started again. VAR/demo.env (mode 0600) says how to reach the API and with which keys.
    DATABASE_URL and REDIS_URL in the environment replace the embedded Postgres and Valkey.
    """
    with told_plainly(), machine.running(machine.Options(**chosen), step=say_step, warn=say_warning) as everything:
        out.print(_summary(everything, chosen["host"]))
        everything.supervisor.attend(None)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Ends the command with one sentence where the operator can help, and with 0 where somebody asked it to stop."""
    try:
        yield
    except StopAsked:
        out.print("idmill stopped; everything it stored is kept.")
    except (
        CannotStart,
        DiedAtStart,
        NoFreePort,
        PostgresUnavailable,
        ValkeyUnavailable,
        lock.AlreadyRunning,
    ) as refused:
        raise click.ClickException(str(refused)) from None


def say_step(what: str) -> None:
    """One more thing stands."""
    out.print(Text.assemble(("✓ ", "green"), what), soft_wrap=True)


def say_warning(what: str) -> None:
    """Something the operator should know, on stderr."""
    err.print(Text.assemble(("idmill: ", "yellow"), what), soft_wrap=True)


def _summary(everything: Machine, host: str) -> Panel:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("API", f"[bold]{everything.url}[/]")
    table.add_row("Documentation", f"{everything.url}/docs")
    table.add_row("Flower", f"{everything.flower_url.rpartition('@')[2]}  [dim]user and password in demo.env[/]")
    table.add_row("Metrics", everything.metrics_url)
    table.add_row("Keys", f". {everything.demo_env}")
    table.add_row(
        "Try", f'curl -H "Authorization: Bearer $IDMILL_API_KEY" -F image=@passport.jpg {everything.url}/v1/jobs'
    )
    table.add_row("Logs", str(everything.logs))
    table.add_row("Data", "\n".join(everything.data))
    if host in _WIDE_OPEN:
        table.add_row("Note", "[yellow]the API listens to the whole network, without TLS[/]")
    title = f"idmill is ready after {everything.seconds:.1f} s"
    return Panel(table, title=title, title_align="left", subtitle="Ctrl-C stops it", border_style="green", expand=False)
