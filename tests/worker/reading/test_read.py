"""The whole recipe: what is handed out for good pictures, and the reason for the others."""

from __future__ import annotations

import io
import json
from datetime import date
from functools import cache

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.documents import DocumentKind, FailureReason, Reading, Verdict
from lab.specimens import draw
from worker.reading import mrz_fields, read, result

TODAY = date(2026, 11, 1)
OPTIONS = read.ReadingOptions(today=TODAY)


@cache
def drawn(kind: str, level: str = "clean", seed: int = 1) -> draw.Specimen:
    return draw.specimen(kind, level, seed)


def reading_of(content: bytes, document: DocumentKind = DocumentKind.AUTO, **options: object) -> Reading:
    chosen = read.ReadingOptions(today=TODAY, **options) if options else OPTIONS  # type: ignore[arg-type]
    return read.read(content, document=document, options=chosen)


def shown(specimen: draw.Specimen) -> Image.Image:
    return Image.open(io.BytesIO(specimen.picture)).convert("RGB")


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def reason_of(content: bytes) -> FailureReason | None:
    reading = reading_of(content)
    return reading.failure.reason if reading.failure else None


@pytest.mark.parametrize("kind", [kind for kind in draw.KINDS if kind != "no-mrz"])
def test_every_kind_of_document_is_read_exactly(kind: str) -> None:
    specimen = drawn(kind)
    reading = reading_of(specimen.picture)
    assert reading.is_read
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines
    assert reading.mrz.format is specimen.format
    assert all(check.verdict is not Verdict.FAIL for check in reading.mrz.checks if "check_digit" in check.name)


def test_a_reading_tells_document_type_fields_engine_and_times() -> None:
    specimen = drawn("td3")
    reading = reading_of(specimen.picture)
    assert reading.document_type == "passport"
    assert reading.fields["birth_date"].value == specimen.values["birth_date"]
    assert reading.engine
    assert {"decode_picture", "find", "straighten", "recognise", "decode", "total"} <= set(reading.timings_ms)
    assert reading.quality["px_per_character"] > 5
    assert [check.name for check in reading.checks].count(mrz_fields.READ_SURELY) == 1
    assert reading.picture is not None
    assert 0 < reading.picture.compressed_bytes <= 2_500_000


@pytest.mark.parametrize("kind", ["td3", "td1"])
@pytest.mark.parametrize("level", ["clean", "phone"])
def test_boxes_lie_on_the_print(kind: str, level: str) -> None:
    specimen = drawn(kind, level, 4)
    reading = reading_of(specimen.picture)
    assert reading.mrz is not None
    for found, true in zip(reading.mrz.line_boxes, specimen.line_boxes, strict=True):
        height = np.linalg.norm(np.subtract(true[3], true[0]))
        assert np.abs(np.subtract(found, true)).max() < 0.8 * height
    name = reading.fields["surname"]
    assert name.box is not None
    line = np.array(specimen.line_boxes[2 if kind == "td1" else 0])
    assert np.abs(np.array(name.box)[:, 1].mean() - line[:, 1].mean()) < 0.1 * np.ptp(line[:, 0])


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_picture_that_lies_on_its_side_is_read_and_its_boxes_turn_with_it(rotation: int) -> None:
    specimen = drawn("td3")
    reading = reading_of(encoded(shown(specimen).rotate(rotation, expand=True), "PNG"))
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines
    box = np.array(reading.mrz.line_boxes[0])
    forward = box[1] - box[0]
    expected = {90: (0, -1), 180: (-1, 0), 270: (0, 1)}[rotation]
    assert np.dot(forward / np.linalg.norm(forward), expected) > 0.95


@pytest.mark.parametrize("orientation", [2, 4, 5, 7])
def test_a_false_tag_that_mirrors_is_seen_through(orientation: int) -> None:
    """Boxes then run against the reading direction of the mirrored picture that a viewer shows."""
    specimen = drawn("td3")
    tags = Image.Exif()
    tags[0x0112] = orientation
    reading = reading_of(encoded(shown(specimen), quality=92, exif=tags))
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines
    assert reading.picture is not None
    width, height = reading.picture.width, reading.picture.height
    top_left = np.array(reading.mrz.line_boxes[0][0])
    x, y = specimen.line_boxes[0][0]
    x_far, y_far = specimen.width - x, specimen.height - y
    expected = {2: (x_far, y), 4: (x, y_far), 5: (y, x), 7: (y_far, x_far)}[orientation]
    assert np.hypot(*(top_left - expected)) < 0.01 * max(width, height)


