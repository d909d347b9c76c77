"""What a Malaysian identity card says: fictitious people, numbers and addresses. Nothing is drawn here."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from lab.specimens import people


@dataclass(frozen=True, slots=True)
class _State:
    """A state as cards print it."""

    spellings: tuple[str, ...]  #: the usual one first
    birth_codes: str  #: place-of-birth codes, as the registration department assigns them
    towns: str  #: `postcode district`, separated by `;`; public knowledge


_STATES: tuple[_State, ...] = (
    _State(
        ("JOHOR",),
        "01 21 22 23 24",
        (
            "80000 JOHOR BAHRU;81300 SKUDAI;83000 BATU PAHAT;84000 MUAR;85000 SEGAMAT;86000 KLUANG;"
            "81700 PASIR GUDANG;82000 PONTIAN;81750 MASAI;81900 KOTA TINGGI;86800 MERSING"
        ),
    ),
    _State(
        ("KEDAH", "KEDAH DARUL AMAN"),
        "02 25 26 27",
        (
            "05000 ALOR SETAR;08000 SUNGAI PETANI;09000 KULIM;06000 JITRA;07000 LANGKAWI;09100 BALING;"
            "08300 GURUN;06700 PENDANG"
        ),
    ),
    _State(
        ("KELANTAN", "KELANTAN DARUL NAIM"),
        "03 28 29",
        (
            "15000 KOTA BHARU;17000 PASIR MAS;16800 PASIR PUTEH;18500 MACHANG;17500 TANAH MERAH;"
            "18000 KUALA KRAI;16150 KOTA BHARU;18300 GUA MUSANG"
        ),
    ),
    _State(
        ("MELAKA",),
        "04 30",
        "75000 MELAKA;78000 ALOR GAJAH;77000 JASIN;75450 AYER KEROH;76100 DURIAN TUNGGAL",
    ),
    _State(
        ("NEGERI SEMBILAN", "N. SEMBILAN"),
        "05 31 59",
        (
            "70000 SEREMBAN;71000 PORT DICKSON;72000 KUALA PILAH;71800 NILAI;73000 TAMPIN;72100 BAHAU;"
            "70400 SEREMBAN;71700 MANTIN"
        ),
    ),
    _State(
        ("PAHANG", "PAHANG DARUL MAKMUR"),
        "06 32 33",
        (
            "25000 KUANTAN;28000 TEMERLOH;28700 BENTONG;27200 KUALA LIPIS;26600 PEKAN;39000 TANAH RATA;"
            "27600 RAUB;27000 JERANTUT;26700 MUADZAM SHAH"
        ),
    ),
    _State(
        ("PULAU PINANG", "P. PINANG"),
        "07 34 35",
        (
            "10000 GEORGE TOWN;11900 BAYAN LEPAS;14000 BUKIT MERTAJAM;13000 BUTTERWORTH;"
            "13200 KEPALA BATAS;14300 NIBONG TEBAL;11700 GELUGOR;13600 PERAI"
        ),
    ),
    _State(
        ("PERAK", "PERAK DARUL RIDZUAN"),
        "08 36 37 38 39",
        (
            "30000 IPOH;34000 TAIPING;36000 TELUK INTAN;32000 SITIAWAN;33000 KUALA KANGSAR;35000 TAPAH;"
            "31900 KAMPAR;31000 BATU GAJAH;34200 PARIT BUNTAR"
        ),
    ),
    _State(
        ("PERLIS", "PERLIS INDERA KAYANGAN"),
        "09 40",
        "01000 KANGAR;02600 ARAU;02000 KUALA PERLIS;02100 PADANG BESAR",
    ),
    _State(
        ("SELANGOR", "SELANGOR DARUL EHSAN"),
        "10 41 42 43 44",
        (
            "40000 SHAH ALAM;43000 KAJANG;47800 PETALING JAYA;41000 KLANG;48000 RAWANG;"
            "43650 BANDAR BARU BANGI;68100 BATU CAVES;47100 PUCHONG;45000 KUALA SELANGOR;"
            "43300 SERI KEMBANGAN;68000 AMPANG;42700 BANTING;48300 RAWANG"
        ),
    ),
    _State(
        ("TERENGGANU",),
        "11 45 46",
        ("20000 KUALA TERENGGANU;24000 KEMAMAN;22000 JERTEH;23000 DUNGUN;21600 MARANG;21700 KUALA BERANG"),
    ),
    _State(
        ("SABAH",),
        "12 47 48 49",
        (
            "88000 KOTA KINABALU;90000 SANDAKAN;91000 TAWAU;89000 KENINGAU;91100 LAHAD DATU;"
            "89500 PENAMPANG;89150 KOTA BELUD;88450 KOTA KINABALU"
        ),
    ),
    _State(
        ("SARAWAK",),
        "13 50 51 52 53",
        (
            "93000 KUCHING;96000 SIBU;98000 MIRI;97000 BINTULU;94300 KOTA SAMARAHAN;95000 SRI AMAN;"
            "96100 SARIKEI;93350 KUCHING"
        ),
    ),
    _State(
        (
            "W.P. KUALA LUMPUR",
            "W. PERSEKUTUAN (KL)",
            "WILAYAH PERSEKUTUAN",
            "W. PERSEKUTUAN(KL)",
            "WILAYAH PERSEKUTUAN (KL)",
            "W.P.KUALA LUMPUR",
            "WP KUALA LUMPUR",
            "KUALA LUMPUR",
            "W.PERSEKUTUAN (KL)",
        ),
        "14 54 55 56 57",
        ("50480 KUALA LUMPUR;57000 KUALA LUMPUR;53300 SETAPAK;52100 KEPONG;58200 KUALA LUMPUR;56000 CHERAS"),
    ),
    _State(
        ("W.P. LABUAN", "W. PERSEKUTUAN (LABUAN)"),
        "15 58",
        "87000 LABUAN;87007 LABUAN",
    ),
    _State(
        ("W.P. PUTRAJAYA", "W. PERSEKUTUAN (PUTRAJAYA)"),
        "16",
        "62000 PUTRAJAYA;62502 PUTRAJAYA",
    ),
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(" "))


_ABROAD = _words("60 61 62 63 64 65 66 67 68 71 72 74 75 76 78 79 83 86 87 91 93 98")
_MALE = (
    "MUHAMMAD",
    "MOHD",
    "AHMAD",
    "MOHAMAD",
    "ABDUL",
    "AZMAN",
    "HAKIM",
    "FARID",
    "IZZUDDIN",
    "SYAFIQ",
    "AMIRUL",
    "ZULKIFLI",
    "HAFIZ",
    "ROSLAN",
    "KHAIRUL",
    "AIMAN",
    "DANIAL",
    "ISKANDAR",
    "FAIZ",
    "NAZRI",
    "JAMAL",
    "RASHID",
)
_FEMALE = (
    "NUR",
    "SITI",
    "NURUL",
    "NOOR",
    "AISYAH",
    "FATIMAH",
    "ZALEHA",
    "AMIRAH",
    "HIDAYAH",
    "IZZATI",
    "ROHANI",
    "SYAHIRAH",
    "NADIA",
    "AZLINA",
    "HALIMAH",
    "MARIAM",
    "FARAH",
    "KHADIJAH",
    "WAN",
    "RAHMAH",
)
_CHINESE_FAMILY = _words("TAN LIM LEE WONG CHAN NG ONG CHONG GOH TEOH YAP LOW KOH CHEAH FOO HO LAU QUAH TEE YEOH")
_CHINESE_GIVEN = _words(
    "WEI MING XIN YI JIA HUI KAH SENG CHEE KEONG SIEW LING MEI YEN BOON HOCK AI PEI SHAN ZHI HAO JUN KIT POH "
    "SUAN GUAN ENG KIM SOON FATT"
)
_INDIAN_MALE = _words("KUMAR RAJESH SURESH GANESAN ARUN PRAKASH VIJAY RAMESH MUTHU SIVA ANAND DINESH THARMA LOGAN")
_INDIAN_FEMALE = _words("PRIYA KAVITHA LAKSHMI SHANTI DEVI MALINI THARANI REVATHI ANJALI SANGEETHA USHA MEENA")
_INDIAN_FATHER = _words("SUBRAMANIAM KRISHNAN MUNIANDY RAMASAMY ARUMUGAM PERUMAL GOVINDASAMY VELU SUPPIAH NADARAJAN")
_DAYAK = _words("JUGAH ENTALAI LANGGI JANTING UNGGAT NYALA BELAYONG MERING DAMPA LIAN USUN KALING GANI SAYANG")
_STREETS = (
    "MERANTI",
    "CEMPAKA",
    "MELATI",
    "KENANGA",
    "SERI INTAN",
    "PERDANA",
    "BAHAGIA",
    "MAWAR",
    "ANGSANA",
    "DAMAI",
    "INDAH",
    "BUKIT JAYA",
    "SEJAHTERA",
    "PERMATA",
    "GEMILANG",
    "RAMBUTAN",
    "DURIAN",
    "MERPATI",
    "HARMONI",
    "KEMUNING",
    "TENGKU AMPUAN",
    "TUN RAZAK",
    "SUNGAI LONG",
    "BATU TIGA",
    "WAWASAN",
    "PUTERI",
    "IMPIAN",
    "SETIA",
    "LANGAT",
    "KERINCHI",
    "USAHAWAN",
    "HANG TUAH",
    "ZAMRUD",
    "DELIMA",
    "FIRDAUS",
    "YAYASAN",
)


@dataclass(frozen=True, slots=True)
class Said:
    """The print of one card, line by line. `values` are the ten fields as `core.documents` names them."""

    sex: str  #: M or F
    is_permanent_resident: bool
    ic_number: str = field(repr=False)
    name_lines: tuple[str, ...] = field(repr=False)
    address_lines: tuple[str, ...] = field(repr=False)  #: streets, then postcode with district, then the state
    religion: str = field(repr=False)
    origin_letter: str  #: H, K or nothing
    values: dict[str, str] = field(repr=False)
    chinese_name: str = field(repr=False, default="")


def invent(chance: random.Random) -> Said:
    """Makes up a card."""
    is_red = chance.random() < 0.1
    home = chance.choice(_STATES)
    spellings, codes, towns = home.spellings, home.birth_codes, home.towns
    state = spellings[0] if chance.random() < 0.5 else chance.choice(spellings)
    postcode, district = chance.choice(towns.split(";")).split(" ", 1)
    if chance.random() < 0.5:
        postcode = postcode[:3] + f"{chance.randrange(100):02d}"
    sex = chance.choice("MF")
    name, religion, chinese = _name(chance, sex, is_dayak="50" in codes or "47" in codes)
    birth_codes = codes.split(" ") if chance.random() < 0.7 else chance.choice(_STATES).birth_codes.split(" ")
    birth_code = chance.choice(_ABROAD) if is_red or chance.random() < 0.04 else chance.choice(birth_codes)
    born = people.day_between(chance, dt.date(1930, 1, 1), dt.date(2012, 12, 31))
    last = chance.randrange(0, 10, 2) + (1 if sex == "M" else 0)
    number = f"{born:%y%m%d}-{birth_code}-{chance.randrange(1, 1000):03d}{last}"
    streets = _streets(chance)
    nationality = "PEMASTAUTIN TETAP" if is_red else "WARGANEGARA"
    address = _address_lines(chance, streets, postcode, district, state)
    values = {
        "ic_number": number,
        "name": name,
        "address_line_1": streets[0],
        "address_line_2": " ".join(streets[1:]),
        "postcode": postcode,
        "district": district,
        "state": state,
        "nationality": nationality,
        "religion": religion,
        "gender": "LELAKI" if sex == "M" else "PEREMPUAN",
    }
    letter = "K" if "50" in codes else "H" if "47" in codes else ""
    lines = _wrapped(name, chance.randrange(17, 29))
    return Said(sex, is_red, number, lines, address, religion, letter, values, chinese)


def _name(chance: random.Random, sex: str, *, is_dayak: bool) -> tuple[str, str, str]:
    """A name, the religion that is printed, and the name in Chinese characters where a card has that line too."""
    kind = chance.random()
    if kind < 0.56:
        return _malay(chance, sex), "ISLAM", ""
    if kind > 0.985:
        return _eurasian(chance), "", ""
    if kind < 0.78:
        given = " ".join(chance.sample(_CHINESE_GIVEN, chance.choice((1, 2, 2, 2))))
        name = f"{chance.choice(_CHINESE_FAMILY)} {given}"
        if chance.random() < 0.1:
            name += f" @ {chance.choice(_CHINESE_FAMILY)} {chance.choice(_CHINESE_GIVEN)}"
        chinese = "".join(chance.sample("林陈李王张黄伟明美玲志强文华", 3)) if chance.random() < 0.15 else ""
        return name, "ISLAM" if chance.random() < 0.04 else "", chinese
    if is_dayak and kind < 0.9:
        return f"{chance.choice(_DAYAK)} {chance.choice(('ANAK', 'AK'))} {chance.choice(_DAYAK)}", "", ""
    given = chance.choice(_INDIAN_MALE if sex == "M" else _INDIAN_FEMALE)
    if chance.random() < 0.3:
        given += f" {chance.choice(_INDIAN_MALE if sex == 'M' else _INDIAN_FEMALE)}"
    father = chance.choice(_INDIAN_FATHER)
    return f"{given} {'A/L' if sex == 'M' else 'A/P'} {father}", "", ""


def _eurasian(chance: random.Random) -> str:
    """A name with an apostrophe or a hyphen, as some are."""
    family = chance.choice(("D'CRUZ", "D'SILVA", "O'NEIL", "DE SOUZA", "PEREIRA", "SANTA MARIA", "LAZAROO"))
    return f"{chance.choice(('ANN-MARIE', 'JEAN-LUC', 'MARY', 'JOSEPH', 'PETER', 'ROSE'))} {family}"


def _malay(chance: random.Random, sex: str) -> str:
    pool = _MALE if sex == "M" else _FEMALE
    if chance.random() < 0.03:
        pool = (*pool, "SYA'BAN", "MA'AROF", "RA'ID", "SA'ADIAH")
    given = " ".join(chance.sample(pool, chance.choice((1, 2, 2, 2, 3))))
    if chance.random() < 0.06:
        given += f" @ {chance.choice(pool)}"
    father = " ".join(chance.sample(_MALE, chance.choice((1, 1, 1, 2, 2))))
    if chance.random() < 0.15:
        father = chance.choice(("HJ ", "HAJI ", "TENGKU ", "SYED ", "WAN ")) + father
    joint = chance.choice(("BIN", "BIN", "BIN", "B.")) if sex == "M" else chance.choice(("BINTI", "BINTI", "BT", "BTE"))
    return f"{given} {joint} {father}"


def _streets(chance: random.Random) -> tuple[str, ...]:
    """One to four lines of an address."""
    number = str(chance.randrange(1, 400))
    if chance.random() < 0.25:
        number += f"-{chance.choice('ABCDE')}" if chance.random() < 0.4 else f"{chance.choice('ABCDEG')}"
    elif chance.random() < 0.2:
        number += f"-{chance.randrange(1, 30)}-{chance.randrange(1, 20)}"
    start = chance.choice(("NO ", "NO. ", "NO ", "LOT ", "", "PT ", "UNIT "))
    road = chance.choice(("JALAN", "JALAN", "JLN", "LORONG", "PERSIARAN", "LRG", "LEBUH"))
    street = f"{road} {chance.choice(_STREETS)}"
    if chance.random() < 0.6:
        street += f" {chance.randrange(1, 30)}"
        if chance.random() < 0.5:
            street += f"/{chance.randrange(1, 20)}{chance.choice(('', '', 'A', 'B', 'C', 'D'))}"
    comma = chance.choice((" ", ", ", ",", " "))
    area = f"{chance.choice(('TAMAN', 'TMN', 'BANDAR', 'DESA', 'SEKSYEN 7', 'FELDA'))} {chance.choice(_STREETS)}"
    village = f"{chance.choice(('KAMPUNG', 'KG', 'KG.', 'KAMPONG'))} {chance.choice(_STREETS)}"
    block = f"{chance.choice(('BLOK', 'BLOCK', 'FLAT', 'PANGSAPURI', 'APARTMENT'))} {chance.choice(_STREETS)}"
    forms: tuple[tuple[str, ...], ...] = (
        (f"{start}{number}{comma}{street}", area),
        (f"{start}{number}{comma}{street}", area),
        (f"{start}{number}{comma}{street}",),
        (f"{start}{number}{comma}{village}",),
        (f"{start}{number}", block, street),
        (f"{start}{number}{comma}{block}", street, area),
        (f"{start}{number}{comma}{street}", area, village),
        (f"{start}{number}", block, street, area),
        (f"TINGKAT {chance.randrange(1, 30)}{comma}{block}", f"{start}{number}{comma}{street}"),
        (f"PETI SURAT {chance.randrange(10, 99999)}", f"PEJABAT POS {chance.choice(_STREETS)}"),
        (f"D/A {chance.choice(('SK', 'SMK', 'BALAI POLIS', 'KEM'))} {chance.choice(_STREETS)}", street),
        (f"{number} {street}",),
        (village,),
        (f"BATU {chance.randrange(2, 30)} {chance.choice(('1/2', '1/4', '3/4'))}", village),
    )
    lines = chance.choice(forms)
    return tuple(line + ("," if comma != " " and chance.random() < 0.15 else "") for line in lines)


def _address_lines(
    chance: random.Random, streets: tuple[str, ...], postcode: str, district: str, state: str
) -> tuple[str, ...]:
    form = chance.random()
    if form < 0.06:
        return (*streets, f"{postcode} {district}{', ' if form < 0.03 else ' '}{state}")
    return (*streets, f"{postcode} {district}", state)


def _wrapped(name: str, width: int) -> tuple[str, ...]:
    """The name on as many lines as `width` characters to a line ask for, three at most."""
    lines = [""]
    for word in name.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width and len(lines) < 3:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return tuple(lines)
