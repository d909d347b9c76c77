"""Fictitious people: names put together from invented syllables, dates, numbers. No real person, no drawing."""

from __future__ import annotations

import datetime as dt
import random
import string
from dataclasses import dataclass, field

from lab.specimens import states

EARLIEST_BIRTH = dt.date(1928, 1, 1)
LATEST_BIRTH = dt.date(2019, 12, 31)
_TODAY = dt.date(2025, 6, 1)  # fixed: a specimen must not change with the calendar

#: Names that authorities print on specimens, and family names that mean nobody.
SPECIMEN_SURNAMES = ("SPECIMEN", "SPECIMENOV", "SPECIMENOVA", "VZOR", "MUSTER", "MODELE", "MALLI", "ESPECIMEN")
SPECIMEN_GIVEN_NAMES = ("SPECIMEN", "VZOR", "MUSTER", "MODELE", "ASAN", "ANNA MARIA", "TEST", "QUO")


@dataclass(frozen=True, slots=True)
class Origin:
    """How the names of one region sound: syllables and endings from which names are put together."""

    starts: tuple[str, ...]
    middles: tuple[str, ...]
    male_surname_ends: tuple[str, ...]
    female_surname_ends: tuple[str, ...]
    male_given_ends: tuple[str, ...]
    female_given_ends: tuple[str, ...]
    particles: tuple[str, ...] = ()
    parts: tuple[int, ...] = (1, 1, 1, 1, 2)  #: how many surnames somebody carries, drawn evenly


def _words(text: str) -> tuple[str, ...]:
    return tuple("" if word == "-" else word for word in text.split())


def _origin(
    starts: str,
    middles: str,
    surname_ends: str,
    given_ends: str,
    *,
    female_surname_ends: str = "",
    female_given_ends: str = "",
    particles: str = "",
    parts: tuple[int, ...] = (1, 1, 1, 1, 2),
) -> Origin:
    return Origin(
        _words(starts),
        _words(middles),
        _words(surname_ends),
        _words(female_surname_ends or surname_ends),
        _words(given_ends),
        _words(female_given_ends or given_ends),
        tuple(particle.replace("_", " ") for particle in particles.split()),
        parts,
    )


