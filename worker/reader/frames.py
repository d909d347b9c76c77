"""What travels between a worker and its reader: frames of a kind, a length and a payload. Knows no process."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, BinaryIO

HEAD = struct.Struct(">BI")  # kind, bytes of payload
MOST_BYTES = 8 * 1024 * 1024  #: of one answer; a reading takes some kilobytes


class Kind(IntEnum):
    """What a frame says."""

    ORDER = 1  #: to the reader: how to read; JSON
    PICTURE = 2  #: to the reader: what to read; the bytes as uploaded
    READY = 3  #: from the reader: it is loaded
    TAKEN = 4  #: from the reader: it has the whole picture and begins; from now on the picture may be to blame
    STAGE = 5  #: from the reader: what begins now
    ANSWER = 6  #: from the reader: the reading; JSON
    ERROR = 7  #: from the reader: the name of an exception, and it goes on
    OUT_OF_MEMORY = 8  #: from the reader, its last words


_KINDS = frozenset(Kind)


class BrokenFrame(Exception):
    """The other side does not speak this language."""


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return HEAD.pack(kind, len(payload)) + payload


def json_frame(kind: Kind, value: dict[str, Any]) -> bytes:
    """One frame that carries JSON."""
    return frame(kind, json.dumps(value, separators=(",", ":")).encode())


def read(stream: BinaryIO) -> tuple[Kind, bytes] | None:
    """The next frame of a blocking stream; None at its end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, size = HEAD.unpack(head)
    payload = stream.read(size)
    return (Kind(kind), payload) if len(payload) == size else None


def split(buffer: bytearray) -> Iterator[tuple[Kind, bytes]]:
    """The whole frames at the start of `buffer`, which they leave. Raises BrokenFrame."""
    while len(buffer) >= HEAD.size:
        kind, size = HEAD.unpack_from(buffer)
        if size > MOST_BYTES or kind not in _KINDS:
            raise BrokenFrame
        end = HEAD.size + size
        if len(buffer) < end:
            return
        payload = bytes(buffer[HEAD.size : end])
        del buffer[:end]
        yield Kind(kind), payload
