"""The question whether a document is authentic: the matrix, the request key, the providers, the lock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core import keys, organizations
from core.authenticity import chain, registry
from core.db.tables import RequestKey
from core.keys import Scope
from core.settings import settings
from core.transaction import transaction

RESIDENT = {"name": "홍길동", "residentNumber": "9001011234568", "issueDate": "20150320"}
DRIVER = {
    "name": "홍길동",
    "residentNumber": "9001011",
    "driverLicenseNumber": "111234567890",
    "serialNum": "A1B2C3",
}
PASSPORT = {
    "name": "HONG GILDONG",
    "passportNumber": "M123A4567",
    "issueDate": "20230102",
    "birthDate": "19900101",
    "expirationDate": "20330101",
}
CSV = """document_type,name,resident_number,issue_date,licence_number,serial_number
resident_card,홍길동,900101-1234568,2015-03-20,,
driver_licence,홍길동,900101-1234568,,11-12-345678-90,A1B2C3
"""
PASSPORTS_CSV = """document_type,name,issue_date,passport_number,birth_date,expiration_date
passport,HONG GILDONG,2023-01-02,M123A4567,1990-01-01,2033-01-01
"""


@pytest.fixture
def providers(monkeypatch):
    """Sets the chain for one test."""

    def choose(names):
        monkeypatch.setattr(settings(), "authenticity", names)
        chain.providers.cache_clear()

    yield choose
    chain.providers.cache_clear()


@pytest.fixture
def in_registry(organization_id):
    """The organization's own table knows the three documents."""
    with transaction() as db:
        assert registry.store(db, organization_id, registry.entries(CSV.splitlines())) == 2
        assert registry.store(db, organization_id, registry.entries(PASSPORTS_CSV.splitlines())) == 1


@pytest.fixture
def key_for(nhn, reads, png):
    """The request key of a fresh reading."""

    def read(document_type):
        reads(document_type)
        return nhn.id_card(png).request_key

    return read


@pytest.fixture
def checks(client):
    """The native view of the newest reading's answers."""

    def look():
        job = client.get("/v1/jobs").json()["items"][0]
        return client.get(f"/v1/jobs/{job['id']}/authenticity").json()

    return look


@pytest.mark.usefixtures("in_registry")
@pytest.mark.parametrize(
    ("document_type", "id_type", "values"),
    [
        ("resident_card", "resident", RESIDENT),
        ("driver_licence", "driver", DRIVER),
        ("driver_licence", "driver", {name: value for name, value in DRIVER.items() if name != "serialNum"}),
        ("passport", "passport", PASSPORT),
    ],
)
def test_document_in_the_registry_is_authentic(nhn, key_for, document_type, id_type, values):
    answer = nhn.authenticity(key_for(document_type), id_type, **values)
    assert answer.code == 0, answer.body
    assert answer.result == {"isAuthenticity": True}


@pytest.mark.usefixtures("in_registry")
def test_native_api_says_why(nhn, key_for, checks, client):
    wrong = {**RESIDENT, "name": "홍길순"}
    assert nhn.authenticity(key_for("resident_card"), "resident", **wrong).result == {"isAuthenticity": False}
    (answer,) = checks()
    assert (answer["is_authentic"], answer["provider"]) == (False, "rules")
    verdicts = {check["name"]: check["verdict"] for check in answer["checks"]}
    assert verdicts["name_agrees"] == "fail"
    assert verdicts["resident_number_agrees"] == "pass"
    assert "홍길순" not in str(answer)
    usage = {one["technology"]: one["readings"] for one in client.get("/v1/usage").json()}
    assert usage == {"id-card": 1, "authenticity": 1}


def test_without_a_provider_that_can_know_it_is_temporarily_unavailable(nhn, key_for, checks, client):
    request_key = key_for("resident_card")
    for _ in range(2):  # the request key is not used up by it
        assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 5000503
    assert checks() == []
    assert [one["technology"] for one in client.get("/v1/usage").json()] == ["id-card"]


