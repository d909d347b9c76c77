"""From uploaded bytes to pixels as a viewer shows them: which formats, how large, which way up. Reads nothing."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import pi_heif
import pypdfium2
from PIL import ExifTags, Image, ImageFile, ImageOps

from core.documents import FailureReason

Grey = npt.NDArray[np.uint8]  #: (H, W) uint8
Bgr = npt.NDArray[np.uint8]  #: (H, W, 3) uint8, blue green red

LARGE: Final = 2600  #: px of the longest side; a larger JPEG is decoded at a half or less first, since that is enough
LEAST_REDUCED: Final = 0.7  #: of LARGE, what is left of it at least
MIRRORED: Final = frozenset(
    {2, 4, 5, 7}
)  #: EXIF orientations that no camera writes; where they are false, print is mirrored
PDF_PAGES: Final = 3  #: pages of a PDF that are looked at
PDF_DPI: Final = 300  #: a 125 mm passport page gets 13 px per MRZ pitch millimetre, as a good scan
PDF_LONGEST_SIDE: Final = 3600  #: pixels; a poster-sized page is rendered no larger
FRAMES_COUNTED: Final = 16  #: frames are counted up to here: a hostile GIF holds a million
_HEIC_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_PILLOW_FORMAT: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/heic": "HEIF",
}
# EXIF 2.32, 4.6.4 A, tag 274: what undoes each orientation.
_UPRIGHT: Final[dict[int, tuple[int | None, int | None]]] = {
    1: (None, None),
    2: (1, None),
    3: (None, cv2.ROTATE_180),
    4: (0, None),
    5: (1, cv2.ROTATE_90_COUNTERCLOCKWISE),
    6: (None, cv2.ROTATE_90_CLOCKWISE),
    7: (1, cv2.ROTATE_90_CLOCKWISE),
    8: (None, cv2.ROTATE_90_COUNTERCLOCKWISE),
}

_REDUCED_COLOURS: Final = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}

Answer = TypeVar("Answer")

cv2.setNumThreads(1)  # one picture a process: more threads only contend with the other workers
pi_heif.register_heif_opener()
_pillow_is_tolerant = threading.Lock()


class PictureRefused(Exception):
    """Bytes that give no picture. The three kinds below say why; the text says what to do."""

    reason: FailureReason

    def __init__(self, detail: str, **measured: float) -> None:
        super().__init__(detail)
        self.detail = detail
        self.measured = measured


class DamagedPicture(PictureRefused):
    """The format is known, its content does not decode."""

    reason = FailureReason.DAMAGED_PICTURE


class TooManyPixels(PictureRefused):
    """Refused from the header, before any pixel was decoded."""

    reason = FailureReason.TOO_MANY_PIXELS


class UnsupportedPicture(PictureRefused):
    """No picture, or a format that is not read here."""

    reason = FailureReason.UNSUPPORTED_PICTURE


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as a viewer shows it: orientation applied, on white, 8 bit."""

    reduced: Grey = field(repr=False)  #: (H, W) uint8 luma (BT.601); of a large JPEG at a half, quarter or eighth
    encoded: bytes = field(repr=False)  #: the file it came from
    media_type: str
    width: int  #: pixels, as shown
    height: int
    pages: int  #: frames or pages in the file, counted up to `FRAMES_COUNTED` (PDF: all)
    orientation: int  #: EXIF orientation that was applied, 1..8
    is_whole: bool  #: False when the file ends early and the lower part is missing
    colours: Bgr | None = field(default=None, repr=False)  #: as large as `reduced`; None for a JPEG that is not large
    _whole: list[Grey] = field(default_factory=list, repr=False, compare=False)  #: `grey`, once it was asked for

    @property
    def grey(self) -> Grey:
        """(height, width) uint8 luma; of a large JPEG decoded when first asked for."""
        if not self.is_reduced:
            return self.reduced
        if not self._whole:
            self._whole.append(upright(_jpeg(self.encoded, cv2.IMREAD_GRAYSCALE), self.orientation))
        return self._whole[0]

    @property
    def is_reduced(self) -> bool:
        """True when `reduced` has fewer pixels than the picture."""
        return int(max(self.reduced.shape)) < max(self.width, self.height)


def pictures(encoded: bytes, *, max_pixels: int) -> Generator[Picture, None, None]:
    """Decodes the picture, or one after the other the first pages of a PDF.

    Raises a `PictureRefused` and nothing else, at the first step of the iteration or at a later page.
    """
    media_type = media_type_of(encoded)
    if media_type == "application/pdf":
        yield from _pdf_pages(encoded, max_pixels)
    else:
        yield _picture(encoded, media_type, max_pixels)


def bgr(picture: Picture, *, longest_side: int) -> Bgr:
    """The picture in colour, at most `longest_side` pixels long, never enlarged: (H, W, 3) uint8 blue green red.

    Of a large JPEG that is what was decoded first, 7/10 of LARGE or more, as long as no more than LARGE is asked for.
    """
    colours = picture.colours
    if colours is None or (picture.is_reduced and longest_side > LARGE):
        colours = _shown_colours(picture.encoded, picture.orientation, 1)
    return _fit(colours, longest_side)


