"""`idmill jobs`: what was given up is listed with its picture kept, and replayed once, as a new attempt."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner

from cli.jobs import jobs as command
from core import jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind, Failure, FailureReason
from core.transaction import transaction

GIVEN_UP = Failure(FailureReason.READER_FAILED, "It is our fault.")
LEASE = timedelta(seconds=60)


def idmill(*arguments):
    return CliRunner().invoke(command, [*arguments])


@pytest.fixture
def bury(organization_id):
    def bury_one(*, keep=timedelta(days=7)):
        picture = sealed.store_picture(organization_id, b"SPECIMEN picture", "image/png")
        with transaction() as db:
            job = jobs.accept(db, picture, jobs.Request(DocumentKind.MRZ, metadata={"order": 7}))
        with transaction() as db:
            claimed = jobs.claim(db, job.id, lease=LEASE, max_claims=5)
        with transaction() as db:
            jobs.bury(db, claimed, GIVEN_UP, keep=keep, trouble="oom", reader_died=True)
        return claimed

    yield bury_one
    with transaction() as db:
        for job in db.query(Job).where(Job.replayable_until.is_not(None)):
            job.replayable_until = None


def dead():
    return json.loads(idmill("dead", "--json").output)


def test_jobs_that_were_given_up_are_listed_with_why(bury):
    job = bury()
    [listed] = dead()
    assert (listed["id"], listed["trouble"], listed["crashes"]) == (str(job.id), "oom", "1")
    assert str(job.id) in idmill("dead").output


def test_replay_is_a_new_attempt_with_the_same_picture_and_happens_once(bury):
    job = bury()
    done = idmill("replay", str(job.id))
    assert done.exit_code == 0, done.output
    new_id = done.output.split()[-1]
    with transaction() as db:
        old, new = db.get(Job, job.id), db.get(Job, new_id)
    assert (old.state, new.state) == ("failed", "queued")
    assert (new.session_id, new.attempt, new.client_metadata) == (old.session_id, 2, {"order": 7})
    assert sealed.open_picture(new) == b"SPECIMEN picture"
    assert dead() == []
    assert idmill("replay", str(job.id)).exit_code == 1


def test_all_are_replayed_and_one_whose_session_has_its_document_is_told(bury):
    first, second = bury(), bury()
    picture = sealed.store_picture(second.organization_id, b"SPECIMEN picture", "image/png")
    with transaction() as db:
        better = jobs.accept(db, picture, jobs.Request(DocumentKind.MRZ, session_id=second.session_id))
    with transaction() as db:
        claimed = jobs.claim(db, better.id, lease=LEASE, max_claims=5)
    with transaction() as db:
        jobs.receive(db, claimed, {"document_type": "passport", "fields": {}})
    done = idmill("replay", "--all")
    assert done.exit_code == 1
    assert str(first.id) in done.output
    assert "1 of 2 were not replayed" in done.output


def test_job_whose_picture_is_gone_or_that_is_unknown_cannot_be_replayed(bury):
    for job_id in (bury(keep=timedelta(seconds=-1)).id, uuid4()):
        refused = idmill("replay", str(job_id))
        assert refused.exit_code == 1
        assert "idmill jobs dead" in refused.output


def test_one_job_or_all_must_be_named(settings_env):
    assert idmill("replay").exit_code == 2
    assert idmill("replay", str(uuid4()), "--all").exit_code == 2
