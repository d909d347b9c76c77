"""Decoding: every format, every orientation, and hostile bytes made here."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import textwrap
import zlib

import numpy as np
import numpy.typing as npt
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageOps

from core.documents import FailureReason
from worker.reading import decode

CAP = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "HEIF")


def drawn(width: int = 120, height: int = 80) -> Image.Image:
    """A picture without symmetry: red left half, black square in the upper left corner, blue bar below."""
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width // 2, height - 1), fill=(220, 40, 40))
    pen.rectangle((4, 4, 24, 24), fill="black")
    pen.rectangle((0, height - 12, width, height), fill=(30, 30, 200))
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def only(content: bytes, cap: int = CAP) -> decode.Picture:
    pictures = list(decode.pictures(content, max_pixels=cap))
    assert len(pictures) == 1
    return pictures[0]


def luma(picture: Image.Image) -> npt.NDArray[np.int16]:
    return np.asarray(picture.convert("RGB").convert("L"), np.int16)


def differs(picture: decode.Picture, expected: Image.Image) -> float:
    assert (picture.width, picture.height) == expected.size
    return float(np.abs(picture.grey.astype(np.int16) - luma(expected)).mean())


def refusal(content: bytes, cap: int = CAP) -> decode.PictureRefused:
    with pytest.raises(decode.PictureRefused) as caught:
        list(decode.pictures(content, max_pixels=cap))
    return caught.value


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_decodes_to_the_pixels_that_went_in(kind: str) -> None:
    if kind == "HEIF":
        pillow_heif = pytest.importorskip("pillow_heif", reason="writes HEIC; the product only reads it")
        pillow_heif.register_heif_opener()
    picture = only(encoded(drawn(), kind))
    assert picture.media_type == decode.media_type_of(picture.encoded)
    assert differs(picture, drawn()) < 4
    assert picture.is_whole
    assert picture.pages == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_shown_as_a_viewer_shows_it(kind: str, orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    content = encoded(drawn(), kind, exif=tags)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    picture = only(content)
    assert picture.orientation == orientation
    assert differs(picture, expected) < 4
    assert decode.bgr(picture, longest_side=4000).shape == (expected.height, expected.width, 3)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    picture = only(encoded(drawn(), "JPEG", exif=tags))
    assert picture.orientation == 1
    assert differs(picture, drawn()) < 4


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16", "I", "F"])
def test_every_pixel_mode_becomes_eight_bit_on_white(mode: str) -> None:
    grey = drawn().convert("L")
    if mode in ("I;16", "I", "F"):
        deep = np.asarray(grey, np.float32) * 200
        source = Image.fromarray(deep.astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]))
    else:
        source = drawn().convert(mode)
    picture = only(encoded(source, "TIFF" if mode == "F" else "PNG" if mode != "I" else "TIFF"))
    assert picture.grey.dtype == np.uint8
    assert picture.grey[2, 118] > 245  # white stays white
    assert picture.grey[14, 14] < 10  # black stays black


def test_a_transparent_ground_is_shown_white() -> None:
    source = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    ImageDraw.Draw(source).rectangle((10, 10, 20, 20), fill=(0, 0, 0, 255))
    picture = only(encoded(source, "PNG"))
    assert picture.grey[0, 0] == 255
    assert picture.grey[15, 15] == 0


def test_a_palette_with_a_transparent_entry_is_shown_on_white() -> None:
    source = Image.new("P", (60, 40), 0)
    source.putpalette([0, 0, 0, 255, 0, 0])
    ImageDraw.Draw(source).rectangle((10, 10, 20, 20), fill=1)
    picture = only(encoded(source, "PNG", transparency=0))
    assert picture.grey[0, 0] == 255
    assert 70 < picture.grey[15, 15] < 80


def test_cmyk_is_shown_in_its_colours() -> None:
    for kind in ("JPEG", "TIFF"):
        picture = only(encoded(drawn().convert("CMYK"), kind))
        assert differs(picture, drawn()) < 25
        assert picture.grey[2, 118] > 245
        assert picture.grey[14, 14] < 40


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [drawn(), Image.new("RGB", (120, 80), "black"), Image.new("RGB", (120, 80), "green")]
    for kind in ("GIF", "WEBP", "TIFF"):
        picture = only(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert picture.pages == 3
        assert differs(picture, drawn()) < 4


def test_frames_are_not_counted_for_ever() -> None:
    frames = [Image.new("L", (2, 2), shade) for shade in range(200)]
    picture = only(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.pages == decode.FRAMES_COUNTED


def test_the_first_three_pages_of_a_pdf_come_one_after_the_other() -> None:
    document = pypdfium2.PdfDocument.new()
    for _ in range(5):
        document.new_page(612, 792)
    stream = io.BytesIO()
    document.save(stream)
    pages = list(decode.pictures(stream.getvalue(), max_pixels=CAP))
    assert len(pages) == decode.PDF_PAGES
    assert all(page.width == 2550 and 3300 <= page.height <= 3301 and page.pages == 5 for page in pages)
    assert {page.media_type for page in pages} == {"application/pdf"}


def test_a_poster_sized_pdf_page_is_rendered_small() -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(14400, 14400)
    stream = io.BytesIO()
    document.save(stream)
    page = only(stream.getvalue())
    assert max(page.width, page.height) == decode.PDF_LONGEST_SIDE


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"just some words in a file that is called passport.jpg\n" * 20, "no picture"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG"),
        (b"\x00" * 4096, "no picture"),
        (b"8BPS" + b"\x00" * 200, "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no picture"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1", "no picture"),
    ],
)
def test_what_is_no_picture_says_so(content: bytes, word: str) -> None:
    refused = refusal(content)
    assert isinstance(refused, decode.UnsupportedPicture)
    assert refused.reason is FailureReason.UNSUPPORTED_PICTURE
    assert word in refused.detail


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_a_file_of_nothing_but_its_magic_is_damaged(kind: str) -> None:
    refused = refusal(encoded(drawn(), kind)[:14])
    assert refused.reason is FailureReason.DAMAGED_PICTURE


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"])
def test_a_broken_container_is_damaged(content: bytes) -> None:
    assert refusal(content).reason is FailureReason.DAMAGED_PICTURE


def noisy(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(5).integers(0, 255, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_most_of_a_picture_is_read_although_its_end_is_missing(kind: str) -> None:
    content = encoded(noisy(200, 300), kind)
    picture = only(content[: int(len(content) * 0.8)])
    assert not picture.is_whole
    assert (picture.width, picture.height) == (200, 300)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_less_than_half_a_picture_is_damaged(kind: str) -> None:
    content = encoded(noisy(200, 300), kind)
    refused = refusal(content[: int(len(content) * 0.3)])
    assert refused.reason is FailureReason.DAMAGED_PICTURE
    assert refused.measured["decoded_share"] < 0.5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_garbage_behind_the_picture_is_ignored(kind: str) -> None:
    picture = only(encoded(drawn(), kind) + b"\xff\xd8garbage" * 1000)
    assert picture.is_whole
    assert differs(picture, drawn()) < 4


def test_one_pixel_is_a_picture() -> None:
    picture = only(encoded(Image.new("RGB", (1, 1), "red"), "PNG"))
    assert (picture.width, picture.height) == (1, 1)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"\x00" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [9_000, 12_000, 30_000, 2_000_000])
def test_too_many_pixels_are_refused_from_the_header(side: int) -> None:
    refused = refusal(png_header(side, side))
    assert refused.reason is FailureReason.TOO_MANY_PIXELS


def test_a_webp_that_only_claims_to_be_huge_is_refused() -> None:
    canvas = (16_383).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + canvas
    refused = refusal(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert refused.reason is FailureReason.TOO_MANY_PIXELS


def test_the_cap_is_the_callers() -> None:
    content = encoded(drawn(), "PNG")
    assert only(content, cap=120 * 80).width == 120
    assert refusal(content, cap=120 * 80 - 1).measured == {"pixels": 9600, "max_pixels": 9599}


def test_a_decompression_bomb_takes_no_memory() -> None:
    """30,000 x 30,000 pixels of black in a file of a few kilobytes, decoded in a process with 1 GB of address space."""
    script = textwrap.dedent("""
        import io, resource, struct, zlib
        from worker.reading import decode
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        packer = zlib.compressobj(9)
        rows = b"".join(packer.compress(b"\\0" * 30_001) for _ in range(3_000)) + packer.flush()
        bomb = (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
        try:
            list(decode.pictures(bomb, max_pixels=60_000_000))
        except decode.TooManyPixels:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) < 20_000  # kilobytes