def test_a_photograph_of_twelve_megapixels_is_read_and_boxes_are_in_its_pixels() -> None:
    specimen = drawn("td3", "phone", 4)
    factor = 4000 / max(specimen.width, specimen.height)
    large = shown(specimen).resize((round(specimen.width * factor), round(specimen.height * factor)))
    reading = reading_of(encoded(large, quality=88))
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines
    away = np.array(reading.mrz.line_boxes) - factor * np.array(specimen.line_boxes)
    assert np.abs(away).max() < 40
    assert reading.picture is not None
    assert (reading.picture.width, reading.picture.height) == large.size
    assert max(reading.picture.compressed_width, reading.picture.compressed_height) == 2000


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_are_in_pixels_of_the_picture_as_a_viewer_shows_it(orientation: int) -> None:
    """A false EXIF tag turns the picture; it is still read, in the turned picture's pixels."""
    specimen = drawn("td3")
    tags = Image.Exif()
    tags[0x0112] = orientation
    reading = reading_of(encoded(shown(specimen), quality=92, exif=tags))
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines
    assert reading.picture is not None
    assert reading.picture.orientation == orientation
    width, height = reading.picture.width, reading.picture.height
    assert (width, height) == (
        (specimen.height, specimen.width) if orientation != 3 else (specimen.width, specimen.height)
    )
    assert all(0 <= x <= width and 0 <= y <= height for box in reading.mrz.line_boxes for x, y in box)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF"])
def test_the_format_does_not_matter(kind: str) -> None:
    specimen = drawn("td2")
    options = {"quality": 90} if kind == "WEBP" else {}
    reading = reading_of(encoded(shown(specimen), kind, **options))
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines


def test_sixteen_bit_and_cmyk_are_read() -> None:
    specimen = drawn("td2")
    deep = Image.fromarray(np.asarray(shown(specimen).convert("L"), np.uint16) * 257)
    for content in (encoded(deep, "PNG"), encoded(shown(specimen).convert("CMYK"), "JPEG", quality=92)):
        reading = reading_of(content)
        assert reading.mrz is not None
        assert reading.mrz.lines == specimen.truth_lines


def test_the_first_page_of_a_pdf_that_reads_is_taken() -> None:
    specimen = drawn("td3")
    document = pypdfium2.PdfDocument.new()
    document.new_page(595, 842)
    page = document.new_page(595, 842)
    image = pypdfium2.PdfImage.new(document)
    image.load_jpeg(io.BytesIO(encoded(shown(specimen), quality=92)))
    scale = 550 / specimen.width
    image.set_matrix(pypdfium2.PdfMatrix().scale(550, specimen.height * scale).translate(20, 200))
    page.insert_obj(image)
    page.gen_content()
    stream = io.BytesIO()
    document.save(stream)
    reading = reading_of(stream.getvalue())
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines
    assert reading.picture is not None
    assert reading.picture.pages == 2


def test_garbage_behind_a_picture_is_ignored() -> None:
    specimen = drawn("td3")
    reading = reading_of(specimen.picture + b"\x00garbage" * 100_000)
    assert reading.mrz is not None
    assert reading.mrz.lines == specimen.truth_lines


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", FailureReason.UNSUPPORTED_PICTURE),
        (b"plain text, renamed", FailureReason.UNSUPPORTED_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", FailureReason.UNSUPPORTED_PICTURE),
        (b"\xff\xd8\xff\xe0 and then nothing", FailureReason.DAMAGED_PICTURE),
        (encoded(Image.new("RGB", (1, 1)), "PNG"), FailureReason.NO_DOCUMENT),
        (encoded(Image.new("RGB", (800, 600), "white"), "PNG"), FailureReason.NO_DOCUMENT),
    ],
)
def test_what_cannot_be_read_has_its_reason(content: bytes, reason: FailureReason) -> None:
    reading = reading_of(content)
    assert reading.failure is not None
    assert reading.failure.reason is reason
    assert reading.failure.detail
    assert reading.mrz is None
    assert reading.fields == {}
    assert reading.timings_ms["total"] >= 0


def test_too_many_pixels_are_refused() -> None:
    reading = reading_of(drawn("td3").picture, max_pixels=1000)
    assert reading.failure is not None
    assert reading.failure.reason is FailureReason.TOO_MANY_PIXELS
    assert reading.failure.measured["max_pixels"] == 1000


def test_a_truncated_picture_without_its_zone_is_called_damaged() -> None:
    content = encoded(shown(drawn("td3")), quality=92)
    assert reason_of(content[: int(len(content) * 0.65)]) is FailureReason.DAMAGED_PICTURE


def test_a_page_of_ordinary_print_has_no_mrz() -> None:
    page = Image.new("L", (900, 700), "white")
    pen = ImageDraw.Draw(page)
    for row in range(12):
        pen.text((60, 50 + 50 * row), "The quick brown fox jumps over the lazy dog, again", fill="black", font_size=26)
    assert reason_of(encoded(page, "PNG")) is FailureReason.NO_MRZ


@pytest.mark.parametrize("seed", range(4))
def test_a_document_side_without_a_zone_is_given_none(seed: int) -> None:
    reading = reading_of(drawn("no-mrz", "blank", seed).picture)
    assert reading.failure is not None
    assert reading.failure.reason in (FailureReason.NO_MRZ, FailureReason.NO_DOCUMENT)


