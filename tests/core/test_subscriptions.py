"""Who may have what read: the order of refusals, totals, and attempts of an end client."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from core import errors, jobs, organizations, subscriptions
from core.db.tables import Attempt, Subscription
from core.documents import Failure, FailureReason
from core.subscriptions import Technology
from core.transaction import transaction

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def newcomer(db):
    """An organization without subscriptions."""
    return organizations.create(db, "Specimen Newcomer").id


def admit(db, organization_id, end_client=None):
    return subscriptions.admit(db, organization_id, Technology.MRZ, end_client)


def test_organization_without_subscription_is_told_so(db, newcomer):
    with pytest.raises(errors.NoSubscription):
        admit(db, newcomer)


def test_other_technology_does_not_help(db, newcomer):
    subscriptions.subscribe(db, newcomer, Technology.MYKAD, starts_at=NOW - DAY)
    with pytest.raises(errors.TechnologyMissing):
        admit(db, newcomer)


def test_expired_subscription_is_not_active(db, newcomer):
    subscriptions.subscribe(db, newcomer, Technology.MRZ, starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    with pytest.raises(errors.NotActive):
        admit(db, newcomer)


def test_future_subscription_has_not_started_even_after_an_expired_one(db, newcomer):
    subscriptions.subscribe(db, newcomer, Technology.MRZ, starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    subscriptions.subscribe(db, newcomer, Technology.MRZ, starts_at=NOW + DAY)
    with pytest.raises(errors.NotStarted):
        admit(db, newcomer)


def test_second_active_subscription_follows_when_the_first_is_used_up(db, newcomer):
    first = subscriptions.subscribe(db, newcomer, Technology.MRZ, starts_at=NOW - DAY, total_limit=1)
    second = subscriptions.subscribe(db, newcomer, Technology.MRZ, starts_at=NOW - DAY / 2, total_limit=1)
    assert [admit(db, newcomer).id, admit(db, newcomer).id] == [first.id, second.id]
    with pytest.raises(errors.LimitReached):
        admit(db, newcomer)


def test_failed_reading_gives_its_place_in_the_total_back(accept, claim, organization_id):
    with transaction() as db:
        limit = update(Subscription).where(Subscription.organization_id == organization_id)
        db.execute(limit.values(total_limit=1))
    job = claim(accept())
    with pytest.raises(errors.LimitReached):
        accept()
    with transaction() as db:
        jobs.fail(db, job, Failure(FailureReason.NO_MRZ, "Turn the card over."))
    accept()


def limit_attempts(organization_id, count):
    with transaction() as db:
        change = update(Subscription).where(Subscription.organization_id == organization_id)
        db.execute(change.values(attempts_per_client=count))


def test_attempts_count_only_where_an_end_client_is_named(accept, organization_id):
    limit_attempts(organization_id, 1)
    for _ in range(3):
        accept()
    accept(end_client="customer 1")
    accept(end_client="customer 2")
    with pytest.raises(errors.AttemptsExceeded):
        accept(end_client="customer 1")


def test_refused_attempt_leaves_nothing_behind(accept, organization_id):
    limit_attempts(organization_id, 1)
    accept(end_client="customer")
    with pytest.raises(errors.AttemptsExceeded):
        accept(end_client="customer")
    with transaction() as db:
        assert len(jobs.page(db, organization_id, jobs.Filters(), before=None, limit=9)) == 1


@pytest.mark.parametrize(
    ("reason", "is_given_back"),
    [(FailureReason.BLURRED, True), (FailureReason.READER_FAILED, True), (FailureReason.NO_MRZ, False)],
)
def test_attempt_is_given_back_for_picture_quality_and_our_faults(
    accept, claim, organization_id, reason, is_given_back
):
    limit_attempts(organization_id, 1)
    job = claim(accept(end_client="customer"))
    with transaction() as db:
        jobs.fail(db, job, Failure(reason, "SPECIMEN"))
    with transaction() as db:
        entry = db.scalars(select(Attempt).where(Attempt.job_id == job.id)).one()
        assert (entry.given_back_reason == reason) is is_given_back
    if is_given_back:
        accept(end_client="customer")
    else:
        with pytest.raises(errors.AttemptsExceeded):
            accept(end_client="customer")


def test_fifty_parallel_uploads_get_exactly_three_attempts(accept, organization_id):
    limit_attempts(organization_id, 3)
    answers = []

    def try_once():
        try:
            answers.append(accept(end_client="customer"))
        except errors.AttemptsExceeded as error:
            answers.append(error.code)

    threads = [threading.Thread(target=try_once) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("attempts-exceeded") == 47
    assert len(answers) == 50


def test_end_client_is_stored_as_a_hash_that_differs_between_organizations(settings_env, organization_id, newcomer):
    mine = subscriptions.end_client_hash(organization_id, "900101300017")
    assert mine == subscriptions.end_client_hash(organization_id, "900101300017")
    assert mine != subscriptions.end_client_hash(newcomer, "900101300017")
    assert b"900101300017" not in mine
