"""The provider `http`: a signed call to the operator's own bridge, with a time limit, retries and a breaker."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import random
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog

from core.authenticity.claims import Claim, Opinion, Outcome, Seen
from core.documents import Check, Verdict
from core.identifiers import new_id
from core.settings import settings

TRIES = 3
PAUSES = (0.2, 0.8)  #: seconds before the second and the third try, give or take half
BREAKS_AFTER = 5  #: questions in a row without an answer
BREAK_SECONDS = 30.0
ANSWER_BYTES = 64 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_PREFIX = "whsec_"  # noqa: S105 - as Standard Webhooks write secrets

log = structlog.get_logger()


class NoAnswer(Exception):
    """The bridge could not be reached, was too slow, or said something else than was asked. May be tried again."""


class Refused(Exception):
    """The bridge refuses the question itself (HTTP 4xx); asking again changes nothing."""


@dataclass(slots=True)
class Breaker:
    """Closed at first; open for a while after several failures in a row. Times are monotonic seconds."""

    failures: int = 0
    open_until: float = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.open_until

    def note(self, *, is_answered: bool) -> None:
        """Counts the end of one question, all its tries together."""
        self.failures = 0 if is_answered else self.failures + 1
        if self.failures >= BREAKS_AFTER:
            self.open_until = time.monotonic() + BREAK_SECONDS


class Bridge:
    """Asks the operator's bridge: `POST` of JSON, answered by `{"outcome": ..., "wrong_fields": [...]}`."""

    name = "http"

    def judge(self, claim: Claim, seen: Seen) -> Opinion:  # noqa: ARG002 - what was read is nobody else's business
        """UNAVAILABLE without a bridge, while the breaker is open, and when no try is answered."""
        state = breaker()
        if not settings().authenticity_url or state.is_open:
            return Opinion(Outcome.UNAVAILABLE)
        body = _question(claim)
        for pause in (*PAUSES, None):
            try:
                opinion = _opinion(_ask(body))
            except Refused:
                state.note(is_answered=True)
                return Opinion(Outcome.UNAVAILABLE)
            except NoAnswer as error:
                log.warning("authenticity.bridge_silent", reason=str(error))
                if pause is not None:
                    time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads retries, hides nothing
            else:
                state.note(is_answered=True)
                return opinion
        state.note(is_answered=False)
        return Opinion(Outcome.UNAVAILABLE)


@lru_cache(maxsize=1)
def breaker() -> Breaker:
    """The breaker of this process."""
    return Breaker()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 of `id.timestamp.body`, as Standard Webhooks sign; any of their libraries verifies."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    told = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(told).decode("ascii")


def must_be_usable(url: str, secret: str) -> None:
    """Raises ValueError that names the setting which keeps the bridge from being asked."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("IDMILL_AUTHENTICITY_URL: an absolute https URL, or http on this machine")
    try:
        length = len(base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True))
    except ValueError:
        length = 0
    if length < 24:
        raise ValueError("IDMILL_AUTHENTICITY_SECRET: whsec_ and the base64 of 24 to 64 random bytes")


def _question(claim: Claim) -> bytes:
    question = {"document_type": claim.document_type.value, "values": claim.values}
    return json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()


def _ask(body: bytes) -> Any:
    """One call. Every try is signed anew: the receiver may refuse an old timestamp."""
    message_id, timestamp = f"ask_{new_id().hex}", int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(settings().authenticity_secret.get_secret_value(), message_id, timestamp, body),
    }
    ends = time.monotonic() + settings().authenticity_seconds
    connection = _connection()
    try:
        connection.request("POST", _path(), body=body, headers=headers)
        answer = connection.getresponse()
        return _json(answer.status, _content(connection, answer, ends))
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(type(error).__name__) from None
    finally:
        connection.close()


def _connection() -> http.client.HTTPConnection:
    parts = urlsplit(settings().authenticity_url)
    seconds = settings().authenticity_seconds
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, parts.port, timeout=seconds)


def _path() -> str:
    parts = urlsplit(settings().authenticity_url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _content(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, ends: float) -> bytes:
    """The body, within the size and the time that remain: a slow drip must not hold a request for ever."""
    content = bytearray()
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise NoAnswer("too slow")
        if connection.sock is not None:
            connection.sock.settimeout(left)
        piece = answer.read1(4096)
        if not piece:
            return bytes(content)
        content += piece
        if len(content) > ANSWER_BYTES:
            raise NoAnswer("too long")


def _json(status: int, content: bytes) -> Any:
    if 400 <= status < 500 and status not in {408, 425, 429}:
        raise Refused
    if status != http.client.OK:
        raise NoAnswer(f"status {status}")
    try:
        return json.loads(content)
    except ValueError:
        raise NoAnswer("no JSON") from None


def _opinion(answer: Any) -> Opinion:
    try:
        outcome = Outcome(answer["outcome"])
        wrong = [str(name) for name in answer.get("wrong_fields", ())]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoAnswer("no outcome") from None
    verdicts = {Outcome.AUTHENTIC: Verdict.PASS, Outcome.NOT_AUTHENTIC: Verdict.FAIL}
    whole = Check("bridge_says_authentic", verdicts.get(outcome, Verdict.NOT_APPLICABLE))
    known = [name for name in wrong if name in FIELD_NAMES]  # a bridge's own words stay out of our rows
    return Opinion(outcome, (whole, *(Check(f"{name}_by_bridge", Verdict.FAIL, (name,)) for name in known)))


FIELD_NAMES = frozenset(
    {
        "name",
        "resident_number",
        "issue_date",
        "licence_number",
        "serial_number",
        "passport_number",
        "birth_date",
        "expiration_date",
    }
)
