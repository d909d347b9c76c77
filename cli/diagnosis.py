"""What is wrong with a set-up and how to mend it: every check a function that finds facts. Prints nothing."""

from __future__ import annotations

import math
import platform
import resource
import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from cli import rewrap
from core import broker, envelope, storage, vault
from core.db import role
from core.identifiers import new_id
from core.settings import Settings, settings
from core.transaction import transaction

ROOT = Path(__file__).parents[1]
OLDEST_POSTGRES = 14
LEAST_PEPPER = 32  #: characters
LEAST_FILES = 4096  #: a thousand clients that wait, four connections for each worker thread
MOST_SKEW_SECONDS = 5.0
SWEEPER_SILENT_SECONDS = 30.0
OLD_WORK_SECONDS = 60.0
SLOW_BLOB_SECONDS = 1.0
EXAMPLES = ("change", "example", "secret", "password", "default", "please")  #: words of secrets that are none


class Verdict(StrEnum):
    """How bad a finding is."""

    GOOD = "good"
    DOUBT = "doubt"  #: works, and will hurt one day
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Neither text holds a secret."""

    check: str
    verdict: Verdict
    said: str
    mend: str = ""


def examine() -> Iterator[Finding]:
    """Every check in order. One that breaks is a finding itself; without settings there is nothing more to see."""
    unusable = list(check_settings())
    yield from unusable
    if any(finding.check == "settings" and finding.verdict is Verdict.WRONG for finding in unusable):
        return
    for check in CHECKS:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            yield from check()
        except SQLAlchemyError as error:
            yield Finding(name, Verdict.WRONG, f"Not seen: the database answered with {type(error).__name__}.")
        except Exception as error:  # noqa: BLE001 - a check that fails must not hide the others
            yield Finding(name, Verdict.WRONG, f"Not seen: {type(error).__name__}.", "Report this with the version.")


def check_settings() -> Iterator[Finding]:
    """Are all settings there, and can they be used?"""
    try:
        known = settings()
    except ValidationError as error:
        for fault in error.errors():
            name = _variable(str(fault["loc"][0]))
            yield Finding("settings", Verdict.WRONG, f"{name}: {fault['msg']}.", _how_to_set(name))
        return
    try:
        vault.parse_keys(known.vault_keys.get_secret_value())
    except ValueError as error:
        yield Finding("settings", Verdict.WRONG, str(error) + ".", _how_to_set("IDMILL_VAULT_KEYS"))
        return
    yield Finding("settings", Verdict.GOOD, "Every setting is there.")


def check_secrets() -> Iterator[Finding]:
    """Could somebody guess them?"""
    known, weak = settings(), []
    pepper = known.key_pepper.get_secret_value()
    if len(pepper) < LEAST_PEPPER or len(set(pepper)) < 8 or _sounds_made_up(pepper):
        weak.append("IDMILL_KEY_PEPPER")
    keys = vault.parse_keys(known.vault_keys.get_secret_value())
    if any(len(set(key)) < 8 or _sounds_made_up(key.decode("latin-1")) for key in keys.values()):
        weak.append("IDMILL_VAULT_KEYS")
    if len(set(keys.values())) < len(keys):
        weak.append("IDMILL_VAULT_KEYS")
    for name in dict.fromkeys(weak):
        yield Finding("secrets", Verdict.WRONG, f"{name} is short, made up or used twice.", _how_to_set(name))
    if known.testing:
        yield Finding("secrets", Verdict.WRONG, "IDMILL_TESTING is on.", "Unset it: it lets a process kill itself.")
    if "sandbox" in known.authenticity:
        yield Finding(
            "secrets",
            Verdict.DOUBT,
            "The sandbox answers questions about authenticity for numbers that are never issued.",
            "Leave it out of IDMILL_AUTHENTICITY where real documents are checked.",
        )
    if not weak and not known.testing:
        yield Finding("secrets", Verdict.GOOD, "Pepper and vault keys look random.")


def check_database() -> Iterator[Finding]:
    """Does Postgres answer, is it new enough, and does it keep what it is told?"""
    try:
        with transaction() as db:
            row = db.execute(_ABOUT_POSTGRES).one()
    except SQLAlchemyError as error:
        yield Finding(
            "database",
            Verdict.WRONG,
            f"Postgres does not answer ({type(error).__name__}).",
            "Check DATABASE_URL (postgresql+psycopg://user:password@host:port/name), the network and the password.",
        )
        return
    yield Finding("database", Verdict.GOOD, f"Postgres {row.version} answers.")
    if row.number < OLDEST_POSTGRES * 10_000:
        mend = f"Use Postgres {OLDEST_POSTGRES} or newer; 17 and 18 are tested."
        yield Finding("database", Verdict.WRONG, f"Postgres {row.version} is too old.", mend)
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if getattr(row, name) == "off"]
    if off:
        said = f"Postgres may lose what was accepted: {', '.join(off)} off."
        yield Finding("database", Verdict.WRONG, said, "Turn them on in postgresql.conf; accepted means stored.")
    if row.is_superuser:
        yield Finding(
            "database",
            Verdict.DOUBT,
            "idmill is a superuser of Postgres.",
            "Give it a role of its own that owns its database and nothing else: CREATE ROLE idmill LOGIN ...",
        )
    yield from _row_security()


def _row_security() -> Iterator[Finding]:
    """Would Postgres itself refuse one organization another's rows?"""
    with transaction() as db:
        row = db.execute(_ABOUT_ROW_SECURITY).one()
    if row.is_above or row.open_tables:
        why = "acts as a role that row security does not bind" if row.is_above else "has tables without it"
        yield Finding(
            "row security",
            Verdict.WRONG,
            f"idmill {why}: a query that forgets the organization shows everybody's rows.",
            "Run the migrations as a role that may CREATE ROLE, or make it as docs/deploy.md says and run them again.",
        )
    elif row.role != role.NAME:
        said = f"Binds {row.role}, which owns the tables and could end it."
        mend = f"As a superuser: CREATE ROLE {role.NAME} NOLOGIN; GRANT {role.NAME} TO {row.role}; then the migrations."
        yield Finding("row security", Verdict.DOUBT, said, mend)
    else:
        yield Finding("row security", Verdict.GOOD, f"Processes act as {role.NAME}, which it binds.")


