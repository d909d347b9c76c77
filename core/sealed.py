"""What is kept of a job's data, always sealed under the job's own key: its picture as a blob, its result in the row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core import audit, crash_points, errors, storage, vault
from core.crash_points import CrashPoint
from core.db.tables import Job
from core.identifiers import new_id


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """An upload that is sealed and on disk, before any row knows of it."""

    job_id: UUID
    organization_id: UUID
    blob_key: str
    size: int  #: bytes as uploaded
    sha256: bytes
    media_type: str
    data_key: vault.DataKey = field(repr=False)


def store_picture(organization_id: UUID, picture: bytes, media_type: str) -> StoredPicture:
    """Seals a picture under a fresh key and stores it; returns once it would outlive a power cut."""
    job_id = new_id()
    key = vault.vault().new_key(_context(organization_id, job_id, "key"))
    blob_key = f"{job_id.hex[-2:]}/{job_id}"  # the last hex digits are random; the first ones are the time
    sealed = vault.seal(key.plain, picture, _context(organization_id, job_id, "picture"))
    storage.blobs().put(blob_key, sealed)
    crash_points.reach(CrashPoint.AFTER_BLOB)
    sha256 = hashlib.sha256(picture).digest()
    return StoredPicture(job_id, organization_id, blob_key, len(picture), sha256, media_type, key)


def forget_picture(picture: StoredPicture) -> None:
    """Drops a stored picture that no job will ask for."""
    storage.blobs().delete(picture.blob_key)


def open_picture(job: Job) -> bytes:
    """The picture of a job. Raises `errors.Erased` when it is gone."""
    if job.picture_key is None:
        raise errors.Erased
    sealed = storage.blobs().get(job.picture_key)
    return vault.unseal(_data_key(job), sealed, _context(job.organization_id, job.id, "picture"))


def seal_result(job: Job, result: dict[str, Any]) -> bytes:
    """A result as it goes into the row."""
    plain = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
    return vault.seal(_data_key(job), plain, _context(job.organization_id, job.id, "result"))


def open_result(job: Job) -> dict[str, Any] | None:
    """The result of a job, None while there is none. That it was read is written down (`core.audit`)."""
    if job.result is None:
        return None
    plain = vault.unseal(_data_key(job), job.result, _context(job.organization_id, job.id, "result"))
    audit.note_read(job.organization_id, job.id)
    result: dict[str, Any] = json.loads(plain)
    return result


def _data_key(job: Job) -> bytes:
    if job.data_key is None or job.key_id is None:
        raise errors.Erased
    return vault.vault().unwrap(job.key_id, job.data_key, _context(job.organization_id, job.id, "key"))


def _context(organization_id: UUID, job_id: UUID, kind: str) -> str:
    return f"{organization_id}|{job_id}|{kind}"
