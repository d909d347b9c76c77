"""Keyed hashes of what must be recognised again but not be readable: key secrets, end client names."""

from __future__ import annotations

import hashlib
import hmac

from core.settings import settings


def keyed_hash(purpose: str, text: str) -> bytes:
    """HMAC-SHA-256 of `text` under the server's pepper; `purpose` keeps equal texts of two uses apart."""
    pepper = settings().key_pepper.get_secret_value().encode()
    return hmac.digest(pepper, f"{purpose}|{text}".encode(), hashlib.sha256)
