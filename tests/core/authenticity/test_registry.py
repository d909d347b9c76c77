"""The operator's own table: imported from CSV, kept as keyed hashes, asked by number."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core import errors, organizations
from core.authenticity import registry
from core.authenticity.claims import Claim, Outcome, Seen
from core.db.tables import RegistryDocument
from core.documents import DocumentType
from core.settings import settings
from core.transaction import transaction

LINES = (
    "document_type,name,resident_number,issue_date,licence_number",
    "resident_card,홍길동,900101-1234568,2015. 3. 20.,",
    "driver_licence,홍길동,900101-1234568,,서울 12-345678-90",
)
VALUES = {"name": "홍길동", "resident_number": "9001011234568", "issue_date": "20150320"}
SEEN = Seen("resident_card", {})


@pytest.fixture
def stored(organization_id):
    with transaction() as db:
        assert registry.store(db, organization_id, registry.entries(LINES)) == 2
    return organization_id


def judge(organization_id, document_type=DocumentType.RESIDENT_CARD, **values):
    return registry.Registry().judge(Claim(organization_id, document_type, values), SEEN).outcome


def test_known_document_is_authentic(stored):
    assert judge(stored, **VALUES) is Outcome.AUTHENTIC
    licence = {"name": "홍길동", "resident_number": "9001011", "licence_number": "111234567890"}
    assert judge(stored, DocumentType.DRIVER_LICENCE, **licence) is Outcome.AUTHENTIC


@pytest.mark.parametrize("change", [{"name": "홍길순"}, {"issue_date": "20150321"}])
def test_known_document_with_another_value_is_not(stored, change):
    assert judge(stored, **{**VALUES, **change}) is Outcome.NOT_AUTHENTIC


def test_value_that_the_table_does_not_have_leaves_it_unknown(stored):
    licence = {"name": "홍길동", "licence_number": "111234567890", "serial_number": "A1B2C3"}
    assert judge(stored, DocumentType.DRIVER_LICENCE, **licence) is Outcome.UNKNOWN


def test_unknown_document_is_unknown_unless_the_table_is_complete(stored, monkeypatch):
    other = {**VALUES, "resident_number": "9101011234568"}
    assert judge(stored, **other) is Outcome.UNKNOWN
    monkeypatch.setattr(settings(), "registry_is_complete", True)
    assert judge(stored, **other) is Outcome.NOT_AUTHENTIC


def test_table_of_another_organization_is_not_asked(stored):
    with transaction() as db:
        rival = organizations.create(db, "Specimen Rival").id
    assert judge(rival, **VALUES) is Outcome.UNKNOWN


def test_second_import_replaces(stored):
    with transaction() as db:
        changed = [LINES[0], LINES[1].replace("2015. 3. 20.", "2020-01-02")]
        registry.store(db, stored, registry.entries(changed))
        assert registry.count_of(db, stored) == 2
    assert judge(stored, **VALUES) is Outcome.NOT_AUTHENTIC
    assert judge(stored, **{**VALUES, "issue_date": "20200102"}) is Outcome.AUTHENTIC


def test_nothing_of_a_document_is_in_the_table(stored):
    with transaction() as db:
        rows = db.scalars(select(RegistryDocument).where(RegistryDocument.organization_id == stored)).all()
        kept = repr([(row.number.hex(), row.details) for row in rows])
    assert "홍길동" not in kept
    assert "9001011234568" not in kept
    assert rows[0].details["name"] != rows[1].details["name"]  # the same name of two documents


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("type,name", "x,y"), "line 1"),
        (("document_type,nickname", "resident_card,y"), "line 1"),
        (("document_type,resident_number", "library_card,9001011234568"), "line 2: document_type"),
        (("document_type,name", "resident_card,홍길동"), "line 2: resident_number is missing"),
        (("document_type,resident_number,issue_date", "resident_card,9001011234568,soon"), "line 2: issue_date"),
    ],
)
def test_line_that_cannot_be_used_is_named_without_its_values(lines, said):
    with pytest.raises(errors.RequestInvalid, match=said) as refused:
        list(registry.entries(lines))
    assert "홍길동" not in str(refused.value)
