"""What a payment card says: number, dates, brand, bearer. Numbers of test ranges only; nothing is drawn here."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from lab.specimens import people, states


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that begin alike, as those who issue them publish them for tests."""

    brand: str
    prefixes: tuple[str, ...]
    groups: tuple[int, ...]
    share: float


RANGES = (
    Range("visa", ("400000", "411111", "401288", "424242", "400005", "445701", "491761"), (4, 4, 4, 4), 0.3),
    Range("mastercard", ("555555", "510510", "520082", "222300", "222300", "545454", "510000"), (4, 4, 4, 4), 0.24),
    Range("amex", ("378282", "371449", "378734", "340000"), (4, 6, 5), 0.11),
    Range("diners", ("305693", "385200", "361489", "300000"), (4, 6, 4), 0.08),
    Range("discover", ("601111", "601100", "644564", "650000"), (4, 4, 4, 4), 0.05),
    Range("jcb", ("353011", "356600", "356999"), (4, 4, 4, 4), 0.05),
    Range("unionpay", ("620000", "625094", "621094", "810000"), (4, 4, 4, 4), 0.04),
    Range("unionpay", ("620000", "620550"), (4, 4, 4, 4, 3), 0.05),
    Range("maestro", ("675964", "500000"), (4, 4, 4, 4), 0.02),
    Range("", ("940000", "941000", "943500"), (4, 4, 4, 4), 0.06),  # Korean cards for use at home
)


@dataclass(frozen=True, slots=True)
class PaymentCard:
    """A card before it is drawn."""

    groups: tuple[str, ...] = field(repr=False)
    valid_thru: str = field(repr=False)  #: MM/YY
    valid_from: str = field(repr=False)  #: MM/YY or empty
    holder: str = field(repr=False)
    brand: str

    @property
    def number(self) -> str:
        """All digits."""
        return "".join(self.groups)

    @property
    def values(self) -> dict[str, str]:
        """The truth of a specimen."""
        return {
            "groups": " ".join(self.groups),
            "number": self.number,
            "valid_thru": self.valid_thru,
            "brand": self.brand,
        }


def issue(rng: random.Random, *, wrong_digits: bool = False) -> PaymentCard:
    """Makes up a card; with `wrong_digits` its number fails its own check digit."""
    chosen = rng.choices(RANGES, [one.share for one in RANGES])[0]
    length = sum(chosen.groups)
    body = rng.choice(chosen.prefixes)
    if rng.random() < 0.3:  # as specimens in advertisements are numbered: 1234 5678 9012 ...
        body += "".join(str((int(body[-1]) + step) % 10) for step in range(1, length))
    while len(body) < length - 1:
        body += str(rng.randrange(10))
    body = body[: length - 1]
    digit = luhn_digit(body)
    if wrong_digits:
        digit = str((int(digit) + rng.randrange(1, 10)) % 10)
    number, groups = body + digit, []
    for size in chosen.groups:
        groups.append(number[:size])
        number = number[size:]
    year = rng.randrange(24, 36)
    start = f"{rng.randrange(1, 13):02d}/{year - rng.randrange(1, 6):02d}" if rng.random() < 0.22 else ""
    return PaymentCard(tuple(groups), f"{rng.randrange(1, 13):02d}/{year:02d}", start, _holder(rng), chosen.brand)


def luhn_digit(body: str) -> str:
    """The digit that completes `body`. ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def _holder(rng: random.Random) -> str:
    if rng.random() < 0.35:
        return rng.choice(("CARDHOLDER NAME", "SPECIMEN", "NAME SURNAME", "TEST SPECIMEN", "CARD HOLDER", "J SPECIMEN"))
    person = people.invent(rng, rng.choice(states.STATES))
    return f"{person.given_names} {person.surname}".strip()[:26]
