"""The demo organization of one machine and the file that lets a shell or a test use it: `demo.env`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from cli import env_files
from core import errors, keys, organizations, subscriptions
from core.transaction import transaction

NAME = "Demo"
TOTAL_LIMIT = 100_000_000  #: readings per technology; a limit nobody reaches by trying things out
_COMMENT = "How to reach the idmill on this machine: `. ./demo.env`. The keys stay the same as long as the data do."


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """The two keys of the demo organization."""

    api_key: str = field(repr=False)
    nhn_appkey: str
    nhn_secret_key: str = field(repr=False)


def kept_or_made(file: Path) -> DemoAccess:
    """The keys in `file` where this database knows them; otherwise a new demo organization with new ones."""
    kept = env_files.read(file)
    access = DemoAccess(
        api_key=kept.get("IDMILL_API_KEY", ""),
        nhn_appkey=kept.get("IDMILL_NHN_APPKEY", ""),
        nhn_secret_key=kept.get("IDMILL_NHN_SECRET_KEY", ""),
    )
    with transaction() as db:
        return access if _are_known(db, access) else _make(db)


def write(file: Path, access: DemoAccess, *, url: str, flower_url: str) -> None:
    """Replaces `file`, mode 0600, in one step."""
    values = {
        "IDMILL_URL": url,
        "IDMILL_API_KEY": access.api_key,
        "IDMILL_NHN_APPKEY": access.nhn_appkey,
        "IDMILL_NHN_SECRET_KEY": access.nhn_secret_key,
        "IDMILL_FLOWER_URL": flower_url,
    }
    env_files.write(file, values, comment=_COMMENT)


def _are_known(db: Session, access: DemoAccess) -> bool:
    try:
        keys.authenticate(db, access.api_key)
        keys.authenticate_pair(db, access.nhn_appkey, access.nhn_secret_key)
    except errors.KeyRefused:
        return False
    return True


def _make(db: Session) -> DemoAccess:
    organization = organizations.create(db, NAME)
    for technology in subscriptions.Technology:
        subscriptions.subscribe(
            db,
            organization.id,
            technology,
            starts_at=datetime.now(UTC) - timedelta(days=1),
            total_limit=TOTAL_LIMIT,
        )
    native = keys.issue(db, organization.id, label="demo", scopes=(keys.Scope.JOBS_READ, keys.Scope.JOBS_WRITE))
    nhn = keys.issue(db, organization.id, label="demo, NHN dialect", scopes=(keys.Scope.NHN,))
    return DemoAccess(api_key=native.text, nhn_appkey=nhn.public_id, nhn_secret_key=nhn.secret)
