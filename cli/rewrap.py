"""Data keys of every kind of row: which key-encryption key wraps them, and wrapping them anew. Prints nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core import vault
from core.db.tables import Batch, EnvelopeKey, IdempotencyKey, Job, WebhookEndpoint

#: Every table with a wrapped data key, and the last word of what that key is bound to: `organization|row|WORD`.
BOUND_TO: dict[Any, str] = {
    Job: "key",
    Batch: "key",
    IdempotencyKey: "key",
    WebhookEndpoint: "key",
    EnvelopeKey: "envelope-key",
}
BATCH = 500  #: rows that are locked together, for some 20 ms
PASSES = 20  #: rows that somebody holds are looked for again so often

Transaction = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Unopened:
    """A data key that does not open with the keys at hand."""

    table: str
    row_id: UUID
    key_id: str


def usage(db: Session) -> Counter[str]:
    """How many data keys each key-encryption key wraps. Erased rows have none."""
    _take_time(db)
    wrapped: Counter[str] = Counter()
    for table in BOUND_TO:
        query = select(table.key_id, func.count()).where(_has_key(table)).group_by(table.key_id)
        wrapped.update({row[0]: row[1] for row in db.execute(query)})
    return wrapped


def samples(db: Session) -> Iterator[Unopened]:
    """Opens one data key of every table and key-encryption key, the newest; yields those that do not open."""
    _take_time(db)
    for table, word in BOUND_TO.items():
        for key_id in db.scalars(select(table.key_id).where(_has_key(table)).distinct()).all():
            newest = select(table.id, table.organization_id, table.data_key).where(
                _has_key(table), table.key_id == key_id
            )
            row = db.execute(newest.order_by(table.id.desc()).limit(1)).first()
            if row is None:  # gone meanwhile
                continue
            try:
                vault.vault().unwrap(key_id, row.data_key, f"{row.organization_id}|{row.id}|{word}")
            except vault.VaultError:
                yield Unopened(table.__tablename__, row.id, key_id)


def rewrap_all(transaction: Transaction, note: Callable[[str, int], None]) -> int:
    """Wraps every data key under the first key-encryption key; how many there were. `note` is told (table, so far).

    Works beside everything else: few rows at a time, each under both keys readable at every moment. Ended at any
    moment and begun again, it does the rest. Raises `VaultError` for a key that does not open, with the rest undone.
    """
    done = 0
    for table in BOUND_TO:
        for _ in range(PASSES):
            done += (count := _pass(transaction, table, note))
            if not count and not _left(transaction, table):
                break
    return done


def _pass(transaction: Transaction, table: Any, note: Callable[[str, int], None]) -> int:
    """Goes once through a table in the order of its ids; leaves out what somebody holds right now."""
    done, after = 0, UUID(int=0)
    while True:
        with transaction() as db:
            ids = _rewrap_some(db, table, after)
        if not ids:
            return done
        done, after = done + len(ids), ids[-1]
        note(table.__tablename__, done)


def _rewrap_some(db: Session, table: Any, after: UUID) -> list[UUID]:
    _take_time(db)
    ring, word = vault.vault(), BOUND_TO[table]
    query = select(table.id, table.organization_id, table.key_id, table.data_key).where(
        table.id > after, _has_key(table), table.key_id != ring.active
    )
    rows = db.execute(query.order_by(table.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    for row in rows:
        key = ring.rewrap(row.key_id, row.data_key, f"{row.organization_id}|{row.id}|{word}")
        # what a client sees has not changed: no new version
        db.execute(update(table).where(table.id == row.id).values(key_id=key.key_id, data_key=key.wrapped))
    return [row.id for row in rows]


def _left(transaction: Transaction, table: Any) -> bool:
    with transaction() as db:
        _take_time(db)
        others = select(table.id).where(_has_key(table), table.key_id != vault.vault().active)
        return db.scalar(others.limit(1)) is not None


def _take_time(db: Session) -> None:
    """An operator's look at a whole table may last longer than what a client waits for; it locks nothing meanwhile."""
    db.execute(text("SET LOCAL statement_timeout = 0"))


def _has_key(table: Any) -> Any:
    return func.length(table.data_key) > 0  # null or empty: erased
