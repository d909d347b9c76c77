"""The only place that commits, and the one that tells Postgres on whose behalf. What follows a commit waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

from core.db import engine

AFTER_COMMIT = "idmill.after_commit"
EVERYBODY = "*"  #: a process of ours on its own behalf: sees every organization's rows
NOBODY = ""  #: a request whose caller is not known yet: sees none

#: The policies of row security (migration 0008) read this setting; see docs/security.md.
_BIND = text("SELECT set_config('idmill.organization', :whose, true)")

_acting_for: ContextVar[str] = ContextVar("acting_for", default=EVERYBODY)


def act_for(whose: UUID | str) -> None:
    """From here on in this context (a request, with the threads that it starts), transactions see only these rows."""
    _acting_for.set(str(whose))


@contextmanager
def transaction(whose: UUID | str | None = None) -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back when it raises.

    It sees the rows of the organization `whose`, by default of the one that the context acts for. Actions given to
    `after_commit` run in order once the commit stands, and never when it does not.
    """
    with engine.new_session()() as db:
        with _begun(db, _acting_for.get() if whose is None else str(whose)):
            yield db
        for action in db.info.pop(AFTER_COMMIT, ()):
            action()


@contextmanager
def for_everybody(db: Session) -> Iterator[None]:
    """Lets a transaction see all rows for a moment: for counts that concern everybody and show nobody's."""
    bound = db.scalars(text("SELECT current_setting('idmill.organization', true)")).one()
    bind(db, EVERYBODY)
    yield
    bind(db, bound)  # not after an error: then nothing more can be asked of this transaction


def after_commit(db: Session, action: Callable[[], object]) -> None:
    """Keeps an action until the transaction has committed. It must not raise: the commit stands whatever it does."""
    db.info.setdefault(AFTER_COMMIT, []).append(action)


def _begun(db: Session, whose: str) -> SessionTransaction:
    """A transaction that has said on whose behalf. That also shows whether the pool's connection still stands: what a
    restart of Postgres left behind is thrown away here, before anything was done on it."""
    try:
        begun = db.begin()
        bind(db, whose)
    except DBAPIError as error:
        db.rollback()
        if not error.connection_invalidated:
            raise
        begun = db.begin()
        bind(db, whose)
    return begun


def bind(db: Session, whose: str) -> None:
    """Says on whose behalf a transaction goes on; only for those that cannot be made by `transaction`."""
    db.execute(_BIND, {"whose": whose})
