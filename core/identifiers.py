"""Ids that sort by the time they were made: UUID version 7. RFC 9562, 5.7."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from uuid import UUID


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random >> 62) << 64
    value |= 0b10 << 62
    value |= random & (1 << 62) - 1
    return UUID(int=value)


def first_id(moment: datetime) -> UUID:
    """The smallest id that can be made in the millisecond of this moment: what is older sorts before it."""
    return UUID(int=(int(moment.timestamp() * 1000) & (1 << 48) - 1) << 80 | 0x7 << 76 | 0b10 << 62)
