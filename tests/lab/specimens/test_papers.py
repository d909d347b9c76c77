"""What specimens say holds under the rules of their format."""

from __future__ import annotations

import random

import pytest

from lab.specimens import papers
from worker.reading.mrz import check_digits, formats


@pytest.mark.parametrize("kind", papers.FORMATS)
def test_lines_fill_the_layout_and_every_check_digit_holds(kind: str) -> None:
    for seed in range(200):
        paper = papers.issue(kind, random.Random(seed))
        layout = formats.LAYOUTS[paper.format]
        assert [len(line) for line in paper.lines] == [layout.length] * layout.lines
        for guard in layout.guards:
            printed, guarded = guard.span.of(paper.lines), guard.guarded_text(paper.lines)
            is_long_number = guard.name == "document_number_check_digit" and len(paper.values["document_number"]) > 9
            is_blank = guard.may_be_filler and not guarded.strip("<")
            assert check_digits.guards(guarded, printed) or (printed == "<" and (is_long_number or is_blank))


def test_kyrgyz_card_carries_its_pin() -> None:
    paper = papers.issue("td1-kgz", random.Random(0))
    assert paper.lines[0].startswith("IDKGZ")
    assert paper.lines[0][15:29] == paper.values["personal_number"]
    assert paper.lines[0][29] == "<"


def test_kazakh_card_carries_its_iin() -> None:
    paper = papers.issue("td1-kaz", random.Random(0))
    assert paper.lines[0].startswith("IDKAZ")
    assert paper.lines[0][15:27] == paper.values["personal_number"]
    assert paper.values["personal_number"][:6] == paper.lines[1][:6]


def test_long_numbers_run_on_into_the_optional_data() -> None:
    longs = [
        paper
        for paper in (papers.issue("td1", random.Random(seed)) for seed in range(300))
        if len(paper.values["document_number"]) > 9
    ]
    assert longs
    for paper in longs:
        assert paper.lines[0][14] == "<"
        assert paper.lines[0][5:14] + paper.lines[0][15:].split("<")[0][:-1] == paper.values["document_number"]


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        papers.issue("library-card", random.Random(0))