def test_a_zone_that_is_too_small_says_so_and_where() -> None:
    specimen = drawn("td3")
    scale = 2.4 / (np.linalg.norm(np.subtract(specimen.line_boxes[0][1], specimen.line_boxes[0][0])) / 44)
    size = round(specimen.width * scale), round(specimen.height * scale)
    reading = reading_of(encoded(shown(specimen).resize(size, Image.Resampling.LANCZOS), "PNG"))
    assert reading.failure is not None
    assert reading.failure.reason in (FailureReason.TOO_SMALL, FailureReason.NO_MRZ)


def test_a_blurred_picture_is_never_given_a_wrong_zone() -> None:
    specimen = drawn("td3")
    for radius in (2, 4, 7):
        reading = reading_of(encoded(shown(specimen).filter(ImageFilter.GaussianBlur(radius)), "PNG"))
        assert reading.failure is not None or (reading.mrz is not None and reading.mrz.lines == specimen.truth_lines)


@pytest.mark.parametrize("document", [DocumentKind.MRZ, DocumentKind.ID_CARD])
def test_kinds_with_a_zone_are_read_by_it(document: DocumentKind) -> None:
    assert reading_of(drawn("td1").picture, document).is_read


def test_the_caller_is_told_each_stage_in_order() -> None:
    stages: list[str] = []
    read.read(drawn("td3").picture, document=DocumentKind.AUTO, options=OPTIONS, on_stage=stages.append)
    assert stages == ["compressing", "reading", "parsing"]


def test_nothing_is_compressed_when_nothing_is_to_be_kept() -> None:
    options = read.ReadingOptions(compress=False, today=TODAY)
    stages: list[str] = []
    outcome = read.read_and_keep(
        drawn("td3").picture, document=DocumentKind.AUTO, options=options, on_stage=stages.append
    )
    assert outcome.kept is None
    assert stages == ["reading", "parsing"]
    assert outcome.reading.picture is not None
    assert outcome.reading.picture.compressed_bytes == 0


def test_the_kept_picture_matches_the_facts() -> None:
    outcome = read.read_and_keep(drawn("td3").picture, document=DocumentKind.AUTO, options=OPTIONS)
    facts = outcome.reading.picture
    assert outcome.kept is not None
    assert facts is not None
    assert len(outcome.kept.content) == facts.compressed_bytes
    assert Image.open(io.BytesIO(outcome.kept.content)).size == (facts.compressed_width, facts.compressed_height)


def test_the_same_picture_gives_the_same_reading() -> None:
    first, second = (result.as_json(reading_of(drawn("td1", "phone", 4).picture)) for _ in range(2))
    del first["timings_ms"], second["timings_ms"]
    assert first == second


def test_a_reading_never_shows_a_value_in_its_repr() -> None:
    specimen = drawn("td3")
    outcome = read.read_and_keep(specimen.picture, document=DocumentKind.AUTO, options=OPTIONS)
    told = repr(outcome)
    assert not any(line in told for line in specimen.truth_lines)
    assert specimen.values["surname"] not in told


def test_the_result_is_plain_json_with_every_part() -> None:
    reading = reading_of(drawn("td3").picture)
    told = json.loads(json.dumps(result.as_json(reading)))
    assert set(told) == {
        "document_type", "fields", "mrz", "checks", "quality", "image", "timings_ms", "engine",
    }  # fmt: skip
    assert set(told["fields"]["surname"]) == {"value", "confidence", "box", "source"}
    assert set(told["mrz"]) == {
        "format", "lines", "raw_lines", "checks", "repaired", "confidence", "margin", "box", "line_boxes",
    }  # fmt: skip
    assert set(told["checks"][0]) == {"name", "verdict", "fields"}
    assert len(told["mrz"]["box"]) == 4
    assert told["fields"]["surname"]["source"] == "mrz"


def test_a_failure_is_plain_json() -> None:
    reading = reading_of(b"")
    assert reading.failure is not None
    told = json.loads(json.dumps(result.failure_as_json(reading.failure)))
    assert told["reason"] == "unsupported_picture"
    assert told["box"] is None


@pytest.mark.parametrize(("side", "asked"), [(159, 0), (160, 3)])
def test_readers_of_print_are_not_asked_about_a_thumbnail(monkeypatch, side: int, asked: int) -> None:
    readers = read._READ_BY_PRINT[DocumentKind.AUTO]
    calls: list[int] = []

    def counted(reader):
        return lambda page: (calls.append(page.width), reader(page))[1]

    monkeypatch.setitem(read._READ_BY_PRINT, DocumentKind.AUTO, tuple(counted(reader) for reader in readers))
    stream = io.BytesIO()
    Image.new("RGB", (side, 90), "white").save(stream, "PNG")
    reading = read.read(stream.getvalue(), document=DocumentKind.AUTO, options=read.ReadingOptions())
    assert reading.failure is not None
    assert len(calls) == asked
