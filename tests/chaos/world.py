"""A whole idmill of real processes on loopback that may be hurt: whoever dies is started again half a second later."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import redis

from cli import own_secrets, processes
from cli.children import Child, DiedAtStart, Running, start_and_wait
from cli.embedded import ports, postgres, valkey

ROOT = Path(__file__).parents[2]
RESTART_SECONDS = 0.5
READY_SECONDS = 120.0  #: a machine that also does other things starts processes slowly
READER = "tests.worker.reader.misbehaving"

#: Everything is quicker than in a real place, in the same proportions.
QUICK = {
    "IDMILL_TESTING": "1",
    "IDMILL_READER_MODULE": READER,
    "IDMILL_READ_SECONDS": "3",
    "IDMILL_READ_MEMORY_BYTES": "300000000",
    "IDMILL_LEASE_SECONDS": "5",
    "IDMILL_SWEEP_SECONDS": "1",
    "IDMILL_STUCK_SECONDS": "30",
}


class Member:
    """One process that shall run, and the one that does."""

    def __init__(self, make: Callable[[], Child]) -> None:
        self.make = make
        self.child = replace(make(), ready_seconds=READY_SECONDS)
        self.running: Running = start_and_wait(self.child)
        self.starts = 1
        self.is_wanted = True
        self._ended_at: float | None = None

    @property
    def process(self) -> psutil.Process:
        """The process as it runs now. Raises psutil.NoSuchProcess."""
        return psutil.Process(self.running.pid)

    def kill(self) -> None:
        """SIGKILL to this process alone."""
        with suppress(ProcessLookupError):
            os.kill(self.running.pid, signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Any signal to this process alone."""
        with suppress(ProcessLookupError):
            os.kill(self.running.pid, number)

    def tree(self) -> list[psutil.Process]:
        """This process and all below it."""
        with suppress(psutil.NoSuchProcess):
            return [self.process, *self.process.children(recursive=True)]
        return []

    def look(self) -> None:
        """Starts it again when it has been dead for a moment. From the thread that keeps everybody."""
        if self.running.exit_status() is None or not self.is_wanted:
            return
        if self._ended_at is None:
            self.running.end(time.monotonic())  # what it left behind goes too, as a supervisor does it
            self._ended_at = time.monotonic()
        elif time.monotonic() - self._ended_at >= RESTART_SECONDS:
            self.running = Running(self.child)
            self.starts += 1
            self._ended_at = None

    def stop(self) -> None:
        """For good."""
        self.is_wanted = False
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                process.resume()
        self.running.stop()


@dataclass(slots=True)
class World:
    """The members by kind, and what a test asks them through."""

    env: dict[str, str] = field(repr=False)
    database: postgres.Postgres
    queue: valkey.Valkey
    directory: Path
    postgres: Member
    valkey: Member
    apis: list[Member] = field(default_factory=list)
    api_ports: list[int] = field(default_factory=list)
    workers: list[Member] = field(default_factory=list)
    sweepers: list[Member] = field(default_factory=list)

    @property
    def members(self) -> list[Member]:
        return [self.postgres, self.valkey, *self.sweepers, *self.workers, *self.apis]

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Rows, asked as the superuser. Raises psycopg.OperationalError while Postgres is away."""
        with self.database.connect(postgres.DATABASE) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def patient_sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Rows, as soon as Postgres is back."""
        while True:
            try:
                return self.sql(statement, *values)
            except psycopg.OperationalError:
                time.sleep(0.2)

    def redis(self) -> redis.Redis:
        """A client of the queue's server."""
        return redis.Redis.from_url(self.queue.url(), socket_timeout=3)

    def url(self, number: int) -> str:
        """Address of one of the APIs."""
        return f"http://127.0.0.1:{self.api_ports[number % len(self.api_ports)]}"

    def add_api(self, **settings: str) -> Member:
        """One more API process."""
        port, number = ports.free(), len(self.apis)
        env = {**self.env, **settings}
        member = Member(
            lambda: processes.api(env, self.directory / "log" / f"api-{number}.log", host="127.0.0.1", port=port)
        )
        self.apis.append(member)
        self.api_ports.append(port)
        return member

    def add_worker(self, *, children: int = 2, **settings: str) -> Member:
        """One more worker."""
        name = f"worker-{len(self.workers)}"
        env = {**self.env, **settings, "IDMILL_VAR": str(self.directory / name)}
        log = self.directory / "log" / f"{name}.log"
        pool = ("prefork", children)
        member = Member(lambda: processes._celery_worker(name, env, log, queue="idmill.read", pool=pool))
        self.workers.append(member)
        return member

    def add_sweeper(self, **settings: str) -> Member:
        """One more sweeper."""
        log = self.directory / "log" / f"sweeper-{len(self.sweepers)}.log"
        member = Member(lambda: processes.sweeper({**self.env, **settings}, log))
        self.sweepers.append(member)
        return member

    def logged(self, event: str) -> int:
        """How often the workers and sweepers logged an event."""
        logs = (self.directory / "log").glob("*.log*")
        return sum(log.read_text("utf-8", "replace").count(f'"event": "{event}"') for log in logs)

    def new_key(self, name: str = "Specimen Bank", **limits: object) -> str:
        """An API key of a new organization that may have everything read."""
        from core import keys, organizations, subscriptions
        from core.db.tables import Organization
        from core.transaction import transaction

        with transaction() as db:
            organization = organizations.create(db, name)
            for column, value in limits.items():
                setattr(db.get(Organization, organization.id), column, value)
            starts_at = datetime.now(UTC) - timedelta(days=1)
            subscriptions.subscribe(
                db,
                organization.id,
                subscriptions.Technology.MRZ,
                starts_at=starts_at,
                attempts_per_client=None,
                total_limit=10_000_000,
            )
            return keys.issue(
                db, organization.id, label="chaos", scopes=[keys.Scope.JOBS_READ, keys.Scope.JOBS_WRITE]
            ).text


