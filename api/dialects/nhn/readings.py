"""One reading within one request: the opened picture becomes a job, and its end is waited for."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

from fastapi import Request, UploadFile

from api import intake
from api.dialects.nhn import bodies, codes, envelopes
from api.dialects.nhn.codes import Code, Refused
from core import envelope, jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind, FailureReason
from core.envelope import Service
from core.states import JobState
from core.subscriptions import Technology

DOCUMENT = {Service.CREDIT_CARD: DocumentKind.PAYMENT_CARD, Service.ID_CARD: DocumentKind.ID_CARD}


@dataclass(frozen=True, slots=True)
class Answered:
    """A job with a result, and what seals values for its caller."""

    job: Job
    result: dict[str, Any] = field(repr=False)
    key: envelope.SymmetricKey = field(repr=False)
    file_type: str

    def seal(self, value: str) -> str:
        """One value under the key that came with the request."""
        return envelope.seal(self.key, value)


async def of(request: Request, organization_id: UUID, service: Service, technology: Technology) -> Answered:
    """The reading of the picture in a request. The caller's key stays in this process's memory and is stored nowhere.

    Raises `Refused` and errors of ours that `codes` knows.
    """
    around = await envelopes.of(request, organization_id, service)
    opened = await envelopes.open_picture(around, await bodies.image(request))
    wanted = jobs.Request(DOCUMENT[service], technology=technology)
    job = await intake.read(request, organization_id, UploadFile(BytesIO(opened.picture)), wanted)
    if job.state != JobState.RECEIVED:
        raise Refused(await _why(job, around, service))
    result = sealed.open_result(job)
    if not result:
        raise Refused(codes.OF_SERVICE[service].empty)
    return Answered(job, result, opened.key, envelopes.PICTURES[opened.media_type])


async def _why(job: Job, around: envelopes.Envelope, service: Service) -> Code:
    """The code of a job that failed. A picture that opened and is damaged may be a forged envelope: it counts too."""
    reason = FailureReason((job.failure or {}).get("reason", FailureReason.READER_FAILED))
    if reason is FailureReason.DAMAGED_PICTURE:
        await envelopes.count_damaged(around)
    if reason is FailureReason.READER_FAILED and not job.claims:
        return Code.API_TEMPORARILY_UNAVAILABLE  # no worker even looked at it
    return codes.of_failure(reason, service)