def check_clock() -> Iterator[Finding]:
    """Do this machine and Postgres agree on the time? Signatures and tokens are dated here, leases there."""
    with transaction() as db:
        db.execute(text("SELECT 1"))  # the connection stands; now the way is short
        before = time.time()
        theirs = float(db.scalars(text("SELECT extract(epoch FROM clock_timestamp())::float8")).one())
        after = time.time()
    skew = max(0.0, before - theirs, theirs - after)
    if skew > MOST_SKEW_SECONDS:
        said = f"This machine's clock and that of Postgres are {skew:.0f} s apart."
        yield Finding("clock", Verdict.WRONG, said, "Run chrony or another NTP client on both.")
    else:
        yield Finding("clock", Verdict.GOOD, f"Agrees with Postgres to {max(skew, after - before):.2f} s.")


def check_migrations() -> Iterator[Finding]:
    """Are the tables those of this release?"""
    head = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    with transaction() as db:
        has_table = db.scalars(text("SELECT to_regclass('alembic_version') IS NOT NULL")).one()
        here = db.scalar(text("SELECT version_num FROM alembic_version")) if has_table else None
    if here == head:
        yield Finding("migrations", Verdict.GOOD, f"Applied up to {head}.")
    else:
        said = f"The tables are at {here or 'nothing'}, this release needs {head}."
        yield Finding("migrations", Verdict.WRONG, said, "Run: python -m alembic upgrade head (the service `migrate`).")


def check_broker() -> Iterator[Finding]:
    """Does the broker answer, does it keep messages, and must one say a password?"""
    url = settings().broker_url.get_secret_value()
    try:
        waiting = broker.waiting()
    except Exception as error:  # noqa: BLE001 - every broker has errors of its own
        mend = (
            f"Check {'BROKER_URL' if url else 'REDIS_URL'} and the network. Uploads are taken meanwhile, none is read."
        )
        yield Finding("broker", Verdict.WRONG, f"The broker does not answer ({type(error).__name__}).", mend)
    else:
        yield Finding("broker", Verdict.GOOD, f"Answers; {waiting} messages wait.")
    yield from _valkey(settings().redis_url.get_secret_value(), carries_messages=not url)


