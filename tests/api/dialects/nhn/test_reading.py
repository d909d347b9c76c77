"""The reading operations of NHN's Document OCR, called as its guide says."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core import keys, organizations, subscriptions
from core.db.tables import EnvelopeKey
from core.documents import Failure, FailureReason
from core.keys import Scope
from core.settings import settings
from core.subscriptions import Technology
from core.transaction import transaction

CORNERS = {f"{axis}{place}" for axis in "xy" for place in (1, 2, 3, 4)}
NUMBER = "4000123412341235"


@pytest.fixture(params=["v2.0", "v2.1"])
def version_client(request, nhn, nhn_key, other_client):
    """The client in both generations."""
    token = nhn_key.text if request.param == "v2.1" else None
    return other_client(nhn.app_key, nhn_key.secret, version=request.param, token=token)


def test_public_key_is_rsa_in_base64_der_with_a_version(nhn):
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key, version = nhn.public_key("credit-card")
    assert load_der_public_key(key).key_size == 2048  # as this test's setting says
    assert version == "0"
    assert nhn.public_key("credit-card") == (key, version)
    assert nhn.public_key("id-card")[0] != key


def test_credit_card(version_client, reads, png):
    reads("payment_card")
    answer = version_client.credit_card(png)
    assert answer.code == 0, answer.body
    result = answer.result
    assert set(result) == {
        "fileType",
        "resolution",
        "cardNums",
        "totalCardNum",
        "cardNumBoxes",
        "validThru",
        "validThruBox",
    }
    assert (result["fileType"], result["resolution"]) == ("png", "normal")
    assert [answer.open(one["value"]) for one in result["cardNums"]] == ["4000", "1234", "1234", "1235"]
    assert [one["conf"] for one in result["cardNums"]] == [0.97] * 4
    assert answer.open(result["totalCardNum"]) == NUMBER
    assert len(result["cardNumBoxes"]) == 4
    assert all(set(box) == CORNERS for box in (*result["cardNumBoxes"], result["validThruBox"]))
    assert answer.open(result["validThru"]["value"]) == "04/29"
    assert NUMBER not in str(answer.body)
    assert answer.request_key is None


def test_credit_card_with_three_groups_and_no_date(nhn, reads, natives, png):
    card = copy.deepcopy(natives["payment_card"])
    groups = {"number_group_1": "3400", "number_group_2": "123456", "number_group_3": "12345"}
    card["fields"] = {name: {**card["fields"]["card_number"], "value": value} for name, value in groups.items()}
    reads(card)
    answer = nhn.credit_card(png)
    assert answer.open(answer.result["totalCardNum"]) == "340012345612345"
    assert answer.open(answer.result["validThru"]["value"]) == ""
    assert answer.result["validThru"]["conf"] == 0


def test_resident_card(version_client, reads, png):
    reads("resident_card")
    answer = version_client.id_card(png)
    assert answer.result["idType"] == "resident"
    assert answer.key_values() == {
        "name": "홍길동",
        "residentNumber": "900101-1234568",
        "issueDate": "2015. 3. 20.",
        "issuer": "서울특별시 가나구청장",
    }
    for one in answer.result["keyValues"]:
        assert set(one) == {"key", "value", "conf", "bbox"}
        assert set(one["bbox"]) == CORNERS
    assert answer.result["keyValues"][0]["bbox"] == {
        "x1": 10, "y1": 20, "x2": 110, "y2": 20, "x3": 110, "y3": 40, "x4": 10, "y4": 40,
    }  # fmt: skip
    assert len(answer.result["boxes"]) == 5  # the address has a box and no key
    assert len(answer.request_key) > 30


def test_driver_licence(nhn, reads, png):
    reads("driver_licence")
    answer = nhn.id_card(png)
    assert answer.result["idType"] == "driver"
    assert answer.key_values() == {
        "driverLicenseNumber": "11-12-345678-90",
        "licenseType": "1종보통/2종소형",
        "name": "홍길동",
        "residentNumber": "900101-1234568",
        "condition": "none",
        "serialNum": "A1B2C3",
        "issueDate": "2019. 7. 1.",
        "issuer": "서울특별시경찰청장",
    }


def test_passport(nhn, reads, natives, png):
    reads("passport")
    answer = nhn.id_card(png)
    assert answer.result["idType"] == "passport"
    assert answer.key_values() == {
        "passportType": "PM",
        "countryCode": "KOR",
        "passportNo": "M123A4567",
        "surName": "HONG",
        "givenName": "GILDONG",
        "nationality": "KOR",
        "dateOfBirth": "01 JAN 1990",
        "dateOfBirthYMD": "19900101",
        "sex": "M",
        "dateOfIssue": "02 1월/JAN 2023",
        "dateOfIssueYMD": "20230102",
        "dateOfExpiry": "01 JAN 2033",
        "dateOfExpiryYMD": "20330101",
        "koreanName": "홍길동",
        "personalNo": "",
        "MRZ1": natives["passport"]["mrz"]["lines"][0],
        "MRZ2": natives["passport"]["mrz"]["lines"][1],
    }
    conf = {one["key"]: one["conf"] for one in answer.result["keyValues"]}
    assert conf["personalNo"] == 0
    assert conf["MRZ1"] == 0.999


def test_drawn_passport_is_read_through_queue_and_worker(nhn, worker):
    from lab.specimens.draw import specimen

    drawn = specimen("td3", "clean", 11)
    answer = nhn.id_card(drawn.picture)
    assert answer.code == 0, answer.body
    assert answer.result["idType"] == "passport"
    values = answer.key_values()
    assert (values["MRZ1"], values["MRZ2"]) == tuple(drawn.truth_lines)
    assert values["passportNo"] == drawn.truth_lines[1][:9].rstrip("<")


def test_stand_alone_has_no_request_key_and_its_own_price(nhn, client, reads, png):
    reads("resident_card")
    alone = nhn.id_card_alone(png)
    assert alone.key_values()["name"] == "홍길동"
    assert alone.request_key is None
    nhn.id_card(png)
    usage = {one["technology"]: one["readings"] for one in client.get("/v1/usage").json()}
    assert usage == {"id-card": 1, "id-card-stand-alone": 1}


def test_image_part_may_be_base64_text(nhn, reads, png):
    reads("resident_card")
    assert nhn.id_card(png, as_text=True).code == 0


def test_same_value_is_sealed_under_each_requests_own_key(nhn, reads, png):
    reads("payment_card")
    first, second = nhn.credit_card(png), nhn.credit_card(png)
    assert first.result["totalCardNum"] != second.result["totalCardNum"]
    assert first.open(first.result["totalCardNum"]) == second.open(second.result["totalCardNum"])


def test_small_picture_has_low_resolution(nhn, reads, natives, png):
    reads({**natives["resident_card"], "image": {"width": 480, "height": 759}})
    assert nhn.id_card(png).result["resolution"] == "low"
    reads({**natives["resident_card"], "image": {"width": 480, "height": 760}})
    assert nhn.id_card(png).result["resolution"] == "normal"


@pytest.fixture
def rotate(client, new_key, organization_id):
    """Rotates the key for ID cards as an operator does."""
    headers = {"Authorization": f"Bearer {new_key(Scope.ADMIN)}"}
    path = f"/v1/admin/organizations/{organization_id}/envelope-keys/id-card/rotate"
    return lambda: client.post(path, headers=headers)


def test_rotated_key_opens_for_a_while_and_then_no_more(nhn, rotate, organization_id, reads, png):
    reads("resident_card")
    old, version = nhn.public_key("id-card")
    rotated = rotate()
    assert (rotated.status_code, rotated.json()["version"]) == (201, 1)
    assert nhn.public_key("id-card")[1] == "1"

    def under_old():
        sealer = nhn.sealer()
        headers = {"X-Key-Version": version, "Symmetric-Key": sealer.under(old)}
        return nhn.id_card(png, headers=headers, sealer=sealer)

    assert under_old().code == 0
    with transaction() as db:
        ended = update(EnvelopeKey).where(EnvelopeKey.organization_id == organization_id, EnvelopeKey.version == 0)
        db.execute(ended.values(valid_until=datetime.now(UTC) - timedelta(seconds=1)))
    assert under_old().code == 4000301


def test_key_is_replaced_when_it_is_old(nhn, organization_id, monkeypatch):
    assert nhn.public_key("id-card")[1] == "0"
    with transaction() as db:
        old = update(EnvelopeKey).where(EnvelopeKey.organization_id == organization_id)
        db.execute(old.values(created_at=datetime.now(UTC) - timedelta(days=settings().envelope_days + 1)))
    assert nhn.public_key("id-card")[1] == "1"
    assert nhn.public_key("id-card")[1] == "1"


# Every code that can be provoked from outside.


def test_missing_headers(nhn, other_client, nhn_key, png, sealer):
    assert other_client(nhn.app_key, "").send("GET", "public-keys/id-card").code == 4000005
    token = other_client(nhn.app_key, "", version="v2.1", token="")
    token.credentials = {"Authorization": ""}
    assert token.send("GET", "public-keys/id-card").code == 4000005
    for missing in ("X-Key-Version", "Symmetric-Key"):
        assert nhn.id_card(png, headers={missing: ""}).code == 4000005
    assert nhn.authenticity("", "resident", name="홍길동").code == 4000005


def test_wrong_app_key_and_secret(nhn, nhn_key, other_client):
    for app_key, secret in (
        (nhn.app_key, "wrong"),
        ("0" * 16, nhn_key.secret),
        ("no-such-key", nhn_key.secret),
        (nhn.app_key + "_" + nhn_key.secret[:3], nhn_key.secret[4:]),
    ):
        assert other_client(app_key, secret).send("GET", "public-keys/id-card").code == 4010001


def test_key_without_the_scope_is_forbidden(client, organization_id, other_client):
    with transaction() as db:
        key = keys.issue(db, organization_id, label="SPECIMEN", scopes=[Scope.JOBS_WRITE])
    assert other_client(key.public_id, key.secret).send("GET", "public-keys/id-card").code == 403
    by_token = other_client(key.public_id, "", version="v2.1", token=key.text)
    assert by_token.send("GET", "public-keys/id-card").code == 4010007


def test_wrong_token_and_foreign_app_key(client, nhn, nhn_key, other_client):
    wrong = other_client(nhn.app_key, "", version="v2.1", token="wrong")
    assert wrong.send("GET", "public-keys/id-card").code == 4010006
    with transaction() as db:
        other = organizations.create(db, "Specimen Rival").id
        foreign = keys.issue(db, other, label="SPECIMEN", scopes=[Scope.NHN])
    for app_key in (foreign.public_id, "no-such-key"):
        stranger = other_client(app_key, "", version="v2.1", token=nhn_key.text)
        assert stranger.send("GET", "public-keys/id-card").code == 4010001


def test_secret_is_no_token_and_token_is_no_secret(nhn, nhn_key, other_client):
    assert other_client(nhn.app_key, nhn_key.text).send("GET", "public-keys/id-card").code == 4010001
    by_secret = other_client(nhn.app_key, "", version="v2.1", token=nhn_key.secret)
    assert by_secret.send("GET", "public-keys/id-card").code == 4010006


def test_unknown_service(nhn):
    assert nhn.send("GET", "public-keys/business").code == 4000001


@pytest.mark.parametrize("version", ["1", "-1", "0.0", "x", "99999999999999", "٠"])
def test_unknown_key_version(nhn, png, version):
    assert nhn.id_card(png, headers={"X-Key-Version": version.encode()}).code == 4000301


def test_key_of_the_other_service_does_not_open(nhn, png):
    assert nhn.picture("id-card", png, service="credit-card").code in (4000301, 4000303)


def test_empty_part_missing_part_and_wrong_body(nhn, sealer):
    headers = nhn.envelope("id-card", sealer)
    post = lambda **more: nhn.send("POST", "id-card", headers={**headers, **more.pop("headers", {})}, **more)  # noqa: E731
    assert post(files={"image": ("sample.png", b"")}).code == 4000004
    assert post(files={"other": ("sample.png", b"x")}).code == 4000001
    assert post(json={"image": "x"}).code == 415
    assert post(content=b"").code == 415
    assert post(content=b"junk", headers={"Content-Type": "multipart/form-data; boundary=b"}).code == 400


def test_other_file_types_are_named_and_noise_is_a_damaged_envelope(nhn):
    for content in (b"GIF89a" + bytes(100), b"%PDF-1.7" + bytes(100), b"RIFF\0\0\0\0WEBP" + bytes(100)):
        assert nhn.id_card(content).code == 4000003
    assert nhn.id_card(b"only words").code == 4000303


def test_body_over_the_limit(nhn, sealer, monkeypatch):
    headers = nhn.envelope("id-card", sealer)
    files = {"image": ("sample.png", bytes(settings().max_upload_bytes + 1))}
    answer = nhn.send("POST", "id-card", headers=headers, files=files)
    assert answer.code == 4131000
    assert answer.message == "Request size is larger than permissible limit."


@pytest.mark.parametrize(
    ("reason", "codes"),
    [
        (FailureReason.DAMAGED_PICTURE, (4000002, 4000002)),
        (FailureReason.TOO_MANY_PIXELS, (4000002, 4000002)),
        (FailureReason.UNSUPPORTED_PICTURE, (4000003, 4000003)),
        (FailureReason.NO_DOCUMENT, (4000111, 4000121)),
        (FailureReason.BLURRED, (4000111, 4000121)),
        (FailureReason.UNREADABLE, (5003013, 5003023)),
        (FailureReason.READER_FAILED, (5003011, 5003021)),
    ],
)
def test_failed_reading_has_its_code(nhn, reads, png, reason, codes):
    reads(Failure(reason, "SPECIMEN"))
    assert (nhn.credit_card(png).code, nhn.id_card(png).code) == codes


def test_every_reason_of_a_failure_has_a_code_for_both_services():
    from api.dialects.nhn import codes
    from core.envelope import Service

    assert all(codes.of_failure(reason, service) for reason in FailureReason for service in Service)


def test_other_documents_are_not_found(nhn, reads, natives, png):
    reads({**natives["passport"], "document_type": "visa"})
    assert nhn.id_card(png).code == 4000121
    assert nhn.credit_card(png).code == 4000111


def test_empty_reading_has_its_code(nhn, reads, natives, png):
    reads({**natives["payment_card"], "fields": {}})
    assert nhn.credit_card(png).code == 5003012
    reads({**natives["resident_card"], "fields": {}})
    assert nhn.id_card(png).code == 5003022


def test_no_worker_is_temporarily_unavailable_in_bounded_time_and_free(nhn, client, png, monkeypatch):
    monkeypatch.setattr(settings(), "max_wait_seconds", 1)
    assert nhn.id_card(png).code == 5000503
    assert client.get("/v1/usage").json() == []


def test_truncated_picture_is_an_invalid_file(nhn, worker):
    from lab.specimens.draw import specimen

    assert nhn.id_card(specimen("td3", "clean", 11).picture[:2000]).code == 4000002


@pytest.fixture
def small_organization(client, other_client):
    """Makes an organization with given subscriptions, and the client of it."""

    def make(*wanted):
        with transaction() as db:
            organization = organizations.create(db, "Specimen Bank")
            for one in wanted:
                subscriptions.subscribe(db, organization.id, **one)
            key = keys.issue(db, organization.id, label="SPECIMEN", scopes=[Scope.NHN])
        return other_client(key.public_id, key.secret)

    return make


YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def test_service_that_is_not_enabled(small_organization, png):
    nothing = small_organization()
    cards_only = small_organization({"technology": Technology.PAYMENT_CARD, "starts_at": YESTERDAY})
    later = small_organization({"technology": Technology.ID_CARD, "starts_at": YESTERDAY + timedelta(days=9)})
    assert [one.id_card(png).code for one in (nothing, cards_only, later)] == [4000401] * 3


def test_used_up_subscription_is_a_call_limit(small_organization, reads, png):
    reads("resident_card")
    once = small_organization({"technology": Technology.ID_CARD, "starts_at": YESTERDAY, "total_limit": 1})
    assert [once.id_card(png).code, once.id_card(png).code] == [0, 4000006]


def test_calls_beyond_the_minutes_limit(small_organization):
    nhn = small_organization({"technology": Technology.ID_CARD, "starts_at": YESTERDAY})
    nhn.public_key("id-card")
    with transaction() as db:
        key = keys.authenticate_pair(db, nhn.app_key, nhn.credentials["Authorization"])
        organizations.get(db, key.organization_id).calls_per_minute = 3
    codes = [nhn.send("GET", "public-keys/id-card").code for _ in range(8)]
    assert 4000006 in codes, codes  # not always the last of them: a new minute may begin


@pytest.mark.parametrize("path", ["", "business", "id-card/", "id-card/unknown", "../x", "credit-card/status"])
@pytest.mark.parametrize("version", ["v2.0", "v2.1"])
def test_unknown_path(nhn, other_client, version, path):
    assert other_client(nhn.app_key, "x", version=version).send("GET", path).code == 4041007


def test_unknown_path_above_the_app_key(client):
    for path in ("/v2.0", "/v2.0/", "/v2.1/appkeys", "/v2.0/x"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["header"]["resultCode"]) == (200, 4041007), path
        assert "result" not in answer.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "public-keys/id-card"), ("GET", "id-card"), ("PUT", "credit-card"), ("DELETE", "id-card/authenticity")],
)
def test_wrong_method(nhn, method, path):
    assert nhn.send(method, path).code == 405


def test_database_that_is_away(nhn, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from core import envelope

    def away(*_):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(envelope, "handed_out", away)
    assert nhn.send("GET", "public-keys/id-card").code == 5000003


def test_surprise_is_an_unknown_error_that_tells_nothing(nhn, monkeypatch):
    from core import envelope

    def broken(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(envelope, "handed_out", broken)
    answer = nhn.send("GET", "public-keys/id-card")
    assert (answer.code, answer.message) == (-1, "Unknown error.")


# What is kept and shown of it.


def test_native_api_shows_the_card_number_masked(nhn, client, reads, png):
    reads("payment_card")
    assert nhn.credit_card(png).code == 0
    job = client.get("/v1/jobs").json()["items"][0]
    fields = {name: field["value"] for name, field in job["result"]["fields"].items()}
    assert fields["card_number"] == "40001234****1235"
    assert [fields[f"number_group_{place}"] for place in range(1, 5)] == ["4000", "1234", "****", "1235"]
    assert fields["valid_thru"] == "04/29"


def test_no_value_nor_callers_key_is_kept_in_clear(nhn, reads, png, capfd):
    from pathlib import Path

    from core.db.base import Base

    reads("payment_card")
    card = nhn.credit_card(png)
    reads("resident_card")
    resident = nhn.id_card(png)
    values = {"name": "홍길동", "residentNumber": "9001011234568", "issueDate": "20150321"}
    assert nhn.authenticity(resident.request_key, "resident", **values).result == {"isAuthenticity": False}
    with transaction() as db:
        tables = [table.name for table in Base.metadata.sorted_tables]
        dumped = [
            db.connection().exec_driver_sql(f"SELECT string_agg(t::text, ' ') FROM {table} t").scalar_one() or ""
            for table in tables
        ]
    assert "authenticity_checks" in tables
    assert any("issue_date_agrees" in text for text in dumped)
    out, err = capfd.readouterr()
    files = b"".join(path.read_bytes() for path in Path(settings().blobs).rglob("*") if path.is_file())
    everything = " ".join((*dumped, out, err)).encode() + files
    texts = (NUMBER, "900101-1234568", "9001011234568", "홍길동", "20150321", resident.request_key)
    secrets = (card.sealer.key, resident.sealer.key, *(text.encode() for text in texts))
    for needle in secrets:
        assert needle not in everything
        assert needle.hex().encode() not in everything  # as Postgres writes bytes
        assert base64.b64encode(needle) not in everything
    for value in (card.result["totalCardNum"], resident.result["keyValues"][0]["value"]):
        assert value.encode() not in everything
