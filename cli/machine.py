"""One machine with everything on it: services, migrations, demo organization, the processes. It prints nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli import children, demo_access, env_files, lock, operator, own_secrets, processes
from cli.children import Child
from cli.embedded import ports, postgres, valkey
from cli.own_secrets import OwnSecrets
from cli.supervisor import Supervisor

DEFAULT_PORT = 8000
DEFAULT_FLOWER_PORT = 5555
DEFAULT_METRICS_PORT = 9464
_OPERATOR_COMMENT = (
    "The settings of the idmill that runs here, for `idmill org`, `key` and the like. Made anew at each start."
)


class CannotStart(Exception):
    """Something about this machine or the options is in the way; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator chose. A port of None may be replaced by a free one."""

    var: Path
    host: str = ports.LOOPBACK
    port: int | None = None
    flower_port: int | None = None
    metrics_port: int | None = None
    workers: int = 2
    reader: str | None = None
    log_level: str = "INFO"


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything runs. Secrets are in `flower_url` too."""

    supervisor: Supervisor
    url: str
    flower_url: str = field(repr=False)
    metrics_url: str
    access: demo_access.Access = field(repr=False)
    demo_env: Path
    logs: Path
    data: tuple[str, ...]  #: directories with what was stored on this machine
    seconds: float  #: from the call to ready


@contextmanager
def running(options: Options, *, step: Callable[[str], None], warn: Callable[[str], None]) -> Iterator[Machine]:
    """Starts everything, stops everything at the end of the block.

    `step` is told each thing that stands, `warn` what the operator should know. Raises CannotStart, AlreadyRunning,
    DiedAtStart, PostgresUnavailable, ValkeyUnavailable; StopAsked when a signal came.
    """
    began = time.monotonic()
    var = _state_directory(options.var)
    _allow_many_files()
    with lock.held(var) as lock_descriptor:
        secrets = own_secrets.kept_in(var)
        port = _chosen_port("--port", options.port, DEFAULT_PORT, options.host, warn)
        flower_port = _chosen_port("--flower-port", options.flower_port, DEFAULT_FLOWER_PORT, ports.LOOPBACK, warn)
        with Supervisor(warn, keep_open=(lock_descriptor,)) as supervisor:
            metrics_port = _chosen_port(
                "--metrics-port", options.metrics_port, DEFAULT_METRICS_PORT, ports.LOOPBACK, warn
            )
            database_url = _database(supervisor, var, secrets, step)
            redis_url = _queue(supervisor, var, secrets, step)
            env = _environment(options, var, secrets, database_url, redis_url)
            env_files.write(var / operator.FILE, env, comment=_OPERATOR_COMMENT)
            os.environ.update(env)  # `core` of this very process reads its settings there too
            _migrate(var / "log" / "migrations.log")
            step("migrations applied")
            file = var / "demo.env"
            access = demo_access.kept_or_made(file)
            url = processes.url_of(options.host, port)
            flower_url = f"http://{processes.FLOWER_USER}:{secrets.flower_password}@{ports.LOOPBACK}:{flower_port}"
            processes_of_ours = _processes(
                options,
                var / "log",
                port=port,
                flower_port=flower_port,
                flower_password=secrets.flower_password,
                metrics_port=metrics_port,
            )
            supervisor.start(*processes_of_ours)
            step(f"API, {options.workers} worker processes, webhook sender, sweeper, metrics and Flower answer")
            demo_access.write(file, access, url=url, flower_url=flower_url)
            yield Machine(
                supervisor=supervisor,
                url=url,
                flower_url=flower_url,
                metrics_url=f"{processes.url_of(ports.LOOPBACK, metrics_port)}/metrics",
                access=access,
                demo_env=file,
                logs=var / "log",
                data=_places_of_data(var),
                seconds=time.monotonic() - began,
            )


def _processes(
    options: Options, log: Path, *, port: int, flower_port: int, flower_password: str, metrics_port: int
) -> tuple[Child, ...]:
    whole = dict(os.environ)
    return (
        processes.api(whole, log / "api.log", host=options.host, port=port),
        processes.worker(whole, log / "worker.log", processes=options.workers),
        processes.webhooks(whole, log / "webhooks.log"),
        processes.sweeper(whole, log / "sweeper.log"),
        processes.flower(whole, log / "flower.log", port=flower_port, password=flower_password),
        processes.metrics(whole, log / "metrics.log", host=ports.LOOPBACK, port=metrics_port),
    )


