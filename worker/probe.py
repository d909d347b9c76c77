"""Is this worker stuck? Judged by progress, not by answers: work waits, and this machine's worker claims none.

`python -m worker.probe` exits with 1 then; the worker also asks itself and ends, so that a supervisor restarts it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from datetime import timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import logs
from core.db.tables import Heartbeat, Job
from core.settings import settings
from core.states import JobState
from core.transaction import transaction

SIGN_SECONDS = 5.0  #: a worker leaves no more signs than one in this time
LOOK_SECONDS = 10.0
GRACE_SECONDS = 30.0  #: from the polite signal to the end

log = structlog.get_logger()
_next_sign = {"at": 0.0}  # monotonic seconds


def note_progress() -> None:
    """Leaves the sign that this machine's worker looked for work in Postgres."""
    if time.monotonic() < _next_sign["at"]:
        return
    _next_sign["at"] = time.monotonic() + SIGN_SECONDS
    with transaction() as db:
        sign = insert(Heartbeat).values(name=_name(), at=func.now())
        db.execute(sign.on_conflict_do_update(index_elements=[Heartbeat.name], set_={"at": func.now()}))


def is_stuck(db: Session, *, seconds: float) -> bool:
    """True when work has waited, and this machine's worker has not looked for any, for so long."""
    long_ago = func.now() - timedelta(seconds=seconds)
    waits = select(Job.id).where(Job.state == JobState.QUEUED, Job.next_attempt_at < long_ago).limit(1)
    looked = select(Heartbeat.at).where(Heartbeat.name == _name(), Heartbeat.at > long_ago)
    return db.scalar(waits) is not None and db.scalar(looked) is None


def watch() -> None:
    """Ends this process when it is stuck, from a thread of its own: first politely, then for certain."""
    threading.Thread(target=_watch, name="watch-progress", daemon=True).start()


def _watch() -> None:
    started = time.monotonic()
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            with transaction() as db:
                stuck = is_stuck(db, seconds=settings().stuck_seconds)
        except SQLAlchemyError:
            continue  # no progress is possible, and no restart would help
        if stuck and time.monotonic() - started > settings().stuck_seconds:
            log.error("worker.stuck", seconds=settings().stuck_seconds)
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(GRACE_SECONDS)
            os._exit(1)


def _name() -> str:
    return f"worker@{socket.gethostname()}:{settings().var.absolute()}"


def main() -> int:
    """The exit code for a container's liveness probe. A database that is away is not the worker's fault."""
    logs.set_up_logs(settings().log_level)
    try:
        with transaction() as db:
            return int(is_stuck(db, seconds=settings().stuck_seconds))
    except SQLAlchemyError as error:
        log.warning("probe.database_away", error=type(error).__name__)
        return 0


if __name__ == "__main__":
    sys.exit(main())
