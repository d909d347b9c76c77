"""Is there a sweeper? `python -m worker.sweeper_probe` exits with 1 when none has left a sign for long."""

from __future__ import annotations

import sys
from datetime import timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from core import logs
from core.db.tables import Heartbeat
from core.settings import settings
from core.transaction import transaction
from worker.sweeper import HEARTBEAT

SILENT_AFTER = timedelta(seconds=60)

log = structlog.get_logger()


def main() -> int:
    """The exit code for a container's liveness probe. A database that is away is not the sweeper's fault."""
    logs.set_up_logs(settings().log_level)
    try:
        with transaction() as db:
            beats = select(Heartbeat.at).where(Heartbeat.name == HEARTBEAT, Heartbeat.at > func.now() - SILENT_AFTER)
            return int(db.scalar(beats) is None)
    except SQLAlchemyError as error:
        log.warning("probe.database_away", error=type(error).__name__)
        return 0


if __name__ == "__main__":
    sys.exit(main())
