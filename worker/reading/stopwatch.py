"""Adds up how long each stage of a reading takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Wall time per stage, milliseconds. A stage that is entered again is added to."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._spent: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Counts what happens inside towards `stage`."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._spent[stage] = self._spent.get(stage, 0.0) + (time.perf_counter() - began) * 1000

    def timings_ms(self) -> dict[str, float]:
        """Every stage so far, and `total` since the watch was made."""
        total = (time.perf_counter() - self._began) * 1000
        return {stage: round(spent, 1) for stage, spent in self._spent.items()} | {"total": round(total, 1)}
