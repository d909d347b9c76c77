"""What is known of Malaysian places: birth codes, states and their spellings, postcodes. Data only."""

from __future__ import annotations

#: Place-of-birth codes that the National Registration Department has not assigned; all other pairs are in use.
UNASSIGNED_BIRTH_CODES = frozenset(
    "00 17 18 19 20 69 70 73 80 81 94 95 96 97".split()  # noqa: SIM905 - reads better
)

#: Spellings of each state as cards print them, the usual one first.
STATES: dict[str, tuple[str, ...]] = {
    "JOHOR": ("JOHOR", "JOHOR DARUL TAKZIM", "JOHOR DARUL TA'ZIM"),
    "KEDAH": ("KEDAH", "KEDAH DARUL AMAN"),
    "KELANTAN": ("KELANTAN", "KELANTAN DARUL NAIM"),
    "MELAKA": ("MELAKA", "MALACCA"),
    "NEGERI SEMBILAN": ("NEGERI SEMBILAN", "N. SEMBILAN", "N.SEMBILAN", "NEGERI SEMBILAN DARUL KHUSUS"),
    "PAHANG": ("PAHANG", "PAHANG DARUL MAKMUR"),
    "PULAU PINANG": ("PULAU PINANG", "P. PINANG", "P.PINANG", "PENANG"),
    "PERAK": ("PERAK", "PERAK DARUL RIDZUAN"),
    "PERLIS": ("PERLIS", "PERLIS INDERA KAYANGAN"),
    "SELANGOR": ("SELANGOR", "SELANGOR DARUL EHSAN"),
    "TERENGGANU": ("TERENGGANU", "TERENGGANU DARUL IMAN"),
    "SABAH": ("SABAH",),
    "SARAWAK": ("SARAWAK",),
    "KUALA LUMPUR": (
        "W.P. KUALA LUMPUR",
        "W.P.KUALA LUMPUR",
        "WP KUALA LUMPUR",
        "W. PERSEKUTUAN (KL)",
        "W. PERSEKUTUAN(KL)",
        "W.PERSEKUTUAN(KL)",
        "W.PERSEKUTUAN (KL)",
        "W PERSEKUTUAN (KL)",
        "W PERSEKUTUAN(KL)",
        "WILAYAH PERSEKUTUAN",
        "WILAYAH PERSEKUTUAN (KL)",
        "WILAYAH PERSEKUTUAN KL",
        "WILAYAH PERSEKUTUAN (KUALA LUMPUR)",
        "WILAYAH PERSEKUTUAN KUALA LUMPUR",
        "W. PERSEKUTUAN (KUALA LUMPUR)",
        "W. PERSEKUTUAN KUALA LUMPUR",
        "W.P KUALA LUMPUR",
        "W.P. (KL)",
        "KUALA LUMPUR",
    ),
    "LABUAN": (
        "W.P. LABUAN",
        "WP LABUAN",
        "W. PERSEKUTUAN (LABUAN)",
        "W. PERSEKUTUAN(LABUAN)",
        "W.PERSEKUTUAN(LABUAN)",
        "W.PERSEKUTUAN (LABUAN)",
        "W. PERSEKUTUAN LABUAN",
        "WILAYAH PERSEKUTUAN LABUAN",
        "WILAYAH PERSEKUTUAN (LABUAN)",
        "LABUAN",
    ),
    "PUTRAJAYA": (
        "W.P. PUTRAJAYA",
        "WP PUTRAJAYA",
        "W. PERSEKUTUAN (PUTRAJAYA)",
        "W. PERSEKUTUAN(PUTRAJAYA)",
        "W.PERSEKUTUAN(PUTRAJAYA)",
        "W.PERSEKUTUAN (PUTRAJAYA)",
        "W. PERSEKUTUAN PUTRAJAYA",
        "WILAYAH PERSEKUTUAN PUTRAJAYA",
        "WILAYAH PERSEKUTUAN (PUTRAJAYA)",
        "PUTRAJAYA",
    ),
}

SPELLINGS: dict[str, str] = {spelling: state for state, all_ in STATES.items() for spelling in all_}

#: Log probability that frames of faint print must speak more for a spelling without the stops that others have.
RARER: dict[str, float] = {
    spelling: 4.0 for spelling in SPELLINGS if spelling.startswith(("WP ", "W.P ", "W PERSEKUTUAN"))
}

#: First and last two digits of a state's postcodes (AsyrafHussin/malaysia-postcodes, MIT). Areas cross borders:
#: plausible, no proof.
_POSTCODES: dict[str, str] = {
    "PERLIS": "01-02",
    "KEDAH": "05-09 14 34",
    "PULAU PINANG": "10-14",
    "KELANTAN": "15-18",
    "TERENGGANU": "20-24",
    "PAHANG": "25-28 39 49 69",
    "PERAK": "30-36",
    "SELANGOR": "40-48 63-64 68 55",
    "KUALA LUMPUR": "50-60",
    "PUTRAJAYA": "62",
    "NEGERI SEMBILAN": "70-73",
    "MELAKA": "75-78",
    "JOHOR": "79-86",
    "LABUAN": "87",
    "SABAH": "88-91",
    "SARAWAK": "93-98",
}


def is_postcode_of(postcode: str, state: str) -> bool:
    """True when a five-digit postcode is one that `state` (a key of STATES) uses."""
    area = int(postcode[:2])
    spans = [span.split("-") for span in _POSTCODES[state].split()]
    return any(int(span[0]) <= area <= int(span[-1]) for span in spans)
