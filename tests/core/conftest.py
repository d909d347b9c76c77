"""What the tests of `core` share: an accepted job, and a worker's claim on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core import jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind
from core.transaction import transaction

LEASE = timedelta(seconds=60)


@pytest.fixture
def accept(organization_id: UUID) -> Callable[..., Job]:
    """Accepts one upload, as the API does."""

    def accept_one(**request: object) -> Job:
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            return jobs.accept(db, picture, jobs.Request(**{"document": DocumentKind.MRZ, **request}))  # type: ignore[arg-type]

    return accept_one


@pytest.fixture
def claim() -> Callable[..., Job | None]:
    """Claims a job, as a worker does."""

    def claim_one(job: Job, *, lease: timedelta = LEASE, max_claims: int = 5) -> Job | None:
        with transaction() as db:
            return jobs.claim(db, job.id, lease=lease, max_claims=max_claims)

    return claim_one
