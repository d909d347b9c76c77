"""A full house: refusals are repeated for a moment without a look at what was sent, and to nobody else."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from api import errors as problems
from api import shedding
from api.uploads import BodyLimit
from core import errors

MINE, OTHER = {"Authorization": "Bearer SPECIMEN-A"}, {"Authorization": "Bearer SPECIMEN-B"}


@pytest.fixture
def house(monkeypatch):
    """An application that refuses with `house.full` while that is set, and counts what reaches it."""
    app = FastAPI()
    app.state.full, app.state.reached = None, 0
    app.add_middleware(shedding.Shed)
    app.add_middleware(BodyLimit, max_bytes=1000, seconds=5)
    problems.install(app)

    @app.api_route("/jobs", methods=["GET", "POST"])
    async def take(request: Request) -> dict[str, int]:
        app.state.reached += 1
        await request.body()
        if app.state.full is not None:
            raise app.state.full
        return {"taken": app.state.reached}

    @app.post("/other")
    async def other() -> None:
        app.state.reached += 1

    return app


@pytest.fixture
def client(house):
    with TestClient(house) as client:
        yield client


def post(client, headers=MINE, path="/jobs", body=b"x" * 500):
    return client.post(path, content=body, headers=headers)


@pytest.mark.parametrize(
    ("error", "status"),
    [(errors.TooManyOpenJobs(retry_seconds=7), 429), (errors.TemporarilyUnavailable("Full.", retry_seconds=7), 503)],
)
def test_refusal_is_repeated_word_for_word_without_reaching_the_route(house, client, error, status):
    house.state.full = error
    first, second = post(client), post(client)
    assert (first.status_code, second.status_code) == (status, status)
    assert second.headers["Retry-After"] == first.headers["Retry-After"] == "7"
    assert second.content == first.content
    assert house.state.reached == 1


def test_refusal_concerns_its_caller_and_path_alone(house, client):
    house.state.full = errors.TooManyOpenJobs(retry_seconds=7)
    post(client)
    house.state.full = None
    assert post(client, OTHER).status_code == 200
    assert post(client, path="/other").status_code == 200
    assert client.get("/jobs", headers=MINE).status_code == 200


def test_refusal_is_over_after_a_moment(house, client, monkeypatch):
    monkeypatch.setattr(shedding, "SECONDS", 0.0)
    house.state.full = errors.TooManyOpenJobs(retry_seconds=7)
    post(client)
    house.state.full = None
    assert post(client).status_code == 200


def test_one_at_a_time_finds_out_whether_there_is_room_again(monkeypatch):
    monkeypatch.setattr(shedding, "SECONDS", 0.0)
    tried, go_on, told = [], asyncio.Event(), []

    async def slow(scope, receive, send):
        tried.append(scope["number"])
        if len(tried) == 2:
            await go_on.wait()
        await problem_for_everybody(scope, receive, send)

    shed = shedding.Shed(slow)

    async def ask(number: int) -> None:
        async def keep(message):
            if "status" in message:
                told.append((number, message["status"]))

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"x-api-key", b"S")], "number": number}
        await shed(scope, _nothing, keep)

    async def crowd() -> None:
        await ask(0)
        trying = asyncio.create_task(ask(1))
        await asyncio.sleep(0)
        await asyncio.gather(*(ask(number) for number in range(2, 9)))
        go_on.set()
        await trying

    asyncio.run(crowd())
    assert tried == [0, 1]
    assert sorted(told) == [(number, 429) for number in range(9)]


def test_refusals_of_one_request_alone_are_not_repeated(house, client):
    house.state.full = errors.AttemptsExceeded()
    assert post(client).status_code == 429
    house.state.full = None
    assert post(client).status_code == 200


def test_body_over_the_limit_is_refused_as_before(house, client):
    house.state.full = errors.TooManyOpenJobs(retry_seconds=7)
    post(client)
    assert post(client, body=b"x" * 2000).status_code == 429


def test_no_more_callers_are_remembered_than_fit(house, monkeypatch):
    monkeypatch.setattr(shedding, "CALLERS", 3)
    shed = shedding.Shed(problem_for_everybody)

    async def ask(name: bytes) -> None:
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"authorization", name)]}
        await shed(scope, _nothing, _nowhere)

    for number in range(9):
        asyncio.run(ask(b"SPECIMEN-%d" % number))
    assert len(shed._refusals) == 3


async def problem_for_everybody(scope, receive, send):
    shedding.note(Request(scope), errors.TooManyCalls())
    await send({"type": "http.response.start", "status": 429, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _nothing():
    return {"type": "http.request", "body": b""}


async def _nowhere(message):
    pass
