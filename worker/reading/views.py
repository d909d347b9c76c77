"""The pixels that the lines of a band are cut from: of a picture or its mirror image, reduced or all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from worker.reading import print_lines, rectify
from worker.reading.decode import Grey, Picture
from worker.reading.rectify import Strip

_FINE: Final = 14.0  #: px of capitals, more than an engine uses; below, the whole picture is cut from too
_COARSE: Final = 8.0  #: px of capitals; below, only the whole picture is cut from


@dataclass(frozen=True, slots=True)
class Look:
    """The pixels that strips are cut from, and the way from them to the picture."""

    grey: Grey = field(repr=False)
    unit: float  #: picture px per px of `grey`
    mirrored_width: int = 0  #: of the picture, where `grey` is its mirror image

    def strips(
        self, band: print_lines.Band, *, beyond: float = 0.0, only_told: bool = False, wider: bool = False
    ) -> list[Strip]:
        """As `rectify.strips`; the band in px of `grey`, `beyond` and what comes back in px of the picture."""
        found = rectify.strips(self.grey, band, beyond=beyond / self.unit, only_told=only_told, wider=wider)
        cut = [strip.scaled(self.unit) for strip in found]
        return [strip.mirrored(self.mirrored_width) for strip in cut] if self.mirrored_width else cut


@dataclass(frozen=True, slots=True)
class View:
    """A picture as it is shown, or its mirror image."""

    picture: Picture
    is_mirrored: bool = False

    @property
    def reduced(self) -> Grey:
        """(H, W) uint8."""
        return self._facing(self.picture.reduced)

    def look(self, *, whole: bool = False) -> Look:
        """The picture as it was decoded first, or with all its pixels."""
        grey = self._facing(self.picture.grey) if whole else self.reduced
        return Look(grey, self.picture.width / grey.shape[1], self.picture.width if self.is_mirrored else 0)

    def _facing(self, grey: Grey) -> Grey:
        return np.ascontiguousarray(grey[:, ::-1]) if self.is_mirrored else grey


def looks(view: View, band: print_lines.Band) -> Iterator[tuple[Look, print_lines.Band]]:
    """The picture as it was decoded first, then, where that has too few pixels, all of it; far too few are left out."""
    looked, height = view.look(), max(line.height for line in band.lines)
    if not view.picture.is_reduced or height >= _COARSE:
        yield looked, band
    if view.picture.is_reduced and height < _FINE:
        yield view.look(whole=True), band.scaled(looked.unit)
