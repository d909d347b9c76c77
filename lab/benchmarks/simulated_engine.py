"""A seeded OCR engine without pictures: machine readable zones in, rows of probabilities with known faults out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.documents import MrzFormat
from worker.reading.mrz import build, states
from worker.reading.mrz.characters import ALPHABET, DIGITS, FILLER, INDEX, LETTERS
from worker.reading.mrz.line_reading import LineReading

Floats = npt.NDArray[np.float64]

#: How alike two characters look, 0..1, in OCR-B and in Courier.
ALIKE = {
    "0O": 0.85, "0D": 0.75, "OD": 0.75, "0Q": 0.65, "OQ": 0.75, "1I": 0.8, "1L": 0.6, "1T": 0.5, "IT": 0.6, "IL": 0.5,
    "2Z": 0.8, "8B": 0.75, "5S": 0.75, "6G": 0.7, "KX": 0.65, "<K": 0.6, "<C": 0.5, "<E": 0.4, "UV": 0.6, "VY": 0.6,
    "MN": 0.6, "MW": 0.5, "EF": 0.6, "PR": 0.6, "CG": 0.6, "CO": 0.55, "38": 0.5, "3B": 0.45, "17": 0.55, "4A": 0.5,
    "HN": 0.55, "DO": 0.75, "UO": 0.5, "09": 0.4, "89": 0.4, "68": 0.5, "56": 0.45, "S8": 0.5, "RK": 0.5, "7Z": 0.4,
    "7T": 0.45, "0U": 0.4, "XY": 0.45, "FP": 0.5, "BE": 0.45, "BR": 0.45, "IJ": 0.4, "<L": 0.4, "LE": 0.4, "QG": 0.4,
}  # fmt: skip


def _templates() -> Floats:
    alike = np.eye(len(ALPHABET))
    for pair, share in ALIKE.items():
        one, other = pair[0], pair[1]
        alike[INDEX[one], INDEX[other]] = alike[INDEX[other], INDEX[one]] = share
    values, vectors = np.linalg.eigh(alike)
    return np.asarray(
        vectors * np.sqrt(np.maximum(values, 1e-3))
    )  # rows: one template per character, their products are `alike`


_TEMPLATES = _templates()


@dataclass(frozen=True, slots=True)
class Noise:
    """How badly the simulated engine sees."""

    strength: float  #: distance of unlike characters in standard deviations of the noise
    smudges: float = 0.0  #: per line, how many stretches of two to four places are hardly seen
    lost_fillers: float = 0.0  #: per filler inside a run, how often no place is reported
    lost: float = 0.0  #: per other character
    strangers: float = 0.0  #: per end of a line, how often up to three places of other print are reported
    doubles: float = 0.0  #: per character, how often it is reported twice, too close
    closes_gaps: float = 0.0  #: per line, how often the centres do not show what was lost
    sureness: float = 1.0  #: 1: probabilities are true; above: the engine is too sure; below: too modest


LEVELS: dict[str, Noise] = {
    "clean": Noise(strength=14.0, lost_fillers=0.002, strangers=0.01),
    "phone": Noise(strength=9.5, smudges=0.02, lost_fillers=0.01, lost=0.0002, strangers=0.03, doubles=0.0005),
    "hard": Noise(
        strength=7.5, smudges=0.1, lost_fillers=0.03, lost=0.0005, strangers=0.08, doubles=0.002, closes_gaps=0.02
    ),
    "harder": Noise(
        strength=6.0, smudges=0.2, lost_fillers=0.06, lost=0.002, strangers=0.15, doubles=0.005, closes_gaps=0.05
    ),
    "too sure": Noise(strength=8.0, smudges=0.05, lost_fillers=0.02, lost=0.0003, strangers=0.05, sureness=2.0),
    "too modest": Noise(strength=9.0, smudges=0.05, lost_fillers=0.02, lost=0.0003, strangers=0.05, sureness=0.5),
}


def zone(rng: np.random.Generator, mrz_format: MrzFormat | None = None) -> tuple[str, ...]:
    """A random machine readable zone with right digits, of a random layout unless one is asked for."""
    kinds = list(MrzFormat)
    chosen = mrz_format or kinds[int(rng.choice(len(kinds), p=[0.3, 0.12, 0.38, 0.08, 0.04, 0.08]))]
    while True:
        try:
            return build.build(chosen, **_values(rng, chosen))  # type: ignore[arg-type]
        except ValueError:  # a value too long for its field: draw again
            continue


def _values(rng: np.random.Generator, mrz_format: MrzFormat) -> dict[str, object]:
    countries = [*sorted(states.COUNTRIES), "D", "UTO", "XXA"]
    state = str(rng.choice(countries))
    nationality = state if rng.random() < 0.85 else str(rng.choice(countries))
    is_french = mrz_format is MrzFormat.FRENCH_ID
    values: dict[str, object] = {
        "document_code": _code(rng, mrz_format),
        "issuing_state": "FRA" if is_french else state,
        "surname": _name(rng, 1 if rng.random() < 0.85 else 2),
        "given_names": _name(rng, int(rng.choice([0, 1, 2, 3], p=[0.02, 0.5, 0.4, 0.08]))),
        "document_number": _number(rng, mrz_format),
        "nationality": nationality,
        "birth_date": _date(rng, 0, 99),
        "sex": str(rng.choice(list("MF<"), p=[0.49, 0.49, 0.02])),
        "expiry_date": "" if is_french else _date(rng, 20, 40),
        "optional_data": _optional(rng, mrz_format),
        "empty_personal_number_check": str(rng.choice(["0", "<"])),
        "counts_long_number_filler": bool(rng.random() < 0.3),
    }
    if mrz_format is MrzFormat.TD1 and rng.random() < 0.2:
        values["optional_data_2"] = _characters(rng, DIGITS, int(rng.integers(1, 12)))
    return values


def _code(rng: np.random.Generator, mrz_format: MrzFormat) -> str:
    if mrz_format is MrzFormat.FRENCH_ID:
        return "ID"
    first = {MrzFormat.TD3: "P", MrzFormat.MRV_A: "V", MrzFormat.MRV_B: "V"}.get(mrz_format) or str(
        rng.choice(["I", "A", "C"], p=[0.8, 0.1, 0.1])
    )
    return first + (FILLER if rng.random() < 0.5 else str(rng.choice(list("DMPORESAC"))))


def _number(rng: np.random.Generator, mrz_format: MrzFormat) -> str:
    if mrz_format is MrzFormat.FRENCH_ID:
        return f"{rng.integers(88, 99):02}{rng.integers(1, 13):02}{rng.integers(1, 960):03}{rng.integers(0, 99999):05}"
    if mrz_format in (MrzFormat.TD1, MrzFormat.TD2) and rng.random() < 0.12:
        return _characters(rng, DIGITS, int(rng.integers(10, 13)))
    shape = rng.random()
    if shape < 0.45:
        return _characters(rng, DIGITS, 9)
    if shape < 0.85:
        letters = int(rng.integers(1, 3))
        return _characters(rng, LETTERS, letters) + _characters(rng, DIGITS, int(rng.integers(6, 10 - letters)))
    return _characters(rng, DIGITS + LETTERS, 9)


def _optional(rng: np.random.Generator, mrz_format: MrzFormat) -> str:
    if mrz_format is MrzFormat.FRENCH_ID:
        return _characters(rng, DIGITS, 6)
    if rng.random() < 0.55:
        return ""
    return _characters(rng, DIGITS if rng.random() < 0.7 else DIGITS + LETTERS, int(rng.integers(5, 15)))


def _date(rng: np.random.Generator, first: int, last: int) -> str:
    return f"{rng.integers(first, last + 1):02}{rng.integers(1, 13):02}{rng.integers(1, 29):02}"


def _characters(rng: np.random.Generator, alphabet: str, count: int) -> str:
    return "".join(rng.choice(list(alphabet), size=count))


def _name(rng: np.random.Generator, parts: int) -> str:
    return " ".join(
        "".join(str(rng.choice(list("BCDFGHJKLMNPRSTVZ"))) + str(rng.choice(list("AEIOUY"))) for _ in range(syllables))
        + (str(rng.choice(list("NRSKVX"))) if rng.random() < 0.5 else "")
        for syllables in rng.integers(1, 5, size=parts)
    )


def misprinted(rng: np.random.Generator, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The same zone with another digit at one place that holds a digit, as on a faulty print."""
    places = [(line, at) for line, text in enumerate(lines) for at, seen in enumerate(text) if seen in DIGITS]
    line, at = places[int(rng.integers(len(places)))]
    other = str(rng.choice([digit for digit in DIGITS if digit != lines[line][at]]))
    text = lines[line][:at] + other + lines[line][at + 1 :]
    return (*lines[:line], text, *lines[line + 1 :])


