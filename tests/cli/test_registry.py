"""The operator's registry, locks and public keys on the command line; and what the demo customer gets."""

from __future__ import annotations

from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from cli import demo_access
from cli.main import main
from core import envelope, keys, organizations
from core.authenticity import locks
from core.authenticity.claims import Claim
from core.db.tables import Subscription
from core.documents import DocumentType
from core.settings import settings
from core.transaction import transaction

LINES = "document_type,name,resident_number,issue_date\nresident_card,홍길동,900101-1234568,2015. 3. 20.\n"


@pytest.fixture
def idmill(settings_env):
    """Runs a command; the database is in the environment."""
    return lambda *words, **more: CliRunner().invoke(main, [str(word) for word in words], **more)


def test_registry_is_imported_and_counted(idmill, organization_id, tmp_path):
    file = tmp_path / "issued.csv"
    file.write_text("\ufeff" + LINES, encoding="utf-8")  # as a spreadsheet writes it
    assert idmill("registry", "import", organization_id, file).output == "1 documents imported; the registry knows 1.\n"
    assert idmill("registry", "count", organization_id).output == "1\n"


def test_file_with_a_wrong_line_changes_nothing(idmill, organization_id):
    answer = idmill("registry", "import", organization_id, "-", input=LINES + "resident_card,홍길순,,\n")
    assert answer.exit_code == 1
    assert "line 3: resident_number is missing." in answer.output
    assert idmill("registry", "count", organization_id).output == "0\n"


def test_unknown_organization_is_named(idmill):
    assert "no organization" in idmill("registry", "import", uuid4(), "-", input=LINES).output


def test_card_is_unlocked(idmill, organization_id):
    claim = Claim(organization_id, DocumentType.RESIDENT_CARD, {"resident_number": "9001011234568"})
    with transaction() as db:
        for _ in range(locks.MOST_WRONG_DATES):
            locks.note(db, claim, uuid4(), has_wrong_date=True, is_authentic=False)
    lock_id, count, *_ = idmill("authenticity", "locks", organization_id).output.split("\t")
    assert count == "5"
    assert idmill("authenticity", "unlock", lock_id).exit_code == 0
    assert idmill("authenticity", "locks", organization_id).output == ""
    assert idmill("authenticity", "unlock", lock_id).exit_code == 1


def test_public_key_is_rotated(idmill, organization_id, monkeypatch):
    monkeypatch.setattr(settings(), "envelope_bits", 2048)
    assert [idmill("envelope", "rotate", organization_id, "id-card").output for _ in range(2)] == ["0\n", "1\n"]
    with transaction() as db:
        assert envelope.handed_out(db, organization_id, envelope.Service.ID_CARD).version == 1


def test_demo_has_a_token_and_what_a_new_release_brings(settings_env, tmp_path):
    file = tmp_path / "demo.env"
    made = demo_access.kept_or_made(file)
    demo_access.write(file, made, url="http://127.0.0.1:8000", flower_url="http://127.0.0.1:5555")
    with transaction() as db:
        caller = keys.authenticate(db, made["IDMILL_NHN_TOKEN"])
        assert caller.key_id == made["IDMILL_NHN_APPKEY"]
        organizations.get(db, caller.organization_id).most_bad_envelopes = 1
        mine = (Subscription.organization_id == caller.organization_id, Subscription.technology == "authenticity")
        db.execute(delete(Subscription).where(*mine))
    assert demo_access.kept_or_made(file) == made
    with transaction() as db:
        organization = organizations.get(db, caller.organization_id)
        assert organization.most_bad_envelopes == demo_access.MOST_BAD_ENVELOPES
        assert db.query(Subscription).filter(*mine).count() == 1
