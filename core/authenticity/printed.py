"""Printed values brought to one form, so that what was read and what a client sends can be compared. Reads nothing."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

#: Names of months on passports: English, French and the abbreviations that states print.
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "JAN JANV",
            "FEB FEV FEVR",
            "MAR MARS",
            "APR AVR",
            "MAY MAI",
            "JUN JUIN",
            "JUL JUIL",
            "AUG AOUT",
            "SEP SEPT",
            "OCT",
            "NOV",
            "DEC",
        ),
        start=1,
    )
    for name in names.split()
}

#: Older Korean licences print the region as a word. The numbers: police regions, 27 was never given.
LICENCE_REGIONS = {
    "서울": "11",
    "부산": "12",
    "경기": "13",
    "강원": "14",
    "충북": "15",
    "충남": "16",
    "전북": "17",
    "전남": "18",
    "경북": "19",
    "경남": "20",
    "제주": "21",
    "대구": "22",
    "인천": "23",
    "광주": "24",
    "대전": "25",
    "울산": "26",
    "경기북부": "28",
}

_YEAR_FIRST = re.compile(r"((?:19|20)\d\d)\D{0,3}(\d{1,2})\D{0,3}(\d{1,2})\D*")
_DAY_FIRST = re.compile(r"(\d{1,2})\s+(?:\d{1,2}월/)?([A-Z]{3,5})(?:/[A-Z]{3,5})?\s+((?:19|20)\d\d)")


def date_digits(text: str) -> str:
    """`YYYYMMDD` of a printed date (`2015. 3. 20.`, `1990-01-01`, `17 1월/JAN 2024`); empty when it is none."""
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if found := _YEAR_FIRST.fullmatch(plain):
        year, month, day = map(int, found.groups())
    elif (found := _DAY_FIRST.fullmatch(plain)) and found[2] in MONTHS:
        year, month, day = int(found[3]), MONTHS[found[2]], int(found[1])
    else:
        return ""
    try:
        return date(year, month, day).strftime("%Y%m%d")
    except ValueError:
        return ""


def digits(text: str) -> str:
    """The ASCII digits of a text, in order."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign in "0123456789")


def code(text: str) -> str:
    """Letters and digits of a number, upper case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isascii() and sign.isalnum())


def name(text: str) -> str:
    """A name for comparing: no blanks, marks or brackets with Chinese characters, one case."""
    plain = re.sub(r"\([^)]*\)", "", unicodedata.normalize("NFKC", text))
    return "".join(sign for sign in plain.casefold() if sign.isalpha())


def licence_number(text: str) -> str:
    """The 12 digits of a Korean driver's licence, a region printed as a word turned to its number."""
    plain = unicodedata.normalize("NFKC", text).strip()
    for word in sorted(LICENCE_REGIONS, key=len, reverse=True):
        if plain.startswith(word):
            return LICENCE_REGIONS[word] + digits(plain)
    return digits(plain)
