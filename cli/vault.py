"""`idmill vault`: the keys that wrap the keys of what is stored. How to change them, step by step: docs/security.md."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cli import operator, rewrap
from core import audit
from core import vault as ring
from core.transaction import transaction

out = Console(highlight=False)


@click.group()
def vault() -> None:
    """Keys of what is stored: which are in use, a new one, rotate."""


@vault.command("keys")
@operator.var_option
def show_keys(var: Path) -> None:
    """Print each key-encryption key, whether it is at hand, and how many data keys it wraps."""
    with operator.database(var) as db:
        known, used = ring.vault(), rewrap.usage(db)
    table = Table("key", "at hand", "wraps", box=None, header_style="dim")
    for key_id in sorted(known.key_ids | set(used), key=lambda key_id: (key_id != known.active, key_id)):
        place = "first: wraps new ones" if key_id == known.active else "yes" if key_id in known.key_ids else "MISSING"
        table.add_row(key_id, place, str(used[key_id]))
    out.print(table)


@vault.command("new")
@click.argument("key_id", metavar="ID")
def new_key(key_id: str) -> None:
    """Print a fresh key for IDMILL_VAULT_KEYS, this once. ID is any short word that is not in use."""
    text = f"{key_id}:{base64.b64encode(os.urandom(ring.KEY_BYTES)).decode()}"
    try:
        ring.parse_keys(text)
    except ValueError:
        raise click.BadParameter("use letters and digits, no comma and no colon", param_hint="ID") from None
    click.echo(text)


@vault.command("rotate")
@operator.var_option
def rotate(var: Path) -> None:
    """Wrap every data key under the first of IDMILL_VAULT_KEYS, while everything runs. Begin again at any time.

    Every process must have the new key before this, as any but the first is enough; the old one may go after it.
    """
    with operator.database(var) as db:
        used = rewrap.usage(db)
    missing = sorted(set(used) - ring.vault().key_ids)
    if missing:
        raise click.ClickException(
            f"IDMILL_VAULT_KEYS lacks {', '.join(missing)}, which still wraps data keys; put it back, behind the first."
        )
    try:
        done = rewrap.rewrap_all(transaction, lambda table, count: click.echo(f"{table}: {count}", err=True))
    except ring.VaultError as error:
        raise click.ClickException(f"{error}: the keys at hand are not the ones that it was sealed under.") from None
    with operator.database(var) as db:
        audit.note(db, audit.Action.VAULT_ROTATED, None, ring.vault().active)
        left = {key_id: count for key_id, count in rewrap.usage(db).items() if key_id != ring.vault().active}
    if left:
        raise click.ClickException(f"{done} wrapped anew; {sum(left.values())} were in use all the time: run it again.")
    click.echo(f"{done} data keys wrapped anew; all are under {ring.vault().active}. Backups still need the old key.")
