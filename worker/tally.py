"""What has ended since this process began, added up from the rows: outcomes, durations, requests. Exposes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION
from sqlalchemy.orm import Session

#: A row bears the time at which its transaction began and is seen once that has ended. None of ours takes so long
#: (`core.db.engine`: locks 10 s, statements 15 s), so nothing is missed; counts are so much older than the clock.
LAG_SECONDS = 20

#: Upper bounds in seconds; a reading takes a quarter of one, a night's backlog an hour.
WAITS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
STAGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class Durations:
    """A histogram: how many lasted how long. Seconds."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)  #: one for each bound and one beyond
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def cumulated(self) -> list[tuple[str, float]]:
        """As Prometheus wants it: upper bound, how many lasted at most so long."""
        seen, buckets = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            seen += count
            buckets.append((bound, float(seen)))
        return buckets


@dataclass(slots=True)
class Tally:
    """Everything counted so far. Only grows."""

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)  #: state, document, reason
    claims: int = 0  #: of jobs that have ended; more than one a job is work done again
    reader_deaths: int = 0
    fenced: int = 0  #: outcomes that came after their worker had lost the job
    troubles: Counter[str] = field(default_factory=Counter)  #: why the last claim but the successful one did not do
    waits: dict[str, Durations] = field(default_factory=dict)
    stages: dict[str, Durations] = field(default_factory=dict)
    repaired: int = 0  #: characters of zones taken otherwise than they were read
    failed_checks: int = 0
    readings: int = 0  #: with measures, so that the two above can be held against something
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)  #: webhooks: status class, error
    given_up: int = 0  #: webhook deliveries
    until: datetime | None = None  #: everything up to here is counted

    def catch_up(self, db: Session) -> None:
        """Counts what has ended since the last call; the first one only notes the time.

        When it raises, some is counted and some is not: call it on a copy.
        """
        until = db.execute(text("SELECT now() - make_interval(secs => :lag)"), {"lag": LAG_SECONDS}).scalar_one()
        since, self.until = self.until, until
        if since is not None:
            self._count(db, {"since": since, "until": until})

    def _count(self, db: Session, window: dict[str, Any]) -> None:
        for state, document, reason, count, claims, deaths in db.execute(_OUTCOMES, window):
            self.outcomes[state, document, reason] += count
            self.claims += claims
            self.reader_deaths += deaths
        for trouble, count in db.execute(_TROUBLES, window):
            self.troubles[trouble] += count
        self.fenced += db.execute(_FENCED, window).scalar_one()
        _add(self.waits, WAITS, db.execute(_WAITS.bindparams(_bounds(WAITS)), window).all())
        _add(self.stages, STAGES, db.execute(_STAGES.bindparams(_bounds(STAGES)), window).all())
        readings, repaired, failed_checks = db.execute(_ACCURACY, window).one()
        self.readings += readings
        self.repaired += repaired
        self.failed_checks += failed_checks
        for status, error, count in db.execute(_REQUESTS, window):
            self.requests[status, error] += count
        self.given_up += db.execute(_GIVEN_UP, window).scalar_one()


def _bounds(bounds: Sequence[float]) -> Any:
    return bindparam("bounds", list(bounds), ARRAY(DOUBLE_PRECISION))


def _add(kept: dict[str, Durations], bounds: tuple[float, ...], rows: Sequence[Any]) -> None:
    for name, place, count, seconds in rows:
        durations = kept.setdefault(name, Durations(bounds))
        durations.counts[place] += count
        durations.total += float(seconds)


_ENDED = "finished_at > :since AND finished_at <= :until AND state IN ('received', 'failed', 'erased')"

_OUTCOMES = text(f"""
    SELECT state, document, coalesce(failure ->> 'reason', ''), count(*), sum(claims), sum(crashes)
    FROM jobs WHERE {_ENDED} GROUP BY 1, 2, 3
""")  # noqa: S608 - our own words

_TROUBLES = text(f"SELECT trouble, count(*) FROM jobs WHERE {_ENDED} AND trouble IS NOT NULL GROUP BY 1")  # noqa: S608

_FENCED = text("SELECT count(*) FROM fencings WHERE at > :since AND at <= :until")

# width_bucket counts a value on a bound into the next bucket; that much does not matter here
_WAITS = text(f"""
    SELECT name, width_bucket(seconds, :bounds), count(*), sum(seconds)
    FROM jobs CROSS JOIN LATERAL (VALUES
        ('accepted_to_ended', extract(epoch FROM finished_at - created_at)::float8),
        ('accepted_to_claimed', extract(epoch FROM claimed_at - created_at)::float8),
        ('claimed_to_ended', extract(epoch FROM finished_at - claimed_at)::float8)
    ) AS lasted (name, seconds)
    WHERE {_ENDED} AND seconds IS NOT NULL GROUP BY 1, 2
""")  # noqa: S608

_STAGES = text(f"""
    SELECT name, width_bucket(seconds, :bounds), count(*), sum(seconds)
    FROM jobs CROSS JOIN LATERAL (
        SELECT key, value::float8 / 1000 FROM jsonb_each_text(measures -> 'timings_ms')
    ) AS lasted (name, seconds)
    WHERE {_ENDED} AND measures IS NOT NULL GROUP BY 1, 2
""")  # noqa: S608

_ACCURACY = text(f"""
    SELECT count(measures), coalesce(sum((measures ->> 'repaired')::int), 0),
           coalesce(sum((measures ->> 'failed_checks')::int), 0)
    FROM jobs WHERE {_ENDED}
""")  # noqa: S608

_REQUESTS = text("""
    SELECT coalesce(status / 100 || 'xx', 'none'), coalesce(error, ''), count(*)
    FROM webhook_attempts WHERE at > :since AND at <= :until GROUP BY 1, 2
""")

_GIVEN_UP = text("""
    SELECT count(*) FROM webhook_deliveries
    WHERE state = 'failed' AND finished_at > :since AND finished_at <= :until
""")
