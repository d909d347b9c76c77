"""A reader process of the tests: what it does is written in the picture, after the three bytes that make it a JPEG."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from worker.reader import child

MAGIC = b"\xff\xd8\xff"


def picture(**wanted: Any) -> bytes:
    """A picture that makes this reader `hang`, `crash`, `allocate`, `raise`, or take `seconds` and answer."""
    return MAGIC + json.dumps(wanted).encode()


def read(content: bytes, order: child.Order, tell: child.Tell) -> dict[str, Any]:
    """Does what the picture says."""
    wanted = json.loads(content.removeprefix(MAGIC).rstrip(b"\0"))
    tell("compressing")
    time.sleep(wanted.get("seconds", 0))
    facts = MISDEEDS[wanted["then"]](wanted) if "then" in wanted else {}
    tell("reading")
    if reason := wanted.get("failure"):
        return {"result": None, "failure": {"reason": reason, "detail": "Try again.", "measured": {}, "box": None}}
    return _answer(pid=os.getpid(), **(facts or {}))


def _spin(_: dict[str, Any]) -> None:
    while True:
        pass


def _allocate(_: dict[str, Any]) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * 16_000_000)


def _raise(_: dict[str, Any]) -> None:
    raise LookupError("SPECIMEN secret")


def _write(wanted: dict[str, Any]) -> None:
    with Path(wanted["path"]).open("wb") as file:
        file.writelines(bytes(1_000_000) for _ in range(200))


MISDEEDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "hang": lambda _: time.sleep(3600),
    "spin": _spin,
    "crash": lambda _: ctypes.string_at(0),
    "exit": lambda _: os._exit(3),
    "allocate": _allocate,
    "raise": _raise,
    "write": _write,
    "chatter": lambda _: print("a library that prints", flush=True),
    "environment": lambda _: {"environment": dict(os.environ)},
}


def _answer(**facts: Any) -> dict[str, Any]:
    result = {"document_type": "passport", "fields": {}, "mrz": None, "checks": [], "quality": {}, "image": None}
    return {"result": {**result, "timings_ms": {}, "engine": "misbehaving", **facts}, "failure": None}


if __name__ == "__main__":
    child.serve(int(sys.argv[1]), int(sys.argv[2]), lambda: read)
