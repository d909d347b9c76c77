"""The native result shape: a Reading as plain JSON values. What the API hands on is written here and nowhere else."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.documents import Box, Check, Failure, Field, Mrz, Reading


def as_json(reading: Reading) -> dict[str, Any]:
    """The reading as JSON values; boxes are four [x, y], pixels to a tenth, clockwise from the top left of the text."""
    return {
        "document_type": reading.document_type,
        "fields": {name: _field(value) for name, value in reading.fields.items()},
        "mrz": _mrz(reading.mrz) if reading.mrz else None,
        "checks": [_check(check) for check in reading.checks],
        "quality": reading.quality,
        "image": asdict(reading.picture) if reading.picture else None,
        "timings_ms": reading.timings_ms,
        "engine": reading.engine,
    }


def failure_as_json(failure: Failure) -> dict[str, Any]:
    """Why there was no reading, as JSON values."""
    return {
        "reason": failure.reason.value,
        "detail": failure.detail,
        "measured": failure.measured,
        "box": _box(failure.box),
    }


def _field(value: Field) -> dict[str, Any]:
    return {
        "value": value.value,
        "confidence": round(value.confidence, 4),
        "box": _box(value.box),
        "source": value.source,
    }


def _mrz(mrz: Mrz) -> dict[str, Any]:
    return {
        "format": mrz.format.value,
        "lines": list(mrz.lines),
        "raw_lines": list(mrz.raw_lines),
        "checks": [_check(check) for check in mrz.checks],
        "repaired": [
            {"line": place.line, "column": place.column, "read": place.read, "taken": place.taken}
            for place in mrz.repaired
        ],
        "confidence": round(mrz.confidence, 6),
        "margin": round(mrz.margin, 3),
        "box": _box(mrz.box),
        "line_boxes": [_box(box) for box in mrz.line_boxes],
    }


def _check(check: Check) -> dict[str, Any]:
    return {"name": check.name, "verdict": check.verdict.value, "fields": list(check.fields)}


def _box(box: Box | None) -> list[list[float]] | None:
    return None if box is None else [[round(x, 1), round(y, 1)] for x, y in box]
