"""The process that reads pictures and nothing else: no secret in its environment, no database, no queue.

`python -m worker.reader.child PARENT MEMORY_BYTES`; it speaks frames over stdin and stdout.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from worker.reader import frames, limits
from worker.reader.frames import Kind

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """How one picture is to be read."""

    document: str
    engine: str
    max_pixels: int
    cpu_seconds: float


Read = Callable[[bytes, Order, Tell], dict[str, Any]]  #: to `{"result": ..., "failure": ...}`, one of them None


def serve(parent: int, memory_bytes: int, load: Callable[[], Read]) -> None:
    """Reads pictures until the worker closes the pipe. `load` loads the models, inside the limits."""
    limits.end_with_parent(parent)
    limits.confine(memory_bytes=memory_bytes)
    orders = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints must not look like an answer
    read = load()
    answers.write(frames.frame(Kind.READY))
    while (order := frames.read(orders)) is not None:
        picture = frames.read(orders)
        if picture is None:
            return
        _answer(answers, read, Order(**json.loads(order[1])), picture[1])


def _answer(answers: BinaryIO, read: Read, order: Order, picture: bytes) -> None:
    def tell(stage: str) -> None:
        answers.write(frames.frame(Kind.STAGE, stage.encode()))

    limits.allow_cpu(order.cpu_seconds)
    answers.write(frames.frame(Kind.TAKEN))
    try:
        reply = frames.json_frame(Kind.ANSWER, read(picture, order, tell))
    except Exception as error:  # noqa: BLE001 - whatever a reader's bug raises is told by its name alone
        if _is_lack_of_memory(error):
            answers.write(frames.frame(Kind.OUT_OF_MEMORY))
            os._exit(limits.OUT_OF_MEMORY_STATUS)  # what is left of the heap is in pieces
        reply = frames.frame(Kind.ERROR, type(error).__name__.encode())
    answers.write(reply)


def _is_lack_of_memory(error: Exception) -> bool:
    """Each library has its own words for it: Python, then OpenCV (-4), then ONNX Runtime and C++."""
    if isinstance(error, MemoryError) or getattr(error, "code", None) == -4:
        return True
    return any(words in str(error) for words in ("bad_alloc", "Failed to allocate", "bad allocation"))


def _load() -> Read:
    import cv2  # noqa: PLC0415 - inside the limits

    from core.documents import DocumentKind  # noqa: PLC0415
    from worker.reading import read, result  # noqa: PLC0415
    from worker.reading.engines import named  # noqa: PLC0415

    cv2.setNumThreads(1)
    named.engine(sys.argv[3])

    def read_one(picture: bytes, order: Order, tell: Tell) -> dict[str, Any]:
        options = read.ReadingOptions(max_pixels=order.max_pixels, engine=order.engine)
        reading = read.read(picture, document=DocumentKind(order.document), options=options, on_stage=tell)
        failure = result.failure_as_json(reading.failure) if reading.failure else None
        return {"result": None if failure else result.as_json(reading), "failure": failure}

    return read_one


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), _load)
