"""Named places where a test makes the process kill itself. Nowhere else does anything here happen."""

from __future__ import annotations

import os
import signal
from enum import StrEnum

from core.settings import settings


class CrashPoint(StrEnum):
    """Between two steps that must not depend on each other."""

    AFTER_BLOB = "after_blob"  #: the picture is on disk, no row knows of it
    AFTER_COMMIT = "after_commit"  #: the row stands, the client was told nothing
    BEFORE_PUBLISH = "before_publish"  #: the queue knows nothing of the row
    AFTER_CLAIM = "after_claim"  #: a worker holds the job and has read nothing
    AFTER_READING = "after_reading"  #: the reading exists in memory alone
    BEFORE_FINISH = "before_finish"  #: all is written in a transaction that is not committed
    AFTER_FINISH = "after_finish"  #: the job has ended, its picture is still there


def reach(point: CrashPoint) -> None:
    """Kills this process, as by kill -9, when a test asked for it in IDMILL_CRASH_AT and IDMILL_TESTING allows it."""
    if settings().testing and settings().crash_at == point:
        os.kill(os.getpid(), signal.SIGKILL)
