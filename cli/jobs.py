"""`idmill jobs`: what the operator does with uploads that no reader could end."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from cli import operator
from core import dead, sealed
from core.db.tables import Job

MOST_SHOWN = 1000
COLUMNS = ("id", "organization_id", "session_id", "claims", "crashes", "trouble", "finished_at", "replayable_until")
SHOWN = ("id", "trouble", "finished_at", "replayable_until")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@click.group()
def jobs() -> None:
    """Uploads that were given up: list them, read them again."""


@jobs.command("dead")
@click.option("--json", "as_json", is_flag=True, help="One JSON value instead of a table.")
@operator.var_option
def show_dead(as_json: bool, var: Path) -> None:
    """Jobs that were given up and whose pictures are still kept, the oldest first."""
    with operator.database(var) as db:
        rows = [[str(getattr(job, column) or "") for column in COLUMNS] for job in dead.page(db, limit=MOST_SHOWN)]
    if as_json:
        out.print_json(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows]))
        return
    table = Table()
    for column in SHOWN:
        table.add_column(column, no_wrap=column == "id")  # whoever replays one copies it from here
    for row in rows:
        named = dict(zip(COLUMNS, row, strict=True))
        table.add_row(
            *(named[column][:16] if column.endswith(("_at", "_until")) else named[column] for column in SHOWN)
        )
    out.print(table)


@jobs.command("replay")
@click.argument("job_id", type=click.UUID, metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Every job that `idmill jobs dead` lists.")
@operator.var_option
def replay(job_id: UUID | None, everything: bool, var: Path) -> None:
    """Read a job that was given up once more: a new attempt at its session, with the picture as it was uploaded.

    Prints the id that was given up and the new one. An attempt whose session has its document by now is refused.
    """
    if (job_id is None) != everything:
        raise click.UsageError("Name one job, or say --all.")
    with operator.database(var) as db:
        chosen = dead.page(db, limit=MOST_SHOWN) if job_id is None else [dead.get(db, job_id)]
    refused = [job for job in chosen if not _replayed(job, var)]
    if refused:
        raise click.ClickException(f"{len(refused)} of {len(chosen)} were not replayed.")


def _replayed(job: Job, var: Path) -> bool:
    picture = dead.copy_picture(job)
    try:
        with operator.database(var) as db:
            new = dead.replay(db, job, picture)
    except click.ClickException as refused:
        sealed.forget_picture(picture)
        err.print(f"{job.id}: {refused.message}")
        return False
    out.print(f"{job.id} -> {new.id}")
    return True
