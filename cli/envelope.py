"""Public keys of the NHN dialect on the command line: `idmill envelope`."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from cli import operator
from core import envelope as envelopes
from core import organizations


@click.group()
def envelope() -> None:
    """Public keys under which clients seal what they send: rotate."""


@envelope.command("rotate")
@click.argument("organization_id", type=click.UUID, metavar="ORGANIZATION")
@click.argument("service", type=click.Choice(["credit-card", "id-card"]))
@operator.var_option
def rotate(organization_id: UUID, service: str, var: Path) -> None:
    """Hand out a new public key and print its version. The one before still opens envelopes for the grace time."""
    with operator.database(var) as db:
        organizations.get(db, organization_id)
        pair = envelopes.fresh_pair()
        click.echo(envelopes.rotate(db, organization_id, envelopes.Service(service), pair).version)
