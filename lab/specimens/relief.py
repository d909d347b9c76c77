"""Puts ink onto a card: flat in one colour, or raised with light and shade on its edges and foil on its tips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Random = np.random.Generator

FOILS = {
    "silver": (205.0, 205.0, 205.0),
    "gold": (110.0, 180.0, 215.0),
    "white": (245.0, 245.0, 245.0),
    "black": (35.0, 32.0, 32.0),
}


@dataclass(frozen=True, slots=True)
class Press:
    """How characters are raised. Colours are blue, green, red 0..255, or grey for one channel."""

    foil: tuple[float, ...] | None  #: colour of the tips; None: as the card
    worn: float  #: 0..1, how much of the foil is rubbed away
    height: float  #: 0..1, how strongly edges catch light
    light: float  #: radians, where light comes from, against the clock from the right
    softness: float  #: of the digits' height, how round the edges are


def random_press(random: Random, *, channels: int = 3) -> Press:
    """Some press: half of them tip in silver or gold, a fifth leave the card's own colour."""
    name = str(random.choice(("silver", "silver", "gold", "gold", "white", "black", "none", "none")))
    foil: tuple[float, ...] | None = None
    if name != "none":
        colour = np.array(FOILS[name]) + random.normal(0, 8, 3)
        foil = tuple(float(value) for value in (colour if channels == 3 else [colour.mean()]))
    worn = 0.0 if random.random() < 0.5 else float(random.uniform(0.1, 0.7))
    height = float(random.uniform(0.45, 1.0) if foil is None else random.uniform(0.12, 0.9))
    return Press(foil, worn, height, float(random.uniform(0, 2 * np.pi)), float(random.uniform(0.025, 0.07)))


def raise_ink(ground: Plane, ink: Plane, press: Press, digit_height: float, random: Random) -> Plane:
    """(H, W, C) ground and (H, W) ink 0..1 in, the ground with the ink raised from it out, all 0..255."""
    sigma = max(0.45, digit_height * press.softness)
    body = cv2.GaussianBlur(ink, (0, 0), sigma)
    across, down = cv2.Sobel(body, cv2.CV_32F, 1, 0), cv2.Sobel(body, cv2.CV_32F, 0, 1)
    slope = across * np.float32(-np.cos(press.light)) + down * np.float32(np.sin(press.light))
    steepest = float(np.abs(slope).max()) or 1.0
    slope = slope / steepest
    ring = np.clip(cv2.GaussianBlur(ink, (0, 0), sigma * 2.2) - body, 0, 1)
    lifted = ground.astype(np.float32)
    if press.foil is not None:
        cover = np.clip(body * 1.5 - 0.25, 0, 1) * _left_of_foil(ink.shape, press.worn, digit_height, random)
        sheen = 1 + 0.18 * cv2.resize(random.normal(0, 1, (2, 6)).astype(np.float32), ink.shape[::-1])
        foil = np.array(press.foil, np.float32)[None, None] * sheen[..., None]
        lifted = lifted + (foil - lifted) * (cover * np.float32(random.uniform(0.75, 1.0)))[..., None]
    shine = np.where(slope > 0, slope * random.uniform(60, 130), slope * random.uniform(50, 110)) * press.height
    shade = 1 - ring * np.float32(0.9 * press.height)
    return np.asarray(np.clip(lifted * shade[..., None] + shine[..., None], 0, 255), np.float32)


def lay_ink(ground: Plane, ink: Plane, colour: tuple[float, ...], random: Random, *, alpha: float = 1.0) -> Plane:
    """(H, W, C) ground with flat ink of `colour`; a little uneven, as every printer is."""
    even = 1 - 0.12 * cv2.resize(random.uniform(0, 1, (3, 9)).astype(np.float32), ink.shape[::-1])
    cover = (ink * even * np.float32(alpha))[..., None]
    return np.asarray(ground + (np.array(colour, np.float32)[None, None] - ground) * cover, np.float32)


def rubbed(ink: Plane, share: float, digit_height: float, random: Random) -> Plane:
    """Flat ink with patches and specks rubbed away, `share` 0..1."""
    if share <= 0:
        return ink
    return np.asarray(ink * _left_of_foil((ink.shape[0], ink.shape[1]), share, digit_height, random), np.float32)


def _left_of_foil(shape: tuple[int, ...], worn: float, digit_height: float, random: Random) -> Plane:
    """(H, W) 0..1: what wear has left, patches of half a digit and fine specks."""
    if worn <= 0:
        return np.ones(shape[:2], np.float32)
    height, width = shape[0], shape[1]
    patch, speck = max(2.0, digit_height * 0.5), max(1.5, digit_height * 0.1)
    coarse, fine = (
        cv2.resize(
            random.normal(0, 1, (int(height / step) + 2, int(width / step) + 2)).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_LINEAR,
        )
        for step in (patch, speck)
    )
    return np.asarray(np.clip(1.6 - 1.9 * worn + 0.9 * (coarse + 0.5 * fine), 0, 1), np.float32)
