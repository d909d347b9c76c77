"""Korean specimens."""

from __future__ import annotations

import pytest

from lab.specimens import draw


@pytest.mark.parametrize("kind", draw.KOREAN_KINDS)
def test_the_same_seed_draws_the_same_picture(kind: str) -> None:
    assert draw.specimen(kind, "hard", 7).picture == draw.specimen(kind, "hard", 7).picture


def test_a_card_names_the_boxes_of_what_it_prints() -> None:
    specimen = draw.specimen("driver", "hard", 3)
    assert {"licence_number", "name", "resident_number", "issue_date", "issuer"} <= set(specimen.box_names)
    assert len(specimen.box_names) == len(specimen.line_boxes)


def test_an_old_passport_repeats_its_personal_number_in_the_zone() -> None:
    numbers = [draw.specimen("kor-passport", "hard", seed) for seed in range(4)]
    assert all(one.values["personal_number"] in one.truth_lines[1] for one in numbers)
