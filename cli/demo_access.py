"""The demo customers of one machine and the file that lets a shell or a test use their keys: `demo.env`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from cli import env_files
from core import errors, keys, organizations, subscriptions
from core.keys import Scope
from core.subscriptions import Technology
from core.transaction import transaction

TOTAL_LIMIT = 100_000_000  #: readings per technology; a limit nobody reaches by trying things out
MOST_BAD_ENVELOPES = 5_000  #: before the demo's public key is replaced; enough to try every way of being wrong
DAY = timedelta(days=1)
_COMMENT = "How to reach the idmill on this machine: `. ./demo.env`. The keys stay the same as long as the data do."

Access = dict[str, str]  #: variables of demo.env that hold keys


def kept_or_made(file: Path) -> Access:
    """The keys in `file` where this database knows them; otherwise new customers with new keys."""
    kept = env_files.read(file)
    with transaction() as db:
        made = _make(db) if not _are_known(db, kept) else None
        access = made or {name: kept[name] for name in _NAMES}
        _complete(db, access["IDMILL_API_KEY"])
    token = keys.IssuedKey(access["IDMILL_NHN_APPKEY"], access["IDMILL_NHN_SECRET_KEY"]).text
    return {**access, "IDMILL_NHN_TOKEN": token}


def write(file: Path, access: Access, *, url: str, flower_url: str) -> None:
    """Replaces `file`, mode 0600, in one step."""
    env_files.write(file, {"IDMILL_URL": url, **access, "IDMILL_FLOWER_URL": flower_url}, comment=_COMMENT)


def _are_known(db: Session, kept: Access) -> bool:
    try:
        for name in _CUSTOMERS:
            keys.authenticate(db, kept.get(name, ""))
        keys.authenticate_pair(db, kept.get("IDMILL_NHN_APPKEY", ""), kept.get("IDMILL_NHN_SECRET_KEY", ""))
    except errors.KeyRefused:
        return False
    return True


def _make(db: Session) -> Access:
    access = {name: make(db) for name, make in _CUSTOMERS.items()}
    organization_id = keys.authenticate(db, access["IDMILL_API_KEY"]).organization_id
    nhn = keys.issue(db, organization_id, label="demo, NHN dialect", scopes=[Scope.NHN])
    return {**access, "IDMILL_NHN_APPKEY": nhn.public_id, "IDMILL_NHN_SECRET_KEY": nhn.secret}


def _complete(db: Session, key: str) -> None:
    """What the demo customer of an earlier release lacks: new technologies, and room to try wrong envelopes."""
    organization = organizations.get(db, keys.authenticate(db, key).organization_id)
    organization.most_bad_envelopes = MOST_BAD_ENVELOPES
    known = {one.technology for one in subscriptions.subscriptions_of(db, organization.id)}
    for technology in (one for one in Technology if one.value not in known):
        starts_at = datetime.now(UTC) - DAY
        subscriptions.subscribe(db, organization.id, technology, starts_at=starts_at, total_limit=TOTAL_LIMIT)


def _customer(
    db: Session, name: str, *technologies: Technology, starts: timedelta = -DAY, ends: timedelta | None = None
) -> str:
    """The key of a new customer, subscribed to `technologies` from and to so long from now."""
    organization = organizations.create(db, name)
    for technology in technologies:
        subscriptions.subscribe(
            db,
            organization.id,
            technology,
            starts_at=datetime.now(UTC) + starts,
            ends_at=None if ends is None else datetime.now(UTC) + ends,
            total_limit=TOTAL_LIMIT,
        )
    return _key(db, organization.id, Scope.JOBS_READ, Scope.JOBS_WRITE)


def _operator(db: Session) -> str:
    return _key(db, organizations.create(db, "Operator").id, Scope.ADMIN)


def _key(db: Session, organization_id: UUID, *scopes: Scope) -> str:
    return keys.issue(db, organization_id, label="demo", scopes=scopes).text


#: One key for everything, one for the operator, and one for each way a subscription can be in the way.
_CUSTOMERS: dict[str, Callable[[Session], str]] = {
    "IDMILL_API_KEY": lambda db: _customer(db, "Demo", *Technology),
    "IDMILL_ADMIN_KEY": _operator,
    "IDMILL_KEY_NO_SUBSCRIPTION": lambda db: _customer(db, "Demo without subscription"),
    "IDMILL_KEY_EXPIRED": lambda db: _customer(db, "Demo, expired", *Technology, starts=-2 * DAY, ends=-DAY),
    "IDMILL_KEY_FUTURE": lambda db: _customer(db, "Demo, future", *Technology, starts=3650 * DAY),
    "IDMILL_KEY_NO_MRZ": lambda db: _customer(db, "Demo without MRZ", *(set(Technology) - {Technology.MRZ})),
}
_NAMES = (*_CUSTOMERS, "IDMILL_NHN_APPKEY", "IDMILL_NHN_SECRET_KEY")