@contextmanager
def running(directory: Path, *, is_durable: bool = True, **settings: str) -> Iterator[World]:
    """Postgres and Valkey, migrated and kept alive; APIs, workers and sweepers are added by the caller."""
    directory.mkdir(parents=True, exist_ok=True)
    secrets = own_secrets.fresh()
    database = postgres.prepare(
        directory,
        superuser_password=secrets.postgres_superuser_password,
        role_password=secrets.postgres_password,
        is_durable=is_durable,
    )
    queue = valkey.prepare(directory, password=secrets.valkey_password)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, database.home.directory, ignore_errors=True)
        members: list[Member] = []
        for make in (database.child, queue.child):
            log = directory / "log" / f"{make.__self__.__class__.__name__.lower()}.log"  # type: ignore[attr-defined]
            members.append(Member(lambda make=make, log=log: make(log)))  # type: ignore[misc]
            stack.callback(members[-1].stop)
        database.make_role_and_database()
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("IDMILL_")},
            **secrets.settings(),
            **QUICK,
            "DATABASE_URL": database.url(),
            "REDIS_URL": queue.url(),
            "IDMILL_BLOBS": str(directory / "blobs"),
            "IDMILL_VAR": str(directory / "var"),
            **settings,
        }
        migrate(env)
        _use_in_this_process(env, stack)
        world = World(env, database, queue, directory, *members)
        stop = threading.Event()
        keeper = threading.Thread(target=_keep, args=(world, stop), name="keeper")
        keeper.start()
        try:
            yield world
        finally:
            stop.set()
            keeper.join()
            for member in reversed(world.members[2:]):
                with suppress(DiedAtStart, psutil.NoSuchProcess):
                    member.stop()


def migrate(env: dict[str, str]) -> None:
    """Brings the database of `env` up to date."""
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def _keep(world: World, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        for member in list(world.members):
            with suppress(OSError, subprocess.SubprocessError):
                member.look()


def _use_in_this_process(env: dict[str, str], stack: ExitStack) -> None:
    """`core` of this very process (readiness, keys) talks to the same services, and forgets them afterwards."""
    before = dict(os.environ)

    def restore() -> None:
        os.environ.clear()
        os.environ.update(before)
        _forget()

    stack.callback(restore)
    os.environ.update(env)
    _forget()


def _forget() -> None:
    for name, module in list(sys.modules.items()):
        if name == "core" or name.startswith("core."):
            for member in list(vars(module).values()):
                if getattr(member, "__module__", "").startswith("core.") and hasattr(member, "cache_clear"):
                    member.cache_clear()
