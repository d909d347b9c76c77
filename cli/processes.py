"""The processes of idmill as children: their command lines, only here, and how each proves ready."""

from __future__ import annotations

import http.client
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import kombu.exceptions
import redis
from celery.utils import nodenames
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from cli.children import Child
from core import broker
from core.db.tables import Heartbeat
from core.transaction import transaction

ROOT = Path(__file__).parents[1]
FLOWER_USER = "idmill"
FLOWER_VIEW = Path(__file__).with_name("flower_view.py")  #: Flower runs it; imported, it would ask for a password
SENDERS = 8  #: webhooks sent at the same time


def api(env: Mapping[str, str], log: Path, *, host: str, port: int) -> Child:
    """The HTTP process."""
    return Child(
        name="api",
        command=(
            *(sys.executable, "-m", "uvicorn", "--factory", "api.main:create_app"),
            *("--host", host, "--port", str(port)),
            *("--no-access-log", "--no-server-header", "--log-level", "warning"),
            *("--timeout-keep-alive", "5"),
            *("--limit-concurrency", "4000"),  # above this 503 at once; clients that wait for a result count too
            *("--timeout-graceful-shutdown", "5"),
        ),
        env=env,
        log=log,
        is_ready=lambda: _answers_200(_dialled(host), port, "/readyz"),
        directory=ROOT,
    )


def worker(env: Mapping[str, str], log: Path, *, processes: int) -> Child:
    """The Celery worker that reads pictures."""
    return _celery_worker("worker", env, log, queue=broker.QUEUE, pool=("prefork", processes))


def webhooks(env: Mapping[str, str], log: Path) -> Child:
    """The Celery worker that sends webhooks: it mostly waits for receivers, so threads serve it better."""
    return _celery_worker("webhooks", env, log, queue=broker.WEBHOOK_QUEUE, pool=("threads", SENDERS))


def _celery_worker(name: str, env: Mapping[str, str], log: Path, *, queue: str, pool: tuple[str, int]) -> Child:
    """The rows in Postgres make a worker reliable; these flags keep it from hoarding or hanging."""
    return Child(
        name=name,
        command=(
            *(sys.executable, "-m", "celery", "-A", "worker.app", "worker"),
            *("--hostname", f"{name}@%h", "--queues", queue),
            *("--pool", pool[0], "--concurrency", str(pool[1])),
            "--disable-prefetch",  # a waiting message stays visible to every worker
            "--without-gossip",
            "--without-mingle",  # it can end the worker when Valkey restarts
            "--task-events",  # for Flower
            *("--loglevel", "WARNING"),
        ),
        # SIGTERM lets running jobs end within worker_soft_shutdown_timeout (25 s), then hands them back.
        env={**env, "REMAP_SIGTERM": "SIGQUIT", "OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"},
        log=log,
        is_ready=lambda: _worker_answers(nodenames.nodename(name, nodenames.gethostname())),
        ready_seconds=60.0,
        grace_seconds=30.0,
        directory=ROOT,
    )


def sweeper(env: Mapping[str, str], log: Path) -> Child:
    """The sweeper. It is ready when it has beaten after this call."""
    since = _database_time()
    return Child(
        name="sweeper",
        command=(sys.executable, "-m", "worker.sweeper"),
        env=env,
        log=log,
        is_ready=lambda: _sweeper_has_beaten_after(since),
        directory=ROOT,
    )


def flower(env: Mapping[str, str], log: Path, *, port: int, password: str, host: str = "127.0.0.1") -> Child:
    """Flower with a password, read-only: a view of task names, ids, states and times."""
    without_flower = {name: value for name, value in env.items() if not name.startswith("FLOWER_")}
    return Child(
        name="flower",
        command=(
            *(sys.executable, "-m", "celery", "-A", "worker.app", "flower"),
            *(f"--address={host}", f"--port={port}", f"--conf={ROOT / 'cli/flower_view.py'}"),
        ),
        env={**without_flower, "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{password}"},
        log=log,
        is_ready=lambda: _answers_200(_dialled(host), port, "/healthcheck"),
        stop_signal=signal.SIGTERM,
        directory=ROOT,
    )


def metrics(env: Mapping[str, str], log: Path, *, host: str, port: int) -> Child:
    """What Prometheus asks: numbers from Postgres, on a port that clients do not reach."""
    return Child(
        name="metrics",
        command=(sys.executable, "-m", "worker.metrics", "--host", host, "--port", str(port)),
        env=env,
        log=log,
        is_ready=lambda: _answers_200(_dialled(host), port, "/metrics"),
        directory=ROOT,
    )


def _dialled(host: str) -> str:
    """Where to reach a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound


def url_of(host: str, port: int) -> str:
    """The address of the API from this machine."""
    dialled = _dialled(host)
    return f"http://[{dialled}]:{port}" if ":" in dialled else f"http://{dialled}:{port}"


def _answers_200(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _worker_answers(node: str) -> bool:
    try:
        control = broker.celery().control
        return bool(control.broadcast("ping", destination=[node], reply=True, limit=1, timeout=0.5))
    except (kombu.exceptions.KombuError, redis.RedisError, OSError):
        return False


def _database_time() -> datetime:
    with transaction() as db:
        now: datetime = db.scalars(select(func.clock_timestamp())).one()
        return now


def _sweeper_has_beaten_after(since: datetime) -> bool:
    try:
        with transaction() as db:
            return db.scalar(select(Heartbeat.at).where(Heartbeat.name == "sweeper", Heartbeat.at > since)) is not None
    except SQLAlchemyError:
        return False
