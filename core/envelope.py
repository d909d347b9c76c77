"""The electronic envelope of the NHN dialect: versioned RSA keys, and opening what was sealed without being an oracle.

PKCS #1 v1.5 and CBC without a MAC both answer an attacker's questions when a failure can be told from another. Here
every envelope takes one path: a key that does not open is replaced by one that nobody knows, and the work goes on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Select, case, func, select, text, update
from sqlalchemy.orm import Session

from core import audit, errors, vault
from core.db.tables import EnvelopeKey, Organization
from core.hashing import keyed_hash
from core.identifiers import new_id
from core.settings import settings

KEY_BYTES = 32  # AES-256
BLOCK = 16  # AES
PUBLIC_EXPONENT = 65537
LOADED_KEYS = 256  #: private keys that a process keeps open
VERSION = re.compile("[0-9]{1,9}")

_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/\r\n]++={0,2}+[\r\n]*+")


class Service(StrEnum):
    """What a public key is for."""

    CREDIT_CARD = "credit-card"
    ID_CARD = "id-card"


class Profile(StrEnum):
    """How an envelope is made. The first is the service's own; it shows equal beginnings of values sealed under one key
    (the IV is part of the key) and cannot tell a tampered picture from a damaged one. The second does neither."""

    PRESCRIBED = "RSA1_5+A256CBC"
    HARDENED = "RSA-OAEP-256+A256GCM"  #: RFC 8017, 7.1 with SHA-256; NIST SP 800-38D, 12 bytes of nonce in front


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A fresh RSA key, not stored yet."""

    public_key: bytes  #: X.509 SubjectPublicKeyInfo, DER
    private_key: bytes = field(repr=False)  #: PKCS #8, DER


@dataclass(frozen=True, slots=True)
class SymmetricKey:
    """The 32 bytes of one request, or a substitute that opens nothing: only `opens` of a whole envelope tells."""

    plain: bytes = field(repr=False)
    is_known: bool = field(repr=False)
    profile: Profile = Profile.PRESCRIBED