def _valkey(url: str, *, carries_messages: bool) -> Iterator[Finding]:
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            facts: dict[str, Any] = client.info()
    except (redis.RedisError, OSError, ValueError) as error:
        said = f"Valkey does not answer ({type(error).__name__}); calls are not limited meanwhile."
        yield Finding("valkey", Verdict.WRONG, said, "Check REDIS_URL: redis://:password@host:port/0.")
        return
    yield Finding("valkey", Verdict.GOOD, f"{facts.get('valkey_version') or facts.get('redis_version')} answers.")
    if carries_messages and not facts.get("aof_enabled"):
        said = "Valkey forgets its messages when it restarts (no append-only file)."
        yield Finding("valkey", Verdict.DOUBT, said, "Set `appendonly yes`. Nothing is lost without, only late.")
    if facts.get("maxmemory_policy", "noeviction") != "noeviction":
        said = f"Valkey drops messages when it is full ({facts['maxmemory_policy']})."
        yield Finding("valkey", Verdict.WRONG, said, "Set `maxmemory-policy noeviction`.")
    if _answers_anybody(url):
        said = "Valkey answers without a password: whoever reaches it can make workers work."
        yield Finding("valkey", Verdict.WRONG, said, "Set `requirepass`, or an ACL, and put it into REDIS_URL.")


def _answers_anybody(url: str) -> bool:
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    with suppress(redis.RedisError, OSError), redis.Redis.from_url(bare, socket_timeout=2) as client:
        return bool(client.ping())
    return False


def check_blobs() -> Iterator[Finding]:
    """Can pictures be stored, read and deleted, and is there room for them?"""
    name, content = f"00/doctor-{new_id()}", b"idmill doctor"
    began = time.monotonic()
    try:
        storage.blobs().put(name, content)
        came_back = storage.blobs().get(name)
        storage.blobs().delete(name)
    except (storage.StorageFailed, storage.BlobMissing, OSError) as error:
        said = f"Pictures cannot be stored at {settings().blobs} ({type(error).__name__})."
        yield Finding("blobs", Verdict.WRONG, said, "Check IDMILL_BLOBS, its owner, its space, or the AWS_* variables.")
        return
    seconds = time.monotonic() - began
    if came_back != content:
        yield Finding("blobs", Verdict.WRONG, "What was stored came back changed.", "Do not use this storage.")
    elif seconds > SLOW_BLOB_SECONDS:
        yield Finding("blobs", Verdict.DOUBT, f"Storing one took {seconds:.1f} s.", "Every upload waits so long.")
    else:
        yield Finding("blobs", Verdict.GOOD, f"Stored, read and deleted in {1000 * seconds:.0f} ms.")
    yield from _disk()


def _disk() -> Iterator[Finding]:
    free, floor = storage.blobs().free_bytes(), settings().disk_floor_bytes
    if free is None:
        return
    said = f"{free / 2**30:.1f} GiB free, uploads are refused below {floor / 2**30:.1f}."
    verdict = Verdict.WRONG if free < floor else Verdict.DOUBT if free < 4 * floor else Verdict.GOOD
    yield Finding("disk", verdict, said, "" if verdict is Verdict.GOOD else "Give it room, or lower dead_hours.")


def check_vault() -> Iterator[Finding]:
    """Do the keys at hand open what is stored?"""
    with transaction() as db:
        used = rewrap.usage(db)
        unopened = list(rewrap.samples(db))
    missing = sorted(set(used) - vault.vault().key_ids)
    for key_id in missing:
        said = f"{used[key_id]} data keys are wrapped by {key_id}, which IDMILL_VAULT_KEYS lacks."
        yield Finding("vault", Verdict.WRONG, said, "Put it back: without it they are lost.")
    for row in unopened:
        if row.key_id not in missing:
            said = f"{row.table}: the key {row.key_id} at hand is not the one that sealed the newest row."
            yield Finding("vault", Verdict.WRONG, said, "Set IDMILL_VAULT_KEYS to the keys that were used here.")
    if unopened:
        return
    old = sum(count for key_id, count in used.items() if key_id != vault.vault().active)
    if old:
        said = f"{old} data keys are wrapped by older keys than {vault.vault().active}."
        yield Finding("vault", Verdict.DOUBT, said, "Run: idmill vault rotate.")
    else:
        yield Finding("vault", Verdict.GOOD, f"Opens what is stored ({used.total()} data keys).")