def _divisor(longest_side: int) -> int:
    """By what a JPEG is divided while it is decoded."""
    divisor = 1
    while divisor < 8 and longest_side / (2 * divisor) >= LEAST_REDUCED * LARGE:
        divisor *= 2
    return divisor


def _shown_colours(encoded: bytes, orientation: int, divisor: int) -> Bgr:
    return upright(_jpeg(encoded, _REDUCED_COLOURS[divisor]), orientation)


def media_type_of(encoded: bytes) -> str:
    """The media type by magic bytes. Raises UnsupportedPicture, in words about what the bytes seem to be."""
    for magic, media_type in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
        (b"II+\x00", "image/tiff"),
        (b"MM\x00+", "image/tiff"),
    ):
        if encoded.startswith(magic):
            return media_type
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "image/webp"
    if encoded[4:8] == b"ftyp" and encoded[8:12] in _HEIC_BRANDS:
        return "image/heic"
    if b"%PDF-" in encoded[:1024]:
        return "application/pdf"
    if not encoded:
        raise UnsupportedPicture("The file is empty. Send a photograph or scan of the document.")
    if b"<svg" in encoded[:4096].lower():
        raise UnsupportedPicture("An SVG drawing is not a photograph. Send JPEG, PNG, WEBP, GIF, TIFF, HEIC or PDF.")
    raise UnsupportedPicture("The file is no picture of a known format. Send JPEG, PNG, WEBP, GIF, TIFF, HEIC or PDF.")


