"""The states of a session and of a job, a sentence each, and the table of moves. Pure."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The three words that clients see, for sessions and jobs alike."""

    CREATED = "CREATED"  #: accepted; no result yet
    RECEIVED = "RECEIVED"  #: the document was read
    FAILED = "FAILED"  #: it was not, and the reason is given


class JobState(StrEnum):
    """Where one upload stands."""

    QUEUED = "queued"  #: stored, waits for a worker
    READING = "reading"  #: a worker holds it until its lease ends
    RECEIVED = "received"  #: read; the result is in the row
    FAILED = "failed"  #: not read; the reason is in the row
    ERASED = "erased"  #: its owner had it erased; nothing readable is left


#: A state is entered only from these. A move is one guarded UPDATE; no row means `MoveRefused`.
ENTERED_FROM: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.READING}),
    JobState.READING: frozenset({JobState.QUEUED}),
    JobState.RECEIVED: frozenset({JobState.READING}),
    JobState.FAILED: frozenset({JobState.READING, JobState.QUEUED}),
    JobState.ERASED: frozenset({JobState.QUEUED, JobState.READING, JobState.RECEIVED, JobState.FAILED}),
}

OPEN = frozenset({JobState.QUEUED, JobState.READING})  #: no outcome yet


class Stage(StrEnum):
    """What happens to an open job right now; told to whoever waits."""

    QUEUED = "queued"
    COMPRESSING = "compressing"
    READING = "reading"
    PARSING = "parsing"
    DONE = "done"


def status_of(state: JobState) -> Status:
    """The public word for a job's state. An erased job has none: it answers as gone."""
    if state in OPEN:
        return Status.CREATED
    return Status.RECEIVED if state is JobState.RECEIVED else Status.FAILED
