"""The vocabulary of a reading: what was asked for, what was read, how sure it is. A repr never shows a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

Point = tuple[float, float]  #: x, y in pixels of the uploaded picture as a viewer shows it (EXIF orientation applied)
Box = tuple[Point, Point, Point, Point]  #: clockwise from the top left corner of the text as it is read


class DocumentKind(StrEnum):
    """What a client says the picture shows. `auto` leaves it to the reader."""

    MRZ = "mrz"
    MYKAD = "mykad"
    ID_CARD = "id-card"
    PAYMENT_CARD = "payment-card"
    AUTO = "auto"


class DocumentType(StrEnum):
    """What a reading says the document is, for documents whose print is known by more than an MRZ."""

    MYKAD = "mykad"  #: Malaysian identity card, blue, or red for permanent residents (MyPR)
    PAYMENT_CARD = "payment_card"
    RESIDENT_CARD = "resident_card"  #: Korean resident registration card
    DRIVER_LICENCE = "driver_licence"  #: Korean driver's licence
    PASSPORT = "passport"


#: Names of the fields that readers of print fill in. A field that was not read is absent or empty. Values are as
#: printed; numbers keep their hyphens, dates their dots. Passports have these beside the fields of their MRZ.
PRINTED_FIELDS: dict[DocumentType, tuple[str, ...]] = {
    DocumentType.MYKAD: (
        "ic_number",  #: YYMMDD-PB-###G
        "name",  #: on one line, as printed
        "address_line_1",
        "address_line_2",  #: further lines joined by a space
        "postcode",
        "district",
        "state",
        "nationality",  #: as printed, WARGANEGARA
        "religion",  #: ISLAM or empty, never inferred
        "gender",  #: as printed, LELAKI or PEREMPUAN
    ),
    DocumentType.PAYMENT_CARD: (
        "card_number",  #: all digits, nothing else
        "number_group_1",  #: as printed: four groups, three of 4-6-5 and 4-6-4, five of 4-4-4-4-3
        "number_group_2",
        "number_group_3",
        "number_group_4",
        "number_group_5",
        "valid_thru",  #: MM/YY
        "brand",
    ),
    DocumentType.RESIDENT_CARD: ("name", "resident_number", "address", "issue_date", "issuer"),
    DocumentType.DRIVER_LICENCE: (
        "licence_number",
        "licence_type",  #: several are separated by `/`
        "name",
        "resident_number",
        "address",
        "condition",
        "serial_number",
        "issue_date",
        "issuer",
    ),
    DocumentType.PASSPORT: (
        "korean_name",
        "personal_number",
        "issue_date",
        "printed_birth_date",
        "printed_expiry_date",
    ),
}


class MrzFormat(StrEnum):
    """The layouts of a machine readable zone. ICAO Doc 9303 parts 4 to 7; the French card is national."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRV_A = "MRVA"
    MRV_B = "MRVB"
    FRENCH_ID = "FRENCH_ID"


class Verdict(StrEnum):
    """The outcome of a check. A check that cannot be made says so instead of passing."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"


class FailureReason(StrEnum):
    """Why a picture gave no reading, in words a person can act on."""

    DAMAGED_PICTURE = "damaged_picture"  #: the bytes do not decode, or end too early
    TOO_MANY_PIXELS = "too_many_pixels"  #: refused before decoding
    UNSUPPORTED_PICTURE = "unsupported_picture"  #: a picture format that is not read here
    NO_DOCUMENT = "no_document"  #: nothing that looks like a document or print
    NO_MRZ = "no_mrz"  #: a document or print, but no machine readable zone on this side
    TOO_SMALL = "too_small"  #: the zone was found, its characters have too few pixels
    BLURRED = "blurred"
    GLARE = "glare"
    CUT_OFF = "cut_off"  #: the zone runs out of the picture
    UNREADABLE = "unreadable"  #: the zone was found and could not be read for another reason
    WRONG_CHECK_DIGITS = (
        "wrong_check_digits"  #: read, but its print fails its own checks and the organization is strict
    )
    READER_FAILED = "reader_failed"  #: our own fault, attempts used up; the picture may be fine


@dataclass(frozen=True, slots=True)
class Check:
    """One rule held against what was read. `name` is stable, e.g. `document_number_check_digit`."""

    name: str
    verdict: Verdict
    fields: tuple[str, ...] = ()  #: names of the fields that the rule speaks about


@dataclass(frozen=True, slots=True)
class Field:
    """One value as printed. Empty when it was not read. `confidence` is in 0..1."""

    value: str = field(repr=False)
    confidence: float
    box: Box | None = None
    source: str = "mrz"  #: `mrz` or `visual`


@dataclass(frozen=True, slots=True)
class Repair:
    """One place of the MRZ where the check digits or a character class overruled the likeliest character."""

    line: int  #: from 0
    column: int  #: from 0
    read: str = field(repr=False)
    taken: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mrz:
    """A machine readable zone. `lines` are what is handed out, `raw_lines` what the recogniser saw before any rule."""

    format: MrzFormat
    lines: tuple[str, ...] = field(repr=False)
    raw_lines: tuple[str, ...] = field(repr=False)
    checks: tuple[Check, ...]
    repaired: tuple[Repair, ...]
    confidence: float  #: 0..1, that every character of every line is right
    margin: float  #: natural-log odds between the text handed out and the second-best text that fits the rules
    box: Box | None = None
    line_boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture that gave no reading: why, the measured values behind it, and where to look."""

    reason: FailureReason
    detail: str  #: one sentence that says what to do; never a value read from the picture
    measured: dict[str, float] = field(default_factory=dict)
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What arrived and what was kept of it. Sizes in bytes and pixels."""

    media_type: str
    bytes: int
    width: int
    height: int
    pages: int = 1  #: frames or pages in the file; the first one (PDF: the first that reads) is used
    orientation: int = 1  #: EXIF orientation tag that was applied
    compressed_bytes: int = 0
    compressed_width: int = 0
    compressed_height: int = 0
    compressed_media_type: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one picture told. `failure` is None exactly when the document was read."""

    document_type: str  #: `passport`, `visa`, `identity_card`, ..., empty when nothing was read
    fields: dict[str, Field]
    mrz: Mrz | None
    checks: tuple[Check, ...]
    quality: dict[str, float]
    picture: PictureFacts | None
    timings_ms: dict[str, float]
    engine: str
    failure: Failure | None = None

    @property
    def is_read(self) -> bool:
        """True when the document was read, whatever its checks say."""
        return self.failure is None
