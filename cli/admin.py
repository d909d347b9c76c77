"""Administration on the command line: `idmill org|key|subscription|usage`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from cli import operator
from core import keys, organizations, subscriptions, usage
from core.keys import Scope
from core.subscriptions import ATTEMPTS_PER_CLIENT, WINDOW_SECONDS, Technology

out = Console(highlight=False)

_IDS = {"id", "public_id"}  #: to be copied, so never cut
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON value instead of a table.")
_organization = click.argument("organization_id", type=click.UUID, metavar="ORGANIZATION")


@click.group()
def org() -> None:
    """Organizations: create, list, strict, retention."""


@org.command("create")
@click.argument("name")
@click.option("--strict", is_flag=True, help="Wrong check digits count as a failed reading.")
@operator.var_option
def create_organization(name: str, strict: bool, var: Path) -> None:
    """Make an organization and print its id."""
    with operator.database(var) as db:
        out.print(organizations.create(db, name, is_strict=strict).id)


@org.command("list")
@_json_option
@operator.var_option
def list_organizations(as_json: bool, var: Path) -> None:
    """All organizations, oldest first."""
    with operator.database(var) as db:
        rows = organizations.everyone(db)
        columns = ("id", "name", "is_strict", "picture_hours", "result_days", "created_at")
        _show(rows, columns, as_json=as_json)


@org.command("strict")
@_organization
@click.argument("strict", type=click.Choice(["on", "off"]))
@operator.var_option
def set_strict(organization_id: UUID, strict: str, var: Path) -> None:
    """Say whether wrong check digits count as a failed reading."""
    with operator.database(var) as db:
        organizations.change(db, organization_id, is_strict=strict == "on")


@org.command("retention")
@_organization
@click.option("--picture-hours", type=click.IntRange(0, 24 * 365), help="Pictures stay so long after the end; 0: no.")
@click.option("--result-days", type=click.IntRange(0, 36_500), help="Then jobs are erased; 0: when their owner does.")
@operator.var_option
def set_retention(organization_id: UUID, picture_hours: int | None, result_days: int | None, var: Path) -> None:
    """Say how long pictures and results of an organization are kept, and print it."""
    with operator.database(var) as db:
        kept = organizations.change(db, organization_id, picture_hours=picture_hours, result_days=result_days)
        _show([kept], ("id", "picture_hours", "result_days"), as_json=False)


@click.group()
def key() -> None:
    """API keys: issue, list, rotate, expire, revoke."""


@key.command("issue")
@_organization
@click.option("--label", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[Scope.JOBS_READ.value, Scope.JOBS_WRITE.value],
    show_default=True,
)
@click.option("--expires", type=_MOMENT, help="When it ends, UTC.")
@operator.var_option
def issue_key(organization_id: UUID, label: str, scopes: tuple[str, ...], expires: datetime | None, var: Path) -> None:
    """Issue a key and print it, this once."""
    with operator.database(var) as db:
        organizations.get(db, organization_id)
        wanted = [Scope(scope) for scope in scopes]
        out.print(keys.issue(db, organization_id, label=label, scopes=wanted, expires_at=_utc(expires)).text)


@key.command("list")
@_organization
@_json_option
@operator.var_option
def list_keys(organization_id: UUID, as_json: bool, var: Path) -> None:
    """All keys of an organization, also those that no longer work."""
    with operator.database(var) as db:
        columns = ("public_id", "label", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
        _show(keys.keys_of(db, organization_id), columns, as_json=as_json)


@key.command("rotate")
@click.argument("public_id")
@click.option(
    "--grace-hours", type=click.IntRange(0, 24 * 90), default=24, show_default=True, help="Both work so long."
)
@operator.var_option
def rotate_key(public_id: str, grace_hours: int, var: Path) -> None:
    """Issue a second key like this one and print it, this once; the old one ends after the grace time."""
    with operator.database(var) as db:
        out.print(keys.rotate(db, public_id, grace=timedelta(hours=grace_hours)).text)


@key.command("expire")
@click.argument("public_id")
@click.argument("at", type=_MOMENT)
@operator.var_option
def expire_key(public_id: str, at: datetime, var: Path) -> None:
    """Set when a key ends, UTC."""
    with operator.database(var) as db:
        keys.expire(db, public_id, at.replace(tzinfo=UTC))


@key.command("revoke")
@click.argument("public_id")
@operator.var_option
def revoke_key(public_id: str, var: Path) -> None:
    """End a key now, for good."""
    with operator.database(var) as db:
        keys.revoke(db, public_id)


@click.group()
def subscription() -> None:
    """Subscriptions: create, list."""


@subscription.command("create")
@_organization
@click.argument("technology", type=click.Choice([technology.value for technology in Technology]))
@click.option("--starts", type=_MOMENT, help="When it starts, UTC.  [default: now]")
@click.option("--ends", type=_MOMENT, help="When it ends, UTC.  [default: never]")
@click.option("--total", type=click.IntRange(1), help="Readings in all.  [default: no limit]")
@click.option(
    "--attempts",
    type=click.IntRange(0),
    default=ATTEMPTS_PER_CLIENT,
    show_default=True,
    help="Per end client and window; 0: no limit.",
)
@click.option("--window-hours", type=click.IntRange(1), default=WINDOW_SECONDS // 3600, show_default=True)
@operator.var_option
def create_subscription(  # noqa: PLR0917 - click passes every option by name
    organization_id: UUID,
    technology: str,
    starts: datetime | None,
    ends: datetime | None,
    total: int | None,
    attempts: int,
    window_hours: int,
    var: Path,
) -> None:
    """Subscribe an organization to a technology and print the subscription's id."""
    with operator.database(var) as db:
        organizations.get(db, organization_id)
        made = subscriptions.subscribe(
            db,
            organization_id,
            Technology(technology),
            starts_at=_utc(starts) or datetime.now(UTC),
            ends_at=_utc(ends),
            total_limit=total,
            attempts_per_client=attempts or None,
            window_seconds=window_hours * 3600,
        )
        out.print(made.id)


@subscription.command("list")
@_organization
@_json_option
@operator.var_option
def list_subscriptions(organization_id: UUID, as_json: bool, var: Path) -> None:
    """All subscriptions of an organization, in the order in which they start."""
    with operator.database(var) as db:
        columns = ("technology", "starts_at", "ends_at", "total_limit", "used", "attempts_per_client", "window_seconds")
        _show(subscriptions.subscriptions_of(db, organization_id), columns, as_json=as_json)


@click.command("usage")
@_organization
@click.option("--since", type=_MOMENT, help="From this time on, UTC.")
@click.option("--until", type=_MOMENT, help="Before this time, UTC.")
@_json_option
@operator.var_option
def show_usage(
    organization_id: UUID,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    var: Path,
) -> None:
    """Billed readings of an organization by technology."""
    with operator.database(var) as db:
        totals = usage.totals(db, organization_id, since=_utc(since), until=_utc(until))
        _show(totals, ("technology", "readings"), as_json=as_json)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _show(rows: list[Any], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([{name: getattr(row, name) for name in columns} for row in rows], default=str))
        return
    table = Table(box=None, header_style="dim")
    for name in columns:
        table.add_column(name, no_wrap=name in _IDS, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(getattr(row, name)) for name in columns))
    out.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)
