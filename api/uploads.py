"""Uploads: how large and how slow they may be, and what they are by their first bytes. Decodes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from fastapi import HTTPException
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import errors

HEAD_BYTES = 1024  # Adobe's readers look for `%PDF-` this far
SLOWEST = 16 * 1024  #: bytes a second; a body at this pace is waited for, however large it is
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
    """ASGI middleware: a body that grows over the limit ends in `UploadTooLarge`, one that dawdles in `UploadTooSlow`.

    Servers wait for ever: without this a byte a second holds a connection for as long as its sender likes.
    """

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, seconds: float, larger: Mapping[str, int] | None = None
    ) -> None:
        """`seconds` for any body, and more as it comes; `larger` gives the limit of single paths that take more."""
        self._app = app
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._larger.get(scope["path"], self._max_bytes), self._seconds)

        async def send_and_close(message: Message) -> None:
            if body.is_late and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, body.receive, send_and_close)


class _Body:
    """The body of one request on its way in."""

    def __init__(self, receive: Receive, max_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._since: float | None = None  #: when the first piece was asked for
        self._received = 0
        self._is_whole = False
        self.is_late = False  #: its sender was told so, and need not go on

    async def receive(self) -> Message:
        """The next piece. Raises HTTPException 413 and 408."""
        if self._is_whole:
            return await self._receive()  # waits for the client to leave
        message = await self._next()
        if self._received > self._max_bytes:
            while message.get("more_body") and self._received < DRAIN_FACTOR * self._max_bytes:
                message = await self._next()
            raise HTTPException(413, str(errors.UploadTooLarge()))
        self._is_whole = not message.get("more_body", False)
        return message

    async def _next(self) -> Message:
        self._since = self._since or time.monotonic()
        left = self._since + self._seconds + self._received / SLOWEST - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                message = await self._receive()
        except TimeoutError:
            self.is_late = True
            raise HTTPException(408, str(errors.UploadTooSlow())) from None
        self._received += len(message.get("body", b""))
        return message
