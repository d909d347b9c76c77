"""What the tests of the NHN dialect share: the guide's client, native results of every document, a stand-in reader."""

from __future__ import annotations

import importlib.util
import io
import threading
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from core import jobs, keys
from core.db.tables import Job
from core.documents import Failure
from core.keys import Scope
from core.settings import settings
from core.transaction import transaction

_spec = importlib.util.spec_from_file_location("nhn_client", Path(__file__).with_name("client.py"))
nhn_client = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(nhn_client)


def native_field(value, confidence=0.97, x=10, y=20, width=100):
    box = [[x, y], [x + width, y], [x + width, y + 20], [x, y + 20]]
    return {"value": value, "confidence": confidence, "box": box, "source": "visual"}


def native(document_type, *, width=1200, height=800, mrz=None, **fields):
    """A native result as a reader records it."""
    values = {
        name: one if isinstance(one, dict) else native_field(one, y=20 + 30 * place)
        for place, (name, one) in enumerate(fields.items())
    }
    return {
        "document_type": document_type,
        "fields": values,
        "mrz": mrz,
        "checks": [],
        "quality": {},
        "image": {"media_type": "image/png", "width": width, "height": height},
        "timings_ms": {},
        "engine": "specimen",
    }


PAYMENT_CARD = native(
    "payment_card",
    card_number="4000123412341235",
    number_group_1="4000",
    number_group_2="1234",
    number_group_3="1234",
    number_group_4="1235",
    valid_thru="04/29",
)
RESIDENT_CARD = native(
    "resident_card",
    name="홍길동",
    resident_number="900101-1234568",
    address="서울특별시 가나구 다라로 1",
    issue_date="2015. 3. 20.",
    issuer="서울특별시 가나구청장",
)
DRIVER_LICENCE = native(
    "driver_licence",
    licence_number="11-12-345678-90",
    licence_type="1종보통/2종소형",
    name="홍길동",
    resident_number="900101-1234568",
    condition="",
    serial_number="A1B2C3",
    issue_date="2019. 7. 1.",
    issuer="서울특별시경찰청장",
)
MRZ_LINES = ["PMKORHONG<<GILDONG<<<<<<<<<<<<<<<<<<<<<<<<<<", "M123A45674KOR9001011M3301018<<<<<<<<<<<<<<08"]
PASSPORT = native(
    "passport",
    mrz={
        "format": "TD3",
        "lines": MRZ_LINES,
        "raw_lines": MRZ_LINES,
        "checks": [],
        "repaired": [],
        "confidence": 0.999,
        "line_boxes": [[[5, 700], [900, 700], [900, 730], [5, 730]], [[5, 740], [900, 740], [900, 770], [5, 770]]],
    },
    document_code="PM",
    issuing_state="KOR",
    surname="HONG",
    given_names="GILDONG",
    document_number="M123A4567",
    nationality="KOR",
    birth_date="1990-01-01",
    sex="M",
    expiry_date="2033-01-01",
    personal_number="",
    issue_date="02 1월/JAN 2023",
    korean_name="홍길동",
)


NATIVES = {one["document_type"]: one for one in (PAYMENT_CARD, RESIDENT_CARD, DRIVER_LICENCE, PASSPORT)}


@pytest.fixture(autouse=True)
def small_keys(settings_env, monkeypatch):
    """Making RSA keys is most of the time of these tests; 2048 bits are a quarter of it."""
    monkeypatch.setattr(settings(), "envelope_bits", 2048)


@pytest.fixture
def nhn_key(organization_id):
    with transaction() as db:
        return keys.issue(db, organization_id, label="SPECIMEN", scopes=[Scope.NHN])


@pytest.fixture
def nhn(client, nhn_key):
    """The guide's client, with credentials of the test's organization."""
    return nhn_client.Client(client, nhn_key.public_id, nhn_key.secret)


@pytest.fixture
def reads(settings_env):
    """Ends every job that comes in with what was asked for: a native result, the usual one of a document type, or a
    Failure. Stops with the test."""
    stop = threading.Event()
    outcome = {}

    def work():
        while not stop.wait(0.02):
            with transaction() as db:
                waiting = db.scalars(select(Job.id).where(Job.state == "queued").order_by(Job.id)).all()
            for job_id in waiting:
                with transaction() as db:
                    job = jobs.claim(db, job_id, lease=timedelta(seconds=60), max_claims=5)
                with transaction() as db:
                    told = outcome["next"]
                    jobs.fail(db, job, told) if isinstance(told, Failure) else jobs.receive(db, job, told)

    thread = threading.Thread(target=work)
    thread.start()
    yield lambda told: outcome.update(next=NATIVES.get(told, told) if isinstance(told, str) else told)
    stop.set()
    thread.join()


@pytest.fixture(scope="session")
def png():
    """A PNG that shows nothing."""
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def natives():
    """Native results by document type."""
    return NATIVES


@pytest.fixture
def other_client(client):
    """Makes the guide's client for other credentials or the other version."""

    def make(app_key, secret_key, **more):
        return nhn_client.Client(client, app_key, secret_key, **more)

    return make


@pytest.fixture
def sealer():
    """A fresh symmetric key."""
    return nhn_client.Sealer()
