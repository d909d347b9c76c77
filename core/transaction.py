"""The only place that commits. What must happen after a commit is kept on the session and done once it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from core.db import engine

AFTER_COMMIT = "idmill.after_commit"


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed at the end of the block, rolled back when it raises.

    Actions given to `after_commit` run in order once the commit stands, and never when it does not.
    """
    with engine.new_session()() as db:
        with db.begin():
            yield db
        for action in db.info.pop(AFTER_COMMIT, ()):
            action()


def after_commit(db: Session, action: Callable[[], object]) -> None:
    """Keeps an action until the transaction has committed. It must not raise: the commit stands whatever it does."""
    db.info.setdefault(AFTER_COMMIT, []).append(action)
