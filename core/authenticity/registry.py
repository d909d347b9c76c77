"""The provider `registry`: an operator's own table of issued documents, kept as keyed hashes only; and its import."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import errors
from core.authenticity import printed
from core.authenticity.claims import NUMBER_OF, Claim, Opinion, Outcome, Seen
from core.db.tables import RegistryDocument
from core.documents import Check, DocumentType, Verdict
from core.hashing import keyed_hash
from core.settings import settings
from core.transaction import transaction

BATCH = 1000  #: rows of one statement

#: The columns of a CSV file, with the form in which each value is compared. Names are those of `idmill read`.
COLUMNS: dict[str, Callable[[str], str]] = {
    "name": printed.name,
    "resident_number": printed.digits,
    "issue_date": printed.date_digits,
    "licence_number": printed.licence_number,
    "serial_number": printed.code,
    "passport_number": printed.code,
    "birth_date": printed.date_digits,
    "expiration_date": printed.date_digits,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as it is stored."""

    document_type: DocumentType
    number: bytes
    details: dict[str, str]


class Registry:
    """Asks the table of the claim's organization."""

    name = "registry"

    def judge(self, claim: Claim, seen: Seen) -> Opinion:  # noqa: ARG002 - the Protocol's; a registry asks its table
        """Final when the table knows the document, or is declared to know all."""
        with transaction(claim.organization_id) as db:
            known = find(db, claim)
        if known is None:
            is_complete = settings().registry_is_complete
            verdict = Verdict.FAIL if is_complete else Verdict.NOT_APPLICABLE
            outcome = Outcome.NOT_AUTHENTIC if is_complete else Outcome.UNKNOWN
            return Opinion(outcome, (Check("registry_knows_document", verdict),))
        checks = [Check("registry_knows_document", Verdict.PASS), *_compared(claim, known.details)]
        return Opinion(_outcome({check.verdict for check in checks}), tuple(checks))


def find(db: Session, claim: Claim) -> RegistryDocument | None:
    """The row of the claimed document, by its number."""
    number = _hash(claim.document_type, "number", claim.number, claim.number)
    return db.get(RegistryDocument, (claim.organization_id, claim.document_type.value, number))


def entries(rows: Iterable[str]) -> Iterator[Entry]:
    """The documents of a CSV file with a header line: `document_type` and any of `COLUMNS`.

    Raises `RequestInvalid` naming the line; never a value.
    """
    reader = csv.DictReader(rows)
    unknown = set(reader.fieldnames or ()) - set(COLUMNS) - {"document_type"}
    if unknown or "document_type" not in (reader.fieldnames or ()):
        raise errors.RequestInvalid(f"line 1: the columns are document_type and any of {', '.join(COLUMNS)}.")
    for row in reader:
        yield _entry(row, reader.line_num)


def store(db: Session, organization_id: UUID, found: Iterable[Entry]) -> int:
    """Adds documents, replacing those with the same number; the count of rows read."""
    count = 0
    batch: dict[tuple[str, bytes], Entry] = {}
    for entry in found:
        batch[entry.document_type.value, entry.number] = entry
        count += 1
        if len(batch) == BATCH:
            _write(db, organization_id, batch.values())
            batch.clear()
    _write(db, organization_id, batch.values())
    return count


def count_of(db: Session, organization_id: UUID) -> int:
    """Documents in an organization's table."""
    mine = select(func.count()).where(RegistryDocument.organization_id == organization_id)
    return db.scalars(mine.select_from(RegistryDocument)).one()


def _entry(row: Mapping[str, str | None], line: int) -> Entry:
    try:
        document_type = DocumentType((row["document_type"] or "").strip())
        number_column = NUMBER_OF[document_type]
    except (ValueError, KeyError):
        known = ", ".join(kind.value for kind in NUMBER_OF)
        raise errors.RequestInvalid(f"line {line}: document_type is one of {known}.") from None
    values = {}
    for name, form in COLUMNS.items():
        if given := (row.get(name) or "").strip():
            values[name] = form(given)
            if not values[name]:
                raise errors.RequestInvalid(f"line {line}: {name} cannot be read.")
    if document_type is DocumentType.DRIVER_LICENCE and "resident_number" in values:
        values["resident_number"] = values["resident_number"][:7]  # a licence is asked about by no more than these
    number = values.get(number_column, "")
    if not number:
        raise errors.RequestInvalid(f"line {line}: {number_column} is missing.")
    details = {name: _hash(document_type, name, number, value).hex() for name, value in values.items()}
    return Entry(document_type, _hash(document_type, "number", number, number), details)


def _write(db: Session, organization_id: UUID, batch: Iterable[Entry]) -> None:
    rows = [
        {
            "organization_id": organization_id,
            "document_type": entry.document_type.value,
            "number": entry.number,
            "details": entry.details,
        }
        for entry in batch
    ]
    if rows:
        new = insert(RegistryDocument).values(rows)
        key = ["organization_id", "document_type", "number"]
        db.execute(
            new.on_conflict_do_update(
                index_elements=key, set_={"details": new.excluded.details, "imported_at": func.now()}
            )
        )


def _outcome(verdicts: set[Verdict]) -> Outcome:
    """Authentic only when the table has every claimed value and each is the same."""
    if Verdict.FAIL in verdicts:
        return Outcome.NOT_AUTHENTIC
    return Outcome.UNKNOWN if Verdict.NOT_APPLICABLE in verdicts else Outcome.AUTHENTIC


def _compared(claim: Claim, known: Mapping[str, str]) -> Iterator[Check]:
    for name, value in claim.values.items():
        verdict = Verdict.NOT_APPLICABLE
        if name in known:
            told = _hash(claim.document_type, name, claim.number, COLUMNS[name](value)).hex()
            verdict = Verdict.PASS if told == known[name] else Verdict.FAIL
        yield Check(f"{name}_in_registry", verdict, (name,))


def _hash(document_type: DocumentType, name: str, number: str, value: str) -> bytes:
    """Bound to the document's number, so that equal dates or names of two people do not look equal."""
    return keyed_hash(f"registry|{document_type.value}|{name}|{number}", value)