ORIGINS: dict[str, Origin] = {
    "latin": _origin(
        "UTOP ERID VAL QUIN FLOR MARC LUX ZEN HEX WOX JUV KORV",
        "- I A ER ON",
        "USSON IANO ELLUS ARIX OTTI EYRA",
        "US IO AN EX OR",
        female_given_ends="A IA INA ELLE YX",
    ),
    "turkic": _origin(
        "ASAN TOKT BEKZ NURL ZHUM AKYL KUBAT ERKI SAPAR TEMIR QANAT MYRZ ULUG YRYS JANY DOOL",
        "- A Y BO GA",
        "OV EV BEKOV BAEV KULOV UULU GELDIYEV OGLU",
        "BEK LAN KUL TUR MAT SYN",
        female_surname_ends="OVA EVA BEKOVA BAEVA KULOVA KYZY GELDIYEVA OGLU",
        female_given_ends="GUL AY ZADA NUR KAN JAMAL",
    ),
    "slavic": _origin(
        "VOLK ZHUR KRAV BOROZ HRYB STOYK MIL RADOV YAROSH KOZL DUBR PRZYB WILCZ CHVAT SVOB LESHCH",
        "- I O EN YN",
        "OV SKI ENKO CHUK IC ACEK EWSKI YSHYN",
        "SLAV MIR AN IL OSH EK",
        female_surname_ends="OVA SKA ENKO CHUK IC ACKOVA EWSKA YSHYNA",
        female_given_ends="SLAVA MIRA ANA ILA KA YNA",
    ),
    "romance": _origin(
        "MONT CAST VILL PELL RIB FONT BEAU QUER TORR SANT DELAC GIORD ALBU VASQ FIG JOUB",
        "- A EL ER IN",
        "EIRA ELLI OUX ESCU AND ARES UEZ ONI",
        "O EL ANO IN UEL",
        female_given_ends="A INE ELLA IANA ETTE",
        particles="DA DE DE_LA DI DO VAN DEL",
        parts=(1, 1, 2, 2, 3),
    ),
    "germanic": _origin(
        "MUST WEXL BRANDT HOLZ KESSL FRIDB GRUNW ZWICK HOLLOW ASHB FAIRW QUILL VANDERB HUYG OKSB",
        "- EN ER EL",
        "MANN BERG HOFER STEIN ER WORTH LEY INK",
        "BERT FRIED WIN OLD US",
        female_given_ends="A LINDE TRUD INE Y",
        particles="VON VAN_DER DE",
        parts=(1, 1, 1, 1, 1, 2),
    ),
    "nordic": _origin(
        "LIND HAUG SJO BJORK THOR GUNN SOLV ASK NYG DALV",
        "- E A",
        "SSON STROM GAARD VIK QVIST LUND BYE",
        "AR MUND ULF IK",
        female_surname_ends="SDOTTIR STROM GAARD VIK QVIST LUND BYE",
        female_given_ends="HILD RUN A VEIG",
    ),
    "uralic": _origin(
        "KOIV SAAR NIEM VIRT KOVEZ SZENT TAMM RAUD HEGY JARV",
        "- A E I",
        "NEN LAINEN FALVI HAZY MAGI LA KYLA",
        "O I US AR",
        female_given_ends="I A VI KA",
    ),
    "baltic": _origin(
        "KAL OZOL BERZ VITK ZIL GEDV",
        "- A I",
        "INS NIEKS AITIS AUSKAS EVICIUS",
        "IS AS YTIS",
        female_surname_ends="INA NIECE AITYTE AUSKIENE EVICIUTE",
        female_given_ends="A E YTE",
    ),
    "greek": _origin(
        "PAPAD KALLI THEOX STAVR XEN PSYCH ZACH",
        "- O A",
        "OPOULOS IDIS AKIS ELLIS",
        "IOS AS IS",
        female_surname_ends="OPOULOU IDOU AKI ELLI",
        female_given_ends="IA OULA I",
    ),
    "caucasian": _origin(
        "BERID GELO KHACH TSIK JAVAKH MKHIT PETRO",
        "- A I",
        "SHVILI DZE YAN UNTS IANI",
        "I AN O",
        female_given_ends="A UHI INE",
    ),
    "arabic": _origin(
        "QAS HAD FAR YAS ZAH MUBAR KHAL NAJ SHAR WAH JABB",
        "- I A",
        "ANI OUI AWI IMI UDI IRI",
        "IM ID UQ AN",
        female_given_ends="IMA IA A AH",
        particles="AL EL BEN ABU BINT",
        parts=(1, 1, 2),
    ),
    "indic": _origin(
        "CHAT VENK RAGH SUBR BHATT PILL JAYAW QURESH GUN WICKR TIRUV",
        "- A AN U",
        "ANATHAN ARAJU WALA SINGHE PPAN ACHARYA RATNE",
        "ESH ANT AJ AN",
        female_given_ends="ITHA IKA YA INI",
        parts=(1, 1, 2),
    ),
    "malay": _origin(
        "SUK WIDJ HART SETY KUSUM NGUR BUD",
        "- O A I",
        "ARNO AYA ONO AWAN ANTO",
        "O ADI WAN",
        female_given_ends="ATI WATI NI",
        parts=(1, 1, 0),
    ),
    "sinitic": _origin(
        "XU QI ZHOU LYU NGUY JIA WEN HUO FENG SHEN",
        "-",
        "- N NG",
        "XIAN YU QUAN WEI MING HAO",
        female_given_ends="MEI XUE LAN YING HUA",
    ),
    "nippon": _origin(
        "YAMA KAWA HASHI MIZU OKU TSUKI FUJI KURO",
        "-",
        "MOTO ZAKI GUCHI NUMA SHIMA WARA",
        "TO RO KI SUKE",
        female_given_ends="KO MI E NA",
    ),
    "hangul": _origin(
        "GA NAM DOK SEOMUN JEGAL HWANGBO", "-", "- N", "JUN HYEOK WOO SIK", female_given_ends="YEON SEO EUN HYE"
    ),
    "bantu": _origin(
        "OKON MWANG KIPCH NDOUM ADEB TSHAB WANJ ZULUM EZEQ",
        "- A O U",
        "KWO IRO ELE ANDA UGU AYO",
        "WA LU KE DI",
        female_given_ends="SHA NI WE BI",
        parts=(1, 1, 1, 2),
    ),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist. Names are A to Z in capitals, blanks and hyphens between parts."""

    surname: str = field(repr=False)
    given_names: str = field(repr=False)
    sex: str = field(repr=False)  #: M, F or X
    birth_date: dt.date = field(repr=False)
    nationality: str = field(repr=False)  #: three places, filled


def invent(rng: random.Random, state: states.State) -> Person:
    """Makes up a person; one in twelve carries a specimen word for a name, some have one name only or very many."""
    sex = rng.choices("MFX", weights=(48, 48, 4))[0]
    origin = ORIGINS[state.origin if rng.random() < 0.75 else rng.choice(sorted(ORIGINS))]
    surname, given_names = _surname(rng, origin, sex), _given_names(rng, origin, sex)
    fate = rng.random()
    if fate < 0.08:
        surname = rng.choice(SPECIMEN_SURNAMES)
        given_names = rng.choice((*SPECIMEN_GIVEN_NAMES, given_names))
    elif fate < 0.11:
        given_names = ""
    elif fate < 0.16:
        given_names = " ".join((given_names, _given_names(rng, origin, sex), _given_names(rng, origin, sex)))
        surname = f"{surname}-{_surname(rng, origin, sex)}"
    nationality = state.mrz_code
    if rng.random() < 0.06:
        nationality = rng.choice((*states.OTHER_CODES, *(other.mrz_code for other in states.STATES)))
    return Person(surname, given_names, sex, day_between(rng, EARLIEST_BIRTH, LATEST_BIRTH), nationality)


def issue_date(rng: random.Random, birth: dt.date) -> dt.date:
    """A day of issue between the later of the birth and 2008, and a fixed day."""
    return day_between(rng, max(birth + dt.timedelta(days=30), dt.date(2008, 1, 1)), _TODAY)


def expiry_date(rng: random.Random, issued: dt.date) -> dt.date:
    """Five or ten years after issue, or on the day before."""
    expires = issued.replace(year=issued.year + rng.choice((5, 10, 10)), day=min(issued.day, 28))
    return expires - dt.timedelta(days=rng.choice((0, 1)))


def day_between(rng: random.Random, first: dt.date, last: dt.date) -> dt.date:
    """Any day from `first` to `last`, both included."""
    return first + dt.timedelta(days=rng.randint(0, (last - first).days))


def fill_pattern(rng: random.Random, pattern: str) -> str:
    """`#` becomes a digit, `@` a letter, the rest stays."""
    letters = string.ascii_uppercase
    return "".join(
        rng.choice(string.digits) if place == "#" else rng.choice(letters) if place == "@" else place
        for place in pattern
    )


def kyrgyz_pin(rng: random.Random, person: Person) -> str:
    """Fourteen digits: 1 female or 2 male, day, month and year of birth, five digits."""
    first = "1" if person.sex == "F" else "2"
    return f"{first}{person.birth_date:%d%m%Y}{rng.randint(0, 99999):05d}"


def kazakh_iin(rng: random.Random, person: Person) -> str:
    """Twelve digits: YYMMDD of birth, century and sex, four digits, check digit (modulo 11 in two rounds)."""
    century = {18: 1, 19: 3, 20: 5}[person.birth_date.year // 100] + (1 if person.sex == "F" else 0)
    while True:
        body = f"{person.birth_date:%y%m%d}{century}{rng.randint(0, 9999):04d}"
        check = kazakh_check_digit(body)
        if check is not None:
            return f"{body}{check}"


def kazakh_check_digit(body: str) -> int | None:
    """The twelfth digit for the first eleven, None where the number is not issued."""
    digits = [int(character) for character in body]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        remainder = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if remainder < 10:
            return remainder
    return None


def _surname(rng: random.Random, origin: Origin, sex: str) -> str:
    ends = origin.female_surname_ends if sex == "F" else origin.male_surname_ends
    names = [_name(rng, origin, ends) for _ in range(max(1, rng.choice(origin.parts)))]
    joint = rng.choice((" ", " ", "-"))
    if origin.particles and rng.random() < 0.3:
        names[0] = f"{rng.choice(origin.particles)} {names[0]}"
    return joint.join(names)


def _given_names(rng: random.Random, origin: Origin, sex: str) -> str:
    ends = origin.female_given_ends if sex == "F" else origin.male_given_ends
    joint = rng.choice((" ", " ", "-"))
    return joint.join(_name(rng, origin, ends) for _ in range(rng.choice((1, 1, 1, 2, 2, 3))))


def _name(rng: random.Random, origin: Origin, ends: tuple[str, ...]) -> str:
    return f"{rng.choice(origin.starts)}{rng.choice(origin.middles)}{rng.choice(ends)}"
