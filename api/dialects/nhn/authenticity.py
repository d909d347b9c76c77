"""The question whether a document is authentic: which values each type needs, their forms, and the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from api import turnstile
from api.dependencies import run
from api.dialects.nhn import bodies, envelopes
from api.dialects.nhn.callers import required
from api.dialects.nhn.codes import Code, Refused
from core import envelope, errors
from core.authenticity import asking, chain, locks
from core.authenticity.claims import Claim
from core.documents import DocumentType
from core.envelope import Service
from core.settings import settings

Form = Callable[[str], bool]


def _shaped(pattern: str) -> Form:
    return lambda text: re.fullmatch(pattern, text, re.ASCII) is not None


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
    return len(text) == 8


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a request: its name there and here, its form, and how it travels."""

    name: str
    field: str
    is_right: Form
    is_sealed: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """An `idType` and what is asked about it."""

    document_type: DocumentType
    values: tuple[Value, ...]


_NAME = Value("name", "name", _shaped(r"(?s).{1,100}"))
_ISSUED = Value("issueDate", "issue_date", _is_date)

#: The matrix of the service's own guide.
KINDS = {
    "resident": Kind(
        DocumentType.RESIDENT_CARD,
        (_NAME, Value("residentNumber", "resident_number", _shaped("[0-9]{13}")), _ISSUED),
    ),
    "driver": Kind(
        DocumentType.DRIVER_LICENCE,
        (
            _NAME,
            Value("residentNumber", "resident_number", _shaped("[0-9]{7}")),
            Value("driverLicenseNumber", "licence_number", _shaped("[0-9]{12}")),
            Value("serialNum", "serial_number", _shaped("[0-9A-Za-z]{5,6}"), is_required=False),
        ),
    ),
    "passport": Kind(
        DocumentType.PASSPORT,
        (
            _NAME,
            Value("passportNumber", "passport_number", _shaped("[A-Z0-9]{9}")),
            _ISSUED,
            Value("birthDate", "birth_date", _is_date),
            Value("expirationDate", "expiration_date", _is_date, is_sealed=False),
        ),
    ),
}


async def answer(request: Request, organization_id: UUID) -> dict[str, Any]:
    """`result` for a question. The request key is used up by an answer and by nothing else."""
    _, _, request_key = required(request, "X-Key-Version", "Symmetric-Key", "Request-Key")
    sent = await bodies.values(request)
    kind = _kind_of(sent)
    around = await envelopes.of(request, organization_id, Service.ID_CARD)
    question = await run(asking.begin, organization_id, request_key)
    try:
        claim = await _claim(around, organization_id, kind, sent)
        await run(locks.must_be_open, claim)
        turnstile.leave(request)  # a provider may take seconds
        decision = await run_in_threadpool(chain.decide, claim, question.seen)
    except errors.EnvelopeDamaged:
        await run(_give_back_and_count, question, around)
        raise
    except Exception:
        await run(asking.give_back, question)
        raise
    await run(asking.settle, question, claim, decision)
    return {"isAuthenticity": decision.is_authentic}


def _kind_of(sent: dict[str, str]) -> Kind:
    """What is asked about. Raises `Refused` when that is not known or a value is missing."""
    kind = KINDS.get(sent.get("idType", ""))
    if kind is None or (kind.document_type is DocumentType.PASSPORT and not settings().passport_authenticity):
        raise Refused(Code.INVALID_PARAMETER)
    if any(value.is_required and value.name not in sent for value in kind.values):
        raise Refused(Code.INVALID_PARAMETER)
    return kind


async def _claim(around: envelopes.Envelope, organization_id: UUID, kind: Kind, sent: dict[str, str]) -> Claim:
    """The opened claim. Raises `EnvelopeDamaged` when it does not open, `Refused` when a value has not its form."""
    given = [value for value in kind.values if value.name in sent]
    opened = await envelopes.open_values(around, {one.name: sent[one.name] for one in given if one.is_sealed})
    if opened is None:
        raise errors.EnvelopeDamaged
    _, plain = opened
    values = {one: plain[one.name] if one.is_sealed else sent[one.name] for one in given}
    if not all(one.is_right(text) for one, text in values.items()):
        raise Refused(Code.INVALID_PARAMETER)
    return Claim(organization_id, kind.document_type, {one.field: text for one, text in values.items()})


def _give_back_and_count(db: Session, question: asking.Question, around: envelopes.Envelope) -> None:
    asking.give_back(db, question)
    envelope.note_failure(db, around.rsa_key)
