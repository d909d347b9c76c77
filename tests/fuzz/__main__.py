"""`python -m tests.fuzz openapi|sockets|files`: what `make test` does in seconds, for as long as you like."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import click
from sqlalchemy import func, select

from core import keys
from core.db.tables import Job
from core.states import OPEN
from core.transaction import transaction
from tests.chaos import world
from tests.chaos.world import World
from tests.fuzz import files, openapi, sockets

#: The reader that is shipped, with its own limits.
SETTINGS = {
    "IDMILL_TESTING": "0",
    "IDMILL_READER_MODULE": "",
    "IDMILL_READ_SECONDS": "20",
    "IDMILL_READ_MEMORY_BYTES": "1610612736",
    "IDMILL_LEASE_SECONDS": "15",
    "IDMILL_BODY_SECONDS": "3",
    "IDMILL_MAX_WAIT_SECONDS": "1",
}
_seed = click.option("--seed", type=int, default=1, show_default=True)


@click.group()
def main() -> None:
    """Each command says what it found and ends with 1 when there was anything."""


@main.command("openapi")
@click.option("--seconds", type=click.IntRange(10, 3600), default=600, show_default=True, help="For all documents.")
@_seed
def fuzz_openapi(seconds: int, seed: int) -> None:
    """Schemathesis over every OpenAPI document."""
    with _running() as mill:
        key, known = openapi.populate(mill.url(0), _organization(mill))
        share = max(seconds // len(openapi.DOCUMENTS), 1)
        told = [
            openapi.broken_promises(
                mill.url(0), one, key, known, directory=mill.directory, seed=seed, examples=0, seconds=share
            )
            for one in openapi.DOCUMENTS
        ]
        _end(filter(None, told), mill)


@main.command("sockets")
@click.option("--count", type=click.IntRange(1), default=10_000, show_default=True, help="Mutated requests.")
@_seed
def fuzz_sockets(count: int, seed: int) -> None:
    """Uploads whose bytes were turned, dropped and doubled."""
    with _running() as mill:
        key, port = mill.new_key(), urlsplit(mill.url(0)).port or 0
        requests = list(sockets.mutated(key, seed=seed, count=count))
        said = sockets.send_all(port, requests)
        answers = Counter(answer.status for answer in said)
        faults = [
            repr(raw)
            for raw, answer in zip(requests, said, strict=True)
            if (answer.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
        ]
        click.echo(f"answers: {dict(answers)}")
        _end(faults, mill)


@main.command("files")
@click.option("--rounds", type=click.IntRange(1), default=50, show_default=True, help="Of 61 files.")
@_seed
def fuzz_files(rounds: int, seed: int) -> None:
    """Hostile files through the API and the reader that is shipped."""
    with _running() as mill:
        mill.add_sweeper()
        mill.add_worker()
        thrown = files.throw(mill.url(0), mill.new_key(), files.hostile(seed=seed, rounds=rounds))
        while _open_jobs():
            time.sleep(1)
        with transaction() as db:
            rows = db.scalars(select(Job).where(Job.crashes + Job.claims > 1)).all()
        names = {row: thrown.accepted.get(str(row.id), "?") for row in rows}
        hurt = [
            f"{name}: {row.trouble}, {row.claims} claims"
            for row, name in names.items()
            if name.partition("-")[0] not in files.EXHAUSTING
        ]
        click.echo(f"{thrown.sent} files, {len(thrown.accepted)} accepted")
        _end([*(f"{name}: {said}" for name, said in thrown.faults.items()), *hurt], mill)


@contextmanager
def _running() -> Iterator[World]:
    place = tempfile.TemporaryDirectory(prefix="idmill-fuzz-")
    with place as directory, world.running(Path(directory), is_durable=False, **SETTINGS) as mill:
        mill.add_api()
        yield mill


def _organization(mill: World) -> UUID:
    with transaction() as db:
        return keys.authenticate(db, mill.new_key()).organization_id


def _open_jobs() -> int:
    with transaction() as db:
        return db.scalar(select(func.count()).where(Job.state.in_(OPEN))) or 0


def _end(found: Iterable[str], mill: World) -> None:
    told = [*found]
    failed = sum(log.read_text().count('"event": "api.failed"') for log in (mill.directory / "log").glob("api-*.log"))
    restarts = sum(member.starts - 1 for member in mill.members)
    for one in told:
        click.echo(one)
    click.echo(f"found: {len(told)}, unexpected errors: {failed}, processes that died: {restarts}")
    sys.exit(1 if told or failed or restarts else 0)


main()
