"""Bytes that no HTTP library would send: a refusal or a closed connection, and the next upload is taken."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from core import keys, organizations, subscriptions
from core.keys import Scope
from core.transaction import transaction
from tests.fuzz import sockets

MUTATIONS = 300
NAMES = sockets.abuses("")


def assert_taken(port, key):
    answer = sockets.send(port, sockets.upload(key, sockets.IMAGE + sockets.END))
    assert answer.status == 202, answer.raw


@pytest.fixture(scope="module")
def answers(port, settings_env):
    """What was said to every abuse."""
    with transaction() as db:
        organization = organizations.create(db, "Specimen Bank")
        key = keys.issue(db, organization.id, label="SPECIMEN", scopes=[Scope.JOBS_WRITE]).text
        subscriptions.subscribe(
            db, organization.id, subscriptions.Technology.MRZ, starts_at=datetime.now(UTC) - timedelta(days=1)
        )
    wanted = sockets.abuses(key)
    return dict(zip(wanted, sockets.send_all(port, wanted.values()), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_abuse_is_refused(answers, name):
    answer = answers[name]
    if name in sockets.UNANSWERED:
        assert answer.status is None
    else:
        assert answer.status is not None
        assert answer.status < 500, answer.raw
        assert answer.status >= 400 or name in sockets.UNDERSTOOD, answer.raw
    assert b"X-Injected" not in answer.raw


def test_upload_after_all_of_them_is_taken(answers, port, key):
    assert_taken(port, key)


@pytest.mark.parametrize(
    "disposition",
    [
        b'filename="../../x.jpg"',
        b'filename="x\0.jpg"',
        b'filename="\'; DROP TABLE jobs; --.jpg"',
        b'filename="con"',
        b'filename="."',
        'filename="gpj.\u202ex"'.encode(),
        b'filename="%s"' % (b"x" * 3000),
        b"filename=\"x\"; filename*=UTF-8''%00%2e%2e%2f",
    ],
)
def test_name_of_the_file_does_not_matter_and_is_not_told(port, key, disposition):
    image = sockets.part(b'form-data; name="image"; ' + disposition, sockets.JPEG)
    answer = sockets.send(port, sockets.upload(key, image + sockets.END))
    assert answer.status == 202, answer.raw
    assert b"DROP TABLE" not in answer.raw


def test_mutated_uploads_are_never_a_fault_of_ours(port, key):
    requests = list(sockets.mutated(key, seed=1, count=MUTATIONS))
    for raw, answer in zip(requests, sockets.send_all(port, requests), strict=True):
        assert answer.status is None or answer.status < 500, (raw, answer.raw)
    assert_taken(port, key)


def test_body_that_trickles_is_ended_and_says_why(port, key):
    answer = sockets.trickle(port, sockets.upload(key, sockets.IMAGE + sockets.END), pause=0.5, patience=30)
    assert answer.status == 408
    assert b"application/problem+json" in answer.raw
    assert answer.seconds < 10
    assert_taken(port, key)


@pytest.mark.parametrize(
    "path", ["/v1/batches", "/api.php", "/api/v1/backend/mrz/retrieve/", "/v2.0/appkeys/x/id-card"]
)
def test_no_dialect_waits_for_a_body_that_trickles(port, key, path):
    raw = sockets.upload(key, sockets.IMAGE + sockets.END, path=path.encode())
    answer = sockets.trickle(port, raw, pause=0.5, patience=30)
    assert answer.status in {200, 400, 401, 408}, answer.raw
    assert answer.seconds < 10


def test_body_that_stops_is_ended(port, key):
    whole = sockets.upload(key, sockets.IMAGE + sockets.END)
    answer = sockets.send(port, whole[:-50], patience=30)
    assert answer.status == 408
    assert answer.seconds < 10


def test_client_that_leaves_in_the_middle_keeps_nothing(port, key):
    for cut in (150, 300, 450):
        answer = sockets.send(port, sockets.upload(key, sockets.IMAGE + sockets.END)[:cut], leaves=True)
        assert answer.status is None
    assert_taken(port, key)


def test_hundred_slow_clients_do_not_keep_others_waiting(port, key):
    with ExitStack() as stack:
        for _ in range(100):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            slow.sendall(sockets.upload(key, sockets.IMAGE + sockets.END)[:300])
        assert_taken(port, key)