def _state_directory(path: Path) -> Path:
    os.umask(0o077)
    var = path.resolve()
    try:
        (var / "log").mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise CannotStart(f"The state directory {var} cannot be used: {refused}. Choose another with --var.") from None
    kept = [var / "lock", var / "secrets.env", var / "demo.env"]
    if not all(os.access(path, os.R_OK | os.W_OK) for path in (var, var / "log", *filter(Path.exists, kept))):
        raise CannotStart(f"What {var} holds belongs to another user: run as that user, or choose another --var.")
    return var


def _chosen_port(option: str, wanted: int | None, default: int, host: str, warn: Callable[[str], None]) -> int:
    port, is_named = wanted or default, wanted is not None
    try:
        if ports.is_free(port, host) and (ports.claim(port) or is_named):  # who names a port may have claimed it for us
            return port
        if wanted is None:
            free = ports.free(host)
            warn(f"port {default} is busy, using {free} (choose with {option})")
            return free
    except OSError as refused:
        raise CannotStart(
            f"Cannot listen on {host}: {refused.strerror}. Choose an address of this machine with --host."
        ) from None
    raise CannotStart(f"Port {wanted} on {host} is busy or not allowed. Choose another with {option}, or leave it out.")


def _database(supervisor: Supervisor, var: Path, secrets: OwnSecrets, step: Callable[[str], None]) -> str:
    if given := os.environ.get("DATABASE_URL"):
        step("Postgres: the one that DATABASE_URL names")
        return _with_driver(given)
    server = postgres.prepare(
        var,
        superuser_password=secrets.postgres_superuser_password,
        role_password=secrets.postgres_password,
    )
    supervisor.start(server.child(var / "log" / "postgres.log"))
    server.make_role_and_database()
    step(f"Postgres {server.version()} on port {server.port}")
    return server.url()


def _queue(supervisor: Supervisor, var: Path, secrets: OwnSecrets, step: Callable[[str], None]) -> str:
    if given := os.environ.get("REDIS_URL"):
        step("Valkey: the one that REDIS_URL names")
        return given
    server = valkey.prepare(var, password=secrets.valkey_password)
    supervisor.start(server.child(var / "log" / "valkey.log"))
    step(f"Valkey {server.version()} on port {server.port}")
    return server.url()


def _with_driver(url: str) -> str:
    """`postgres://` and `postgresql://`, as providers print them, name no driver; ours is psycopg."""
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _environment(options: Options, var: Path, secrets: OwnSecrets, database_url: str, redis_url: str) -> dict[str, str]:
    """The settings of every process. What the operator set wins over what was made here."""
    made = {
        **secrets.settings(),
        "IDMILL_BLOBS": str(var / "blobs"),
        "IDMILL_LOG_LEVEL": options.log_level,
        "IDMILL_AUTHENTICITY": "sandbox,rules,registry",  # the sandbox answers only to numbers that are never issued
        "IDMILL_WEBHOOK_ALLOW": "127.0.0.0/8,::1/128",  # a person can try a receiver on this machine
    }
    env = {name: os.environ.get(name, value) for name, value in made.items()}
    env |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "IDMILL_VAR": str(var)}
    env["IDMILL_WORKER_PROCESSES"] = str(options.workers)
    if options.reader is not None:
        env["IDMILL_READER"] = options.reader
    return env


def _migrate(log: Path) -> None:
    """In a session of its own: Ctrl-C waits until the migration at work has ended."""
    with log.open("ab") as file:
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=processes.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            check=False,
        )
    if done.returncode != 0:
        raise CannotStart(f"The migrations failed; their log is {log}\n{children.tail(log)}")


def _places_of_data(var: Path) -> tuple[str, ...]:
    outside = postgres.outside_directory(var)
    return (str(var),) if outside is None else (str(var), str(outside))


def _allow_many_files() -> None:
    """A thousand waiting clients need as many sockets; children inherit the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
