"""The pages at `/` and `/ops`, their files, and the words that the first one asks for. No key: no data in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from core import errors
from core.documents import PRINTED_FIELDS, DocumentKind
from core.settings import settings

router = APIRouter(include_in_schema=False)

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

#: Our own files and calls, pictures that the page itself holds, nothing else. Text never becomes markup or script.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",  # kept, and asked for by its ETag
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of the pages, as it is sent."""

    content: bytes = field(repr=False)
    media_type: str
    etag: str


def _load() -> dict[str, File]:
    found = {}
    for one in files("api.console").iterdir():
        media_type = TYPES.get("." + one.name.rpartition(".")[2])
        if media_type is not None:
            content = one.read_bytes()
            found[one.name] = File(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return found


FILES = _load()
IfNoneMatch = Annotated[str | None, Header()]


@router.get("/")
async def reader_page(if_none_match: IfNoneMatch = None) -> Response:
    """The page that reads a document."""
    return _send("index.html", if_none_match)


@router.get("/ops")
async def operator_page(if_none_match: IfNoneMatch = None) -> Response:
    """The page that an operator looks at."""
    return _send("ops.html", if_none_match)


@router.get("/console/vocabulary.json")
async def vocabulary() -> dict[str, Any]:
    """What this release reads and takes."""
    return {
        "version": version("idmill"),
        "kinds": sorted(DocumentKind, key=lambda kind: kind is not DocumentKind.AUTO),
        "fields": PRINTED_FIELDS,
        "max_upload_bytes": settings().max_upload_bytes,
    }


@router.get("/console/{name}")
async def file(name: str, if_none_match: IfNoneMatch = None) -> Response:
    """One file of the pages."""
    return _send(name, if_none_match)


def _send(name: str, if_none_match: str | None) -> Response:
    found = FILES.get(name)
    if found is None:
        raise errors.NotFound("There is no such file here.")
    headers = {**HEADERS, "ETag": found.etag}
    if if_none_match == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
