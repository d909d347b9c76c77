"""Webhook endpoints as a client meets them: made, shown, changed, rotated, tested, redelivered; and who may not."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest
from sqlalchemy import select

from core import organizations
from core.db.tables import WebhookDelivery
from core.transaction import transaction

URL = "https://example.com/hook"


def make(client, **body):
    return client.post("/v1/webhook-endpoints", json={"url": URL, **body})


def test_secret_is_shown_once(client):
    answer = make(client, description="orders", events=["job.received"])
    made = answer.json()
    assert answer.status_code == 201
    assert made["secret"].startswith("whsec_")
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 32
    assert (made["url"], made["events"], made["description"], made["is_enabled"]) == (
        URL,
        ["job.received"],
        "orders",
        True,
    )
    shown = client.get(f"/v1/webhook-endpoints/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert shown in client.get("/v1/webhook-endpoints").json()


def test_changes_are_kept(client):
    made = make(client).json()
    path = f"/v1/webhook-endpoints/{made['id']}"
    off = client.patch(path, json={"is_enabled": False, "description": "off", "events": ["session.failed"]}).json()
    assert (off["is_enabled"], off["disabled_reason"], off["events"]) == (False, "asked", ["session.failed"])
    on = client.patch(path, json={"is_enabled": True, "url": "https://example.com/other"}).json()
    assert (on["is_enabled"], on["disabled_reason"], on["description"]) == (True, None, "off")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_rotation_gives_another_secret(client):
    made = make(client).json()
    rotated = client.post(f"/v1/webhook-endpoints/{made['id']}/rotate-secret", json={"grace_seconds": 60}).json()
    assert rotated["secret"] != made["secret"]
    assert rotated["id"] == made["id"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://localhost/",
        "x",
        "https://user@example.com/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_url_that_will_never_be_dialled_is_refused_at_once(client, picture, url):
    for answer in (
        make(client, url=url),
        client.patch(f"/v1/webhook-endpoints/{make(client).json()['id']}", json={"url": url}),
        client.post("/v1/jobs", files={"image": picture}, data={"document": "mrz", "callback_url": url}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook-url-refused")


@pytest.mark.parametrize("body", [{"events": ["job.exploded"]}, {"format": "xml"}, {"description": 7}])
def test_body_that_cannot_be_used_is_named(client, body):
    answer = make(client, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert next(iter(body)) in answer.json()["detail"]


def test_field_that_nobody_knows_is_refused_and_its_name_not_repeated(client):
    answer = make(client, SPECIMENOVA="red")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")
    assert "SPECIMENOVA" not in answer.text


def test_test_event_goes_to_one_endpoint_and_can_be_sent_again(client):
    make(client)
    made = make(client, events=["job.received"]).json()
    path = f"/v1/webhook-endpoints/{made['id']}"
    event = client.post(f"{path}/test").json()["event"]
    assert (event["type"], event["data"]["status"]) == ("endpoint.test", "TEST")
    with transaction() as db:
        sent_to = db.scalars(select(WebhookDelivery.endpoint_id).where(WebhookDelivery.event_id == event["id"])).all()
    assert [str(one) for one in sent_to] == [made["id"]]
    (delivery,) = client.get(f"{path}/deliveries").json()["items"]
    assert (delivery["event"], delivery["state"], delivery["attempts"]) == (event, "waiting", [])
    assert client.post(f"{path}/deliveries/{delivery['id']}/redeliver").status_code == 202
    assert client.post(f"{path}/deliveries/{uuid4()}/redeliver").status_code == 404
    again = client.post(f"{path}/redeliver", json={"since": "2020-01-01T00:00:00Z", "only_undelivered": False})
    assert (again.status_code, again.json()) == (202, {"count": 0})  # it wants no tests, only job.received


def test_foreign_endpoints_are_not_found(client, new_key):
    made = make(client).json()
    with transaction() as db:
        other = organizations.create(db, "Specimen Rival").id
    rival = {"Authorization": f"Bearer {new_key(organization=other)}"}
    path = f"/v1/webhook-endpoints/{made['id']}"
    assert client.get("/v1/webhook-endpoints", headers=rival).json() == []
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "mine now"}),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", {}),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{uuid4()}/redeliver", None),
        ("POST", "/redeliver", {"since": "2020-01-01T00:00:00Z"}),
    ):
        answer = client.request(method, path + rest, json=body, headers=rival)
        assert (method, rest, answer.status_code) == (method, rest, 404)


def test_organization_has_a_limited_number_of_endpoints(client, monkeypatch):
    from core import webhooks

    monkeypatch.setattr(webhooks, "MOST_ENDPOINTS", 2)
    assert [make(client).status_code for _ in range(3)] == [201, 201, 422]
