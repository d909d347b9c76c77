"""A real API process, and a real worker when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from cli import children, processes
from cli.children import Running
from cli.embedded import ports
from core import keys
from core.keys import Scope
from core.transaction import transaction

#: What the files of hostile people need to be through quickly; a picture of 60 MP still fits.
SETTINGS = {
    "IDMILL_MAX_WAIT_SECONDS": "1",
    "IDMILL_BODY_SECONDS": "3",
    "IDMILL_READ_SECONDS": "20",
    "IDMILL_LEASE_SECONDS": "30",
    "IDMILL_MAX_CLAIMS": "2",
}

PATIENCE_SECONDS = 120.0  #: a machine that also does other things starts processes slowly


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def api(settings_env: dict[str, str], directory: Path) -> Iterator[Running]:
    """An API process; what it could not answer is found in its log at the end."""
    port, log = ports.free(), directory / "api.log"
    env = {**os.environ, **settings_env, **SETTINGS}
    child = processes.api(env, log, host="127.0.0.1", port=port)
    running = children.start_and_wait(replace(child, ready_seconds=PATIENCE_SECONDS))
    yield running
    running.stop()
    assert '"event": "api.failed"' not in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module")
def url(api: Running) -> str:
    arguments = api.child.command
    return f"http://127.0.0.1:{arguments[arguments.index('--port') + 1]}"


@pytest.fixture(scope="module")
def port(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.fixture
def key(organization_id: UUID) -> str:
    """A key that may upload and look."""
    with transaction() as db:
        return keys.issue(db, organization_id, label="SPECIMEN", scopes=[Scope.JOBS_READ, Scope.JOBS_WRITE]).text


@pytest.fixture(scope="module")
def worker(settings_env: dict[str, str], directory: Path) -> Iterator[Running]:
    """A Celery worker with two children."""
    env = {**os.environ, **settings_env, **SETTINGS, "IDMILL_WORKER_PROCESSES": "2"}
    child = processes.worker(env, directory / "worker.log", processes=2)
    running = children.start_and_wait(replace(child, ready_seconds=PATIENCE_SECONDS))
    yield running
    running.stop()
