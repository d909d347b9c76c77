"""What the tests of `api` share: a client of the real application, keys, and a picture."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from core import keys
from core.keys import Scope
from core.transaction import transaction


@pytest.fixture
def new_key(organization_id: UUID) -> Callable[..., str]:
    """Issues a key of the test's organization, or of another one."""

    def issue(*scopes: Scope, organization: UUID | None = None) -> str:
        with transaction() as db:
            wanted = scopes or (Scope.JOBS_READ, Scope.JOBS_WRITE)
            return keys.issue(db, organization or organization_id, label="SPECIMEN", scopes=wanted).text

    return issue


@pytest.fixture
def client(settings_env: dict[str, str], new_key: Callable[..., str]) -> Iterator[TestClient]:
    """A client of the whole application with a good key, answers of unexpected errors included."""
    from api.main import create_app

    headers = {"Authorization": f"Bearer {new_key()}"}
    with TestClient(create_app(), headers=headers, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def picture() -> bytes:
    """A small PNG that shows no document."""
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def worker(settings_env: dict[str, str]) -> Iterator[None]:
    """Reads whatever waits, as a Celery task would, on one thread; stops with the test."""
    from worker import hold
    from worker.run_job import run_next_job

    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            run_next_job()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()
    hold.close()
