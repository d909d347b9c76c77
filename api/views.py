"""What a client sees of a job and a session: the bodies of the native API."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api import masking
from api.backlog import Place
from core import sealed
from core.db import tables
from core.documents import DocumentKind
from core.states import JobState, Stage, Status, status_of

Corner = tuple[float, float]


class View(BaseModel):
    """Base: examples and descriptions go into the OpenAPI document."""

    model_config = ConfigDict(extra="allow", from_attributes=True, use_attribute_docstrings=True)


class FieldView(View):
    value: str
    confidence: float = Field(ge=0, le=1)
    box: list[Corner] | None = None
    """Four corners, clockwise from the top left of the text, in pixels of the upload as a viewer shows it."""
    source: str


class CheckView(View):
    name: str
    verdict: str
    """`pass`, `fail` or `not_applicable`."""
    fields: list[str]


class RepairView(View):
    line: int
    column: int
    read: str
    taken: str


class MrzView(View):
    format: str
    lines: list[str]
    raw_lines: list[str]
    """What the recogniser saw before any rule."""
    checks: list[CheckView]
    repaired: list[RepairView]
    """Places where check digits or a character class overruled the likeliest character."""


class ResultView(View):
    document_type: str
    fields: dict[str, FieldView]
    mrz: MrzView | None
    checks: list[CheckView]
    quality: dict[str, float]
    image: dict[str, Any] | None
    timings_ms: dict[str, float]
    engine: str


class FailureView(View):
    reason: str
    """A stable word, e.g. `blurred`, `no_mrz`."""
    detail: str
    """What to do."""
    measured: dict[str, float] = Field(default_factory=dict)
    box: list[Corner] | None = None


class QueueView(View):
    """Where an open job stands."""

    position: int
    """Jobs that are taken before it, counted up to 1000; 0 once a worker has it."""
    expected_seconds: int | None
    """Until its outcome, at the pace of the last minute; null while that is unknown."""


class JobView(View):
    """One upload. CREATED until there is an outcome, then RECEIVED with a result or FAILED with a reason."""

    id: UUID
    session_id: UUID
    status: Status
    stage: Stage
    document: DocumentKind
    attempt: int
    batch_id: UUID | None = None
    metadata: dict[str, Any] | None
    queue: QueueView | None = None
    """Told where one job is asked for, while it is open."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: ResultView | None
    failure_reason: FailureView | None


class JobPage(View):
    items: list[JobView]
    next_cursor: str | None


class AttemptView(View):
    """One entry in an end client's ledger."""

    job_id: UUID
    technology: str
    taken_at: datetime
    given_back_at: datetime | None
    given_back_reason: str | None


class SessionView(View):
    """One person's try to get one document read, with all its jobs."""

    id: UUID
    status: Status
    document: DocumentKind
    created_at: datetime
    finished_at: datetime | None
    jobs: list[JobView]
    attempts: list[AttemptView]
    """Attempts counted for the end client; empty when none was named."""


class SubscriptionView(View):
    """The right to one technology from one time to another."""

    id: UUID
    technology: str
    starts_at: datetime
    ends_at: datetime | None
    total_limit: int | None
    used: int
    """Readings taken from `total_limit`; not counted where there is none."""
    attempts_per_client: int | None
    window_seconds: int


class UsageView(View):
    """Billed readings of one technology."""

    technology: str
    readings: int


class OrganizationView(View):
    """A customer."""

    id: UUID
    name: str
    is_strict: bool
    """Wrong check digits count as a failed reading."""
    picture_hours: int
    """Pictures are kept so long after the end of their job; 0: gone with it."""
    result_days: int | None
    """Jobs are erased so long after their end; null: when you do."""
    created_at: datetime


class KeyView(View):
    """An API key without its secret."""

    public_id: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class IssuedKeyView(View):
    """A new API key. This is the only time that its secret is shown."""

    public_id: str
    key: str
    """For `Authorization: Bearer` and `X-API-Key`."""
    secret: str
    """For dialects that send the public id and the secret apart."""


