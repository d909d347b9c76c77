"""The copy of a picture that is kept: small, upright, without metadata. Reading never looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2

from worker.reading import decode

MAX_BYTES: Final = 2_500_000
LONGEST_SIDE: Final = decode.LARGE  #: pixels
_JPEG_QUALITIES: Final = (88, 78, 66, 52)
_WEBP_QUALITIES: Final = (60, 35, 15)  #: only where JPEG stays too large: about five times slower
_FRAME_MARKERS: Final = frozenset({0x00, 0x0E})  #: APP0 and APP14 tell how the colours are coded; the rest is metadata
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture fit to be kept. `content` is the file's bytes."""

    content: bytes = field(repr=False)
    media_type: str  #: image/jpeg, image/webp or image/png
    width: int
    height: int


def compress(picture: decode.Picture) -> Kept:
    """A copy of at most `MAX_BYTES` and `LONGEST_SIDE`, upright and without metadata, never enlarged.

    A whole JPEG or PNG that fits keeps its pixels: only its metadata is cut out. Everything else is encoded anew, as
    JPEG by falling quality, then as WEBP, then smaller.
    """
    if picture.is_whole and picture.orientation == 1 and max(picture.width, picture.height) <= LONGEST_SIDE:
        bare = _bare(picture)
        if bare is not None and len(bare) <= MAX_BYTES:
            return Kept(bare, picture.media_type, picture.width, picture.height)
    longest_side = min(LONGEST_SIDE, max(picture.width, picture.height))
    while True:
        pixels = decode.bgr(picture, longest_side=longest_side)
        kept = _encode(pixels)
        if kept is not None:
            return kept
        longest_side = longest_side * 3 // 4


def _encode(pixels: decode.Bgr) -> Kept | None:
    height, width = pixels.shape[:2]
    for quality in _JPEG_QUALITIES:
        content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(content) <= MAX_BYTES:
            return Kept(content, "image/jpeg", width, height)
    for quality in _WEBP_QUALITIES:
        content = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        if len(content) <= MAX_BYTES:
            return Kept(content, "image/webp", width, height)
    return None


def _bare(picture: decode.Picture) -> bytes | None:
    """The same file without metadata and trailing bytes. None for other formats and for what does not parse."""
    if picture.media_type == "image/jpeg":
        return _bare_jpeg(picture.encoded)
    if picture.media_type == "image/png" and len(picture.encoded) <= 2 * MAX_BYTES:
        return _bare_png(picture.encoded)
    return None


def _bare_jpeg(encoded: bytes) -> bytes | None:
    """Copies the segments up to the scan, leaving out APP1..13, APP15 and comments. ITU-T T.81, annex B."""
    parts = [b"\xff\xd8"]
    at = 2
    while at + 4 <= len(encoded) and encoded[at] == 0xFF:
        marker = encoded[at + 1]
        end = at + 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
        if marker == 0xDA:
            return b"".join([*parts, *_scans(encoded, at)])
        is_metadata = marker == 0xFE or (0xE0 <= marker <= 0xEF and marker - 0xE0 not in _FRAME_MARKERS)
        if not is_metadata:
            parts.append(encoded[at:end])
        at = end
    return None


def _scans(encoded: bytes, start: int) -> list[bytes]:
    """Everything from the first scan to the end of the picture: what follows that marker is not part of it."""
    end = encoded.find(b"\xff\xd9", start)
    return [encoded[start:end], b"\xff\xd9"] if end > 0 else [encoded[start:]]


def _bare_png(encoded: bytes) -> bytes | None:
    """Copies the chunks that carry pixels. PNG specification, 5.3."""
    parts = [encoded[:8]]
    at = 8
    while at + 12 <= len(encoded):
        end = at + 12 + int.from_bytes(encoded[at : at + 4], "big")
        kind = encoded[at + 4 : at + 8]
        if kind in _PNG_KEPT:
            parts.append(encoded[at:end])
        if kind == b"IEND":
            return b"".join(parts)
        at = end
    return None
