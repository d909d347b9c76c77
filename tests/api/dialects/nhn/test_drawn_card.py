"""A drawn payment card through the envelope, read by the real reader: every shape of the guide."""

from __future__ import annotations

import threading
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from core import jobs, sealed
from core.db.tables import Job
from core.documents import DocumentKind
from core.transaction import transaction
from lab.specimens import draw
from worker.reading import result
from worker.reading.read import ReadingOptions, read


@pytest.fixture
def a_worker(settings_env):
    """Reads every picture that comes in, in a thread of the test."""
    stop = threading.Event()

    def work():
        while not stop.wait(0.02):
            with transaction() as db:
                waiting = db.scalars(select(Job.id).where(Job.state == "queued")).all()
            for job_id in waiting:
                with transaction() as db:
                    job = jobs.claim(db, job_id, lease=timedelta(seconds=60), max_claims=5)
                reading = read(
                    sealed.open_picture(job),
                    document=DocumentKind(job.document),
                    options=ReadingOptions(compress=False),
                )
                with transaction() as db:
                    if reading.failure is not None:
                        jobs.fail(db, job, reading.failure)
                    else:
                        jobs.receive(db, job, result.as_json(reading))

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize("seed", [1, 2])
def test_card_number_date_and_boxes(nhn, a_worker, seed):
    specimen = draw.specimen(draw.PAYMENT_CARD, "clean", seed)
    answer = nhn.credit_card(specimen.picture)
    assert answer.code == 0, answer.body
    told = answer.result
    groups = specimen.values["groups"].split()
    assert told["fileType"] == specimen.media_type.removeprefix("image/").replace("jpeg", "jpg")
    short, long = sorted((specimen.width, specimen.height))
    assert told["resolution"] == ("normal" if long >= 760 and short >= 480 else "low")
    assert [answer.open(one["value"]) for one in told["cardNums"]] == groups
    assert all(0 <= one["conf"] <= 1 for one in told["cardNums"])
    assert isinstance(told["totalCardNum"], str)
    assert answer.open(told["totalCardNum"]) == specimen.values["number"]
    assert answer.open(told["validThru"]["value"]) == specimen.values["valid_thru"]
    assert len(told["cardNumBoxes"]) == len(groups)
    boxes = [*told["cardNumBoxes"], told["validThruBox"]]
    for box, drawn in zip(boxes, specimen.line_boxes, strict=True):
        corners = np.array([(box[f"x{place}"], box[f"y{place}"]) for place in (1, 2, 3, 4)])
        away = np.abs(corners.mean(axis=0) - np.array(drawn).mean(axis=0)).max()
        assert away < np.hypot(*np.subtract(drawn[3], drawn[0]))


def test_a_passport_is_no_credit_card(nhn, a_worker):
    answer = nhn.credit_card(draw.specimen("td3", "clean", 7).picture)
    assert answer.code in {4000111, 5003013}
    assert answer.result is None
