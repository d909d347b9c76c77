"""What an engine saw, made comparable: floors, look-alikes folded where a class excludes them. Knows no layout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.reading.mrz.characters import ALPHABET, DIGITS, FILLER, INDEX, LETTERS
from worker.reading.mrz.line_reading import LineReading

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

COLUMNS = len(ALPHABET)
IMPOSSIBLE = -1e9  #: the log probability of a character that may not stand at a place
DOUBT = 5e-6  #: the share of every row spread evenly, so that no engine is surer than this

#: How likely a filler is where the engine saw nothing: beside no filler, beside one, between two. Runs lose them most.
MISSED_FILLER = (0.05, 0.7, 0.97)
MISSED_ROWS = len(MISSED_FILLER)  #: rows behind those of the engine, in this order

#: Print that engines mistake for one another, and how much of its probability crosses where its class is excluded.
LOOKALIKES: dict[str, dict[str, float]] = {
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

PLAIN, DIGITS_ONLY, LETTERS_ONLY = 0, 1, 2  #: the three readings of a row that `folded` stacks


def _fold(targets: str) -> Floats:
    """(37, 37): how the probability of each character (row) is shared out when only `targets` and `<` may stand."""
    matrix = np.eye(COLUMNS)
    for digit, letters in LOOKALIKES.items():
        for letter, share in letters.items():
            source, target = (letter, digit) if targets == DIGITS else (digit, letter)
            matrix[INDEX[source], INDEX[target]] = share
    return matrix


_FOLDS = np.stack([np.eye(COLUMNS), _fold(DIGITS), _fold(LETTERS)])


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