def read(rng: np.random.Generator, lines: Sequence[str], noise: Noise) -> list[LineReading]:
    """What the engine sees on each line."""
    return [_read_line(rng, line, noise) for line in lines]


def rows(rng: np.random.Generator, text: str, strengths: Floats, sureness: float = 1.0) -> Floats:
    """(len(text), 37) log probabilities: the true posterior of a noisy look at each character, made surer."""
    true = np.array([INDEX[character] for character in text], dtype=np.intp)
    seen = _TEMPLATES[true] * strengths[:, None] + rng.standard_normal((len(text), len(ALPHABET)))
    logs = (
        strengths[:, None] * (seen @ _TEMPLATES.T)
        - 0.5 * (strengths[:, None] * np.linalg.norm(_TEMPLATES, axis=1)) ** 2
    )
    logs = logs - logs.max(axis=1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    logs = logs * sureness
    logs -= logs.max(axis=1, keepdims=True)
    return np.asarray(logs - np.log(np.exp(logs).sum(axis=1, keepdims=True)))


def _read_line(rng: np.random.Generator, line: str, noise: Noise) -> LineReading:
    strengths = noise.strength * rng.uniform(0.85, 1.25, size=len(line))
    for _ in range(rng.poisson(noise.smudges)):
        start = int(rng.integers(len(line)))
        strengths[start : start + int(rng.integers(2, 5))] *= rng.uniform(0.1, 0.6)
    logs = rows(rng, line, strengths, noise.sureness)
    pitch, drift = rng.uniform(8, 30), rng.uniform(-0.2, 0.2)
    steps = pitch * (1 + drift * (np.arange(len(line)) / len(line) - 0.5))
    centres = np.cumsum(steps) + rng.normal(0, 0.06 * pitch, size=len(line))
    kept = _kept(rng, line, noise)
    if rng.random() < noise.closes_gaps:
        centres[kept] = np.linspace(centres[0], centres[-1], len(kept))
    logs, centres = logs[kept], centres[kept]
    doubled = np.flatnonzero(rng.random(len(kept)) < noise.doubles)
    logs = np.insert(logs, doubled + 1, rows(rng, _anything(rng, len(doubled)), np.full(len(doubled), 3.0)), axis=0)
    centres = np.insert(centres, doubled + 1, centres[doubled] + 0.35 * pitch)
    return _with_strangers(rng, logs, centres, pitch, noise)


def _kept(rng: np.random.Generator, line: str, noise: Noise) -> npt.NDArray[np.intp]:
    share = [
        noise.lost_fillers
        if character == FILLER and FILLER in (line[at - 1 : at], line[at + 1 : at + 2])
        else noise.lost
        for at, character in enumerate(line)
    ]
    return np.flatnonzero(rng.random(len(line)) >= np.array(share)).astype(np.intp)


def _with_strangers(rng: np.random.Generator, logs: Floats, centres: Floats, pitch: float, noise: Noise) -> LineReading:
    for side in (-1, 1):
        if rng.random() >= noise.strangers:
            continue
        count = int(rng.integers(1, 4))
        more = rows(rng, _anything(rng, count), rng.uniform(1.0, noise.strength, size=count), noise.sureness)
        away = pitch * (rng.uniform(0.8, 4.0) + np.arange(count) * rng.uniform(0.8, 1.2))
        if side < 0:
            logs, centres = np.vstack([more, logs]), np.concatenate([centres[0] - away[::-1], centres])
        else:
            logs, centres = np.vstack([logs, more]), np.concatenate([centres, centres[-1] + away])
    return LineReading(logs.astype(np.float32), centres.astype(np.float32))


def _anything(rng: np.random.Generator, count: int) -> str:
    return _characters(rng, ALPHABET, count)


def noise_line(rng: np.random.Generator) -> LineReading:
    """Places without any print: peaked or flat rows at a steady pitch."""
    count, peak = int(rng.integers(20, 50)), float(rng.choice([0.02, 0.1, 0.5, 5.0]))
    shares = rng.dirichlet(np.full(len(ALPHABET), peak), size=count)
    return LineReading(np.log(shares + 1e-9).astype(np.float32), (12.0 * np.arange(count)).astype(np.float32))


def text_line(rng: np.random.Generator, noise: Noise) -> LineReading:
    """A line of ordinary print: words, numbers, now and then a filler for a blank."""
    words: list[str] = []
    while sum(len(word) + 1 for word in words) < rng.integers(20, 46):
        words.append(_name(rng, 1) if rng.random() < 0.75 else _characters(rng, DIGITS, int(rng.integers(1, 9))))
    blank = FILLER if rng.random() < 0.5 else ""
    return _read_line(rng, blank.join(words)[:50], noise)
