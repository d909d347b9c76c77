"""The copy that is kept: small enough, upright, bare, and untouched where it may be."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from worker.reading import compress, decode


def photo(width: int, height: int, *, grain: int = 6) -> Image.Image:
    random = np.random.default_rng(3)
    slope = np.linspace(40, 220, width)[None, :, None] + np.linspace(0, 30, height)[:, None, None]
    pixels = slope + random.normal(0, grain, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def compressed(content: bytes) -> tuple[compress.Kept, Image.Image]:
    kept = compress.compress(next(decode.pictures(content, max_pixels=60_000_000)))
    shown = Image.open(io.BytesIO(kept.content))
    shown.load()
    assert (kept.width, kept.height) == shown.size
    assert len(kept.content) <= compress.MAX_BYTES
    assert max(shown.size) <= compress.LONGEST_SIDE
    return kept, shown


def tags() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_small_picture_without_metadata_is_kept_as_it_is(kind: str) -> None:
    content = encoded(photo(300, 200), kind)
    kept, _ = compressed(content)
    if kind == "PNG":
        assert kept.content == content
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(kept.content))), np.asarray(Image.open(io.BytesIO(content))))


def test_metadata_is_cut_out_of_a_jpeg_without_touching_a_pixel() -> None:
    content = encoded(photo(300, 200), "JPEG", exif=tags(), comment=b"taken at home", icc_profile=b"x" * 300)
    kept, shown = compressed(content)
    assert not shown.getexif()
    assert b"a camera" not in kept.content
    assert b"taken at home" not in kept.content
    assert np.array_equal(np.asarray(shown), np.asarray(Image.open(io.BytesIO(content))))


def test_metadata_is_cut_out_of_a_png() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "somebody")
    kept, shown = compressed(encoded(photo(300, 200), "PNG", pnginfo=notes, exif=tags()))
    assert b"somebody" not in kept.content
    assert not shown.getexif()


def test_bytes_behind_the_picture_are_not_kept() -> None:
    for kind in ("JPEG", "PNG"):
        kept, _ = compressed(encoded(photo(300, 200), kind) + b"secret" * 1000)
        assert b"secret" not in kept.content


@pytest.mark.parametrize("orientation", [2, 3, 5, 6, 8])
def test_orientation_is_baked_in(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photo(300, 200), "JPEG", exif=exif)
    _, shown = compressed(content)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert shown.size == expected.size
    assert not shown.getexif()
    assert np.abs(np.asarray(shown, np.int16) - np.asarray(expected, np.int16)).mean() < 8


def test_a_large_photo_is_made_smaller_and_never_below_what_is_needed() -> None:
    kept, _ = compressed(encoded(photo(4000, 3000), "JPEG"))
    assert 1800 <= max(kept.width, kept.height) <= 2600
    assert kept.media_type == "image/jpeg"


def test_a_picture_is_never_enlarged() -> None:
    kept, _ = compressed(encoded(photo(90, 60), "GIF"))
    assert (kept.width, kept.height) == (90, 60)


def test_pure_noise_still_fits() -> None:
    kept, _ = compressed(encoded(photo(3800, 3800, grain=120), "JPEG", quality=95))
    assert kept.width >= 1000


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "GIF"])
def test_other_formats_become_jpeg(kind: str) -> None:
    kept, _ = compressed(encoded(photo(300, 200), kind))
    assert kept.media_type == "image/jpeg"
