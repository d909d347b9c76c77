"""Every route against everybody who may not use it. A route without an entry here fails, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from core import batches, events, jobs, keys, organizations, sealed, subscriptions, webhooks
from core.db.tables import Batch, Job, WebhookDelivery, WebhookEndpoint
from core.documents import DocumentKind
from core.keys import Scope
from core.transaction import transaction

DOCUMENTATION = ("/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc")
BIOMETRIC = "/api/v1/backend"
MYKAD = "/api.php"
NHN_VERSIONS = ("/v2.0", "/v2.1")
NHN_REFUSALS = {401, 403, 4010001, 4010006, 4010007}
NHN_NO_KEY = 4000005  #: "Required headers is missing."
NHN_HEADERS = {"X-Key-Version": "1", "Symmetric-Key": "QUFBQQ==", "Request-Key": "SPECIMEN"}
ENDPOINT = "/v1/webhook-endpoints/{endpoint_id}"
ORGANIZATION = "/v1/admin/organizations/{organization_id}"

#: Who may not use a route.
STRANGERS = ("no key", "other organization", "wrong scope", "expired", "revoked", "forged")


@dataclass(frozen=True)
class Entry:
    """How a route is asked so that only the key decides. The path names things of the victim."""

    scope: Scope
    request: dict[str, Any] = field(default_factory=dict)
    is_owned: bool = True  #: the path names a thing of one organization; otherwise everybody sees his own


def reads(**request: Any) -> Entry:
    return Entry(Scope.JOBS_READ, request)


def writes(**request: Any) -> Entry:
    return Entry(Scope.JOBS_WRITE, request)


def lists(**request: Any) -> Entry:
    return Entry(Scope.JOBS_READ, request, is_owned=False)


def creates(**request: Any) -> Entry:
    return Entry(Scope.JOBS_WRITE, request, is_owned=False)


def administers(**request: Any) -> Entry:
    return Entry(Scope.ADMIN, request)


WORDS = ("x.png", b"only words, so that nothing is made")
SINCE = "2020-01-01T00:00:00Z"
LATER = "2090-01-01T00:00:00Z"

ENTRIES: dict[str, Entry] = {
    "POST /v1/jobs": creates(files={"image": WORDS}, data={"document": "mrz"}),
    "GET /v1/jobs": lists(),
    "GET /v1/jobs/{job_id}": reads(),
    "DELETE /v1/jobs/{job_id}": writes(),
    "GET /v1/jobs/{job_id}/picture": reads(),
    "GET /v1/jobs/{job_id}/authenticity": reads(),
    "POST /v1/batches": creates(files={"images": WORDS}, data={"document": "mrz"}),
    "GET /v1/batches/{batch_id}": reads(),
    "GET /v1/sessions/{session_id}": reads(),
    "GET /v1/events": lists(),
    "POST /v1/webhook-endpoints": creates(json={"url": "https://example.com/hook"}),
    "GET /v1/webhook-endpoints": lists(),
    f"GET {ENDPOINT}": reads(),
    f"PATCH {ENDPOINT}": writes(json={"description": "changed"}),
    f"DELETE {ENDPOINT}": writes(),
    f"POST {ENDPOINT}/rotate-secret": writes(json={}),
    f"POST {ENDPOINT}/test": writes(),
    f"GET {ENDPOINT}/deliveries": reads(),
    f"POST {ENDPOINT}/deliveries/{{delivery_id}}/redeliver": writes(),
    f"POST {ENDPOINT}/redeliver": writes(json={"since": SINCE}),
    "GET /v1/subscriptions": lists(),
    "GET /v1/usage": lists(),
    "POST /v1/admin/organizations": administers(json={"name": "SPECIMEN"}),
    "GET /v1/admin/organizations": administers(),
    f"PATCH {ORGANIZATION}": administers(json={"is_strict": True}),
    f"POST {ORGANIZATION}/keys": administers(json={"label": "SPECIMEN"}),
    f"GET {ORGANIZATION}/keys": administers(),
    "POST /v1/admin/keys/{public_id}/rotate": administers(json={}),
    "PATCH /v1/admin/keys/{public_id}": administers(json={"expires_at": LATER}),
    "DELETE /v1/admin/keys/{public_id}": administers(),
    f"POST {ORGANIZATION}/subscriptions": administers(json={"technology": "mrz", "starts_at": SINCE}),
    f"GET {ORGANIZATION}/subscriptions": administers(),
    f"GET {ORGANIZATION}/usage": administers(),
    f"GET {ORGANIZATION}/authenticity-locks": administers(),
    f"POST {ORGANIZATION}/authenticity-locks/unlock": administers(json={"resident_number": "0" * 13}),
    "DELETE /v1/admin/authenticity-locks/{lock_id}": administers(),
    f"POST {ORGANIZATION}/envelope-keys/{{service}}/rotate": administers(),
    "GET /v1/admin/standing": administers(),
    "GET /v1/admin/dead-jobs": administers(),
    "POST /v1/admin/dead-jobs/{job_id}/replay": administers(),
    "GET /v1/admin/deliveries": administers(),
    "POST /v1/admin/deliveries/{delivery_id}/redeliver": administers(),
    **{
        f"POST {BIOMETRIC}{path}{end}": creates(files={part: WORDS})
        for path, part in (("/mrz/retrieve", "image"), ("/document/parse", "backside_image"))
        for end in ("/", "")
    },
    f"POST {MYKAD}": creates(files={"image": WORDS}),
    **{
        f"{method} {version}/appkeys/{{app_key}}{path}": Entry(Scope.NHN, request)
        for version in NHN_VERSIONS
        for method, path, request in (
            ("GET", "/public-keys/{service_name}", {}),
            ("POST", "/credit-card", {"files": {"image": WORDS}, "headers": NHN_HEADERS}),
            ("POST", "/id-card", {"files": {"image": WORDS}, "headers": NHN_HEADERS}),
            ("POST", "/id-card/stand-alone", {"files": {"image": WORDS}, "headers": NHN_HEADERS}),
            ("POST", "/id-card/authenticity", {"json": {"idType": "resident"}, "headers": NHN_HEADERS}),
        )
    },
}

#: Routes whose owner is told 404 too: this test's organization has no lock, and none of its jobs was given up.
NOTHING_THERE = {
    f"POST {ORGANIZATION}/authenticity-locks/unlock",
    "DELETE /v1/admin/authenticity-locks/{lock_id}",
    "POST /v1/admin/dead-jobs/{job_id}/replay",
}

#: Routes that need no key: documentation, probes, and the wrong path that names the right one.
PUBLIC = {
    *(f"GET {place}{page}" for place in ("", BIOMETRIC, *NHN_VERSIONS) for page in DOCUMENTATION),
    "GET /",
    "GET /ops",
    "GET /console/vocabulary.json",
    "GET /console/{name}",
    "GET /livez",
    "GET /readyz",
    f"OPTIONS {MYKAD}",
    f"GET {MYKAD}/openapi.yaml",
    *(f"{method} {BIOMETRIC}/erd/retrieve{end}" for method in ("GET", "POST") for end in ("/", "")),
}


@pytest.fixture(scope="module")
def client(settings_env: dict[str, str]) -> Iterator[TestClient]:
    from api.main import create_app

    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


@dataclass(frozen=True)
class Victim:
    """An organization and its things, as placeholders of paths."""

    organization_id: UUID
    things: dict[str, str]


@pytest.fixture
def victim(organization_id: UUID) -> Victim:
    """An organization with one of everything that a path can name."""
    stored = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
    with transaction() as db:
        batch = batches.start(db, organization_id, ["SPECIMEN.png"])
        job = jobs.accept(db, stored, jobs.Request(DocumentKind.MRZ, batch_id=batch.id))
        batches.note_job(db, batch, 0, job)
        endpoint = webhooks.create(
            db,
            organization_id,
            url="https://example.com/hook",
            events=(),
            description="SPECIMEN",
            body=webhooks.Format.STANDARD,
        )
        event = events.endpoint_tested(db, endpoint)
        delivery_id = db.scalars(select(WebhookDelivery.id).where(WebhookDelivery.event_id == event.id)).one()
        key = keys.issue(db, organization_id, label="SPECIMEN", scopes=[Scope.NHN])
    return Victim(
        organization_id,
        {
            "organization_id": str(organization_id),
            "job_id": str(job.id),
            "session_id": str(job.session_id),
            "batch_id": str(batch.id),
            "endpoint_id": str(endpoint.id),
            "delivery_id": str(delivery_id),
            "public_id": key.public_id,
            "app_key": key.public_id,
            "lock_id": str(uuid4()),
            "service": "id-card",
            "service_name": "id-card",
        },
    )


@pytest.fixture
def rival() -> UUID:
    """Another organization, with the same subscriptions."""
    with transaction() as db:
        organization_id = organizations.create(db, "Specimen Rival").id
        since = db.scalars(select(func.now() - timedelta(days=1))).one()
        for technology in subscriptions.Technology:
            subscriptions.subscribe(db, organization_id, technology, starts_at=since)
    return organization_id


def issue(organization_id: UUID, scopes: set[Scope], **how: Any) -> str:
    with transaction() as db:
        return keys.issue(db, organization_id, label="SPECIMEN", scopes=scopes, **how).text


def strange_keys(who: str, entry: Entry, victim: Victim, rival: UUID) -> list[str | None]:
    """The keys that such a stranger shows."""
    mine = victim.organization_id
    if who == "no key":
        return [None]
    if who == "other organization":
        return [issue(rival, set(Scope) - {Scope.ADMIN})]
    if who == "wrong scope":
        return [issue(mine, set(Scope) - {entry.scope})]
    if who == "expired":
        with transaction() as db:
            past = db.scalars(select(func.now() - timedelta(seconds=1))).one()
        return [issue(mine, set(Scope), expires_at=past)]
    good = issue(mine, set(Scope))
    prefix, public_id, secret = good.split("_", 2)
    if who == "revoked":
        with transaction() as db:
            keys.revoke(db, public_id)
        return [good]
    flipped = ("A" if secret[0] != "A" else "B") + secret[1:]
    return [
        f"{prefix}_{public_id}_{flipped}",
        f"{prefix}_{'0' * 16}_{secret}",
        f"{prefix}_{public_id}_",
        "junk",
        good[:-1],
    ]


def ask(client: TestClient, name: str, entry: Entry, key: str | None, things: dict[str, str]) -> Any:
    """Sends the request of an entry with a key, in the way of the route's dialect."""
    method, _, path = name.partition(" ")
    request = dict(entry.request)
    headers = dict(request.pop("headers", {}))
    if path.startswith(BIOMETRIC):
        request["data"] = {} if key is None else {"api_key": key}
    elif key is not None:
        headers |= credentials(path, key)
    return client.request(method, path.format_map(things), headers=headers, **request)


