"""The recipe of a reading, top to bottom: bytes in, a Reading out. A bad picture is an answer, no exception."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from core.documents import DocumentKind, Failure, FailureReason, PictureFacts, Reading
from worker.reading import compress, decode, mrz_fields, quality, reasons, sightings, zone
from worker.reading.cards import mykad, payment
from worker.reading.cards.base import Told
from worker.reading.cards.korean import read as korean
from worker.reading.engines import named
from worker.reading.stopwatch import Stopwatch

_READ_BY_MRZ: Final = frozenset({DocumentKind.MRZ, DocumentKind.ID_CARD, DocumentKind.AUTO})

#: Readers of print, in the order in which they are asked; one joins by its line here.
_READ_BY_PRINT: Final[dict[DocumentKind, tuple[Callable[[decode.Picture], Told], ...]]] = {
    DocumentKind.MYKAD: (mykad.tell_of,),
    DocumentKind.ID_CARD: (korean.tell_of, mykad.tell_of),
    DocumentKind.PAYMENT_CARD: (payment.tell_of,),
    DocumentKind.AUTO: (korean.tell_of, mykad.tell_of, payment.tell_of),
}

_LEAST_SIDE: Final = 160  #: px of a picture's longer side: of a card in a smaller one no small print can be read

Stage = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a reading may cost and who reads."""

    max_pixels: int = 60_000_000  #: refused from the header above this
    engine: str = "ocrb"  #: a name of `engines.named`
    compress: bool = True  #: make the small copy that may be kept
    today: date | None = None  #: decides the century of two-digit years; None: the present day


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A reading and the compressed picture, which is nobody's to keep unless the client asked for it."""

    reading: Reading
    kept: compress.Kept | None = field(default=None, repr=False)


def read(picture: bytes, *, document: DocumentKind, options: ReadingOptions, on_stage: Stage | None = None) -> Reading:
    """Reads one uploaded picture. What is wrong with it stands in `failure` of the answer; nothing is raised for it.

    `on_stage` is told `compressing`, `reading` and `parsing` as each begins.
    """
    return read_and_keep(picture, document=document, options=options, on_stage=on_stage).reading


def read_and_keep(
    picture: bytes, *, document: DocumentKind, options: ReadingOptions, on_stage: Stage | None = None
) -> ReadResult:
    """As `read`, and hands out the compressed picture beside the reading."""
    watch = Stopwatch()
    tell = on_stage or (lambda _: None)
    pages = decode.pictures(picture, max_pixels=options.max_pixels)
    result: ReadResult | None = None
    while result is None or not result.reading.is_read:
        try:
            with watch.measure("decode_picture"):
                page = next(pages, None)
        except decode.PictureRefused as refused:
            result = result or _refused(refused)
            break
        if page is None:
            break
        attempt = _read_page(page, document, options, watch, tell)
        if result is None or attempt.reading.is_read:
            result = attempt
    assert result is not None  # noqa: S101 - `pictures` yields or raises
    pages.close()
    return replace(result, reading=replace(result.reading, timings_ms=watch.timings_ms()))


def _read_page(
    page: decode.Picture, document: DocumentKind, options: ReadingOptions, watch: Stopwatch, tell: Stage
) -> ReadResult:
    kept = None
    if options.compress:
        tell("compressing")
        with watch.measure("compress"):
            kept = compress.compress(page)
    tell("reading")
    readings: list[Reading] = []
    waiting = list(_READ_BY_PRINT.get(document, ()))
    if document in _READ_BY_MRZ:
        waiting = waiting if max(page.width, page.height) >= _LEAST_SIDE else []
        seen = zone.stages(page, named.engine(options.engine), watch, today=options.today)
        found = next(seen)
        if waiting and not found.is_enough:  # a card that is surely Korean has no zone to look for more closely
            told = _told(waiting.pop(0), page, watch)
            readings.append(_by_print(told, page, kept))
            if told.sureness >= korean.CERTAIN:
                return ReadResult(readings[0], kept)
        *_, found = (found, *seen)
        tell("parsing")
        readings.insert(0, _by_mrz(found, page, kept, options, watch))
    for reader in waiting:
        if not any(one.is_read for one in readings):
            readings.append(_by_print(_told(reader, page, watch), page, kept))
    read_ = [one for one in readings if one.is_read] or readings
    return ReadResult(read_[0], kept)


def _by_mrz(
    found: zone.Search, page: decode.Picture, kept: compress.Kept | None, options: ReadingOptions, watch: Stopwatch
) -> Reading:
    with watch.measure("judge"):
        measured = quality.of_picture(found.coarse) | sightings.quality_of(found.best)
        failure = reasons.failure(found, measured, page)
    with watch.measure("parse"):
        told = mrz_fields.NOTHING if failure else mrz_fields.told(found.best, today=options.today)
    with watch.measure("read_print"):
        beside = korean.beside_mrz(page, told.mrz, told.fields)
    return Reading(
        document_type=told.document_type,
        fields=told.fields | beside,
        mrz=told.mrz,
        checks=told.checks,
        quality=measured,
        picture=_facts(page, kept),
        timings_ms={},
        engine=named.engine(options.engine).name,
        failure=failure,
    )


def _told(reader: Callable[[decode.Picture], Told], page: decode.Picture, watch: Stopwatch) -> Told:
    with watch.measure("read_print"):
        return reader(page)


def _by_print(told: Told, page: decode.Picture, kept: compress.Kept | None) -> Reading:
    failure = told.failure
    if failure is not None and not page.is_whole:
        failure = Failure(FailureReason.DAMAGED_PICTURE, "The picture file ends too early. Send it again.")
    return Reading(
        document_type="" if failure else told.document_type.value,
        fields={} if failure else told.fields,
        mrz=None,
        checks=() if failure else told.checks,
        quality=quality.of_picture(page.reduced) | told.quality,
        picture=_facts(page, kept),
        timings_ms={},
        engine=told.engine,
        failure=failure,
    )


def _facts(page: decode.Picture, kept: compress.Kept | None) -> PictureFacts:
    facts = PictureFacts(
        page.media_type, len(page.encoded), page.width, page.height, pages=page.pages, orientation=page.orientation
    )
    if kept is None:
        return facts
    return replace(
        facts,
        compressed_bytes=len(kept.content),
        compressed_width=kept.width,
        compressed_height=kept.height,
        compressed_media_type=kept.media_type,
    )


def _refused(refused: decode.PictureRefused) -> ReadResult:
    failure = Failure(refused.reason, refused.detail, refused.measured)
    return ReadResult(Reading("", {}, None, (), {}, None, {}, "", failure))