class AuthenticityView(View):
    """One answer to the question whether a document is authentic."""

    is_authentic: bool
    provider: str
    """Whose word it is: `rules`, `registry`, `http` or `sandbox`."""
    checks: list[CheckView]
    at: datetime


class LockView(View):
    """Wrong issue dates given for one person's card."""

    id: UUID
    wrong_dates: int
    last_job_id: UUID | None
    """The reading of the last wrong date."""
    locked_at: datetime | None
    updated_at: datetime


class EnvelopeKeyView(View):
    """The public key of one service, without its private half."""

    service: str
    version: int
    created_at: datetime


class OpenView(View):
    """Jobs without an outcome, of one state and priority."""

    state: str
    priority: str
    """`person`: somebody waits for it; `batch`: nobody does."""
    count: int


class BacklogView(View):
    """What waits, how long, and who looks after it."""

    jobs: list[OpenView]
    oldest_queued_seconds: float
    oldest_due_seconds: float
    """Since the oldest waiting job could have been taken."""
    lost_leases: int
    """Jobs whose worker is silent and that nobody took back."""
    organizations_waiting: int
    largest_backlog: int
    dead_jobs: int
    sweeper_age_seconds: float | None
    """Since the sweeper's last sign of life; null: never."""


class SendingView(View):
    """Webhook deliveries that are not over, and endpoints that get nothing."""

    deliveries: dict[str, int]
    oldest_due_seconds: float
    disabled: dict[str, int]
    """Endpoints that get nothing, by reason."""


class OutcomesView(View):
    """Jobs that ended in the same way."""

    state: str
    document: str
    reason: str
    """Of a failure; empty otherwise."""
    count: int


class StandingView(View):
    """How things stand: numbers only."""

    backlog: BacklogView
    webhooks: SendingView
    hours: int
    """So far back outcomes are counted."""
    outcomes: list[OutcomesView]


class DeadJobView(View):
    """A job that no reader could end and whose picture is still kept."""

    model_config = ConfigDict(extra="ignore", from_attributes=True, use_attribute_docstrings=True)

    id: UUID
    organization_id: UUID
    session_id: UUID
    document: str
    claims: int
    crashes: int
    """Readers that died on it."""
    trouble: str | None
    finished_at: datetime | None
    replayable_until: datetime | None


class ReplayView(View):
    """A job that was given up, and the new one that reads its picture."""

    given_up: UUID
    job_id: UUID


class GivenUpView(View):
    """A webhook delivery that was given up."""

    id: UUID
    organization_id: UUID
    endpoint_id: UUID
    event_id: UUID
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    last_status: int | None
    """HTTP status of the last answer; null: there was none."""
    last_error: str | None


class RedeliveryView(View):
    """A delivery that is sent again."""

    id: UUID


def job(row: tables.Job, place: Place | None = None) -> dict[str, Any]:
    """A job as JSON; opens its sealed result."""
    return {
        "id": row.id,
        "session_id": row.session_id,
        "status": status_of(JobState(row.state)),
        "stage": row.stage,
        "document": row.document,
        "attempt": row.attempt,
        "batch_id": row.batch_id,
        "metadata": row.client_metadata,
        "queue": place,
        "created_at": row.created_at,
        "started_at": row.claimed_at,
        "finished_at": row.finished_at,
        "result": masking.shown(sealed.open_result(row)),
        "failure_reason": row.failure,
    }


def session(row: tables.ReadingSession, jobs: list[tables.Job], attempts: list[tables.Attempt]) -> dict[str, Any]:
    """A session as JSON, without the jobs that were erased."""
    return {
        "id": row.id,
        "status": row.status,
        "document": row.document,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "jobs": [job(one) for one in jobs if one.state != JobState.ERASED],
        "attempts": attempts,
    }
