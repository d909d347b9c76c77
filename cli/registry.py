"""Authenticity on the command line: the registry of issued documents, and locks: `idmill registry|authenticity`."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO
from uuid import UUID

import click

from cli import operator
from core import audit, organizations
from core.authenticity import locks
from core.authenticity import registry as issued

_organization = click.argument("organization_id", type=click.UUID, metavar="ORGANIZATION")
_COLUMNS = ", ".join(issued.COLUMNS)


@click.group()
def registry() -> None:
    """The operator's own table of issued documents: import, count."""


@registry.command("import", help=f"Import a CSV file with a header line: document_type and any of {_COLUMNS}.")
@_organization
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@operator.var_option
def import_documents(organization_id: UUID, file: TextIO, var: Path) -> None:
    """Adds documents, replacing those with the same number; all of the file or, when a line is wrong, nothing.

    Only keyed hashes are stored: the table can be asked, not read. Keep the file itself somewhere safe, or nowhere.
    """
    with operator.database(var) as db:
        organizations.get(db, organization_id)
        count = issued.store(db, organization_id, issued.entries(file))
        known = issued.count_of(db, organization_id)
        audit.note(db, audit.Action.REGISTRY_IMPORTED, organization_id)
    click.echo(f"{count} documents imported; the registry knows {known}.")


@registry.command("count")
@_organization
@operator.var_option
def count_documents(organization_id: UUID, var: Path) -> None:
    """Print how many documents the registry of an organization knows."""
    with operator.database(var) as db:
        click.echo(issued.count_of(db, organization_id))


@click.group()
def authenticity() -> None:
    """Cards locked after wrong issue dates: locks, unlock."""


@authenticity.command("locks")
@_organization
@operator.var_option
def list_locks(organization_id: UUID, var: Path) -> None:
    """Print each card with wrong issue dates: lock id, count, time of the lock, job of the last one."""
    with operator.database(var) as db:
        for lock in locks.of_organization(db, organization_id):
            click.echo(f"{lock.id}\t{lock.wrong_dates}\t{lock.locked_at or '-'}\t{lock.last_job_id or '-'}")


@authenticity.command("unlock")
@click.argument("lock_id", type=click.UUID)
@operator.var_option
def unlock(lock_id: UUID, var: Path) -> None:
    """Unlock a card and forget its wrong dates."""
    with operator.database(var) as db:
        locks.unlock(db, lock_id)