def credentials(path: str, key: str) -> dict[str, str]:
    if path.startswith("/v2.0"):
        return {"Authorization": key.split("_", 2)[-1] or "nothing"}
    if path.startswith("/v2.1"):
        return {"X-NHN-Authorization": f"Bearer {key}"}
    return {"Authorization": f"Bearer {key}"}


def named_by(who: str, name: str, key: str | None, victim: Victim) -> dict[str, str]:
    """What the path names: with an appKey in it a stranger from elsewhere takes the victim's, others their own."""
    own = key is not None and key.startswith("idm_") and who != "other organization" and "{app_key}" in name
    return victim.things | ({"app_key": key.split("_", 2)[1]} if own and key else {})


def refusal(name: str, answer: Any) -> int | None:
    """The status with which a key was refused; None when it was not."""
    path = name.partition(" ")[2]
    if path.startswith(NHN_VERSIONS):
        assert answer.status_code == 200
        header = answer.json()["header"]
        return header["resultCode"] if header["resultCode"] in NHN_REFUSALS | {NHN_NO_KEY} else None
    return answer.status_code if answer.status_code in {401, 403, 404} else None


def count_of(victim: Victim) -> list[int]:
    with transaction() as db:
        return [
            db.scalars(select(func.count()).where(table.organization_id == victim.organization_id)).one()
            for table in (Job, Batch, WebhookEndpoint, WebhookDelivery)
        ]


