"""Limits of an organization: told in every answer, refused beyond them with the time to come back, never a stop."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from api import quotas
from core import organizations
from core.db.tables import Organization
from core.transaction import transaction


def limit(organization_id, **values):
    with transaction() as db:
        db.execute(update(Organization).where(Organization.id == organization_id).values(**values))


def test_every_answer_tells_the_limit_and_what_is_left(client, organization_id):
    limit(organization_id, calls_per_minute=100)
    answers = [client.get("/v1/jobs"), client.get("/v1/jobs/not-a-uuid"), client.post("/v1/jobs")]
    assert [answer.status_code for answer in answers] == [200, 422, 422]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"default";q=100;w=60'}
    left = [int(answer.headers["ratelimit"].partition(";r=")[2].partition(";")[0]) for answer in answers]
    assert left[0] - left[1] == left[1] - left[2] == 1


def test_call_beyond_the_limit_is_429_until_the_window_ends(client, organization_id, new_key):
    limit(organization_id, calls_per_minute=3)
    codes = [client.get("/v1/jobs").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    refused = client.get("/v1/jobs", headers={"Authorization": f"Bearer {new_key()}"})  # all keys count together
    assert refused.json()["code"] == "rate-limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert ";r=0;" in refused.headers["ratelimit"]
    with transaction() as db:
        other = organizations.create(db, "Specimen Neighbour").id
    assert client.get("/v1/jobs", headers={"Authorization": f"Bearer {new_key(organization=other)}"}).status_code == 200


def test_dialects_count_too(client, organization_id, new_key):
    limit(organization_id, calls_per_minute=1)
    key = new_key()
    for expected in (422, 503):
        answer = client.post(
            "/api/v1/backend/mrz/retrieve/", data={"api_key": key}, files={"image": ("x.png", b"only words")}
        )
        assert answer.status_code == expected


def test_unknown_key_has_no_limit_to_tell(client):
    answer = client.get("/v1/jobs", headers={"Authorization": "Bearer idm_0_0"})
    assert answer.status_code == 401
    assert "ratelimit" not in answer.headers


def test_calls_go_on_without_limits_while_the_counter_is_away(client, organization_id, monkeypatch):
    limit(organization_id, calls_per_minute=1)

    class Away:
        def pipeline(self, **_):
            raise ConnectionError

    monkeypatch.setattr(quotas, "_valkey", Away)
    answers = [client.get("/v1/jobs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("ratelimit" not in answer.headers for answer in answers)
    quotas._breaker.cache_clear()


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/batches"])
def test_uploads_beyond_the_open_ones_are_refused_and_taken_again_later(
    client, picture, organization_id, path, monkeypatch
):
    from api import shedding
    from core import admission

    monkeypatch.setattr(shedding, "SECONDS", 0.0)

    limit(organization_id, most_open_jobs=2)
    for _ in range(2):
        assert client.post("/v1/jobs", files={"image": picture}, data={"document": "mrz"}).status_code == 202
    part = "image" if path == "/v1/jobs" else "images"
    answer = client.post(path, files={part: ("a.png", picture)}, data={"document": "mrz"})
    if path == "/v1/jobs":
        assert (answer.status_code, answer.json()["code"]) == (429, "quota-exceeded")
        assert int(answer.headers["retry-after"]) >= 1
    else:
        assert answer.json()["items"][0]["refusal"]["code"] == "quota-exceeded"
    for job in client.get("/v1/jobs").json()["items"]:
        client.delete(f"/v1/jobs/{job['id']}")
    admission._known.cache_clear()  # what this process remembers for a second
    assert client.post("/v1/jobs", files={"image": picture}, data={"document": "mrz"}).status_code == 202
