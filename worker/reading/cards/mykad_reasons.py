"""Why a picture gave no MyKad: from measured values to one reason, and what to do about it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from core.documents import Failure, FailureReason
from worker.reading.cards import capitals, find
from worker.reading.cards.base import Colour
from worker.reading.cards.mykad_sight import Sight, grey_of

_LEAST_CAP: Final = 4.5  #: px of the picture, of capitals that can be read
_LEAST_SHARPNESS: Final = 0.16  #: steepest slope in a line against its contrast
_MOST_GLARE: Final = 0.05  #: of the card


def measured(sight: Sight) -> dict[str, float]:
    """What can be said of how the card was taken."""
    grey = grey_of(sight.card)
    slopes, contrasts = [0.0], [1.0]
    for strip in sight.strips:
        low, high = np.percentile(strip, (4, 90))
        contrasts.append(float(high - low))
        slopes.append(float(np.percentile(np.abs(cv2.Sobel(strip, cv2.CV_16S, 1, 0, ksize=3)), 97)) / 4)
    usual = float(np.median(contrasts[1:])) if len(contrasts) > 1 else 1.0
    return {
        "card_likeness": round(sight.front.likeness, 3),
        "px_per_capital": round(sight.cap, 1),
        "print_sharpness": round(min(1.0, float(np.median(slopes[1:])) / max(usual, 1.0)), 3) if sight.strips else 0.0,
        "card_glare": round(float((grey > 250).mean()), 3),
    }


def failure(sight: Sight, measured: dict[str, float], picture: Colour) -> Failure:
    """The reason why this is not handed out; its box is the card's as the picture shows it."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * np.array(sight.card.image.shape[1::-1])
    quad = find.to_picture(sight.card, corners)
    first, second, third, fourth = ((round(float(x), 1), round(float(y), 1)) for x, y in quad)
    if len(sight.strips) < 3 or (sight.card.sureness == 0 and sight.front.likeness < 0.05):
        reason = FailureReason.NO_DOCUMENT
        detail = "No MyKad was seen. Lay its front flat, fill the picture with it and photograph it from above."
        return Failure(reason, detail, measured)
    if sight.cap < _LEAST_CAP:
        reason, detail = FailureReason.TOO_SMALL, "The print is too small in the picture. Go closer or send it larger."
    elif measured["card_glare"] > _MOST_GLARE:
        reason, detail = FailureReason.GLARE, "Light is reflected from the card. Tilt it or move the lamp."
    elif measured["print_sharpness"] < _LEAST_SHARPNESS:
        reason, detail = FailureReason.BLURRED, "The print is blurred. Hold still, tap to focus, and try again."
    elif sight.card.sureness and _runs_out(quad, picture):
        reason, detail = FailureReason.CUT_OFF, "The card runs out of the picture. Get all of it into it."
    elif sight.front.likeness < 0.1:
        reason = FailureReason.NO_DOCUMENT
        detail = "What was seen is no front of a MyKad. Photograph the side with the number, name and address."
    else:
        reason = FailureReason.UNREADABLE
        detail = "The card was found and could not be read surely. Try again in even light, without anything on it."
    return Failure(reason, detail, measured, (first, second, third, fourth))


def _runs_out(quad: capitals.Floats, picture: Colour) -> bool:
    height, width = picture.shape[:2]
    room = 0.02 * max(height, width)
    return bool((quad < -room).any() or (quad[:, 0] > width + room).any() or (quad[:, 1] > height + room).any())
