"""The call to the operator's bridge: signed, limited in time, tried again, broken off; on a real HTTP server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
from pydantic import SecretStr

from core import errors
from core.authenticity import bridge, chain
from core.authenticity.claims import Claim, Outcome, Seen
from core.documents import DocumentType
from core.settings import settings

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
CLAIM = Claim(
    uuid4(),
    DocumentType.RESIDENT_CARD,
    {"name": "홍길동", "resident_number": "9001011234568", "issue_date": "20150320"},
)
SEEN = Seen("resident_card", {})


@pytest.fixture
def answers(settings_env, monkeypatch):
    """A bridge that gives these answers in turn, the last one for ever; and what it was asked."""
    script, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers.items()), body))
            status, content, seconds = script.pop(0) if len(script) > 1 else script[0]
            self.send_response(status)
            self.end_headers()
            for piece in (content[i : i + 1] for i in range(len(content))) if seconds else (content,):
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(seconds)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(settings(), "authenticity_url", f"http://127.0.0.1:{server.server_port}/ask?v=1")
    monkeypatch.setattr(settings(), "authenticity_secret", SecretStr(SECRET))
    monkeypatch.setattr(settings(), "authenticity_seconds", 0.5)
    monkeypatch.setattr(bridge, "PAUSES", (0.01, 0.01))
    bridge.breaker.cache_clear()

    def play(*steps):
        script[:] = [(*step, 0.0)[:3] for step in steps]
        return asked

    yield play
    bridge.breaker.cache_clear()
    server.shutdown()
    server.server_close()


def says(outcome, **more):
    return 200, json.dumps({"outcome": outcome, **more}).encode()


def test_question_is_signed_and_the_answer_is_taken(answers):
    asked = answers(says("authentic"))
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.AUTHENTIC
    (path, headers, body), *rest = asked
    assert not rest
    assert path == "/ask?v=1"
    assert json.loads(body) == {"document_type": "resident_card", "values": CLAIM.values}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(bytes(range(32)), signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_wrong_fields_are_named_and_strange_words_are_dropped(answers):
    answers(says("not_authentic", wrong_fields=["issue_date", "홍길동"]))
    opinion = bridge.Bridge().judge(CLAIM, SEEN)
    assert opinion.outcome is Outcome.NOT_AUTHENTIC
    assert [check.name for check in opinion.checks] == ["bridge_says_authentic", "issue_date_by_bridge"]


def test_failed_calls_are_tried_again(answers):
    asked = answers((500, b""), (429, b""), says("authentic"))
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.AUTHENTIC
    assert len({headers["webhook-id"] for _, headers, _ in asked}) == 3


@pytest.mark.parametrize(
    "step",
    [
        (503, b""),
        (200, b"no JSON"),
        (200, b"[]"),
        (200, b'{"outcome": "perhaps"}'),
        (302, b""),
        (200, b"x" * (bridge.ANSWER_BYTES + 1)),
    ],
)
def test_bridge_that_gives_no_answer_is_unavailable(answers, step):
    asked = answers(step)
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.UNAVAILABLE
    assert len(asked) == 3


def test_question_that_is_refused_is_not_asked_again(answers):
    asked = answers((403, b""))
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.UNAVAILABLE
    assert len(asked) == 1


def test_slow_drip_is_cut_off(answers):
    answers((*says("authentic"), 0.2))
    began = time.monotonic()
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.UNAVAILABLE
    assert time.monotonic() - began < 4


def test_breaker_opens_after_failures_in_a_row_and_closes_again(answers, monkeypatch):
    asked = answers((500, b""))
    for _ in range(bridge.BREAKS_AFTER):
        bridge.Bridge().judge(CLAIM, SEEN)
    count = len(asked)
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.UNAVAILABLE
    assert len(asked) == count
    monkeypatch.setattr(bridge.breaker(), "open_until", 0.0)
    answers(says("authentic"))
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.AUTHENTIC
    assert bridge.breaker().failures == 0


def test_nobody_listening_is_unavailable(answers, monkeypatch):
    monkeypatch.setattr(settings(), "authenticity_url", "http://127.0.0.1:1/")
    assert bridge.Bridge().judge(CLAIM, SEEN).outcome is Outcome.UNAVAILABLE


def test_chain_says_so_when_nobody_knows(answers):
    answers((500, b""), says("unknown"))
    asked = (bridge.Bridge(),)
    with pytest.raises(errors.TemporarilyUnavailable):
        chain.decide(CLAIM, SEEN, asked)
    answers(says("authentic"))
    decision = chain.decide(CLAIM, SEEN, asked)
    assert (decision.is_authentic, decision.provider) == (True, "http")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://bridge.example/", SECRET),
        ("", SECRET),
        ("https://bridge.example/", "whsec_c2hvcnQ="),
        ("https://bridge.example/", "whsec_???"),
    ],
)
def test_setting_that_cannot_be_used_is_named_at_the_start(url, secret):
    with pytest.raises(ValueError, match="IDMILL_AUTHENTICITY_"):
        bridge.must_be_usable(url, secret)
    bridge.must_be_usable("https://bridge.example/ask", SECRET)


def test_unknown_provider_is_named_at_the_start(settings_env, monkeypatch):
    monkeypatch.setattr(settings(), "authenticity", "rules,oracle")
    chain.providers.cache_clear()
    with pytest.raises(ValueError, match="oracle is none of rules, registry, http, sandbox"):
        chain.providers()
    chain.providers.cache_clear()
