"""Which engine answers to which name. One of each per process; nothing is loaded before it is asked for."""

from __future__ import annotations

from functools import cache

from worker.reading.engines.base import OcrEngine

NAMES = ("ocrb", "tesseract")


class UnknownEngine(ValueError):
    """No engine has this name."""


@cache
def engine(name: str) -> OcrEngine:
    """The engine of that name, made on first use. Raises UnknownEngine."""
    if name == "ocrb":
        from worker.reading.engines.ocrb import OcrbEngine  # noqa: PLC0415 - loads a model

        return OcrbEngine()
    if name == "tesseract":
        from worker.reading.engines.tesseract import TesseractEngine  # noqa: PLC0415 - starts processes

        return TesseractEngine()
    raise UnknownEngine(f"no engine is called {name!r}; there are {', '.join(NAMES)}")
