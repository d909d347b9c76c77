"""The ten strings of the MyKAD OCR API out of a native result."""

from __future__ import annotations

import re
from typing import Any

#: Key on the wire, and the field of `core.documents.PRINTED_FIELDS` behind it.
KEYS = {
    "ic_number": "ic_number",
    "full_name": "name",
    "address_line_1": "address_line_1",
    "address_line_2": "address_line_2",
    "postcode": "postcode",
    "district": "district",
    "state": "state",
    "nationality": "nationality",
    "religion": "religion",
    "gender": "gender",
}

#: What the card prints in Malay and the service says in English. Anything else is told as it is printed.
ENGLISH = {"WARGANEGARA": "MALAYSIAN", "LELAKI": "MALE", "PEREMPUAN": "FEMALE"}

_IC_NUMBER = re.compile(r"[0-9]{6}-[0-9]{2}-[0-9]{4}")


def of(result: dict[str, Any]) -> dict[str, str]:
    """Exactly the keys of `KEYS`, in their order; empty where nothing was read."""
    read = result.get("fields", {})
    values = {key: str(read.get(name, {}).get("value", "")) for key, name in KEYS.items()}
    for key in ("nationality", "gender"):
        values[key] = ENGLISH.get(values[key], values[key])
    return {**values, "gender": values["gender"] or _gender_by(values["ic_number"])}


def _gender_by(ic_number: str) -> str:
    """The last digit is odd for men, even for women. It fills a gap only: print that contradicts it stands."""
    if not _IC_NUMBER.fullmatch(ic_number):
        return ""
    return "MALE" if int(ic_number[-1]) % 2 else "FEMALE"
