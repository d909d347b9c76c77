"""Envelope encryption at rest: one data key a job, wrapped by a key-encryption key with an id. Nothing is stored here.

Erasing a job is forgetting its wrapped data key: whatever was sealed under it, backups included, opens no more.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.settings import settings

NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random nonces of 96 bits
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for the data of one job: plain for use now, wrapped for the row."""

    plain: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    key_id: str


class VaultError(Exception):
    """A key or a sealed value that does not open: wrong key, wrong context, or changed bytes."""


class Vault:
    """Wraps data keys under the first of its key-encryption keys, unwraps under any."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = next(iter(keys))

    @property
    def active(self) -> str:
        """The id of the key-encryption key that wraps from now on."""
        return self._active

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of all key-encryption keys."""
        return frozenset(self._keys)

    def new_key(self, context: str) -> DataKey:
        """A fresh data key bound to `context`, e.g. the job's id."""
        return self._wrap(os.urandom(KEY_BYTES), context)

    def rewrap(self, key_id: str, wrapped: bytes, context: str) -> DataKey:
        """The same data key under the active key-encryption key. Raises `VaultError`."""
        return self._wrap(self.unwrap(key_id, wrapped, context), context)

    def unwrap(self, key_id: str, wrapped: bytes, context: str) -> bytes:
        """The plain data key. Raises `VaultError`."""
        if key_id not in self._keys:
            raise VaultError(f"no key-encryption key with id {key_id!r} in IDMILL_VAULT_KEYS")
        return _open(self._keys[key_id], wrapped, context)

    def _wrap(self, plain: bytes, context: str) -> DataKey:
        return DataKey(plain, _seal(self._keys[self._active], plain, context), self._active)


def seal(data_key: bytes, plain: bytes, context: str) -> bytes:
    """AES-256-GCM with `context` as associated data: nonce, ciphertext, tag."""
    return _seal(AESGCM(data_key), plain, context)


def unseal(data_key: bytes, sealed: bytes, context: str) -> bytes:
    """The plain bytes. Raises `VaultError`."""
    return _open(AESGCM(data_key), sealed, context)


def _seal(cipher: AESGCM, plain: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, context.encode())


def _open(cipher: AESGCM, sealed: bytes, context: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except Exception as error:
        raise VaultError("a sealed value did not open") from error


@lru_cache(maxsize=1)
def vault() -> Vault:
    """The vault of this process. Raises ValueError that names what is wrong with IDMILL_VAULT_KEYS."""
    return Vault(parse_keys(settings().vault_keys.get_secret_value()))


def parse_keys(text: str) -> dict[str, bytes]:
    """`id:base64,id:base64` to keys of 32 bytes, in order. Raises ValueError without showing a key."""
    keys: dict[str, bytes] = {}
    for item in text.split(","):
        key_id, _, encoded = item.strip().partition(":")
        try:
            keys[key_id] = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            keys[key_id] = b""
        if not key_id or len(keys[key_id]) != KEY_BYTES:
            raise ValueError("IDMILL_VAULT_KEYS: each key is written id:base64 of exactly 32 bytes")
    return keys
