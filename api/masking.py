"""What the native API shows of a payment card: never the whole number. PCI DSS 4.0, 3.4.1: at most the BIN and four."""

from __future__ import annotations

from typing import Any

from core.documents import DocumentType

LAST = 4
LONG = 16  #: digits; from there on the BIN has eight, ISO/IEC 7812-1:2017
HIDDEN = "*"


def shown(result: dict[str, Any] | None) -> dict[str, Any] | None:
    """A native result as it may leave; the sealed one stays whole for those who sent a key of their own."""
    if result is None or result["document_type"] != DocumentType.PAYMENT_CARD:
        return result
    fields = result["fields"]
    parts = [name for name in sorted(fields) if name.startswith("number_group_")]
    number = "".join(fields[name]["value"] for name in parts) or _value(fields, "card_number")
    masked = iter(_masked(number))
    hidden = {name: "".join(next(masked) for _ in fields[name]["value"]) for name in parts}
    if "card_number" in fields:
        hidden["card_number"] = _masked(fields["card_number"]["value"])
    changed = {name: {**fields[name], "value": value} for name, value in hidden.items()}
    return {**result, "fields": {**fields, **changed}}


def _masked(number: str) -> str:
    first = 8 if len(number) >= LONG else 6
    if len(number) <= first + LAST:
        return HIDDEN * len(number)
    return number[:first] + HIDDEN * (len(number) - first - LAST) + number[-LAST:]


def _value(fields: dict[str, Any], name: str) -> str:
    return str(fields.get(name, {}).get("value", ""))
