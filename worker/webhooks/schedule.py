"""When a webhook is tried again. Pure: what went wrong and how often, in; a pause or the end, out."""

from __future__ import annotations

import random
from datetime import timedelta

#: Pauses after each failed try; Standard Webhooks, "Deliverability and reliability". 75.6 hours in all.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.1  #: of a pause, added at random, so that what failed together does not come back together
LONGEST_ASKED = timedelta(hours=24)  #: a receiver may ask for this much patience


def pause_after(tries: int, *, retry_after: timedelta | None, jitter: float | None = None) -> timedelta | None:
    """The pause after so many failed tries (from 1), or None when it was the last one.

    `retry_after` is what the receiver asked for: never less than that. `jitter` is in 0..1, random when not given.
    """
    if tries > len(PAUSES):
        return None
    pause = PAUSES[tries - 1]
    share = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, hides nothing
    pause += pause * JITTER * share
    return pause if retry_after is None else max(pause, min(retry_after, LONGEST_ASKED))
