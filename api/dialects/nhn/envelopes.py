"""Opening what a client sent. Every damaged envelope costs the same and is answered alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from api import uploads
from api.dependencies import run
from api.dialects.nhn.callers import required
from api.dialects.nhn.codes import Code, Refused
from core import envelope, errors
from core.db.tables import EnvelopeKey
from core.envelope import Profile, Service, SymmetricKey

PROFILE_HEADER = "X-Envelope-Profile"  #: ours; the service has only one way

PICTURES = {"image/jpeg": "jpg", "image/png": "png"}  #: and how `fileType` calls them


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of one request, and the RSA key that they name."""

    rsa_key: EnvelopeKey = field(repr=False)
    sealed_key: str = field(repr=False)
    profile: Profile


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture, its type, and the key for the answer."""

    key: SymmetricKey = field(repr=False)
    picture: bytes = field(repr=False)
    media_type: str


async def of(request: Request, organization_id: UUID, service: Service) -> Envelope:
    """The envelope of a request. Raises `Refused`, `EnvelopeKeyUnknown`."""
    version, sealed_key = required(request, "X-Key-Version", "Symmetric-Key")
    try:
        profile = Profile(request.headers.get(PROFILE_HEADER) or Profile.PRESCRIBED)
    except ValueError:
        raise Refused(Code.INVALID_PARAMETER) from None
    return Envelope(await run(envelope.find, organization_id, service, version), sealed_key, profile)


async def open_picture(around: Envelope, content: bytes) -> Opened:
    """The picture in a body part. Raises `EnvelopeDamaged`, the same for every cause, or `Refused`."""
    opened = await run_in_threadpool(_open_picture, around, content)
    if opened is None:
        await count_damaged(around)
        raise errors.EnvelopeDamaged
    if opened.media_type not in PICTURES:
        raise Refused(Code.INVALID_FILE_TYPE)
    return opened


async def open_values(around: Envelope, values: dict[str, str]) -> tuple[SymmetricKey, dict[str, str]] | None:
    """The texts in a JSON body; None when one of them does not open, whichever it is and whyever."""
    return await run_in_threadpool(_open_values, around, values)


async def count_damaged(around: Envelope) -> None:
    """One more envelope that did not open under this key."""
    await run(envelope.note_failure, around.rsa_key)


def _open_picture(around: Envelope, content: bytes) -> Opened | None:
    key = envelope.symmetric_key(around.rsa_key, around.sealed_key, around.profile)
    picture, is_right = envelope.unseal(key, envelope.part_of(content))
    media_type = _media_type(picture)
    return Opened(key, picture, media_type) if is_right and media_type else None


def _open_values(around: Envelope, values: dict[str, str]) -> tuple[SymmetricKey, dict[str, str]] | None:
    key = envelope.symmetric_key(around.rsa_key, around.sealed_key, around.profile)
    opened = {name: envelope.unseal(key, envelope.text_of(value)) for name, value in values.items()}
    texts = {name: _text(plain) for name, (plain, _) in opened.items()}
    is_right = all(right for _, right in opened.values()) and None not in texts.values()
    return (key, {name: text or "" for name, text in texts.items()}) if is_right else None


def _media_type(picture: bytes) -> str:
    """Empty for what is no file that we know: a wrong key makes noise, and noise must look like a wrong key."""
    try:
        return uploads.media_type_of(picture[: uploads.HEAD_BYTES])
    except errors.UploadUnsupported:
        return ""


def _text(plain: bytes) -> str | None:
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return None
    return text.strip() if text.isprintable() else None
