"""`idmill backup DIR` and `idmill restore DIR`. What a copy is and how it is made: `cli.kept_copy`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError

from cli import kept_copy, operator, processes
from core import audit
from core.transaction import transaction

_directory = click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")


@click.command("backup")
@_directory
@operator.var_option
def backup(directory: Path, var: Path) -> None:
    """Copy the database and all pictures into DIR, which must not exist, while everything runs.

    What it holds is sealed; the keys (IDMILL_VAULT_KEYS, IDMILL_KEY_PEPPER) are not in it. Keep them elsewhere.
    """
    operator.find_settings(var)
    with _told_plainly():
        about = kept_copy.make(directory.absolute())
        with transaction() as db:
            audit.note(db, audit.Action.BACKUP_MADE, None)
    click.echo(f"{directory}: {about.sessions} sessions, {about.jobs} jobs, {about.pictures - about.gone} pictures.")
    click.echo(f"Needs the keys {', '.join(about.key_ids) or '(none)'} and this IDMILL_KEY_PEPPER to be of use.")


@click.command("restore")
@_directory
@click.option("--replace", is_flag=True, help="Drop what the database holds now.")
@operator.var_option
def restore(directory: Path, replace: bool, var: Path) -> None:
    """Bring back a copy that `idmill backup` made, and apply the migrations that came after it.

    The database must be empty, or --replace must be said. Uploads and erasures after the copy are not in it.
    """
    operator.find_settings(var)
    with _told_plainly():
        about, lost = kept_copy.bring_back(directory.absolute(), replace=replace)
        _migrate()
        with transaction() as db:
            audit.note(db, audit.Action.BACKUP_RESTORED, None)
    click.echo(f"Back as of {about.made_at}: {about.sessions} sessions, {about.jobs} jobs.")
    if lost:
        click.echo(f"{lost} open jobs had no picture in the copy; they ended as reader_failed, uncharged.")
    click.echo(
        "Erase again what was erased after that time: `idmill audit export` of before this, or your own log, says what."
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except kept_copy.CannotCopy as refused:
        raise click.ClickException(str(refused)) from None
    except OperationalError:
        raise click.ClickException("The database does not answer.") from None


def _migrate() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=processes.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise kept_copy.CannotCopy(f"The copy is back, but the migrations failed: {done.stderr.strip()[-2000:]}")
