"""From rows of probabilities to a zone: repairs, strangers, misprints, text that is no zone at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.documents import MrzFormat, Repair, Verdict
from lab.benchmarks import simulated_engine
from lab.benchmarks.decoder import garbage, trials
from lab.benchmarks.simulated_engine import LEVELS
from worker.reading.mrz import build, decode, parse
from worker.reading.mrz.characters import ALPHABET, INDEX
from worker.reading.mrz.decode import Decoded
from worker.reading.mrz.line_reading import LineReading

TODAY = date(2026, 1, 1)
PASSPORT = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
KYRGYZ_CARD = ("IDKGZID1234567320101199000123<", "9001011M3001019KGZ<<<<<<<<<<<3", "SPECIMENOV<<ASAN<<<<<<<<<<<<<<")
FRENCH_CARD = ("IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6")
ZONES = (
    PASSPORT,
    KYRGYZ_CARD,
    FRENCH_CARD,
    ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"),
    ("IDBEL600001795<0152<<<<<<<<<<<", "7408122F1204159BEL<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"),
    ("IDD<<T220001293<<<<<<<<<<<<<<<", "6408125<2010315D<<<<<<<<<<<<<4", "MUSTERMANN<<ERIKA<<<<<<<<<<<<<"),
    ("PMKORHONG<<GILDONG<<<<<<<<<<<<<<<<<<<<<<<<<<", "M123A45674KOR9001011M3301018<<<<<<<<<<<<<<08"),
    ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<<8"),
)

Misread = dict[tuple[int, int], tuple[str, float]]  #: at line and column another character with that probability


def seen(lines: Sequence[str], misread: Misread | None = None, sure: float = 0.9999) -> list[LineReading]:
    """What a nearly perfect engine sees; `misread` makes it err."""
    readings = []
    for number, line in enumerate(lines):
        rows = np.full((len(line), len(ALPHABET)), (1 - sure) / (len(ALPHABET) - 1))
        for column, character in enumerate(line):
            rows[column, INDEX[character]] = sure
            other, share = (misread or {}).get((number, column), ("", 0.0))
            if other:
                rows[column, INDEX[character]] = sure * (1 - share)
                rows[column, INDEX[other]] = sure * share
        readings.append(LineReading(np.log(rows).astype(np.float32), (12.0 * np.arange(len(line))).astype(np.float32)))
    return readings


def without(reading: LineReading, *columns: int) -> LineReading:
    """The same line with some places not reported."""
    return LineReading(np.delete(reading.log_probabilities, columns, axis=0), np.delete(reading.centres, columns))


def read(readings: Sequence[LineReading]) -> Decoded:
    found = decode.decode(readings, today=TODAY)
    assert found is not None
    return found


@pytest.mark.parametrize("counts_filler", [False, True])
@pytest.mark.parametrize(
    ("kind", "number"),
    [(MrzFormat.TD2, "G10497434559"), (MrzFormat.TD2, "AB12345678"), (MrzFormat.TD1, "60000179501523")],
)
def test_a_number_that_runs_on_into_the_optional_data_is_held_against_its_digit(
    kind: MrzFormat, number: str, *, counts_filler: bool
) -> None:
    lines = build.build(
        kind,
        document_code="I",
        issuing_state="UTO",
        surname="SPECIMEN",
        given_names="ANNA",
        document_number=number,
        nationality="UTO",
        birth_date="740812",
        sex="F",
        expiry_date="320415",
        counts_long_number_filler=counts_filler,
    )
    clear = read(seen(lines))
    assert clear.lines == lines
    assert clear.is_sure
    assert not clear.is_as_printed
    line = 1 if kind is MrzFormat.TD2 else 0
    column = lines[line].index(number[5])
    other = "3" if number[5] != "3" else "8"
    repaired = read(seen(lines, {(line, column): (other, 0.6)}))
    assert repaired.lines == lines
    assert repaired.repaired == (Repair(line, column, other, number[5]),)


@pytest.mark.parametrize("lines", ZONES, ids=lambda lines: str(lines[0][:5]))
def test_clear_print_is_read_and_accepted_without_a_repair(lines: tuple[str, ...]) -> None:
    found = read(seen(lines))
    assert found.lines == found.raw_lines == lines
    assert found.format is parse.detect(lines)
    assert found.repaired == ()
    assert found.is_sure
    assert not found.is_as_printed
    assert found.confidence > 0.99
    assert found.margin > 4
    assert found.cost < 0.1
    assert found.first_line == 0


def test_every_repaired_place_is_reported() -> None:
    found = read(seen(PASSPORT, {(1, 13): ("Z", 0.6), (1, 0): ("I", 0.6), (0, 5): ("3", 0.6)}))
    assert found.lines == PASSPORT
    assert found.repaired == (Repair(0, 5, "3", "E"), Repair(1, 0, "I", "L"), Repair(1, 13, "Z", "7"))
    assert found.raw_lines[1].startswith("I898902C36UTOZ")


def test_digits_overrule_a_confident_misreading() -> None:
    found = read(seen(PASSPORT, {(1, 1): ("B", 0.95)}))
    assert found.lines == PASSPORT
    assert found.cost > 2.0


def test_a_digit_or_letter_that_no_sum_tells_apart_leaves_no_margin() -> None:
    found = read(seen(PASSPORT, {(1, 36): ("L", 0.45)}))  # B and L have the same value mod 10
    assert found.lines == PASSPORT
    assert found.margin < 1.0
    assert not found.is_sure


def test_a_doubtful_letter_of_a_name_is_not_accepted() -> None:
    found = read(seen(PASSPORT, {(0, 7): ("U", 0.4)}))
    assert found.lines == PASSPORT
    assert not found.is_sure
    assert found.confidence < 0.95
    assert found.certainties[0][7] == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("columns", [(40,), (30, 31, 35), (43,), (38, 39, 40, 41, 42, 43)])
def test_fillers_missed_in_a_run_are_put_back(columns: tuple[int, ...]) -> None:
    first, second = seen(PASSPORT)
    found = read([without(first, *columns), second])
    assert found.lines == PASSPORT
    assert len(found.places[0]) == 44
    assert np.allclose(np.diff(found.places[0]), 12.0)


def test_a_digit_that_was_missed_is_found_by_the_sums() -> None:
    first, second = seen(PASSPORT)
    found = read([first, without(second, 15)])
    assert found.lines == PASSPORT
    assert found.features.missed == 1


def test_a_letter_of_a_name_that_was_missed_is_never_accepted() -> None:
    first, second = seen(PASSPORT)
    assert not read([without(first, 8), second]).is_sure


@pytest.mark.parametrize("side", [-1, 1])
def test_neighbouring_text_is_cut_off(side: int) -> None:
    first, second = seen(PASSPORT)
    more = seen(["SEE"])[0]
    centres = more.centres - 90.0 if side < 0 else more.centres + 580.0
    parts = [(more.log_probabilities, centres), (second.log_probabilities, second.centres)][::-side]
    wide = LineReading(np.vstack([part[0] for part in parts]), np.concatenate([part[1] for part in parts]))
    found = read([first, wide])
    assert found.lines == PASSPORT
    assert found.places[1] == pytest.approx(tuple(second.centres))


def test_lines_of_other_print_around_the_zone_are_passed_over() -> None:
    others = seen(["REPUBLIC<OF<UTOPIA", "PASSPORT<TYPE<P<CODE<UTO<NUMBER<L898902C3"])
    found = read([*others, *seen(PASSPORT), *seen(["PRINTED<IN<UTOPIA"])])
    assert found.lines == PASSPORT
    assert found.first_line == 2
    assert found.is_sure


@pytest.mark.parametrize(
    ("place", "printed"),
    [((1, 9), "7"), ((1, 19), "4"), ((1, 43), "<"), ((1, 3), "4")],
    ids=["number", "birth", "composite", "within"],
)
def test_wrong_print_is_handed_out_as_printed(place: tuple[int, int], printed: str) -> None:
    line, column = place
    lines = [*PASSPORT]
    lines[line] = lines[line][:column] + printed + lines[line][column + 1 :]
    found = read(seen(lines, sure=0.99999))
    assert found.lines == tuple(lines)
    assert found.repaired == ()
    assert found.is_as_printed
    assert found.is_sure
    failed = [c.name for c in parse.parse(found.lines, today=TODAY).checks if c.verdict is Verdict.FAIL]
    assert "composite_check_digit" in failed


def test_a_passport_with_both_last_digits_wrong_stays_a_passport_and_is_handed_out() -> None:
    lines = (PASSPORT[0], PASSPORT[1][:42] + "6<")
    found = read(seen(lines, sure=0.99999))
    assert found.lines == lines
    assert found.format is MrzFormat.TD3
    assert found.is_as_printed
    assert found.confidence > 0.9


def test_digits_printed_for_a_nationality_are_not_turned_into_letters() -> None:
    lines = (PASSPORT[0], PASSPORT[1][:10] + "132" + PASSPORT[1][13:])
    found = read(seen(lines, sure=0.99999))
    assert found.lines == lines
    assert found.confidence > 0.9
    assert not found.is_sure


def test_wrong_print_that_is_seen_badly_is_not_accepted() -> None:
    lines = (PASSPORT[0], PASSPORT[1][:9] + "7" + PASSPORT[1][10:])
    assert not read(seen(lines, sure=0.9)).is_sure


def test_an_impossible_date_is_not_accepted() -> None:
    values = {"surname": "DOE", "given_names": "JO", "document_number": "X1", "nationality": "UTO", "sex": "F"}
    values |= {"issuing_state": "UTO", "expiry_date": "300101"}
    zone = build.build(MrzFormat.TD3, document_code="P", birth_date="900231", **values)
    found = read(seen(zone))
    assert found.lines == zone
    assert not found.is_sure


def test_names_of_the_russian_internal_passport_hold_digits() -> None:
    zone = ("PNRUSIVANOV<<IVAN<8LXI3<<<<<<<<<<<<<<<<<<<<<", "1100000000RUS8008046M<<<<<<<4080812900007<")
    assert len(zone[1]) == 42
    values = {"surname": "X", "given_names": "", "document_number": "110000000", "nationality": "RUS", "sex": "M"}
    values |= {
        "issuing_state": "RUS",
        "birth_date": "800804",
        "expiry_date": "<<<<<<",
        "optional_data": "4080812900007",
    }
    second = build.build(MrzFormat.TD3, document_code="PN", **values)[1]
    found = read(seen((zone[0], second)))
    assert found.lines == (zone[0], second)


def test_an_unknown_code_that_is_clearly_printed_is_kept() -> None:
    zone = ("I<SI<09999100180706966505468<<", "6606079F0807276SI<<<<<<<<<<<<0", "VZOREC<<TINA<<<<<<<<<<<<<<<<<<")
    assert read(seen(zone, sure=0.99999)).lines == zone


def test_a_lone_line_and_no_line_are_no_zone() -> None:
    assert decode.decode([], today=TODAY) is None
    assert decode.decode(seen(PASSPORT)[:1], today=TODAY) is None
    nothing = LineReading(np.empty((0, 37), dtype=np.float32), np.empty(0, dtype=np.float32))
    assert decode.decode([nothing, nothing, nothing], today=TODAY) is None


def test_rows_without_centres_are_refused() -> None:
    reading = seen(PASSPORT)[0]
    with pytest.raises(ValueError, match="centres"):
        decode.decode([LineReading(reading.log_probabilities, reading.centres[:-1])] * 2, today=TODAY)


def test_the_same_readings_give_the_same_text() -> None:
    rng = np.random.default_rng(4)
    readings = simulated_engine.read(rng, PASSPORT, LEVELS["harder"])
    assert decode.decode(readings, today=TODAY) == decode.decode(readings, today=TODAY)


def test_repr_shows_no_value() -> None:
    shown = repr(read(seen(KYRGYZ_CARD, {(1, 0): ("Q", 0.6)})))
    assert not any(secret in shown for secret in ("SPECIMENOV", "20101199000123", "9001011", "'Q'"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.integers(0, 60).flatmap(
            lambda places: st.tuples(
                arrays.arrays(np.float32, (places, 37), elements=st.floats(width=32)),
                arrays.arrays(np.float32, (places,), elements=st.floats(width=32)),
            )
        ),
        max_size=4,
    )
)
def test_no_rows_whatsoever_break_the_decoder(lines: list[tuple[np.ndarray, np.ndarray]]) -> None:  # type: ignore[type-arg]
    found = decode.decode([LineReading(rows, centres) for rows, centres in lines], today=TODAY)
    assert found is None or not found.is_sure


@pytest.mark.parametrize(
    ("level", "count", "exact", "sure"),
    [("clean", 200, 0.995, 0.95), ("phone", 250, 0.96, 0.78), ("hard", 200, 0.84, 0.4), ("harder", 150, 0.6, 0.03)],
)
def test_simulated_readings_are_right_and_none_is_accepted_wrongly(
    level: str, count: int, exact: float, sure: float
) -> None:
    done = list(trials(LEVELS[level], count, seed=20260101))
    accepted = [trial for trial in done if trial.decoded is not None and trial.decoded.is_sure]
    assert all(trial.is_right for trial in accepted)
    assert sum(trial.is_right for trial in done) >= exact * count
    assert len(accepted) >= sure * count


def test_misprints_are_never_corrected_and_accepted() -> None:
    done = list(trials(LEVELS["phone"], 150, seed=5, misprints=1.0))
    accepted = [trial for trial in done if trial.decoded is not None and trial.decoded.is_sure]
    assert all(trial.is_right for trial in accepted)
    assert sum(trial.is_right for trial in done) >= 0.8 * len(done)


def test_noise_and_ordinary_text_are_never_accepted() -> None:
    assert not any(found is not None and found.is_sure for found in garbage(300, seed=9))


def test_a_letter_that_names_have_there_is_taken_and_not_accepted_for_that() -> None:
    lines = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<<8")
    found = read(seen(lines, {(0, 7): ("Z", 0.6)}))
    assert found.lines == lines
    assert not found.is_sure
    assert not read(seen(lines, {(0, 7): ("Z", 0.2)})).is_sure
