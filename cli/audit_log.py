"""`idmill audit`: who did what. Entries are ids, times and words; nothing of a document is among them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from cli import operator
from core import audit as entries
from core.db.tables import AuditEntry

COLUMNS = ("id", "at", "actor", "action", "organization_id", "subject")
SHOWN = ("at", "actor", "action", "subject")
PAGE = 1000

out = Console(highlight=False)

_organization = click.option("--organization", type=click.UUID, help="Only what concerns this organization.")
_action = click.option("--action", type=click.Choice([action.value for action in entries.Action]), help="Only this.")
_since = click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="From this time on, UTC.")


@click.group()
def audit() -> None:
    """Who did what: list it, export it."""


@audit.command("list")
@_organization
@_action
@_since
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@operator.var_option
def show(organization: UUID | None, action: str | None, since: datetime | None, limit: int, var: Path) -> None:
    """Print entries, oldest first."""
    table = Table(*SHOWN, box=None, header_style="dim")
    with operator.database(var) as db:
        for row in entries.page(db, organization_id=organization, action=action, since=_utc(since), limit=limit):
            table.add_row(f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}", row.actor, row.action, row.subject)
    out.print(table)


@audit.command("export")
@_organization
@_action
@_since
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@operator.var_option
def export(organization: UUID | None, action: str | None, since: datetime | None, form: str, var: Path) -> None:
    """Print all entries, oldest first: a JSON object a line, or CSV."""
    writer = csv.writer(sys.stdout)
    if form == "csv":
        writer.writerow(COLUMNS)
    for row in _all(var, organization, action, _utc(since)):
        values = {name: str(getattr(row, name) or "") for name in COLUMNS} | {"at": row.at.astimezone(UTC).isoformat()}
        if form == "csv":
            writer.writerow(values.values())
        else:
            click.echo(json.dumps(values))


def _all(var: Path, organization: UUID | None, action: str | None, since: datetime | None) -> Iterator[AuditEntry]:
    after: UUID | None = None
    while True:
        with operator.database(var) as db:
            rows = entries.page(db, organization_id=organization, action=action, since=since, after=after, limit=PAGE)
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
