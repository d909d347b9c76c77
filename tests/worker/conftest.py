"""What the tests of the worker share: uploads that tell the reader how to behave, and quick settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core import jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind
from core.settings import settings
from core.states import OPEN
from core.transaction import transaction
from tests.worker.reader import misbehaving


@pytest.fixture
def quick(settings_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The reader of the tests, short deadlines, and a hold of this process that is let go afterwards."""
    from worker import hold

    known = settings()
    for name, value in {
        "testing": True,
        "reader_module": "tests.worker.reader.misbehaving",
        "read_seconds": 2.0,
        "read_memory_bytes": 300_000_000,
        "lease_seconds": 3,
    }.items():
        monkeypatch.setattr(known, name, value)
    hold._held.cache_clear()
    yield
    hold.close()
    hold._held.cache_clear()


@pytest.fixture
def upload(organization_id: UUID, quick: None) -> Callable[..., UUID]:
    """Accepts a picture that makes the reader do what it says, and gives the job's id. No other test's job waits."""
    with transaction() as db:
        for left in db.scalars(select(Job).where(Job.state.in_(OPEN))):
            jobs.erase(db, left.organization_id, left.id)

    def accept(**wanted: Any) -> UUID:
        picture = sealed.store_picture(organization_id, misbehaving.picture(**wanted), "image/jpeg")
        with transaction() as db:
            return jobs.accept(db, picture, jobs.Request(DocumentKind.MRZ)).id

    return accept


@pytest.fixture
def look(settings_env: dict[str, str]) -> Callable[[UUID], Job]:
    """The row of a job."""

    def at(job_id: UUID) -> Job:
        with transaction() as db:
            job = db.get(Job, job_id)
            assert job is not None
            return job

    return at
