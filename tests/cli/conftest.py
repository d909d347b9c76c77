"""What the tests of `cli` share: everything that is stored under a key, and another key ring."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from cli import rewrap
from core import batches, envelope, idempotency, jobs, sealed, settings, vault, webhooks
from core.db.tables import Job
from core.documents import DocumentKind
from core.transaction import transaction

RESULT = {"document_type": "passport", "fields": {"surname": {"value": "SPECIMEN"}}}


@pytest.fixture
def ring(settings_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Gives this process key-encryption keys by their ids, the first one wrapping; `k1` is the one it began with.

    No data key of another test is there.
    """
    with transaction() as db:
        tables = ", ".join(table.__tablename__ for table in rewrap.BOUND_TO)
        db.execute(text("SET LOCAL ROLE NONE"))
        db.execute(text(f"TRUNCATE {tables} CASCADE"))
    original = dict(item.split(":") for item in settings_env["IDMILL_VAULT_KEYS"].split(","))

    def text_of(key_id: str) -> str:
        made = base64.b64encode(hashlib.sha256(key_id.encode()).digest()).decode()
        return f"{key_id}:{original.get(key_id, made)}"

    def hold(*key_ids: str) -> None:
        monkeypatch.setenv("IDMILL_VAULT_KEYS", ",".join(text_of(key_id) for key_id in key_ids))
        _forget()

    yield hold
    monkeypatch.setenv("IDMILL_VAULT_KEYS", settings_env["IDMILL_VAULT_KEYS"])
    _forget()


def _forget() -> None:
    settings.settings.cache_clear()
    vault.vault.cache_clear()
    envelope._private_key.cache_clear()


@pytest.fixture
def received(organization_id: UUID) -> Callable[[], Job]:
    """One job that was read, its picture still there."""

    def make() -> Job:
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            accepted = jobs.accept(db, picture, jobs.Request(document=DocumentKind.MRZ))
        with transaction() as db:
            claimed = jobs.claim(db, accepted.id, lease=timedelta(seconds=60), max_claims=5)
            assert claimed is not None
        with transaction() as db:
            jobs.receive(db, claimed, RESULT)
        with transaction() as db:
            return db.get_one(Job, accepted.id)

    return make


@pytest.fixture
def one_of_each(organization_id: UUID, received: Callable[[], Job]) -> dict[str, UUID]:
    """A row in every table that holds a wrapped data key."""
    pair = envelope.fresh_pair()
    with transaction() as db:
        made = {
            "webhook_endpoints": webhooks.for_callbacks(db, organization_id),
            "batches": batches.start(db, organization_id, ["passport.jpg"]).id,
            "envelope_keys": envelope.rotate(db, organization_id, envelope.Service.ID_CARD, pair).id,
        }
        answer = idempotency.Answer(201, {}, b"SPECIMEN answer")
        idempotency.keep(db, organization_id, "a key", b"fingerprint", answer)
    return {**made, "jobs": received().id}