@pytest.mark.usefixtures("in_registry")
def test_request_key_is_used_up_by_an_answer(nhn, key_for):
    request_key = key_for("resident_card")
    assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 0
    assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 4000122


@pytest.mark.usefixtures("in_registry")
def test_failed_calls_do_not_use_the_request_key_up(nhn, key_for):
    request_key = key_for("resident_card")
    assert nhn.authenticity(request_key, "resident", **{**RESIDENT, "residentNumber": "1"}).code == 4000001
    assert nhn.authenticity(request_key, "resident", plain=("name",), **RESIDENT).code == 4000303
    assert nhn.authenticity(request_key, "resident", **RESIDENT).result == {"isAuthenticity": True}


def test_request_key_ends_after_an_hour(nhn, key_for, organization_id):
    request_key = key_for("resident_card")
    with transaction() as db:
        mine = update(RequestKey).where(RequestKey.organization_id == organization_id)
        db.execute(mine.values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 4000122


def test_request_key_of_another_organization_is_invalid(nhn, key_for, other_client, client):
    request_key = key_for("resident_card")
    with transaction() as db:
        rival = organizations.create(db, "Specimen Rival").id
        key = keys.issue(db, rival, label="SPECIMEN", scopes=[Scope.NHN])
    stranger = other_client(key.public_id, key.secret)
    assert stranger.authenticity(request_key, "resident", **RESIDENT).code == 4000122
    assert nhn.authenticity("made-up", "resident", **RESIDENT).code == 4000122


def test_request_key_of_an_erased_reading_is_invalid(nhn, key_for, client):
    request_key = key_for("resident_card")
    assert client.delete(f"/v1/jobs/{client.get('/v1/jobs').json()['items'][0]['id']}").status_code == 204
    assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 4000122


def test_request_key_in_use_is_not_taken_twice(nhn, key_for, organization_id):
    from core import errors
    from core.authenticity import request_keys

    request_key = key_for("resident_card")
    with transaction() as db:
        request_keys.take(db, organization_id, request_key)
    with transaction() as db, pytest.raises(errors.CheckKeyRefused):
        request_keys.take(db, organization_id, request_key)


@pytest.mark.parametrize(
    ("id_type", "values"),
    [
        ("resident", {**RESIDENT, "residentNumber": "9001011"}),
        ("resident", {**RESIDENT, "issueDate": "20150230"}),
        ("resident", {"name": "홍길동"}),
        ("driver", {**DRIVER, "residentNumber": "9001011234568"}),
        ("driver", {**DRIVER, "driverLicenseNumber": "11-12-345678-90"}),
        ("driver", {**DRIVER, "serialNum": "1234"}),
        ("passport", {**PASSPORT, "passportNumber": "m123a4567"}),
        ("passport", {name: value for name, value in PASSPORT.items() if name != "expirationDate"}),
        ("business", RESIDENT),
    ],
)
def test_value_that_is_missing_or_has_not_its_form(nhn, key_for, id_type, values):
    assert nhn.authenticity(key_for("resident_card"), id_type, **values).code == 4000001


def test_body_that_is_no_json_object(nhn, sealer):
    headers = {**nhn.envelope("id-card", sealer), "Request-Key": "x"}
    post = lambda **more: nhn.send("POST", "id-card/authenticity", headers=headers, **more).code  # noqa: E731
    assert post(json=["resident"]) == 4000001
    assert post(json={"idType": "resident", "name": 1}) == 4000001
    assert post(files={"image": b"x"}) == 415
    headers["Content-Type"] = "application/json"
    assert post(content=b"{") == 400
    assert post(content=b"[" * 5000) == 400


def test_passports_stay_out_when_the_flag_is_off(nhn, key_for, monkeypatch):
    monkeypatch.setattr(settings(), "passport_authenticity", False)
    assert key_for("passport") is None
    assert nhn.authenticity(key_for("resident_card"), "passport", **PASSPORT).code == 4000001


@pytest.mark.usefixtures("in_registry")
def test_another_document_than_the_one_read_is_not_authentic(nhn, key_for, checks):
    assert nhn.authenticity(key_for("passport"), "resident", **RESIDENT).result == {"isAuthenticity": False}
    assert {"name": "document_type_agrees", "verdict": "fail", "fields": ["document_type"]} in checks()[0]["checks"]


@pytest.mark.usefixtures("in_registry")
def test_five_wrong_issue_dates_lock_the_card_until_the_operator_unlocks(
    nhn, key_for, client, new_key, organization_id
):
    admin = {"Authorization": f"Bearer {new_key(Scope.ADMIN)}"}
    path = f"/v1/admin/organizations/{organization_id}/authenticity-locks"
    for day in range(10, 15):
        wrong = {**RESIDENT, "issueDate": f"201503{day}"}
        assert nhn.authenticity(key_for("resident_card"), "resident", **wrong).result == {"isAuthenticity": False}
    request_key = key_for("resident_card")
    assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 4000123
    (lock,) = client.get(path, headers=admin).json()
    assert (lock["wrong_dates"], lock["locked_at"] is not None) == (5, True)
    assert client.delete(f"/v1/admin/authenticity-locks/{lock['id']}", headers=admin).status_code == 204
    assert client.delete(f"/v1/admin/authenticity-locks/{lock['id']}", headers=admin).status_code == 404
    assert nhn.authenticity(request_key, "resident", **RESIDENT).result == {"isAuthenticity": True}


@pytest.mark.usefixtures("in_registry")
def test_right_answer_clears_the_wrong_dates_and_a_person_can_be_unlocked_by_number(
    nhn, key_for, client, new_key, organization_id
):
    admin = {"Authorization": f"Bearer {new_key(Scope.ADMIN)}"}
    path = f"/v1/admin/organizations/{organization_id}/authenticity-locks"
    wrong = {**RESIDENT, "issueDate": "20150321"}
    nhn.authenticity(key_for("resident_card"), "resident", **wrong)
    assert client.get(path, headers=admin).json()[0]["wrong_dates"] == 1
    nhn.authenticity(key_for("resident_card"), "resident", **RESIDENT)
    assert client.get(path, headers=admin).json() == []
    nhn.authenticity(key_for("resident_card"), "resident", **wrong)
    person = {"resident_number": RESIDENT["residentNumber"]}
    assert client.post(f"{path}/unlock", json=person, headers=admin).status_code == 204
    assert client.post(f"{path}/unlock", json=person, headers=admin).status_code == 404
    assert client.get(path, headers={"Authorization": f"Bearer {new_key()}"}).status_code == 403


def test_sandbox_answers_its_magic_numbers(nhn, key_for, providers):
    providers("sandbox,rules")
    told = [
        nhn.authenticity(key_for("resident_card"), "resident", **{**RESIDENT, "residentNumber": "0" * 12 + last})
        for last in "1234"
    ]
    assert [answer.code for answer in told] == [0, 0, 0, 5000503]
    assert [answer.result["isAuthenticity"] for answer in told[:3]] == [True, False, False]
    licence = {**DRIVER, "driverLicenseNumber": "000000000001"}
    assert nhn.authenticity(key_for("driver_licence"), "driver", **licence).result == {"isAuthenticity": True}


def test_sandbox_is_off_by_default(nhn, key_for):
    magic = {**RESIDENT, "residentNumber": "0000000000001"}
    assert nhn.authenticity(key_for("resident_card"), "resident", **magic).result == {"isAuthenticity": False}


def test_subscription_without_authenticity(nhn, key_for, organization_id):
    from sqlalchemy import delete

    from core.db.tables import Subscription

    request_key = key_for("resident_card")
    with transaction() as db:
        mine = (Subscription.organization_id == organization_id, Subscription.technology == "authenticity")
        db.execute(delete(Subscription).where(*mine))
    assert nhn.authenticity(request_key, "resident", **RESIDENT).code == 4000401
