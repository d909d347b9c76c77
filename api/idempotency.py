"""Idempotency-Key on a route that makes something: `once: Once`, and `return await once.answer(make, ...)`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Annotated, Any, Concatenate, ParamSpec
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.encoders import jsonable_encoder
from pydantic import TypeAdapter
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from api.dependencies import caller, run
from core import errors, idempotency, keys
from core.idempotency import Answer

P = ParamSpec("P")

REPLAYED = "Idempotency-Replayed"
CHUNK_BYTES = 1 << 20
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Made:
    """What a request made, as its answer tells it. `content` is what the route's response model takes."""

    content: Any = field(repr=False)
    status: int | None = None  #: None: the route's own
    headers: dict[str, str] = field(default_factory=dict)
    job_id: UUID | None = None  #: erasing this job forgets the answer


class Asked:
    """One request that may be a repetition. Without a key it is always taken for a new one."""

    def __init__(self, request: Request, organization_id: UUID, key: str | None, fingerprint: bytes) -> None:
        self._request = request
        self._organization_id = organization_id
        self._key = key
        self._fingerprint = fingerprint

    async def answer(
        self, make: Callable[Concatenate[Session, P], Any], *values: P.args, **named: P.kwargs
    ) -> Response:
        """Runs `make(db, ...)` in one transaction, once for each key, and answers with what it returns.

        The answer has the route's status and response model, unless `make` returns a `Made` that says otherwise.
        """

        def made(db: Session) -> Made:
            content = make(db, *values, **named)
            return content if isinstance(content, Made) else Made(content)

        return await self.make(made)

    async def replayed(self) -> Response | None:
        """The first answer to this key, before anything costly is done. Raises as `core.idempotency.replay`."""
        if self._key is None:
            return None
        answer = await run(idempotency.replay, self._organization_id, self._key, self._fingerprint)
        return None if answer is None else _response(answer, is_replayed=True)

    async def make(self, make: Callable[[Session], Made], *, busy_seconds: int = 0) -> Response:
        """As `answer`. With `busy_seconds` a better answer follows by `better`; replays are refused until then."""
        busy = timedelta(seconds=busy_seconds) if busy_seconds else None
        answer, is_replayed = await run(self._make_once, make, busy)
        return _response(answer, is_replayed=is_replayed)

    async def better(self, made: Made) -> Response:
        """Answers with this instead of what was kept, from now on."""
        answer = self._rendered(made)
        if self._key is not None:
            await run(idempotency.replace, self._organization_id, self._key, answer)
        return _response(answer, is_replayed=False)

    def _make_once(self, db: Session, make: Callable[[Session], Made], busy: timedelta | None) -> tuple[Answer, bool]:
        if self._key is None:
            return self._rendered(make(db)), False
        mine = (self._organization_id, self._key, self._fingerprint)
        known = idempotency.begin(db, *mine)
        if known is not None:
            return known, True
        made = make(db)
        answer = self._rendered(made)
        idempotency.keep(db, *mine, answer, job_id=made.job_id, busy=busy)
        return answer, False

    def _rendered(self, made: Made) -> Answer:
        route = self._request.scope["route"]
        body = _as_json(route.response_model, made.content)
        return Answer(made.status or route.status_code or 200, made.headers, body)


async def of(request: Request, organization_id: UUID) -> Asked:
    """The request as `Asked`, for routes whose caller is known in another way. Raises `RequestKeyInvalid`."""
    text = request.headers.get("idempotency-key")
    if text is None:
        return Asked(request, organization_id, None, b"")
    key = text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text  # draft-07: a structured string
    if not _KEY.fullmatch(key):
        raise errors.RequestKeyInvalid
    return Asked(request, organization_id, key, await _fingerprint(request))


async def _once(
    request: Request,
    who: Annotated[keys.Caller, Depends(caller)],
    idempotency_key: Annotated[
        str | None,
        Header(
            description="yours, fresh for every new request: a repetition gets the first answer again",
            json_schema_extra={"pattern": f"^{_KEY.pattern}$"},
        ),
    ] = None,
) -> Asked:
    del idempotency_key  # read by `of`; named here for the OpenAPI document
    return await of(request, who.organization_id)


Once = Annotated[Asked, Depends(_once)]


async def _fingerprint(request: Request) -> bytes:
    """SHA-256 over method, path, query and what the body says, however its parts are written down."""
    digest = hashlib.sha256(f"{request.method} {request.scope['path']}?{request.url.query}\n".encode())
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        for name, value in sorted(await _fields(request), key=itemgetter(0)):  # the order of equal names counts
            digest.update(f"{len(name)}:{name}={len(value)}:{value}\n".encode())
    else:
        digest.update(_canonical(await request.body()))
    return digest.digest()


async def _fields(request: Request) -> list[tuple[str, str]]:
    """Names and values of a form; for a file the hash of its bytes."""
    return [
        (name, await run_in_threadpool(_file_hash, value) if isinstance(value, UploadFile) else value)
        for name, value in (await request.form()).multi_items()
    ]


def _file_hash(upload: UploadFile) -> str:
    digest = hashlib.sha256()
    upload.file.seek(0)
    while chunk := upload.file.read(CHUNK_BYTES):
        digest.update(chunk)
    upload.file.seek(0)
    return f"sha256:{digest.hexdigest()}"


def _canonical(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body


def _as_json(model: Any, content: Any) -> bytes:
    if model is None:
        return json.dumps(jsonable_encoder(content), ensure_ascii=False, separators=(",", ":")).encode()
    adapter = _adapter(model)
    return adapter.dump_json(adapter.validate_python(content, from_attributes=True))


@lru_cache(maxsize=256)
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _response(answer: Answer, *, is_replayed: bool) -> Response:
    headers = answer.headers | ({REPLAYED: "true"} if is_replayed else {})
    return Response(answer.body, answer.status, headers, media_type="application/json")
