"""Reads pictures with one reader and tells lines, CPU and memory. Run by `readers` under each reader's own Python."""

# It imports nothing of idmill but for those of our own, since the other readers live in an environment without it.
from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Lines = list[str]
Reader = Callable[[str], Lines]
_ALPHABET = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<")
_LENGTHS = {30: 3, 36: 2, 44: 2}  #: characters of a line, lines of a zone


def ours() -> Reader:
    """idmill as a worker runs it, the copy to be kept included."""
    from core.documents import DocumentKind
    from worker.reading import read

    options = read.ReadingOptions()

    def lines(picture: str) -> Lines:
        result = read.read_and_keep(Path(picture).read_bytes(), document=DocumentKind.MRZ, options=options)
        mrz = result.reading.mrz if result.reading.is_read else None
        return list(mrz.lines) if mrz else []

    return lines


def ours_card(kind: str) -> Reader:
    """idmill on cards of a `DocumentKind` as a worker runs it: every field's value, then the lines of a zone."""
    from core.documents import DocumentKind
    from worker.reading import read

    options = read.ReadingOptions()

    def lines(picture: str) -> Lines:
        result = read.read_and_keep(Path(picture).read_bytes(), document=DocumentKind(kind), options=options)
        reading = result.reading
        zone = reading.mrz.lines if reading.mrz is not None else ()
        return [*(told.value for told in reading.fields.values()), *zone]

    return lines


def rapidocr_page() -> Reader:
    """PP-OCR by RapidOCR on the whole page: every line as it is read."""
    from rapidocr import RapidOCR

    reader = RapidOCR()
    return lambda picture: list(reader(picture).txts or ())


def rapidocr_page_and_korean() -> Reader:
    """The same, and behind it what tesseract's Korean model reads: digits of the one, Hangul of the other."""
    import pytesseract
    from PIL import Image

    page = rapidocr_page()

    def lines(picture: str) -> Lines:
        korean = pytesseract.image_to_string(Image.open(picture), lang="kor", config="--psm 11")
        return [*page(picture), *korean.splitlines()]

    return lines


def passporteye(model: str) -> Reader:
    """PassportEye as shipped, or with an MRZ model for its tesseract."""
    from passporteye import read_mrz

    parameters = f"--tessdata-dir {Path(model).parent} -l {Path(model).stem}" if model else ""

    def lines(picture: str) -> Lines:
        found = read_mrz(picture, extra_cmdline_params=parameters)
        return str(found.aux["text"]).replace(" ", "").split() if found is not None else []

    return lines


def fastmrz(model: str) -> Reader:
    """FastMRZ; it needs a tesseract model called `mrz`."""
    from fastmrz import FastMRZ

    reader = FastMRZ(tessdata_path=str(Path(model).parent))
    return lambda picture: str(reader.get_details(picture, ignore_parse=True)).split()


def rapidocr() -> Reader:
    """PP-OCR by RapidOCR on the whole page; what looks like lines of a zone is taken."""
    from rapidocr import RapidOCR

    reader = RapidOCR()
    return lambda picture: zone_lines(reader(picture).txts or ())


def tesseract() -> Reader:
    """tesseract's English model on the whole page; what looks like lines of a zone is taken."""
    import pytesseract
    from PIL import Image

    return lambda picture: zone_lines(pytesseract.image_to_string(Image.open(picture), lang="eng").splitlines())


def zone_lines(texts: Sequence[str]) -> Lines:
    """The last lines of a page that have about a layout's length and its characters, run out with fillers."""
    joined = [text.replace(" ", "").upper().replace("«", "<<") for text in texts]
    like = [text for text in joined if len(text) >= 27 and set(text) <= _ALPHABET]
    for length, count in sorted(_LENGTHS.items(), reverse=True):
        last = like[-count:]
        if len(last) == count and all(abs(len(text) - length) <= 3 for text in last):
            return [text[:length].ljust(length, "<") for text in last]
    return like[-2:]


def _cpu_seconds() -> float:
    own, ran = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ran.ru_utime + ran.ru_stime


def _peak_mib() -> float:
    """Of this process, and of the largest that it ran."""
    own, ran = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return float(own + ran) / unit


def _told(reader: Reader, picture: str) -> dict[str, Any]:
    began = _cpu_seconds()
    try:
        lines = reader(picture)
    except Exception as error:  # noqa: BLE001 - a reader that breaks on a picture has not read it
        print(f"{picture}: {type(error).__name__}", file=sys.stderr)
        lines = []
    return {"lines": lines, "cpu_ms": round((_cpu_seconds() - began) * 1000, 1)}


def main(name: str, model: str) -> None:
    """Reads the paths on standard input, the first one twice since loading is not reading; a JSON line for each."""
    makers: dict[str, Callable[[], Reader]] = {
        "ours": ours,
        "ours-card": lambda: ours_card(model),
        "passporteye": lambda: passporteye(""),
        "passporteye-mrz": lambda: passporteye(model),
        "fastmrz": lambda: fastmrz(model),
        "rapidocr": rapidocr,
        "rapidocr-page": rapidocr_page,
        "rapidocr-page-kor": rapidocr_page_and_korean,
        "tesseract": tesseract,
    }
    reader = makers[name]()
    pictures = sys.stdin.read().split("\n")
    _told(reader, pictures[0])
    for picture in pictures:
        print(json.dumps(_told(reader, picture)), flush=True)
    print(json.dumps({"peak_mib": round(_peak_mib())}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
