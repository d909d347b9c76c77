"""Administration over HTTP: organizations, keys that rotate and end, subscriptions, usage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.keys import Scope

NOW = datetime.now(UTC)


@pytest.fixture
def admin(client, new_key):
    """The client with an administrator's key."""
    client.headers["Authorization"] = f"Bearer {new_key(Scope.ADMIN)}"
    return client


@pytest.fixture
def customer(admin):
    """The id of a new organization."""
    answer = admin.post("/v1/admin/organizations", json={"name": "Specimen Telecom"})
    assert answer.status_code == 201
    return answer.json()["id"]


def works(client, key):
    return client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def issue(admin, customer, **body):
    answer = admin.post(f"/v1/admin/organizations/{customer}/keys", json={"label": "SPECIMEN", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_new_organization_is_listed_and_can_become_strict(admin, customer):
    listed = {one["id"]: one for one in admin.get("/v1/admin/organizations").json()}
    assert listed[customer]["name"] == "Specimen Telecom"
    assert listed[customer]["is_strict"] is False
    changed = admin.patch(f"/v1/admin/organizations/{customer}", json={"is_strict": True})
    assert changed.json()["is_strict"] is True


def test_issued_key_works_until_it_is_revoked_and_its_secret_is_never_shown_again(admin, customer):
    issued = issue(admin, customer)
    assert works(admin, issued["key"])
    listed = admin.get(f"/v1/admin/organizations/{customer}/keys")
    assert issued["secret"] not in listed.text
    assert [key["public_id"] for key in listed.json()] == [issued["public_id"]]
    assert admin.delete(f"/v1/admin/keys/{issued['public_id']}").status_code == 204
    assert not works(admin, issued["key"])
    assert admin.delete(f"/v1/admin/keys/{issued['public_id']}").status_code == 404


def test_rotation_leaves_two_living_keys_for_the_grace_time(admin, customer):
    old = issue(admin, customer)
    new = admin.post(f"/v1/admin/keys/{old['public_id']}/rotate", json={"grace_seconds": 600}).json()
    assert works(admin, old["key"])
    assert works(admin, new["key"])
    newer = admin.post(f"/v1/admin/keys/{new['public_id']}/rotate", json={"grace_seconds": 0}).json()
    assert not works(admin, new["key"])
    assert works(admin, newer["key"])


def test_key_ends_at_its_time(admin, customer):
    key = issue(admin, customer, expires_at=(NOW + timedelta(hours=1)).isoformat())
    assert works(admin, key["key"])
    past = {"expires_at": (NOW - timedelta(seconds=1)).isoformat()}
    assert admin.patch(f"/v1/admin/keys/{key['public_id']}", json=past).status_code == 204
    assert not works(admin, key["key"])


def test_subscriptions_are_made_and_shown_to_their_organization(admin, customer):
    key = issue(admin, customer)["key"]
    body = {"technology": "mrz", "starts_at": NOW.isoformat(), "total_limit": 10, "attempts_per_client": None}
    made = admin.post(f"/v1/admin/organizations/{customer}/subscriptions", json=body)
    assert made.status_code == 201, made.text
    mine = admin.get("/v1/subscriptions", headers={"Authorization": f"Bearer {key}"}).json()
    assert mine == [made.json()] == admin.get(f"/v1/admin/organizations/{customer}/subscriptions").json()
    assert (mine[0]["technology"], mine[0]["used"], mine[0]["window_seconds"]) == ("mrz", 0, 86400)


def test_usage_of_an_organization_without_readings_is_empty(admin, customer):
    assert admin.get(f"/v1/admin/organizations/{customer}/usage").json() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("organizations", {}),
        ("organizations", {"name": ""}),
        ("organizations", {"name": "a\x00b"}),
        ("organizations", {"name": "Specimen", "colour": "red"}),
        ("organizations/{customer}/keys", {"label": "x", "scopes": ["everything"]}),
        ("organizations/{customer}/keys", {"label": "x", "scopes": []}),
        ("organizations/{customer}/keys", {"label": "x", "expires_at": "2030-01-01T00:00:00"}),
        ("organizations/{customer}/subscriptions", {"technology": "mrz"}),
        ("organizations/{customer}/subscriptions", {"technology": "dna", "starts_at": "2030-01-01T00:00:00Z"}),
        (
            "organizations/{customer}/subscriptions",
            {"technology": "mrz", "starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"},
        ),
        (
            "organizations/{customer}/subscriptions",
            {"technology": "mrz", "starts_at": "2030-01-02T00:00:00Z", "total_limit": 2**31},
        ),
    ],
)
def test_body_that_cannot_be_used_is_refused(admin, customer, path, body):
    answer = admin.post(f"/v1/admin/{path.format(customer=customer)}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "request-invalid"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "organizations/{nobody}/keys"),
        ("PATCH", "organizations/{nobody}"),
        ("POST", "organizations/{nobody}/keys"),
        ("POST", "organizations/{nobody}/subscriptions"),
        ("GET", "organizations/{nobody}/subscriptions"),
        ("GET", "organizations/{nobody}/usage"),
        ("POST", "keys/0123456789abcdef/rotate"),
    ],
)
def test_unknown_organization_and_key_are_not_found(admin, method, path):
    nobody = "00000000-0000-7000-8000-000000000000"
    body = {"label": "x", "is_strict": True, "technology": "mrz", "starts_at": NOW.isoformat()}
    wanted = {"keys": ["label"], "subscriptions": ["technology", "starts_at"], nobody: ["is_strict"]}
    names = wanted.get(path.format(nobody=nobody).rsplit("/", 1)[-1], [])
    json = {name: body[name] for name in names} if method != "GET" else None
    answer = admin.request(method, f"/v1/admin/{path.format(nobody=nobody)}", json=json)
    assert answer.status_code == 404, answer.text


def test_ordinary_key_may_not_administrate(client):
    assert client.get("/v1/admin/organizations").status_code == 403
