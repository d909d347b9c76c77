"""How an operator's command reaches the database: by its environment, or by what `idmill up` left in its directory."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from cli import env_files
from core import audit, errors, settings

FILE = "operator.env"  #: in the state directory of `idmill up`; mode 0600

var_option = click.option(
    "--var",
    type=click.Path(file_okay=False, path_type=Path),
    default="var",
    envvar="IDMILL_VAR",
    show_default=True,
    help="Directory of `idmill up`; not needed where DATABASE_URL and the other settings are in the environment.",
)


@contextmanager
def database(var: Path) -> Iterator[Any]:
    """One transaction on idmill's database. Ends the command with one sentence when it cannot be had or used."""
    find_settings(var)
    from core.transaction import transaction  # noqa: PLC0415 - its settings are only now there

    try:
        with transaction() as db:
            yield db
    except errors.IdmillError as refused:
        raise click.ClickException(str(refused)) from None
    except OperationalError:
        raise click.ClickException("The database does not answer. Is `idmill up` running?") from None


def _user() -> str:
    """Whom the audit log names."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def find_settings(var: Path) -> None:
    """Puts the settings of the idmill that is meant into this process's environment, where they are not there yet."""
    audit.act_as(f"operator:{_user()}")
    if "DATABASE_URL" in os.environ or (settings.SECRETS / "database_url").is_file():
        return
    kept = env_files.read(var / FILE)
    if not kept:
        raise click.ClickException(
            f"No database: set DATABASE_URL and the other settings, or start `idmill up` ({var / FILE} is missing)."
        )
    os.environ.update(kept)
