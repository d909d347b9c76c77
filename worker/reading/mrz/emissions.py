"""What an engine saw, made comparable: floors, look-alikes folded where a class excludes them. Knows no layout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.reading.mrz.characters import ALPHABET, FILLER, INDEX
from worker.reading.mrz.line_reading import LineReading

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

COLUMNS = len(ALPHABET)
IMPOSSIBLE = -1e9  #: the log probability of a character that may not stand at a place
DOUBT = 5e-6  #: the share of every row spread evenly, so that no engine is surer than this

#: How likely a filler is where the engine saw nothing: beside no filler, beside one, between two. Runs lose them most.
MISSED_FILLER = (0.05, 0.7, 0.97)
MISSED_ROWS = len(MISSED_FILLER)  #: rows behind those of the engine, in this order

#: Letters that engines see in the print of a digit, and how much of their probability crosses where a digit stands.
SEEN_IN_DIGITS: dict[str, dict[str, float]] = {
    "0": {"O": 0.9, "D": 0.7, "Q": 0.7, "U": 0.2},
    "1": {"I": 0.9, "L": 0.5, "T": 0.3, "J": 0.2},
    "2": {"Z": 0.8},
    "3": {"J": 0.1, "B": 0.1},
    "4": {"A": 0.4},
    "5": {"S": 0.8},
    "6": {"G": 0.7, "C": 0.1, "E": 0.1},
    "7": {"T": 0.4, "Z": 0.1, "Y": 0.1, "F": 0.1},
    "8": {"B": 0.8, "S": 0.1},
    "9": {"P": 0.1, "Q": 0.1},
}

#: The other way round: how much of a digit's probability crosses to each letter where a letter stands. As likely as
#: the digit is seen in the letter's print, measured on names of drawn documents: a `0` in a name is an O far more often
#: than a D, whatever a D is taken for among digits.
SEEN_IN_LETTERS: dict[str, dict[str, float]] = {
    "0": {"O": 0.9, "U": 0.1, "Q": 0.1, "D": 0.05, "B": 0.05},
    "1": {"I": 0.9, "T": 0.2, "L": 0.1, "J": 0.05},
    "2": {"Z": 0.8, "J": 0.05, "Q": 0.05},
    "3": {"J": 0.1, "S": 0.1, "B": 0.05},
    "4": {"A": 0.4, "Q": 0.1},
    "5": {"S": 0.8, "T": 0.05},
    "6": {"G": 0.6, "S": 0.3, "B": 0.3, "D": 0.3, "E": 0.1, "C": 0.05},
    "7": {"T": 0.6, "Z": 0.1, "Y": 0.1, "X": 0.1, "F": 0.05},
    "8": {"B": 0.8, "S": 0.8, "E": 0.1, "U": 0.05},
    "9": {"Q": 0.1, "P": 0.1, "V": 0.1, "X": 0.1},
}

PLAIN, DIGITS_ONLY, LETTERS_ONLY = 0, 1, 2  #: the three readings of a row that `folded` stacks


def _fold(shares: dict[tuple[str, str], float]) -> Floats:
    """(37, 37): how the probability of each character (row) is shared out, by source and target."""
    matrix = np.eye(COLUMNS)
    for (source, target), share in shares.items():
        matrix[INDEX[source], INDEX[target]] = share
    return matrix


_TO_DIGITS = {(letter, digit): share for digit, seen in SEEN_IN_DIGITS.items() for letter, share in seen.items()}
_TO_LETTERS = {(digit, letter): share for digit, seen in SEEN_IN_LETTERS.items() for letter, share in seen.items()}
_FOLDS = np.stack([np.eye(COLUMNS), _fold(_TO_DIGITS), _fold(_TO_LETTERS)])


def _missed() -> Floats:
    rows = np.empty((MISSED_ROWS, COLUMNS))
    for row, share in zip(rows, MISSED_FILLER, strict=True):
        row[:] = (1 - share) / (COLUMNS - 1)
        row[INDEX[FILLER]] = share
    return rows


def folded(reading: LineReading) -> Floats:
    """(3, places + 3, 37) natural-log probabilities: plain, for digit places, for letter places.

    The last three rows are those of a missed place beside no, one or two fillers. Rows are normalised first, nonsense
    becomes even.
    """
    logs = np.asarray(reading.log_probabilities, dtype=np.float64).reshape(-1, COLUMNS)
    logs = np.nan_to_num(logs, nan=-30.0, posinf=0.0, neginf=-30.0)
    probabilities = np.exp(np.clip(logs - logs.max(axis=1, keepdims=True, initial=-60.0), -60.0, 0.0))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    rows = np.vstack([probabilities * (1 - DOUBT) + DOUBT / COLUMNS, _missed()])
    return np.log(rows @ _FOLDS)  # type: ignore[no-any-return]


def greedy(plain: Floats) -> str:
    """The likeliest character of each row of (places, 37), before any rule."""
    return "".join(ALPHABET[column] for column in plain.argmax(axis=1))
