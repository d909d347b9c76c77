"""What is asked and what is answered: a claim about a document, what was read of it, a provider's opinion."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from core.documents import Check, DocumentType


class Outcome(StrEnum):
    """What a provider knows. Only the first two end the asking."""

    AUTHENTIC = "authentic"
    NOT_AUTHENTIC = "not_authentic"
    UNKNOWN = "unknown"  #: nothing speaks against it, and nothing for it
    UNAVAILABLE = "unavailable"  #: the provider could not be asked


@dataclass(frozen=True, slots=True)
class Claim:
    """A document as a client describes it: names of fields to values in one form, dates as YYYYMMDD."""

    organization_id: UUID
    document_type: DocumentType
    values: dict[str, str] = field(repr=False)

    @property
    def number(self) -> str:
        """The number that names the document or its holder in a registry."""
        return self.values[NUMBER_OF[self.document_type]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reading under the same request key saw: field names to printed value and confidence, 0..1."""

    document_type: str
    fields: dict[str, tuple[str, float]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A provider's answer and the checks behind it."""

    outcome: Outcome
    checks: tuple[Check, ...] = ()

    @property
    def is_final(self) -> bool:
        """True when nobody else need be asked."""
        return self.outcome in (Outcome.AUTHENTIC, Outcome.NOT_AUTHENTIC)


class Provider(Protocol):
    """Somebody who may know. `judge` is called outside any transaction and never raises for a claim it cannot judge."""

    name: str

    def judge(self, claim: Claim, seen: Seen) -> Opinion: ...


NUMBER_OF = {
    DocumentType.RESIDENT_CARD: "resident_number",
    DocumentType.DRIVER_LICENCE: "licence_number",
    DocumentType.PASSPORT: "passport_number",
}
