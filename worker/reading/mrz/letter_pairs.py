"""Which letters are beside which in names: odds for the places that no digit guards, felt where print is in doubt."""

from __future__ import annotations

from typing import Final

import numpy as np

from worker.reading.mrz.characters import FILLER, INDEX, LETTERS
from worker.reading.mrz.emissions import Floats

CHARACTERS: Final = LETTERS + FILLER  #: of a name, the order of the table
LEAST, MOST = -2.0, 1.0  #: nats: no pair is rarer or more usual than that, or a rare name would be overruled
STEPS_A_NAT: Final = 3
_WEIGHT: Final = 0.7  #: of what both neighbours say: they say partly the same

#: For every character (row) what each next one gains over its letter alone, in thirds of a nat from LEAST. Counted in
#: names of some 50 countries by `python -m lab.training.letter_pairs`.
_TABLE: Final = (
    "065606543557790468665645768",
    "850392057744008267108176520",
    "605062296174008284024135595",
    "720583258412208166208365775",
    "155625523469682649871777777",
    "732279338626206489238358444",
    "850273487235128266009266435",
    "811082007333517154139145517",
    "659655610677684565872625566",
    "924374226440219480229368451",
    "810062087343309155438166627",
    "852686309438407330337523725",
    "985072038210508650107045533",
    "615972917550046030564016758",
    "064537531547782648755975567",
    "822185187453108985237258442",
    "465538644853524892449899785",
    "655772708354538243477363756",
    "616071097275306780596383577",
    "702082098330008045577364655",
    "486765734677560769871469684",
    "911283209323025262403136435",
    "933295238532217592426369653",
    "665578696854525893466699787",
    "744654314466566473537557548",
    "774574377563417490127468977",
    "599849873996945975872886676",
)


def _gains() -> Floats:
    return np.array([[int(step) for step in row] for row in _TABLE], np.float64) / STEPS_A_NAT + LEAST


_GAINS: Final = _gains()  # (27, 27) nats
_COLUMNS: Final = np.array([INDEX[character] for character in CHARACTERS])
_BEFORE: Final = np.eye(len(CHARACTERS))[-1:]  # a filler stands before a name
_BEHIND: Final = np.zeros((1, len(CHARACTERS)))  # a name that fills its field may be cut short


def favoured(logs: Floats) -> Floats:
    """`logs` (places, 37) of a name, each character gaining by its likely neighbours; what is clear stays clear."""
    seen = logs[:, _COLUMNS]
    shares = np.exp(seen - seen.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    before, behind = np.vstack([_BEFORE, shares[:-1]]), np.vstack([shares[1:], _BEHIND])
    gained = logs.copy()
    gained[:, _COLUMNS] += _WEIGHT * (before @ _GAINS + behind @ _GAINS.T)
    return gained
