"""Finding: the band is among the first told, at every angle, and its lines are cut straight and led back."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from lab.specimens import draw
from worker.reading import decode, locate, print_lines, rectify

Grey = npt.NDArray[np.uint8]


@cache
def specimen(kind: str, level: str, seed: int) -> tuple[Grey, tuple[npt.NDArray[np.float64], ...]]:
    """The picture and the corners of each true line."""
    drawn = draw.specimen(kind, level, seed)
    picture = next(decode.pictures(drawn.picture, max_pixels=60_000_000))
    return picture.grey, tuple(np.array(box) for box in drawn.line_boxes)


def turned(grey: Grey, boxes: tuple[npt.NDArray[np.float64], ...], degrees: float) -> tuple[Grey, list[np.ndarray]]:
    """Turns picture and truth around the middle, nothing cut off."""
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(height * sine + width * cosine), int(height * cosine + width * sine)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    moved = cv2.warpAffine(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8), [box @ matrix[:, :2].T + matrix[:, 2] for box in boxes]


def covers(strip: rectify.Strip, corners: npt.NDArray[np.float64]) -> bool:
    """True when the strip runs along the true line, from end to end, off its middle by less than a fifth of it."""
    left, right = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    height = float(np.linalg.norm(corners[3] - corners[0]))
    tall, wide = strip.grey.shape
    middle = strip.to_picture(np.column_stack([np.linspace(0, wide, 21), np.full(21, tall / 2)]))
    along = (right - left) / np.linalg.norm(right - left)
    forth = (middle - left) @ along
    off = (middle - left) @ np.array([-along[1], along[0]])
    inside = (forth > 0) & (forth < np.linalg.norm(right - left))
    reaches = forth.min() < 0.2 * height and forth.max() > np.linalg.norm(right - left) - 0.2 * height
    return bool(reaches and np.abs(off[inside]).max() < 0.2 * height and 0.7 < strip.height / height < 1.4)


def first_strips(grey: Grey) -> list[rectify.Strip]:
    return rectify.strips(grey, next(locate.bands(grey, longest_side=640)))


@pytest.mark.parametrize("kind", ["td1", "td2", "td3", "mrva", "french-id"])
@pytest.mark.parametrize("level", ["clean", "phone"])
def test_the_first_band_holds_every_line_cut_straight(kind: str, level: str) -> None:
    grey, boxes = specimen(kind, level, 7)
    strips = first_strips(grey)
    assert all(any(covers(strip, box) for strip in strips) for box in boxes)


@pytest.mark.parametrize("degrees", [3, -8, 25, 90, 133, 180, 270])
def test_the_band_is_found_at_any_angle(degrees: float) -> None:
    grey, boxes = turned(*specimen("td3", "clean", 3), degrees)
    strips = first_strips(grey)
    assert all(any(covers(strip, box) for strip in strips) for box in boxes)


@pytest.mark.parametrize("pitch", [6.0, 9.0, 20.0])
def test_the_band_is_found_at_six_pixels_a_character_and_more(pitch: float) -> None:
    grey, boxes = specimen("td3", "clean", 3)
    scale = pitch / (float(np.linalg.norm(boxes[0][1] - boxes[0][0])) / 44)
    small = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    strips = first_strips(small)
    assert all(any(covers(strip, box * scale) for strip in strips) for box in boxes)


@pytest.mark.parametrize("kind", ["td1", "td2", "td3"])
def test_a_clear_band_holds_every_line_and_no_other(kind: str) -> None:
    grey, boxes = specimen(kind, "phone", 7)
    band = locate.sight(grey, 480).clear(1)
    assert band is not None
    strips = rectify.strips(grey, band, only_told=True)
    assert len(strips) == len(boxes)
    assert all(covers(strip, box) for strip, box in zip(strips, boxes, strict=True))


def test_lines_that_run_on_beyond_their_band_are_cut_whole() -> None:
    grey, boxes = specimen("td3", "clean", 3)
    band = next(locate.bands(grey, longest_side=640))
    seen = print_lines.Band(tuple(replace(line, length=0.7 * line.length) for line in band.lines), band.score)
    assert all(strip.runs_on for strip in rectify.strips(grey, seen, only_told=True))
    strips = rectify.strips(grey, seen, only_told=True, wider=True)
    assert not any(strip.runs_on for strip in strips)
    assert all(any(covers(strip, box) for strip in strips) for box in boxes)


def test_a_band_read_from_the_other_side_is_the_same_print() -> None:
    grey, _ = specimen("td3", "clean", 3)
    strip = first_strips(grey)[-1]
    back = strip.turned()
    assert np.array_equal(back.grey, strip.grey[::-1, ::-1])
    tall, wide = strip.grey.shape
    points = np.array([[3.0, 5.0], [wide / 2, tall / 3]])
    assert np.allclose(strip.to_picture(points), back.to_picture(np.array([[wide, tall]]) - points), atol=1e-6)
    assert np.array_equal(back.turned().grey, strip.grey)
    assert np.allclose(back.turned().to_picture(points), strip.to_picture(points))


def test_a_box_is_clockwise_from_the_top_left_of_the_text_as_it_is_read() -> None:
    grey, boxes = turned(*specimen("td3", "clean", 3), 180)
    strip = next(strip for strip in first_strips(grey) if covers(strip, boxes[0]) or covers(strip.turned(), boxes[0]))
    upside_down = strip.box(0, strip.grey.shape[1])
    upright = strip.turned().box(0, strip.grey.shape[1])
    assert np.allclose(np.roll(np.array(upright), 2, axis=0), np.array(upside_down), atol=0.2)


def test_a_strip_shows_what_its_box_says() -> None:
    """The grey of the picture under the strip's middle is the grey of the strip."""
    grey, _ = turned(*specimen("td3", "clean", 3), 17)
    strip = first_strips(grey)[0]
    tall, wide = strip.grey.shape
    xs = np.arange(10, wide - 10, 3) + 0.5
    points = strip.to_picture(np.column_stack([xs, np.full(len(xs), tall / 2)])) - 0.5
    smooth = cv2.GaussianBlur(grey, (0, 0), max(0.5, strip.step / 2)).astype(np.float64)
    under = smooth[np.rint(points[:, 1]).astype(int), np.rint(points[:, 0]).astype(int)]
    seen = strip.grey[tall // 2, xs.astype(int)].astype(np.float64)
    assert np.corrcoef(under, seen)[0, 1] > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (40, 40), (480, 640)])
def test_a_blank_picture_has_no_band(shape: tuple[int, int]) -> None:
    blank = np.full(shape, 200, np.uint8)
    assert list(locate.bands(blank, longest_side=640)) == []
    assert locate.sight(blank, 480).clear(3) is None


def test_noise_never_breaks_the_search() -> None:
    random = np.random.default_rng(2)
    for shape in ((30, 900), (500, 500), (900, 30)):
        grey = random.integers(0, 255, shape, np.uint8)
        for band in locate.bands(grey, longest_side=480):
            for strip in rectify.strips(grey, band, beyond=50):
                assert strip.grey.size


def test_the_same_picture_gives_the_same_bands() -> None:
    grey, _ = specimen("td1", "phone", 7)
    assert list(locate.bands(grey, longest_side=640)) == list(locate.bands(grey, longest_side=640))
