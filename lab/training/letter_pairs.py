"""Which letters follow which in names of many countries: prints the table of `worker.reading.mrz.letter_pairs`.

Only counts of pairs are taken, from the lists of names in the package faker (MIT), 40.54.0:
`pip install faker==40.54.0 && python -m lab.training.letter_pairs`.
"""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from worker.reading.mrz import letter_pairs
from worker.reading.mrz.characters import FILLER

_FEWEST = 60  #: names of a country, or it is left out
_LONGEST = 20  #: characters; longer ones are no names
_UNSEEN = 3.0  #: added to every count of 60,000, so that what was not seen is not impossible
_PAIRS = 60_000.0

#: As 9303-3, section 6, writes them; other marks above and below letters are left out.
_WRITTEN = {
    "ß": "SS", "æ": "AE", "ø": "OE", "å": "AA", "ä": "AE", "ö": "OE", "ü": "UE", "ð": "D", "þ": "TH", "ł": "L",
    "đ": "D", "ı": "I", "ə": "E", "œ": "OE", " ": FILLER, "-": FILLER, "'": "", "’": "", "ʻ": "", "`": "", ".": "",
    "а": "A", "б": "B", "в": "V", "г": "G", "ґ": "G", "д": "D", "е": "E", "ё": "E", "є": "IE", "ж": "ZH", "з": "Z",
    "и": "I", "і": "I", "ї": "I", "й": "I", "к": "K", "л": "L", "м": "M", "н": "N", "о": "O", "п": "P", "р": "R",
    "с": "S", "т": "T", "у": "U", "ф": "F", "х": "KH", "ц": "TS", "ч": "CH", "ш": "SH", "щ": "SHCH", "ъ": "IE",
    "ы": "Y", "ь": "", "э": "E", "ю": "IU", "я": "IA",
}  # fmt: skip


def transliterated(name: str) -> str:
    """A name as a zone prints it, empty where a letter has no known form."""
    written = ""
    for character in name.lower():
        base = _WRITTEN.get(character, unicodedata.normalize("NFD", character)[0].upper())
        if any(one not in letter_pairs.CHARACTERS for one in base):
            return ""
        written += base
    return written


def counts(names: set[str]) -> npt.NDArray[np.float64]:
    """(27, 27) how often each character follows each, the fillers around a name included."""
    found = np.zeros((len(letter_pairs.CHARACTERS),) * 2)
    for name in names:
        places = [letter_pairs.CHARACTERS.index(character) for character in FILLER + name + FILLER]
        np.add.at(found, (places[:-1], places[1:]), 1)
    return found


def table(pairs: npt.NDArray[np.float64]) -> list[str]:
    """The rows of the module: what a pair gains over its letters alone, in its steps."""
    shares = pairs / pairs.sum() * _PAIRS + _UNSEEN
    shares /= shares.sum()
    gain = np.log(shares / (shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)))
    gain[-1, -1] = 0.0  # a run of fillers is the grammar's
    steps = np.rint(np.clip(gain, letter_pairs.LEAST, letter_pairs.MOST) * letter_pairs.STEPS_A_NAT)
    return [
        "".join(str(int(step)) for step in row) for row in steps - round(letter_pairs.LEAST * letter_pairs.STEPS_A_NAT)
    ]


def _lists() -> Iterator[set[str]]:
    people = importlib.import_module("faker.providers.person")
    kept: set[frozenset[str]] = set()
    for module in pkgutil.iter_modules(people.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        lists = [getattr(provider, name) for name in dir(provider) if "name" in name and "fix" not in name]
        words = {word for one in lists if isinstance(one, (tuple, list, dict, set)) for word in one}
        names = {transliterated(word) for word in words if isinstance(word, str)}
        names = {name for name in names if 2 <= len(name) <= _LONGEST}
        if len(names) >= _FEWEST and frozenset(names) not in kept:
            kept.add(frozenset(names))  # where a country has none in Latin, all have the same few
            yield names


def main() -> None:
    """Every country counts by the root of its pairs."""
    pairs = np.zeros((len(letter_pairs.CHARACTERS),) * 2)
    for names in _lists():
        mine = counts(names)
        pairs += mine / np.sqrt(mine.sum())
    print("\n".join(table(pairs)))


if __name__ == "__main__":
    main()
