"""Uploads: how large they may be and what they are, by their first bytes. Decodes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException
from starlette.datastructures import UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import errors

HEAD_BYTES = 1024  # Adobe's readers look for `%PDF-` this far
DRAIN_FACTOR = 8  #: a body over the limit is read and dropped up to so many limits, so that its sender hears the answer

#: brands of ISO base media files that hold HEIF still pictures; ISO/IEC 23008-12, 10.2
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx"})


def media_type_of(head: bytes) -> str:
    """The media type that the first `HEAD_BYTES` of a file show. Raises `UploadUnsupported`."""
    for magic, media_type in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
    ):
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return "image/heic"
    if b"%PDF-" in head:
        return "application/pdf"
    raise errors.UploadUnsupported


async def receive(upload: UploadFile) -> tuple[bytes, str]:
    """The whole upload and its media type. Raises `UploadEmpty`, `UploadUnsupported`."""
    content = await upload.read()
    if not content:
        raise errors.UploadEmpty
    return content, media_type_of(content[:HEAD_BYTES])


class BodyLimit:
    """ASGI middleware: a body over the limit ends in `UploadTooLarge`, by Content-Length or by the bytes that came."""

    def __init__(self, app: ASGIApp, max_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        """`larger` gives the limit of single paths that take more."""
        self._app = app
        self._max_bytes = max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        max_bytes = self._larger.get(scope["path"], self._max_bytes)

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                await self._drain(receive, message)
                raise HTTPException(413, str(errors.UploadTooLarge()))
            return message

        await self._app(scope, receive_some, send)

    async def _drain(self, receive: Receive, message: Message) -> None:
        dropped = 0
        while message.get("more_body") and dropped < DRAIN_FACTOR * self._max_bytes:
            message = await receive()
            dropped += len(message.get("body", b""))
