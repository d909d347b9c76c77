"""What row security costs an upload and a poll: two APIs on one server asked in turn, one with it and one without.

python -m lab.benchmarks.wall
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import httpx2

from cli import children, demo_access, own_secrets, processes
from cli.embedded import ports, postgres, valkey
from lab.benchmarks import real

BARE = "bare"  #: a copy of the database whose tables are open
PICTURE = b"\xff\xd8\xff\xe0" + bytes(200_000)  #: looks like a JPEG; nobody reads it here

#: The API with the wall taken out: it neither takes the role on nor says on whose behalf it asks.
WITHOUT = """
import runpy, sys
from core import transaction
from core.db import role
role.assume = lambda connection: None
transaction.bind = lambda db, whose: None
sys.argv = ["uvicorn", *sys.argv[1:]]
runpy.run_module("uvicorn", run_name="__main__")
"""


@click.command()
@click.option("--calls", default=400, show_default=True, help="Of each kind at each of the two.")
def main(calls: int) -> None:
    """Prints the medians, and the median of the difference within each pair."""
    with both() as (walled, bare, key), httpx2.Client(timeout=30, headers={"X-API-Key": key}) as client:
        jobs = {url: upload(client, url).headers["Location"] for url in (walled, bare)}
        tell("upload of 200 kB", measure(calls, (walled, bare), lambda url: upload(client, url)))
        tell("poll", measure(calls, (walled, bare), lambda url: client.get(url + jobs[url])))
    print(real.machine())


def upload(client: httpx2.Client, url: str) -> httpx2.Response:
    """One picture that waits for a worker."""
    answer = client.post(f"{url}/v1/jobs", files={"image": ("a.jpg", PICTURE)}, data={"document": "mrz"})
    answer.raise_for_status()
    return answer


def measure(
    calls: int, urls: tuple[str, str], ask: Callable[[str], httpx2.Response]
) -> tuple[list[float], list[float]]:
    """Milliseconds of every call, in pairs; who goes first changes."""
    took: dict[str, list[float]] = {url: [] for url in urls}
    for number in range(calls + 20):
        for url in urls if number % 2 else reversed(urls):
            began = time.perf_counter()
            ask(url).raise_for_status()
            if number >= 20:  # the first ones fill caches
                took[url].append(1000 * (time.perf_counter() - began))
    return took[urls[0]], took[urls[1]]


def tell(what: str, took: tuple[list[float], list[float]]) -> None:
    """One line."""
    walled, bare = (statistics.median(each) for each in took)
    added = statistics.median(one - other for one, other in zip(*took, strict=True))
    print(f"{what}: p50 {walled:.2f} ms with row security, {bare:.2f} ms without; within pairs {added:+.2f} ms")


@contextlib.contextmanager
def both() -> Iterator[tuple[str, str, str]]:
    """The addresses of the two, and a key to both. No worker runs."""
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        var, secrets = Path(directory), own_secrets.fresh()
        database = postgres.prepare(
            var,
            superuser_password=secrets.postgres_superuser_password,
            role_password=secrets.postgres_password,
        )
        queue = valkey.prepare(var, password=secrets.valkey_password)
        for server in (database.child(var / "postgres.log"), queue.child(var / "valkey.log")):
            stack.callback(children.start_and_wait(server).stop)
        database.make_role_and_database()
        settings = {"REDIS_URL": queue.url(), "IDMILL_BLOBS": str(var / "blobs"), "IDMILL_VAR": str(var)}
        os.environ.update(secrets.settings() | settings | {"DATABASE_URL": database.url()})
        subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], check=True, capture_output=True)
        key = demo_access.kept_or_made(var / "demo.env")["IDMILL_API_KEY"]
        _copy_without(database)
        walled = _api(var, database.url())
        bare = _api(var, database.url(BARE))
        bare = replace(bare, command=(sys.executable, "-c", WITHOUT, *bare.command[3:]))
        for one in (walled, bare):
            stack.callback(children.start_and_wait(one).stop)
        yield walled.name, bare.name, key


def _copy_without(database: postgres.Postgres) -> None:
    from core.db import engine  # noqa: PLC0415 - its settings are only now there

    engine.engine().dispose()  # a database that is copied has no other guests
    with database.connect() as superuser:
        superuser.execute(f"create database {BARE} template {postgres.DATABASE} owner {postgres.ROLE}")
    with database.connect(BARE) as superuser:
        for (table,) in superuser.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
            superuser.execute(f"alter table {table} disable row level security, no force row level security")


def _api(var: Path, database_url: str) -> children.Child:
    """An API whose name is its address."""
    port = ports.free()
    made = processes.api(
        {**os.environ, "DATABASE_URL": database_url}, var / f"api-{port}.log", host=ports.LOOPBACK, port=port
    )
    return replace(made, name=f"http://{ports.LOOPBACK}:{port}")


if __name__ == "__main__":
    main()