def routes_of(routes: Any, prefix: str = "") -> Iterator[str]:
    """`METHOD path` of every route, those of mounted and included applications too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from routes_of(included.routes, prefix)
        elif isinstance(route, Mount):
            inner = getattr(route.app, "routes", None)
            yield from routes_of(inner, prefix + route.path) if inner is not None else [f"MOUNT {prefix}{route.path}"]
        elif isinstance(route.app, Starlette):  # it is handed whole paths
            yield from routes_of(route.app.routes, prefix)
        else:
            for method in sorted(route.methods - {"HEAD"}):
                yield f"{method} {prefix}{route.path}"


def test_every_route_has_an_entry_and_every_entry_a_route(client):
    routes = set(routes_of(client.app.routes))
    assert routes - set(ENTRIES) - PUBLIC == set(), "say in ENTRIES who may use these routes"
    assert (set(ENTRIES) | PUBLIC) - routes == set()


def test_route_without_an_entry_is_found(client):
    from fastapi import APIRouter, FastAPI

    app, router = FastAPI(), APIRouter()
    router.add_api_route("/v1/forgotten", lambda: None, methods=["PUT"])
    app.include_router(router)
    app.mount("/inside", FastAPI())
    assert {"PUT /v1/forgotten", "GET /inside/openapi.json"} <= set(routes_of(app.routes))


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_route_refuses_every_stranger_and_not_its_owner(client, name, victim, rival):
    entry = ENTRIES[name]
    before = count_of(victim)
    for who in STRANGERS:
        for key in strange_keys(who, entry, victim, rival):
            answer = ask(client, name, entry, key, named_by(who, name, key, victim))
            refused = refusal(name, answer)
            if who == "other organization" and not entry.is_owned:
                told = [thing for thing in victim.things.values() if len(thing) > 20 and thing in answer.text]
                assert (refused, told) == (None, []), (who, answer.text)
                continue
            expected = expected_refusals(who, name, entry)
            assert refused in expected, (who, answer.status_code, answer.text)
            assert answer.status_code >= 400 or name.partition(" ")[2].startswith(NHN_VERSIONS)
            if answer.headers["content-type"] == "application/problem+json":
                assert answer.json()["status"] == answer.status_code
    assert count_of(victim) == before
    good = issue(victim.organization_id, {entry.scope})
    owner = ask(client, name, entry, good, named_by("owner", name, good, victim))
    assert owner.status_code < 500
    if name not in NOTHING_THERE:
        assert refusal(name, owner) is None, owner.text


def expected_refusals(who: str, name: str, entry: Entry) -> set[int | None]:
    if name.partition(" ")[2].startswith(NHN_VERSIONS):
        return {NHN_NO_KEY} if who == "no key" else NHN_REFUSALS
    if who == "wrong scope":
        return {403}
    if who == "other organization":
        return {403} if entry.scope is Scope.ADMIN else {404}
    if who == "no key" and BIOMETRIC in name:
        return {None}  # said as 400: a form field is missing
    return {401}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_route_needs_no_key(client, name):
    method, _, path = name.partition(" ")
    assert client.request(method, path.format(name="page.css")).status_code in (
        {404} if "/erd/" in path else {200, 204}
    )
