"""Rules of single states about the numbers in their optional data, held against the rest of the zone. Only checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from core.documents import Check, MrzFormat, Verdict
from worker.reading.mrz.characters import FILLER

_FOURTEEN_DIGITS = re.compile(r"[0-9]{14}")
_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_SEVEN_DIGITS = re.compile(r"[0-9]{7}")
_KOREAN_PASSPORT = re.compile(r"[MSROD](?:[0-9]{8}|[0-9]{3}[A-Z][0-9]{4})")  # the second shape since 2021-12-21
_KYRGYZ_CARD = re.compile(r"(?:AN|ID)[0-9]{7}")

_IIN_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
_RRN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def personal_number(state: str, optional: str) -> str:
    """The personal number that `state` keeps in `optional`, without fillers; empty where it keeps none there."""
    shape = _PERSONAL_NUMBERS.get(state)
    number = optional.strip(FILLER)
    return number if shape is not None and shape.fullmatch(number) else ""


def checks(state: str, mrz_format: MrzFormat, printed: Mapping[str, str]) -> tuple[Check, ...]:
    """The checks of `state` for a document of that format, none for most states.

    `printed` has `birth_date`, `sex`, `document_number` and `personal_number` as printed, fillers stripped from the
    last two.
    """
    rules = _RULES.get(state)
    return rules(mrz_format, printed) if rules else ()


def iin_is_right(number: str) -> bool:
    """True when the last of the twelve digits of a Kazakh IIN guards the eleven before it (two passes, mod 11)."""
    digits = [int(digit) for digit in number]
    for weights in _IIN_WEIGHTS:
        remainder = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if remainder != 10:
            return remainder == digits[11]
    return False


def rrn_is_right(number: str) -> bool:
    """True when the last of the thirteen digits guards the others; numbers issued since 2020-10 hold random digits."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _RRN_WEIGHTS, strict=False))
    return (11 - total % 11) % 10 == int(number[12])


def _kyrgyz(mrz_format: MrzFormat, printed: Mapping[str, str]) -> tuple[Check, ...]:
    # PIN: 1 female or 2 male, DDMMYYYY of birth, five digits.
    pin, birth = printed["personal_number"], printed["birth_date"]
    known = bool(_FOURTEEN_DIGITS.fullmatch(pin))
    return (
        _shape(_KYRGYZ_CARD, printed, applies=mrz_format is MrzFormat.TD1),
        _birth(pin[1:3] == birth[4:6] and pin[3:5] == birth[2:4] and pin[7:9] == birth[0:2], applies=known),
        _sex(printed["sex"], "F" if pin[:1] == "1" else "M", applies=known),
    )


def _kazakh(_: MrzFormat, printed: Mapping[str, str]) -> tuple[Check, ...]:
    # IIN: YYMMDD of birth, century and sex in one digit (odd is male), four digits, check digit.
    iin = printed["personal_number"]
    known = bool(_TWELVE_DIGITS.fullmatch(iin))
    return (
        Check("iin_check_digit", _verdict(lambda: iin_is_right(iin), applies=known), ("personal_number",)),
        _birth(iin[:6] == printed["birth_date"], applies=known),
        _sex(printed["sex"], "M" if iin[6:7] in "135" else "F", applies=known and iin[6:7] in "123456"),
    )


def _korean(mrz_format: MrzFormat, printed: Mapping[str, str]) -> tuple[Check, ...]:
    # Passports of the old type carry the last seven digits of the resident number; the first of them is the sex.
    back, birth = printed["personal_number"], printed["birth_date"]
    known = bool(_SEVEN_DIGITS.fullmatch(back))
    is_right = known and len(birth) == 6 and birth.isdigit() and rrn_is_right(birth + back)
    return (
        _shape(_KOREAN_PASSPORT, printed, applies=mrz_format is MrzFormat.TD3),
        Check("rrn_check_digit", Verdict.PASS if is_right else Verdict.NOT_APPLICABLE, ("personal_number",)),
        _sex(printed["sex"], "M" if back[:1] in "13579" else "F", applies=known),
    )


def _shape(shape: re.Pattern[str], printed: Mapping[str, str], *, applies: bool) -> Check:
    number = printed["document_number"]
    verdict = _verdict(lambda: bool(shape.fullmatch(number)), applies=applies and bool(number))
    return Check("document_number_shape", verdict, ("document_number",))


def _birth(is_same: bool, *, applies: bool) -> Check:  # noqa: FBT001 - reads as a claim where it is called
    verdict = _verdict(lambda: is_same, applies=applies)
    return Check("personal_number_birth_date", verdict, ("personal_number", "birth_date"))


def _sex(printed: str, told: str, *, applies: bool) -> Check:
    verdict = _verdict(lambda: printed == told, applies=applies and printed in ("M", "F"))
    return Check("personal_number_sex", verdict, ("personal_number", "sex"))


def _verdict(holds: Callable[[], bool], *, applies: bool) -> Verdict:
    if not applies:
        return Verdict.NOT_APPLICABLE
    return Verdict.PASS if holds() else Verdict.FAIL


_PERSONAL_NUMBERS = {"KGZ": _FOURTEEN_DIGITS, "KAZ": _TWELVE_DIGITS}
_RULES: dict[str, Callable[[MrzFormat, Mapping[str, str]], tuple[Check, ...]]] = {
    "KGZ": _kyrgyz,
    "KAZ": _kazakh,
    "KOR": _korean,
}
