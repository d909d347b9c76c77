"""A client of the public HTTP API: submit, wait, verify a webhook. Knows nothing of what is behind the API.

with Client(url, api_key) as client:
    job = client.submit(Path("passport.jpg"))
    print(client.wait(job.id).result)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

WAIT_SECONDS = 25  #: one long poll; the API grants no more
TRIES = 5
TOLERANCE_SECONDS = 300  #: how old, or how far ahead, the time in a webhook may be; Standard Webhooks' own
WORTH_ANOTHER_TRY = frozenset({409, 429, 502, 503, 504})
BUSY = "idempotency-key-busy"


class Refused(Exception):
    """The API did not take it, or gave no answer; the text is what its problem body says, `code` its stable word."""

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class WebhookRefused(Exception):
    """This webhook was not sent by who has the secret, was changed on its way, or is too old or too new."""


@dataclass(frozen=True, slots=True)
class Job:
    """One upload as the API shows it. `document` is the whole answer."""

    id: str
    session_id: str
    status: str  #: `CREATED`, `RECEIVED` or `FAILED`
    result: dict[str, Any] | None = field(repr=False)
    failure_reason: dict[str, Any] | None
    document: dict[str, Any] = field(repr=False)

    @property
    def is_open(self) -> bool:
        """True while there is no outcome."""
        return self.status == "CREATED"

    @property
    def is_read(self) -> bool:
        """True when the document was read."""
        return self.status == "RECEIVED"


class Client:
    """Use as a context. Safe to repeat: every submission carries an Idempotency-Key."""

    def __init__(self, url: str, api_key: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def submit(
        self,
        picture: Path | bytes,
        *,
        document: str = "auto",
        session_id: str | None = None,
        end_client: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Uploads a picture; tries again while the API is away or busy, and still makes one job. Raises Refused."""
        name, content = (picture.name, picture.read_bytes()) if isinstance(picture, Path) else ("picture", picture)
        told = {
            "document": document,
            "session_id": session_id,
            "end_client": end_client,
            "metadata": None if metadata is None else json.dumps(metadata),
            "callback_url": callback_url,
        }
        fields = {key: value for key, value in told.items() if value is not None}
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return _job(self._insist("POST", "/v1/jobs", files={"image": (name, content)}, data=fields, headers=headers))

    def wait(self, job_id: str, *, seconds: float = 300) -> Job:
        """The job once it has ended. Raises Refused, and TimeoutError when it is still open after so long."""
        until = time.monotonic() + seconds
        while True:
            left = max(0, min(WAIT_SECONDS, round(until - time.monotonic())))
            job = _job(self._insist("GET", f"/v1/jobs/{job_id}", params={"wait": left}))
            if not job.is_open:
                return job
            if time.monotonic() >= until:
                raise TimeoutError(f"job {job_id} has no outcome after {seconds:g} s")

    def erase(self, job_id: str) -> None:
        """Has everything that was uploaded and read erased, for good. Raises Refused."""
        self._insist("DELETE", f"/v1/jobs/{job_id}")

    def events(self, *, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """What happened after a sequence number, oldest first: the documents that webhooks carry. Raises Refused."""
        page = self._insist("GET", "/v1/events", params={"after": after, "limit": limit})
        found: list[dict[str, Any]] = page["items"]
        return found

    def upload(self, name: str, picture: bytes, document: str) -> dict[str, Any]:
        """The job for a picture, as the API shows it, after one try. Raises Refused."""
        return self._ask("POST", "/v1/jobs", files={"image": (name, picture)}, data={"document": document})

    def job(self, job_id: str, *, wait: int = 0) -> dict[str, Any]:
        """The job as it stands, or as it ends within `wait` seconds. Raises Refused."""
        return self._ask("GET", f"/v1/jobs/{job_id}", params={"wait": wait})

    @staticmethod
    def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """As the function of this name."""
        return verify_webhook(secret, headers, body)

    def _insist(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        """Asks again while the API says that this helps, at the pace that it names."""
        for tried in range(1, TRIES):
            try:
                answer = self._http.request(method, path, **what)
            except httpx2.TransportError:
                self._sleep(0.5 * 2**tried)
                continue
            if answer.status_code not in WORTH_ANOTHER_TRY or (answer.status_code == 409 and _code(answer) != BUSY):
                return _body(answer)
            self._sleep(_pause(answer, 0.5 * 2**tried))
        return self._ask(method, path, **what)

    def _ask(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        try:
            return _body(self._http.request(method, path, **what))
        except httpx2.HTTPError as broken:
            raise Refused(f"no answer: {type(broken).__name__}") from None


def verify_webhook(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> dict[str, Any]:
    """The event in a webhook, once its signature and time are right; `secret` begins with `whsec_`.

    `body` is the bytes as they came, before any parsing; `now` is Unix seconds. Raises WebhookRefused.
    """
    told = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent, signatures = (told[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        age = (time.time() if now is None else now) - int(sent)
    except (KeyError, ValueError, binascii.Error):
        raise WebhookRefused("a header is missing or malformed, or the secret is") from None
    if abs(age) > tolerance_seconds:
        raise WebhookRefused("its time is too far from now")
    right = base64.b64encode(hmac.digest(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256))
    if not any(hmac.compare_digest(b"v1," + right, one.encode()) for one in signatures.split()):
        raise WebhookRefused("no signature fits")
    event: dict[str, Any] = json.loads(body)
    return event


def _job(document: dict[str, Any]) -> Job:
    return Job(
        id=document["id"],
        session_id=document["session_id"],
        status=document["status"],
        result=document["result"],
        failure_reason=document["failure_reason"],
        document=document,
    )


def _body(answer: httpx2.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise Refused(_sentence(answer), status=answer.status_code, code=_code(answer))
    body: dict[str, Any] = answer.json() if answer.content else {}
    return body


def _pause(answer: httpx2.Response, otherwise: float) -> float:
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), 60.0) if asked.isdecimal() else otherwise


def _code(answer: httpx2.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""


def _sentence(answer: httpx2.Response) -> str:
    """Title and detail of a problem body (RFC 9457)."""
    try:
        problem = answer.json()
        told = [str(problem[name]) for name in ("title", "detail") if problem.get(name)]
    except (ValueError, TypeError, KeyError, AttributeError):
        told = []
    return f"{answer.status_code} " + ". ".join(told or [answer.reason_phrase])