def fresh_pair() -> KeyPair:
    """A new RSA key; takes up to a few seconds of processor time, so never inside a transaction."""
    private = rsa.generate_private_key(PUBLIC_EXPONENT, settings().envelope_bits)
    return KeyPair(
        private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def handed_out(db: Session, organization_id: UUID, service: Service) -> EnvelopeKey | None:
    """The key that clients are given; None when there is none yet, or it is old enough to be replaced."""
    age = timedelta(days=settings().envelope_days)
    return db.scalar(_current(organization_id, service).where(EnvelopeKey.created_at > func.now() - age))


def rotate(db: Session, organization_id: UUID, service: Service, pair: KeyPair) -> EnvelopeKey:
    """Hands out a new key. The one before still opens envelopes for the grace time."""
    _lock(db, organization_id, service)
    made = _add(db, organization_id, service, pair)
    audit.note(db, audit.Action.ENVELOPE_KEY_ROTATED, organization_id, made.id)
    return made


def rotate_if_due(db: Session, organization_id: UUID, service: Service, pair: KeyPair) -> EnvelopeKey:
    """As `rotate`, unless somebody was faster: then theirs."""
    _lock(db, organization_id, service)
    return handed_out(db, organization_id, service) or _add(db, organization_id, service, pair)


def find(db: Session, organization_id: UUID, service: Service, version: str) -> EnvelopeKey:
    """The key of a version that a client names. Raises `EnvelopeKeyUnknown`."""
    if not VERSION.fullmatch(version):
        raise errors.EnvelopeKeyUnknown
    named = select(EnvelopeKey).where(
        EnvelopeKey.organization_id == organization_id,
        EnvelopeKey.service == service.value,
        EnvelopeKey.version == int(version),
        func.coalesce(EnvelopeKey.valid_until > func.now(), True),
    )
    key = db.scalar(named)
    if key is None:
        raise errors.EnvelopeKeyUnknown
    return key


def note_failure(db: Session, key: EnvelopeKey) -> None:
    """Counts an envelope that did not open. At the organization's limit the key ends: what was recorded under it is
    worthless from then on, and honest clients fetch the next one."""
    most = select(Organization.most_bad_envelopes).where(Organization.id == key.organization_id).scalar_subquery()
    is_last = EnvelopeKey.failures + 1 >= most
    ends = case((is_last, func.now()), else_=EnvelopeKey.valid_until)
    counted = update(EnvelopeKey).where(EnvelopeKey.id == key.id)
    db.execute(counted.values(failures=EnvelopeKey.failures + 1, valid_until=ends))


def symmetric_key(key: EnvelopeKey, sealed: str, profile: Profile = Profile.PRESCRIBED) -> SymmetricKey:
    """The key that a client sealed, standard Base64. Never fails; see `SymmetricKey`."""
    private = _private_key(key.id, key.key_id, key.data_key, key.private_key, _context(key.organization_id, key.id))
    size, modulus = private.key_size // 8, private.public_key().public_numbers().n
    substitute = keyed_hash("envelope-substitute", f"{key.id}|{sealed}")
    filler = b"\0" + hashlib.shake_256(substitute).digest(size - 1)
    cipher_text = _from_base64(sealed)
    # Length and range are public: whoever sent it knows them. OpenSSL refuses these and only these (see self_test).
    is_usable = len(cipher_text) == size and int.from_bytes(cipher_text) < modulus
    plain = _decrypted(private, cipher_text if is_usable else filler, profile)
    is_known = is_usable and len(plain) == KEY_BYTES
    return SymmetricKey(plain if is_known else substitute, is_known, profile)


def part_of(content: bytes) -> bytes:
    """The ciphertext of a body part: as it is, or decoded when every byte of it is Base64. Decided by public bytes."""
    if _BASE64_TEXT.fullmatch(content):
        return _from_base64(content.decode("ascii"))
    return content


def text_of(value: str) -> bytes:
    """The ciphertext of a value in JSON: standard Base64. Empty when it is none."""
    return _from_base64(value)


def unseal(key: SymmetricKey, cipher_text: bytes) -> tuple[bytes, bool]:
    """The plain bytes of a part or value, and whether they are right.

    AES-256-CBC, IV = first half of the key, PKCS #7: what is wrong does not show in the work done; it is the same
    decryption and the same look at sixteen bytes.
    """
    if key.profile is Profile.HARDENED:
        return _unseal_gcm(key, cipher_text)
    whole = len(cipher_text) - len(cipher_text) % BLOCK
    decryptor = _cipher(key.plain).decryptor()
    plain = decryptor.update(cipher_text[:whole] or bytes(BLOCK)) + decryptor.finalize()
    last = plain[-1]
    wrong = (last - 1) & ~(BLOCK - 1)  # zero for 1 to 16
    for place in range(BLOCK):
        wrong |= (place < last) * (plain[-1 - place] ^ last)
    is_right = wrong == 0
    end = len(plain) - last * is_right
    return plain[:end], is_right & key.is_known & (whole == len(cipher_text)) & (whole > 0)


def seal(key: SymmetricKey, value: str) -> str:
    """A value for the client under its own key, Base64: AES-256-CBC with the IV that the service prescribes, or GCM."""
    plain = value.encode()
    if key.profile is Profile.HARDENED:
        nonce = os.urandom(vault.NONCE_BYTES)
        return base64.b64encode(nonce + AESGCM(key.plain).encrypt(nonce, plain, None)).decode("ascii")
    fill = BLOCK - len(plain) % BLOCK
    encryptor = _cipher(key.plain).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([fill]) * fill) + encryptor.finalize()).decode("ascii")