def check_work() -> Iterator[Finding]:
    """Does a sweeper sweep, and does anybody take the work?"""
    with transaction() as db:
        sweeper = db.scalar(text("SELECT extract(epoch FROM now() - at)::float8 FROM heartbeats WHERE name='sweeper'"))
        oldest = db.scalar(
            text("SELECT extract(epoch FROM now() - min(next_attempt_at))::float8 FROM jobs WHERE state = 'queued'")
        )
    silent = math.inf if sweeper is None else float(sweeper)
    if silent > SWEEPER_SILENT_SECONDS:
        said = "No sweeper was ever here." if sweeper is None else f"The sweeper is silent for {silent:.0f} s."
        yield Finding(
            "sweeper", Verdict.WRONG, said, "Start it: python -m worker.sweeper. Lost work is not taken back."
        )
    else:
        yield Finding("sweeper", Verdict.GOOD, f"Swept {silent:.0f} s ago.")
    if oldest is not None and oldest > OLD_WORK_SECONDS:
        said = f"The oldest waiting job could have been taken {oldest:.0f} s ago."
        yield Finding("workers", Verdict.WRONG, said, "Start more workers, or look at their logs; docs/runbooks.md.")
    else:
        yield Finding("workers", Verdict.GOOD, "No job waits for long.")


def check_machine() -> Iterator[Finding]:
    """Has this machine what a process of ours needs?"""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        said = f"A process may open only {soft} files; clients that wait need one each."
        yield Finding("machine", Verdict.DOUBT, said, f"Raise it: ulimit -n {LEAST_FILES}, or LimitNOFILE in systemd.")
    largest = max(settings().max_batch_bytes, settings().max_upload_bytes)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < 2 * largest:
        said = (
            f"{tempfile.gettempdir()} has room for {free / 2**20:.0f} MiB; one upload may have {largest / 2**20:.0f}."
        )
        yield Finding("machine", Verdict.DOUBT, said, "Give the API a larger /tmp: uploads pass through it.")
    try:
        envelope.self_test()
    except RuntimeError as error:
        yield Finding("machine", Verdict.DOUBT, str(error), "Only the NHN dialect needs it.")
    said = (
        f"idmill {version('idmill')}, Python {platform.python_version()}, Celery {version('celery')}, "
        f"{ssl.OPENSSL_VERSION}, {sys.platform}, {soft} files."
    )
    yield Finding("machine", Verdict.GOOD, said)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_secrets,
    check_database,
    check_clock,
    check_migrations,
    check_broker,
    check_blobs,
    check_vault,
    check_work,
    check_machine,
)

_ABOUT_POSTGRES = text("""
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
           current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
           current_setting('synchronous_commit') AS synchronous_commit,
           (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS is_superuser
""")
_ABOUT_ROW_SECURITY = text("""
    SELECT current_user AS role,
           (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS is_above,
           (SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE attname = 'organization_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
              AND NOT (relrowsecurity AND relforcerowsecurity)) AS open_tables
""")


def _variable(field: str) -> str:
    """The environment variable of a setting, by its name or its alias."""
    for name, known in Settings.model_fields.items():
        if field in {name, known.validation_alias}:
            return str(known.validation_alias or f"IDMILL_{name.upper()}")
    return field


def _how_to_set(variable: str) -> str:
    ways = {
        "IDMILL_VAULT_KEYS": "Make one with `idmill vault new k1`; keep every key that was ever used here.",
        "IDMILL_KEY_PEPPER": "Make one with `openssl rand -hex 32`; another one makes every API key unknown.",
    }
    return ways.get(variable, f"Set {variable}; deploy/env.example says what it is.")


def _sounds_made_up(value: str) -> bool:
    return any(word in value.lower() for word in EXAMPLES)
