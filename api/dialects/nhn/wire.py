"""A native result in the service's shapes. Every value that it calls encrypted leaves here sealed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from api.dialects.nhn.codes import OF_SERVICE, Refused
from core.authenticity import printed
from core.documents import DocumentType
from core.envelope import Service

WIDTH, HEIGHT = 760, 480  #: the resolution that the service recommends for cards; below it a picture is `low`
MOST_GROUPS = 5
NO_CONDITION = "none"  #: what the service says for a licence without conditions

Seal = Callable[[str], str]
Native = dict[str, Any]  #: `{"value", "confidence", "box", "source"}`

ID_TYPES = {
    DocumentType.RESIDENT_CARD: "resident",
    DocumentType.DRIVER_LICENCE: "driver",
    DocumentType.PASSPORT: "passport",
}

NOTHING: Native = {"value": "", "confidence": 0.0, "box": None}


def file_facts(result: dict[str, Any], file_type: str) -> dict[str, Any]:
    """What is told of the uploaded picture."""
    image = result.get("image") or {}
    long, short = sorted((image.get("width", 0), image.get("height", 0)), reverse=True)
    return {"fileType": file_type, "resolution": "normal" if long >= WIDTH and short >= HEIGHT else "low"}


def payment_card(result: dict[str, Any], seal: Seal) -> dict[str, Any]:
    """`result` of the credit card API. Raises `Refused` when there is no card number."""
    fields: dict[str, Native] = result["fields"]
    groups = [
        fields[name]
        for name in (f"number_group_{place}" for place in range(1, MOST_GROUPS + 1))
        if _is_read(fields, name)
    ]
    number = "".join(group["value"] for group in groups)
    if result["document_type"] != DocumentType.PAYMENT_CARD or not number:
        codes = OF_SERVICE[Service.CREDIT_CARD]
        raise Refused(codes.not_found if fields else codes.empty)
    thru = fields.get("valid_thru", NOTHING)
    return {
        "cardNums": [_value_and_conf(group, seal) for group in groups],
        "totalCardNum": seal(number),
        "cardNumBoxes": [_corners(group["box"]) for group in groups],
        "validThru": _value_and_conf(thru, seal),
        "validThruBox": _corners(thru["box"]),
    }


def id_card(result: dict[str, Any], seal: Seal) -> dict[str, Any]:
    """`result` of the ID card APIs. Raises `Refused` for a document that is none of the three."""
    codes = OF_SERVICE[Service.ID_CARD]
    if result["document_type"] not in ID_TYPES:
        raise Refused(codes.not_found)
    document_type = DocumentType(result["document_type"])
    values = KEY_VALUES[document_type](result)
    if not any(value["value"] for value in values.values()):
        raise Refused(codes.empty)
    boxes = [field["box"] for field in result["fields"].values() if field["box"]]
    boxes += (result.get("mrz") or {}).get("line_boxes", [])
    return {
        "idType": ID_TYPES[document_type],
        "keyValues": [
            {"key": key, **_value_and_conf(value, seal), "bbox": _corners(value["box"])}
            for key, value in values.items()
        ],
        "boxes": [_corners(box) for box in _once(boxes)],
    }


def _resident(result: dict[str, Any]) -> dict[str, Native]:
    get = _getter(result)
    return {
        "name": get("name"),
        "residentNumber": get("resident_number"),
        "issueDate": get("issue_date"),
        "issuer": get("issuer"),
    }


def _driver(result: dict[str, Any]) -> dict[str, Native]:
    get = _getter(result)
    condition = get("condition")
    return {
        "driverLicenseNumber": get("licence_number"),
        "licenseType": get("licence_type"),
        "name": get("name"),
        "residentNumber": get("resident_number"),
        "condition": condition if condition["value"] else {**condition, "value": NO_CONDITION},
        "serialNum": get("serial_number"),
        "issueDate": get("issue_date"),
        "issuer": get("issuer"),
    }


def _passport(result: dict[str, Any]) -> dict[str, Native]:
    get = _getter(result)
    birth = get("printed_birth_date", "birth_date")
    expiry = get("printed_expiry_date", "expiry_date")
    issue = get("issue_date")
    return {
        "passportType": get("document_code"),
        "countryCode": get("issuing_state"),
        "passportNo": get("document_number"),
        "surName": get("surname"),
        "givenName": get("given_names"),
        "nationality": get("nationality"),
        "dateOfBirth": _as_printed(birth),
        "dateOfBirthYMD": _as_digits(get("birth_date"), birth),
        "sex": get("sex"),
        "dateOfIssue": _as_printed(issue),
        "dateOfIssueYMD": _as_digits(issue),
        "dateOfExpiry": _as_printed(expiry),
        "dateOfExpiryYMD": _as_digits(get("expiry_date"), expiry),
        "koreanName": get("korean_name"),
        "personalNo": get("personal_number"),
        **_mrz_lines(result),
    }


KEY_VALUES: dict[DocumentType, Callable[[dict[str, Any]], dict[str, Native]]] = {
    DocumentType.RESIDENT_CARD: _resident,
    DocumentType.DRIVER_LICENCE: _driver,
    DocumentType.PASSPORT: _passport,
}


def _mrz_lines(result: dict[str, Any]) -> dict[str, Native]:
    mrz = result.get("mrz") or {"lines": ["", ""], "confidence": 0.0, "line_boxes": []}
    boxes = [*mrz["line_boxes"], None, None]
    return {
        f"MRZ{place + 1}": {"value": line, "confidence": mrz["confidence"] if line else 0.0, "box": boxes[place]}
        for place, line in enumerate(mrz["lines"][:2])
    }


def _getter(result: dict[str, Any]) -> Callable[..., Native]:
    fields: dict[str, Native] = result["fields"]

    def get(*names: str) -> Native:
        """The first of these fields that was read."""
        return next((fields[name] for name in names if _is_read(fields, name)), NOTHING)

    return get


def _is_read(fields: dict[str, Native], name: str) -> bool:
    return bool(name in fields and fields[name]["value"])


def _as_printed(value: Native) -> Native:
    """A date of the MRZ in the style of the printed zone: `17 JAN 2024`. ICAO Doc 9303-3, 3.1."""
    try:
        day = date.fromisoformat(value["value"])
    except ValueError:
        return value
    return {**value, "value": f"{day.day:02} {MONTHS[day.month - 1]} {day.year}"}


MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _as_digits(*values: Native) -> Native:
    """The first of these dates that can be written as YYYYMMDD."""
    for value in values:
        if digits := printed.date_digits(value["value"]):
            return {**value, "value": digits}
    return NOTHING


def _value_and_conf(value: Native, seal: Seal) -> dict[str, Any]:
    return {"value": seal(value["value"]), "conf": round(float(value["confidence"]), 4)}


def _corners(box: list[list[float]] | None) -> dict[str, int]:
    """Clockwise from top left, whole pixels; zeros for what has no place."""
    corners = box or [[0, 0]] * 4
    return {
        f"{axis}{place}": round(corner[at])
        for place, corner in enumerate(corners, start=1)
        for at, axis in enumerate("xy")
    }


def _once(boxes: list[list[list[float]]]) -> list[list[list[float]]]:
    return [box for place, box in enumerate(boxes) if box not in boxes[:place]]