@lru_cache(maxsize=1)
def self_test() -> None:
    """Refuses a cryptographic library that raises for wrong padding: it would be an oracle. Raises RuntimeError."""
    private = rsa.generate_private_key(PUBLIC_EXPONENT, 1024)  # noqa: S505 - seals nothing, and is gone in a moment
    for number in range(8):
        noise = b"\0" + hashlib.shake_256(bytes([number])).digest(private.key_size // 8 - 1)
        try:
            private.decrypt(noise, padding.PKCS1v15())
        except ValueError as error:
            raise RuntimeError(
                "This OpenSSL answers wrong RSA padding with an error instead of implicit rejection; "
                "electronic envelopes need OpenSSL 3.2 or newer."
            ) from error


def _decrypted(private: rsa.RSAPrivateKey, cipher_text: bytes, profile: Profile) -> bytes:
    """Empty only for OAEP, whose padding nobody but the sender can make: there a failure tells nothing."""
    if profile is Profile.PRESCRIBED:
        return private.decrypt(cipher_text, padding.PKCS1v15())
    try:
        return private.decrypt(cipher_text, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    except ValueError:
        return b""


def _unseal_gcm(key: SymmetricKey, cipher_text: bytes) -> tuple[bytes, bool]:
    nonce, sealed = cipher_text[: vault.NONCE_BYTES], cipher_text[vault.NONCE_BYTES :]
    try:
        return AESGCM(key.plain).decrypt(nonce, sealed, None), key.is_known
    except (InvalidTag, ValueError):
        return b"", False


def _cipher(plain_key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(plain_key), modes.CBC(plain_key[:BLOCK]))


def _from_base64(value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


@lru_cache(maxsize=LOADED_KEYS)
def _private_key(
    identifier: UUID,  # noqa: ARG001 - tells the entries apart
    key_id: str,
    data_key: bytes,
    sealed: bytes,
    context: str,
) -> rsa.RSAPrivateKey:
    plain_key = vault.vault().unwrap(key_id, data_key, context)
    # Our own bytes, authenticated by the vault: checking the primes again would cost every process a second.
    loaded = serialization.load_der_private_key(
        vault.unseal(plain_key, sealed, context), None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(loaded, rsa.RSAPrivateKey)  # noqa: S101 - narrows the type
    return loaded


def _current(organization_id: UUID, service: Service) -> Select[EnvelopeKey]:
    return select(EnvelopeKey).where(
        EnvelopeKey.organization_id == organization_id,
        EnvelopeKey.service == service.value,
        EnvelopeKey.valid_until.is_(None),
    )


def _lock(db: Session, organization_id: UUID, service: Service) -> None:
    name = hashlib.sha256(f"envelope-key|{organization_id}|{service}".encode()).digest()
    db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(name[:8], "big", signed=True)})


def _add(db: Session, organization_id: UUID, service: Service, pair: KeyPair) -> EnvelopeKey:
    grace = timedelta(days=settings().envelope_grace_days)
    mine = (EnvelopeKey.organization_id == organization_id, EnvelopeKey.service == service.value)
    db.execute(
        update(EnvelopeKey).where(*mine, EnvelopeKey.valid_until.is_(None)).values(valid_until=func.now() + grace)
    )
    newest = db.scalar(select(func.max(EnvelopeKey.version)).where(*mine))
    identifier = new_id()
    context = _context(organization_id, identifier)
    data_key = vault.vault().new_key(context)
    key = EnvelopeKey(
        id=identifier,
        organization_id=organization_id,
        service=service.value,
        version=0 if newest is None else newest + 1,
        public_key=pair.public_key,
        key_id=data_key.key_id,
        data_key=data_key.wrapped,
        private_key=vault.seal(data_key.plain, pair.private_key, context),
    )
    db.add(key)
    db.flush()
    return key


def _context(organization_id: UUID, identifier: UUID) -> str:
    return f"{organization_id}|{identifier}|envelope-key"
