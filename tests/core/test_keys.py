"""API keys: shown once, stored hashed, refused the same way whatever is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from core import errors, keys
from core.db.tables import ApiKey
from core.keys import Scope

SCOPES = (Scope.JOBS_READ, Scope.JOBS_WRITE)


def test_issued_key_tells_who_calls(db, organization_id):
    issued = keys.issue(db, organization_id, label="web", scopes=SCOPES)
    caller = keys.authenticate(db, issued.text)
    assert (caller.organization_id, caller.key_id) == (organization_id, issued.public_id)
    assert caller.scopes == set(SCOPES)
    assert keys.authenticate_pair(db, issued.public_id, issued.secret) == caller


def test_secret_is_not_in_the_row_nor_in_a_repr(db, organization_id):
    issued = keys.issue(db, organization_id, label="web", scopes=SCOPES)
    row = db.scalars(select(ApiKey).where(ApiKey.public_id == issued.public_id)).one()
    assert issued.secret.encode() not in row.secret_hash
    assert issued.secret not in repr(issued)
    assert len(issued.text) >= 47


def test_every_wrong_key_is_refused_alike(db, organization_id):
    issued = keys.issue(db, organization_id, label="web", scopes=SCOPES)
    expired = keys.issue(db, organization_id, label="old", scopes=SCOPES, expires_at=datetime.now(UTC) - timedelta(1))
    revoked = keys.issue(db, organization_id, label="lost", scopes=SCOPES)
    db.execute(update(ApiKey).where(ApiKey.public_id == revoked.public_id).values(revoked_at=func.now()))
    wrong = (
        "",
        "idm",
        "idm__",
        "x" * 500,
        issued.text[:-1],
        issued.text + "x",
        f"idm_{issued.public_id}_",
        "\x00",
        "idm_\x00_x",
        "idm_\ud800_x",
    )
    messages = set()
    for text in (*wrong, expired.text, revoked.text, issued.text.replace("idm_", "abc_")):
        with pytest.raises(errors.KeyRefused) as refused:
            keys.authenticate(db, text)
        messages.add(str(refused.value))
    assert len(messages) == 1


def test_missing_scope_is_named(db, organization_id):
    issued = keys.issue(db, organization_id, label="reader", scopes=[Scope.JOBS_READ])
    with pytest.raises(errors.ScopeMissing, match="jobs:write"):
        keys.authenticate(db, issued.text).must_have(Scope.JOBS_WRITE)
