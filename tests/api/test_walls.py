"""With the application's own organization filter removed, a foreign id still answers as if it were not there."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core import audit, errors, events, jobs, organizations, sessions
from core.db.tables import Event, Job, ReadingSession
from core.transaction import transaction


@pytest.fixture
def strangers_headers(new_key):
    with transaction() as db:
        stranger = organizations.create(db, "SPECIMEN stranger").id
    return {"Authorization": f"Bearer {new_key(organization=stranger)}"}


@pytest.fixture
def without_filters(monkeypatch):
    """Three queries that forgot to name the organization."""

    def find(db, _organization_id, job_id):
        job = db.scalar(select(Job).where(Job.id == job_id))
        if job is None:
            raise errors.NotFound
        return job

    def one(db, _organization_id, session_id, *, lock):
        session = db.scalar(select(ReadingSession).where(ReadingSession.id == session_id))
        if session is None:
            raise errors.NotFound
        return session

    monkeypatch.setattr(jobs, "_find", find)
    monkeypatch.setattr(sessions, "_one", one)
    monkeypatch.setattr(events, "after", lambda db, _id, _sequence, *, limit: list(db.scalars(select(Event))))


@pytest.mark.usefixtures("without_filters", "worker")
def test_postgres_refuses_what_a_query_without_a_filter_would_show(client, picture, strangers_headers):
    made = client.post("/v1/jobs", files={"image": picture}, headers={"Prefer": "wait=10"})
    job, session = made.json()["id"], made.json()["session_id"]
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}?wait=1", f"/v1/sessions/{session}"):
        assert client.get(path).status_code == 200, path
        assert client.get(path, headers=strangers_headers).status_code == 404, path
    assert client.get("/v1/events").json()["items"]
    assert client.get("/v1/events", headers=strangers_headers).json()["items"] == []
    assert client.delete(f"/v1/jobs/{job}", headers=strangers_headers).status_code == 404
    assert client.get(f"/v1/jobs/{job}").status_code == 200


def test_request_without_a_caller_sees_no_row(client, picture, monkeypatch):
    from api.routes import health

    client.post("/v1/jobs", files={"image": picture})
    seen = []
    monkeypatch.setattr(health, "_ask", lambda db: seen.append(db.scalar(select(func.count()).select_from(Job))))
    assert client.get("/readyz").status_code == 200
    assert seen == [0]


def test_administrator_sees_every_organization(client, new_key, strangers_headers):
    from core.keys import Scope

    headers = {"Authorization": f"Bearer {new_key(Scope.ADMIN)}"}
    names = [one["name"] for one in client.get("/v1/admin/organizations", headers=headers).json()]
    assert {"Specimen Bank", "SPECIMEN stranger"} <= set(names)


def test_picture_is_shown_to_its_owner_while_it_is_kept_and_that_is_written_down(
    client, picture, organization_id, strangers_headers
):
    made = client.post("/v1/jobs", files={"image": picture}).json()["id"]
    shown = client.get(f"/v1/jobs/{made}/picture")
    assert (shown.status_code, shown.content) == (200, picture)
    assert shown.headers["Content-Disposition"] == "attachment"
    assert client.get(f"/v1/jobs/{made}/picture", headers=strangers_headers).status_code == 404
    assert client.delete(f"/v1/jobs/{made}").status_code == 204
    assert client.get(f"/v1/jobs/{made}/picture").status_code == 410
    assert audit.flush()
    with transaction(organization_id) as db:
        read = audit.page(db, action="picture.read", limit=100)
    assert [entry.subject for entry in read] == [made]
    assert read[0].actor.startswith("key:")