def upright(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Undoes an EXIF orientation 1..8. Returns the array itself for 1."""
    flip, rotation = _UPRIGHT[orientation]
    if flip is not None:
        pixels = np.asarray(cv2.flip(pixels, flip), np.uint8)
    if rotation is not None:
        pixels = np.asarray(cv2.rotate(pixels, rotation), np.uint8)
    return pixels


def _picture(encoded: bytes, media_type: str, max_pixels: int) -> Picture:
    header = _understood(lambda: _header(encoded, media_type))
    width, height = header.size
    _refuse_too_many(width * height, max_pixels)
    orientation = _understood(lambda: _orientation(header))
    frames = 1 if media_type in ("image/jpeg", "image/png") else _frames(encoded, media_type)
    if media_type == "image/jpeg" and header.mode in ("L", "RGB"):
        try:
            return _from_jpeg(encoded, width, height, orientation)
        except DamagedPicture:  # Pillow may still make something of it
            pass
    colours, is_whole = _load(header, encoded, media_type)
    return _from_colours(colours, encoded, media_type, pages=frames, orientation=orientation, is_whole=is_whole)


def _from_jpeg(encoded: bytes, width: int, height: int, orientation: int) -> Picture:
    turns = orientation > 4
    shown = (height, width) if turns else (width, height)
    if max(shown) <= LARGE:
        grey = upright(_jpeg(encoded, cv2.IMREAD_GRAYSCALE), orientation)
        return Picture(grey, encoded, "image/jpeg", *shown, pages=1, orientation=orientation, is_whole=True)
    colours = _shown_colours(encoded, orientation, _divisor(max(shown)))
    grey = np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY), np.uint8)
    return Picture(
        grey, encoded, "image/jpeg", *shown, pages=1, orientation=orientation, is_whole=True, colours=colours
    )


def _from_colours(
    colours: Bgr, encoded: bytes, media_type: str, *, pages: int, orientation: int, is_whole: bool
) -> Picture:
    grey = np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY), np.uint8)
    height, width = grey.shape
    return Picture(
        grey,
        encoded,
        media_type,
        width,
        height,
        pages=pages,
        orientation=orientation,
        is_whole=is_whole,
        colours=colours,
    )


def _refuse_too_many(pixels: int, max_pixels: int) -> None:
    if pixels > max_pixels:
        raise TooManyPixels(
            f"The picture has {pixels / 1e6:.0f} million pixels; at most {max_pixels / 1e6:.0f} million are read. "
            "Send it smaller.",
            pixels=pixels,
            max_pixels=max_pixels,
        )


def _understood(parse: Callable[[], Answer]) -> Answer:
    """The answer of a foreign parser, whatever it raises on hostile bytes put as DamagedPicture or TooManyPixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parse()
    except PictureRefused:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels("The picture has more pixels than are ever read. Send it smaller.") from error
    except Exception as error:
        raise DamagedPicture("The picture file is damaged and does not decode. Send it again.") from error


def _header(encoded: bytes, media_type: str) -> Image.Image:
    if media_type == "image/webp":
        _refuse_too_many(_webp_pixels(encoded), Image.MAX_IMAGE_PIXELS or 2**31)
    return Image.open(io.BytesIO(encoded), formats=(_PILLOW_FORMAT[media_type],))


def _webp_pixels(encoded: bytes) -> int:
    """Canvas size of an extended WEBP, which Pillow would allocate on opening; 0 for the simple kinds (below 2^28)."""
    if encoded[12:16] != b"VP8X":
        return 0
    width = 1 + int.from_bytes(encoded[24:27], "little")
    return width * (1 + int.from_bytes(encoded[27:30], "little"))


def _orientation(header: Image.Image) -> int:
    """The EXIF orientation, 1 where none is told before the pixels (asking a PNG for one would decode it)."""
    if header.format == "PNG" and "exif" not in header.info:
        return 1
    orientation = header.getexif().get(ExifTags.Base.Orientation, 1)
    return orientation if orientation in _UPRIGHT else 1


def _frames(encoded: bytes, media_type: str) -> int:
    picture = _understood(lambda: _header(encoded, media_type))
    for frame in range(1, FRAMES_COUNTED):
        try:
            _understood(lambda frame=frame: picture.seek(frame))  # type: ignore[misc]
        except DamagedPicture:  # the end, or a broken frame: neither takes the first one away
            return frame
    return FRAMES_COUNTED


def _load(header: Image.Image, encoded: bytes, media_type: str) -> tuple[Bgr, bool]:
    """Pixels upright in colour, and whether the file was whole. Raises DamagedPicture when half or more is missing."""
    try:
        return _understood(lambda: _colours(header)), True
    except DamagedPicture:  # try for what is there
        with _tolerant_pillow():
            colours = _understood(lambda: _colours(_header(encoded, media_type)))
    share = _decoded_share(colours)
    if share < 0.5:
        raise DamagedPicture("The picture file ends too early. Send it again.", decoded_share=round(share, 3))
    return colours, False


@contextmanager
def _tolerant_pillow() -> Iterator[None]:
    """Lets Pillow hand out what it decoded of a file that ends early. The switch is global, hence the lock."""
    with _pillow_is_tolerant:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False


def _decoded_share(colours: Bgr) -> float:
    """The part that is no flat filling at one side (which side depends on the orientation), 0..1."""
    rows = np.ptp(colours, axis=(1, 2)) > 2
    columns = np.ptp(colours, axis=(0, 2)) > 2
    return min(_reach(rows), _reach(rows[::-1]), _reach(columns), _reach(columns[::-1]))


def _reach(is_varied: npt.NDArray[np.bool_]) -> float:
    varied = np.flatnonzero(is_varied)
    return 0.0 if varied.size == 0 else float(varied[-1] + 1) / is_varied.size


def _colours(picture: Image.Image) -> Bgr:
    """Loads, turns upright, flattens on white, brings to 8 bit."""
    picture.load()
    shown = ImageOps.exif_transpose(picture)
    if shown.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I", "F"):
        return np.asarray(cv2.cvtColor(_eight_bit(np.asarray(shown)), cv2.COLOR_GRAY2BGR), np.uint8)
    if shown.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in shown.info:
        shown = shown.convert("RGBA")
        ground = Image.new("RGBA", shown.size, "white")
        ground.alpha_composite(shown)
        shown = ground
    return np.asarray(cv2.cvtColor(np.asarray(shown.convert("RGB")), cv2.COLOR_RGB2BGR), np.uint8)


def _eight_bit(deep: npt.NDArray[np.generic]) -> Grey:
    """Spreads the values that occur over 0..255: a 12-bit scan in a 16-bit file would be nearly black."""
    values = np.nan_to_num(deep.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:
        return values.astype(np.uint8)
    return ((values - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)


def _jpeg(encoded: bytes, flag: int) -> npt.NDArray[np.uint8]:
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise DamagedPicture("The picture file is damaged and does not decode. Send it again.")
    return np.asarray(pixels, np.uint8)


def _fit(colours: Bgr, longest_side: int) -> Bgr:
    height, width = colours.shape[:2]
    scale = longest_side / max(height, width)
    if scale >= 1:
        return colours
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pdf_pages(encoded: bytes, max_pixels: int) -> Iterator[Picture]:
    try:
        document = pypdfium2.PdfDocument(encoded)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnsupportedPicture("The PDF asks for a password. Send it without one.") from error
        raise DamagedPicture("The PDF is damaged and does not open. Send it again.") from error
    try:
        if not len(document):
            raise DamagedPicture("The PDF has no page.")
        for page in range(min(PDF_PAGES, len(document))):
            colours = _understood(lambda page=page: _pdf_page(document, page, max_pixels))  # type: ignore[misc]
            yield _from_colours(colours, encoded, "application/pdf", pages=len(document), orientation=1, is_whole=True)
    finally:
        document.close()


def _pdf_page(document: pypdfium2.PdfDocument, number: int, max_pixels: int) -> Bgr:
    page = document[number]
    width, height = page.get_size()  # points, 1/72 inch
    scale = min(PDF_DPI / 72, PDF_LONGEST_SIDE / max(width, height, 1))
    _refuse_too_many(int(width * scale * height * scale), max_pixels)
    bitmap = page.render(scale=scale, rev_byteorder=False, prefer_bgrx=False, no_smoothtext=False)
    pixels = np.asarray(bitmap.to_numpy(), np.uint8)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.array(pixels[:, :, :3], order="C")
