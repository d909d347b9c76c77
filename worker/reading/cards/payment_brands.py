"""Who issues which card numbers, how long they are and how they are printed. Checks and tie-breakers, never filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Brand:
    """Numbers of one brand: `ranges` are the first and last prefix of each span, both of the same length."""

    name: str
    lengths: tuple[int, ...]
    ranges: tuple[tuple[str, str], ...]

    def holds(self, number: str) -> bool:
        """True when `number` begins as this brand's do."""
        return any(first <= number[: len(first)] <= last for first, last in self.ranges)


def _spans(text: str) -> tuple[tuple[str, str], ...]:
    parts = [one.split("-") for one in text.split()]
    return tuple((one[0], one[-1]) for one in parts)


#: github.com/braintree/credit-card-type, as of June 2026; narrower spans come first.
BRANDS: Final = (
    Brand("elo", (16,), _spans("401178-401179 438935 451416 457631-457632 504175 506699-506778 509000-509999 636297")),
    Brand("troy", (16,), _spans("9792")),
    Brand("mir", (16, 17, 18, 19), _spans("2200-2204")),
    Brand("verve", (16, 18, 19), _spans("506099-506127 506129-506133 650002-650027")),
    Brand("amex", (15,), _spans("34 37")),
    Brand("diners", (14, 16, 19), _spans("300-305 36 38 39")),
    Brand("jcb", (16, 17, 18, 19), _spans("2131 1800 3528-3589")),
    Brand("unionpay", (14, 15, 16, 17, 18, 19), _spans("620-626 6270-6279 6282-6289 6291 6292 8100-8171")),
    Brand("discover", (16, 19), _spans("6011 644-649 65")),
    Brand("maestro", (12, 13, 14, 15, 16, 17, 18, 19), _spans("493698 5000-5066 506779-508999 56-59 63 67")),
    Brand("mastercard", (16,), _spans("51-55 2221-2720")),
    Brand("visa", (16, 13, 18, 19), _spans("4")),
    Brand("local", (16,), _spans("9")),  # Korean cards for use at home
)

LEAST_GROUP: Final = 3  #: digits

#: How numbers of each length are printed, the usual way first.
LAYOUTS: Final[dict[int, tuple[tuple[int, ...], ...]]] = {
    13: ((4, 3, 3, 3), (4, 4, 5)),
    14: ((4, 6, 4),),
    15: ((4, 6, 5),),
    16: ((4, 4, 4, 4), (4, 6, 6)),
    17: ((4, 4, 4, 4, 1),),
    18: ((4, 4, 4, 4, 2), (6, 6, 6)),
    19: ((4, 4, 4, 4, 3), (6, 13)),
}

STACKED: Final = ((4, 6, 4), (4, 6, 5))  #: digits on each of several rows, where that is not the same on all


def brand_of(number: str) -> Brand | None:
    """The brand whose numbers begin like this one, None for a beginning that is nobody's."""
    return next((brand for brand in BRANDS if brand.holds(number)), None)


def has_brands_length(number: str) -> bool:
    """True when a brand begins its numbers like this and makes them this long."""
    return any(brand.holds(number) and len(number) in brand.lengths for brand in BRANDS)


def has_brands_only_length(number: str) -> bool:
    """As `has_brands_length`, where the brand's numbers hardly vary in length: one that was cut short shows."""
    return any(brand.holds(number) and len(number) in brand.lengths[:1] for brand in BRANDS if len(brand.lengths) < 5)


def luhn_sum(number: str) -> int:
    """The weighted sum modulo 10; 0 for a number whose check digit is right. ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in doubled) % 10
