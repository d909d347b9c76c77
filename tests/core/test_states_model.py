"""Random histories of sessions and jobs, held against a model that fits on a page, on a real Postgres."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select, text

from core import errors, jobs, sealed
from core.db.tables import Event, Job, ReadingSession, Subscription, UsageRecord
from core.documents import DocumentKind, Failure, FailureReason
from core.transaction import transaction

MAX_CLAIMS = 3
LEASE = timedelta(minutes=5)
RESULT = {"document_type": "passport", "fields": {}}
BLURRED = Failure(FailureReason.BLURRED, "Hold the camera still.")
GIVEN_UP = Failure(FailureReason.READER_FAILED, "It is our fault.")


@dataclass
class ModelJob:
    """What must be true of one job."""

    session: UUID
    state: str = "queued"
    claims: int = 0
    token: object = None
    terminal_events: int = 0
    bills: int = 0


@dataclass
class Claimed:
    """What a worker holds: the row as it was claimed, true or stale by now."""

    row: Job = field(repr=False)


class History(RuleBasedStateMachine):
    """Clients upload and erase; workers claim, end, release, die; each may act on what is long gone."""

    organization_id: UUID
    held = Bundle("held")
    uploads = Bundle("uploads")

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[UUID, ModelJob] = {}
        self.sessions: dict[UUID, str] = {}

    @rule(target=uploads)
    def upload(self):
        return self._accept(None)

    @rule(target=uploads, earlier=uploads)
    def upload_again(self, earlier):
        session = self.jobs[earlier].session
        if self.sessions[session] == "RECEIVED":
            with pytest.raises(errors.SessionClosed):
                self._accept(session)
            return earlier
        return self._accept(session)

    def _accept(self, session):
        picture = sealed.store_picture(self.organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            job = jobs.accept(db, picture, jobs.Request(DocumentKind.MRZ, session_id=session))
        self.jobs[job.id] = ModelJob(job.session_id)
        self.sessions[job.session_id] = "CREATED"
        return job.id

    @rule(target=held, upload=uploads)
    def claim(self, upload):
        with transaction() as db:
            row = jobs.claim(db, upload, lease=LEASE, max_claims=MAX_CLAIMS)
        return self._note_claim(row, self.jobs[upload].state == "queued" and self.jobs[upload].claims < MAX_CLAIMS)

    @rule(target=held)
    def claim_whose_turn_it_is(self):
        with transaction() as db:
            row = jobs.claim_next(db, served=(), lease=LEASE, max_claims=MAX_CLAIMS)
        waiting = [one for one, job in self.jobs.items() if job.state == "queued" and job.claims < MAX_CLAIMS]
        if row is not None:
            assert row.id == min(waiting)  # the oldest; there is one organization and no suspect
        return self._note_claim(row, bool(waiting))

    def _note_claim(self, row, was_possible):
        assert (row is not None) == was_possible
        if row is None:
            return Claimed(None)
        model = self.jobs[row.id]
        model.state, model.token = "reading", row.lease_token
        model.claims += 1
        assert row.claims == model.claims
        return Claimed(row)

    @rule(claimed=held, ending=st.sampled_from(["receive", "fail", "bury"]))
    def end(self, claimed, ending):
        actions = {
            "receive": lambda db: jobs.receive(db, claimed.row, RESULT),
            "fail": lambda db: jobs.fail(db, claimed.row, BLURRED),
            "bury": lambda db: jobs.bury(db, claimed.row, GIVEN_UP, keep=timedelta(days=1), trouble="crash"),
        }
        if not self._try(claimed, actions[ending]):
            return
        model = self.jobs[claimed.row.id]
        model.state, model.token = ("received" if ending == "receive" else "failed"), None
        model.terminal_events += 1
        model.bills += ending == "receive"
        self._settle(model.session, received=ending == "receive")

    @rule(claimed=held)
    def release(self, claimed):
        if self._try(claimed, lambda db: jobs.release(db, claimed.row, delay=timedelta(0), trouble="error")):
            model = self.jobs[claimed.row.id]
            model.state, model.token = "queued", None

    @rule(claimed=consumes(held))
    def hand_over(self, claimed):
        if self._try(claimed, lambda db: jobs.hand_over(db, claimed.row)):
            model = self.jobs[claimed.row.id]
            model.state, model.token = "queued", None
            model.claims -= 1

    @rule(claimed=held)
    def extend(self, claimed):
        self._try(claimed, lambda db: jobs.extend(db, claimed.row, lease=LEASE))

    def _try(self, claimed, action):
        """Does it, or is refused when another holds the job by now; the model knows which."""
        if claimed.row is None:
            return False
        is_mine = self.jobs[claimed.row.id].token == claimed.row.lease_token
        if is_mine:
            with transaction() as db:
                action(db)
        else:
            with pytest.raises(errors.MoveRefused), transaction() as db:
                action(db)
        return is_mine

    @rule(upload=uploads)
    def give_up(self, upload):
        model = self.jobs[upload]
        if model.state == "erased":
            with pytest.raises(errors.Erased), transaction() as db:
                jobs.give_up(db, self.organization_id, upload, GIVEN_UP)
            return
        with transaction() as db:
            jobs.give_up(db, self.organization_id, upload, GIVEN_UP)
        if model.state in {"queued", "reading"}:
            model.state, model.token = "failed", None
            model.terminal_events += 1
            self._settle(model.session, received=False)

    @rule(upload=uploads)
    def erase(self, upload):
        with transaction() as db:
            jobs.erase(db, self.organization_id, upload)
        model = self.jobs[upload]
        was_open = model.state in {"queued", "reading"}
        model.state, model.token = "erased", None
        if was_open:
            self._settle(model.session, received=False)

    def _settle(self, session, *, received):
        if received:
            self.sessions[session] = "RECEIVED"
        elif self.sessions[session] != "RECEIVED":
            states = {job.state for job in self.jobs.values() if job.session == session}
            if not states & {"queued", "reading"}:
                self.sessions[session] = "FAILED"

    @invariant()
    def rows_are_as_the_model_says(self):
        with transaction() as db:
            rows = {row.id: row for row in db.scalars(select(Job).where(Job.organization_id == self.organization_id))}
            events = dict(self._counts(db, Event, Event.type.in_(["job.received", "job.failed"])))
            bills = dict(self._counts(db, UsageRecord, text("true")))
            found = db.scalars(select(ReadingSession).where(ReadingSession.organization_id == self.organization_id))
            assert {one.id: one.status for one in found} == self.sessions
            used = db.scalar(select(Subscription.used).where(Subscription.organization_id == self.organization_id))
        assert rows.keys() == self.jobs.keys()
        for job_id, model in self.jobs.items():
            row = rows[job_id]
            assert (row.state, row.claims, row.lease_token) == (model.state, model.claims, model.token)
            assert events.get(job_id, 0) == model.terminal_events <= 1
            assert bills.get(job_id, 0) == model.bills <= 1
            assert (row.data_key is None) == (model.state == "erased")
        open_or_billed = sum(job.state in {"queued", "reading"} or job.bills == 1 for job in self.jobs.values())
        assert used == open_or_billed

    @invariant()
    def event_numbers_have_no_gap(self):
        with transaction() as db:
            mine = select(Event.sequence).where(Event.organization_id == self.organization_id)
            numbers = db.scalars(mine.order_by(Event.sequence)).all()
        assert list(numbers) == list(range(1, len(numbers) + 1))

    def _counts(self, db, table, condition):
        mine = select(table.job_id, func.count()).where(table.organization_id == self.organization_id, condition)
        return [(row[0], row[1]) for row in db.execute(mine.group_by(table.job_id))]


def test_every_history_is_as_the_model_says(settings_env):
    from datetime import UTC, datetime

    from core import organizations, subscriptions

    class Mine(History):
        def __init__(self) -> None:
            super().__init__()
            with transaction() as db:
                db.execute(
                    text("UPDATE jobs SET state = 'failed', lease_token = NULL WHERE state IN ('queued', 'reading')")
                )
                self.organization_id = organizations.create(db, "Specimen Bank").id
                subscriptions.subscribe(
                    db,
                    self.organization_id,
                    subscriptions.Technology.MRZ,
                    starts_at=datetime.now(UTC) - timedelta(days=1),
                    attempts_per_client=None,
                    total_limit=1_000_000,
                )

    run_state_machine_as_test(
        Mine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
