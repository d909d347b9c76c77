"""What every test may ask for: a migrated Postgres, a Valkey, the settings that lead to both."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import redis
from sqlalchemy.orm import Session

from cli import children, own_secrets
from cli.embedded import postgres as embedded_postgres
from cli.embedded import valkey as embedded_valkey

ROOT = Path(__file__).parents[1]
TEMPLATE = "idmill"  #: migrated once, then copied for every test module
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def secrets() -> own_secrets.OwnSecrets:
    """Random secrets of this test session."""
    return own_secrets.fresh()


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, secrets: own_secrets.OwnSecrets
) -> Iterator[embedded_postgres.Postgres]:
    """A running Postgres with an empty database; started once in a session, about 2 s."""
    var = tmp_path_factory.mktemp("postgres")
    server = embedded_postgres.prepare(
        var,
        superuser_password=secrets.postgres_superuser_password,
        role_password=secrets.postgres_password,
        is_durable=False,  # these rows need not survive the machine
    )
    running = children.start_and_wait(server.child(var / "log" / "postgres.log"))
    try:
        server.make_role_and_database()
        yield server
    finally:
        running.stop()
        shutil.rmtree(server.home.directory)


@pytest.fixture(scope="session")
def postgres(
    postgres_server: embedded_postgres.Postgres,
    secrets: own_secrets.OwnSecrets,
    tmp_path_factory: pytest.TempPathFactory,
) -> embedded_postgres.Postgres:
    """A running Postgres whose database `idmill` the migrations have built."""
    environment = {
        **os.environ,
        **secrets.settings(),
        "DATABASE_URL": postgres_server.url(TEMPLATE),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # migrations have no business there
        "IDMILL_BLOBS": str(tmp_path_factory.mktemp("no-blobs")),
    }
    migrated = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr
    return postgres_server


@pytest.fixture(scope="session")
def valkey(
    tmp_path_factory: pytest.TempPathFactory, secrets: own_secrets.OwnSecrets
) -> Iterator[embedded_valkey.Valkey]:
    """A running Valkey; started once in a session."""
    var = tmp_path_factory.mktemp("valkey")
    server = embedded_valkey.prepare(var, password=secrets.valkey_password)
    running = children.start_and_wait(server.child(var / "log" / "valkey.log"))
    try:
        yield server
    finally:
        running.stop()


@pytest.fixture(scope="module")
def database_url(postgres: embedded_postgres.Postgres) -> Iterator[str]:
    """A fresh, migrated database for this test module."""
    name = f"test_{next(_numbers)}"
    with postgres.connect() as superuser:
        superuser.execute(f"create database {name} template {TEMPLATE} owner {embedded_postgres.ROLE}")
    try:
        yield postgres.url(name)
    finally:
        with postgres.connect() as superuser:
            superuser.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def redis_url(valkey: embedded_valkey.Valkey) -> str:
    """The Valkey of this session, emptied for this test module."""
    client = redis.Redis.from_url(valkey.url())
    client.flushall()
    client.close()
    return valkey.url()


@pytest.fixture(scope="module")
def settings_env(
    database_url: str, redis_url: str, secrets: own_secrets.OwnSecrets, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of an idmill process, set for this module; `{**os.environ, **settings_env}` for a child."""
    environment = {
        **secrets.settings(),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "IDMILL_BLOBS": str(tmp_path_factory.mktemp("blobs")),
        "IDMILL_VAR": str(tmp_path_factory.mktemp("var")),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        _forget_what_core_remembers()
        yield environment
        _forget_what_core_remembers()


@pytest.fixture
def db(settings_env: dict[str, str]) -> Iterator[Session]:
    """A database session in an open transaction that is rolled back after the test."""
    from core.db import engine
    from core.transaction import EVERYBODY, bind

    with engine.new_session()() as session:
        transaction = session.begin()
        bind(session, EVERYBODY)
        try:
            yield session
        finally:
            if transaction.is_active:
                transaction.rollback()


@pytest.fixture
def organization_id(settings_env: dict[str, str]) -> UUID:
    """A committed organization with a subscription to every technology and no limits."""
    from core import organizations, subscriptions
    from core.transaction import transaction

    with transaction() as db:
        organization = organizations.create(db, "Specimen Bank")
        for technology in subscriptions.Technology:
            yesterday = datetime.now(UTC) - timedelta(days=1)
            subscriptions.subscribe(
                db, organization.id, technology, starts_at=yesterday, attempts_per_client=None, total_limit=None
            )
    return organization.id


@pytest.fixture
def turn_clock(database_url: str, settings_env: dict[str, str]) -> Iterator[Callable[..., None]]:
    """Moves the clock that idmill's statements see: a `now()` found before Postgres' own. `turn_clock(hours=3)`."""
    from core.db import engine

    url = database_url.replace("postgresql+psycopg://", "postgresql://")
    name = url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema if not exists turned")
        connection.execute("create table if not exists turned.clock (ahead interval not null)")
        connection.execute("delete from turned.clock")
        connection.execute("insert into turned.clock values (interval '0')")
        connection.execute(
            "create or replace function turned.now() returns timestamptz language sql stable as "
            "'select pg_catalog.now() + ahead from turned.clock'"
        )
        connection.execute("grant usage on schema turned to idmill_app")
        connection.execute("grant select on turned.clock to idmill_app")
        connection.execute(f"alter database {name} set search_path = turned, pg_catalog, public")
        engine.engine().dispose()

        def turn(**ahead: float) -> None:
            seconds = sum(
                {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}[unit] * value
                for unit, value in ahead.items()
            )
            connection.execute("update turned.clock set ahead = ahead + make_interval(secs => %s)", (seconds,))

        yield turn
        connection.execute(f"alter database {name} reset search_path")
    engine.engine().dispose()


def _forget_what_core_remembers() -> None:
    """`core` keeps its settings, engine, broker, storage and vault for the life of a process; a test module is one."""
    engine_module = sys.modules.get("core.db.engine")
    if engine_module is not None and engine_module.engine.cache_info().currsize:
        engine_module.engine().dispose()
    for name, module in list(sys.modules.items()):
        if name == "core" or name.startswith("core."):
            for member in list(vars(module).values()):
                if getattr(member, "__module__", "").startswith("core.") and hasattr(member, "cache_clear"):
                    member.cache_clear()
