"""The two engines of digits, on clear print."""

from __future__ import annotations

import pytest

from worker.reading.cards import digit_lines, digit_reading


@pytest.mark.parametrize("engine", [digit_lines.engine, digit_lines.careful])
def test_both_engines_read_clear_print(sheet, engine):
    row = sheet.letter("4242 4242 4242 4242", 60, 150)
    read = digit_reading.read(sheet.pyramid.read_by(engine()), row)
    assert "".join(one.text for one in read.characters) == "4242" * 4


def test_a_picture_is_read_by_the_engine_it_was_made_for(sheet):
    assert sheet.pyramid.reader is digit_lines.engine()
    assert sheet.pyramid.read_by(digit_lines.careful()).reader is digit_lines.careful()
    assert digit_lines.engine().name != digit_lines.careful().name