def test_flipped_bits_never_raise_anything_else() -> None:
    random = np.random.default_rng(7)
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        whole = np.frombuffer(encoded(noisy(40, 30), kind), np.uint8)
        for _ in range(60):
            broken = whole.copy()
            places = random.integers(0, len(broken), 6)
            broken[places] = random.integers(0, 255, 6)
            with contextlib.suppress(decode.PictureRefused):
                pictures = list(decode.pictures(broken.tobytes(), max_pixels=1_000_000))
                assert pictures[0].grey.ndim == 2


def test_a_large_jpeg_is_decoded_reduced_in_colour() -> None:
    content = encoded(noisy(100, 75).resize((4000, 3000)), "JPEG")
    colours = decode.bgr(only(content), longest_side=2600)
    assert colours.shape == (1500, 2000, 3)
    assert decode.bgr(only(content), longest_side=3500).shape == (2625, 3500, 3)


def test_all_pixels_of_a_large_jpeg_are_there_when_they_are_asked_for() -> None:
    picture = only(encoded(noisy(100, 75).resize((4000, 3000)), "JPEG"))
    assert picture.is_reduced
    assert picture.reduced.shape == (1500, 2000)
    assert (picture.width, picture.height) == (4000, 3000)
    assert picture.grey.shape == (3000, 4000)
    assert picture.grey is picture.grey


def test_a_small_picture_is_never_reduced() -> None:
    picture = only(encoded(drawn(), "JPEG"))
    assert not picture.is_reduced
    assert picture.grey is picture.reduced
