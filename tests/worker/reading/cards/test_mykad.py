"""MyKads read from pictures, end to end, and pictures of other things."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from core.documents import DocumentKind, Reading
from lab.specimens import draw, grounds
from worker.reading import read
from worker.reading.cards import mykad

OPTIONS = read.ReadingOptions(compress=False)


@cache
def reading_of(kind: str, level: str, seed: int, document: DocumentKind = DocumentKind.MYKAD) -> Reading:
    return read.read(draw.specimen(kind, level, seed).picture, document=document, options=OPTIONS)


@pytest.mark.parametrize(("level", "seed"), [("clean", 3), ("phone", 5), ("turned", 2)])
def test_number_and_words_of_a_mykad_are_read(level: str, seed: int) -> None:
    specimen, reading = draw.specimen("mykad", level, seed), reading_of("mykad", level, seed)
    assert reading.failure is None
    assert reading.document_type == "mykad"
    for name in ("ic_number", "postcode", "nationality", "gender"):
        assert reading.fields[name].value == specimen.values[name]


def test_boxes_lie_on_the_print() -> None:
    specimen, reading = draw.specimen("mykad", "phone", 5), reading_of("mykad", "phone", 5)
    found = reading.fields["ic_number"].box
    assert found is not None
    true = np.array(specimen.line_boxes[specimen.box_names.index("ic_number")])
    height = np.linalg.norm(true[3] - true[0])
    assert np.abs(np.array(found).mean(axis=0) - true.mean(axis=0)).max() < height


def test_auto_finds_the_mykad_by_itself() -> None:
    assert reading_of("mykad", "clean", 3, DocumentKind.AUTO).document_type == "mykad"


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("no-mrz", "phone"),
        ("td3", "clean"),
        ("td1", "blank"),
        ("td1-kgz", "phone"),
        (draw.KOREAN_KINDS[0], "phone"),
        (draw.KOREAN_KINDS[1], "clean"),
        (draw.PAYMENT_CARD, "phone"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_other_things_give_a_reason_and_no_field(kind: str, level: str, seed: int) -> None:
    reading = reading_of(kind, level, seed)
    assert reading.failure is not None
    assert reading.failure.detail
    assert reading.fields == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_desk_or_a_page_of_text_gives_a_reason_and_no_field(seed: int) -> None:
    random = np.random.default_rng(seed)
    ground = grounds.text_page(random, (700, 500)) if seed % 2 else grounds.lay(random, (500, 700))
    picture = cv2.imencode(".jpg", ground)[1].tobytes()
    reading = read.read(picture, document=DocumentKind.MYKAD, options=OPTIONS)
    assert reading.failure is not None
    assert reading.fields == {}


SURE = SimpleNamespace(confidence=1.0)


def test_a_card_that_is_handed_out_goes_before_one_that_tells_more_and_is_not() -> None:
    sure, refused = (
        seen(likeness=likeness, pieces=dict.fromkeys(range(count), SURE))
        for likeness, count in ((0.85, 3), (mykad.LEAST_LIKENESS - 0.05, 9))
    )
    assert mykad._rank(sure) > mykad._rank(refused)


def seen(*, likeness: float, pieces: dict, runs_out: bool = False) -> SimpleNamespace:
    front = SimpleNamespace(likeness=likeness, pieces=pieces)
    return SimpleNamespace(front=front, card=SimpleNamespace(sureness=0.0), is_cut_off=runs_out)


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ({}, {}, 0),
        ({"runs_out": True}, {}, 1),  # its print ran out of what was taken for the card
        ({"lacking": "nationality"}, {}, 1),
        ({"lacking": "nationality"}, {"lacking": "state"}, 0),
    ],
)
def test_another_way_to_see_a_card_is_tried_where_print_is_cut_off_or_missing(
    first: dict, second: dict, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["ic_number", "name", "state", "nationality", "gender"]
    sights = [
        seen(
            likeness=0.9,
            pieces={name: SURE for name in names if name != way.get("lacking")},
            runs_out=way.get("runs_out", False),
        )
        for way in (first, second)
    ]
    monkeypatch.setattr(mykad.find, "cards", lambda picture: iter(sights))
    monkeypatch.setattr(mykad.find, "roomier", lambda picture, card: card)
    monkeypatch.setattr(mykad.mykad_sight, "look", lambda card: card if card in sights else sights[0])
    monkeypatch.setattr(mykad.mykad_sight, "runs_out", lambda sight: sight.is_cut_off)
    monkeypatch.setattr(mykad, "_nearer", lambda picture, sight: sight)
    assert mykad.best_sight(np.zeros((1, 1, 3), np.uint8)) is sights[taken]
