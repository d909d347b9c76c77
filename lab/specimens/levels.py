"""How hard a picture is, as data: what the camera, the hand, the light and the years may do to a document."""

from __future__ import annotations

from dataclasses import dataclass, replace

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Level:
    """Bounds that a picture is drawn from. Blur is a share of the character pitch, chances are 0..1."""

    pitch: Range  #: pixels from character to character, in the middle of the zone
    is_flat_scan: bool = False  #: a scanner's even ground instead of a desk
    turns: tuple[int, ...] = (0,)  #: quarter turns clockwise, drawn evenly
    tilt: float = 0.0  #: degrees to either side, in the plane of the picture
    lean: float = 0.0  #: degrees that the page may lean away from the camera, about either axis
    distance: Range = (2.4, 4.0)  #: of the camera, in page widths: nearer is more perspective
    margin: Range = (0.01, 0.05)  #: ground around the page, as a share of its longer side; negative cuts the page off
    uneven_light: float = 0.0  #: 0..1
    contrast: Range = (0.95, 1.0)
    focus_blur: Range = (0.0, 0.02)  #: standard deviation
    motion_blur: Range = (0.0, 0.0)  #: length
    noise: Range = (0.5, 2.0)  #: standard deviation in grey levels of 255
    jpeg_quality: tuple[int, int] = (80, 95)
    png: float = 0.0  #: chance of a PNG instead
    wear: Range = (0.0, 0.0)  #: print rubbed away, scratches: 0..1
    shadow: float = 0.0  #: chances from here on
    glare: float = 0.0  #: beside the zone, never on it
    stamp_beside: float = 0.0
    stamp_over: float = 0.0  #: over the zone, see-through
    finger: float = 0.0
    screen: float = 0.0  #: photographed off a screen: moire
    photocopy: float = 0.0  #: grey, hard contrast
    binarised: float = 0.0  #: black and white, like a fax
    booklet: float = 0.25  #: the facing page of a passport, the leaf below a visa are in the picture too
    guide: float = 0.0  #: a frame that a scanning app drew around the zone or the page
    curl: float = 0.0  #: millimetres that a page bends out of its plane


_PHONE = Level(
    pitch=(14.0, 27.0),
    tilt=7.0,
    lean=11.0,
    margin=(-0.015, 0.28),
    uneven_light=0.5,
    contrast=(0.75, 1.0),
    focus_blur=(0.015, 0.06),
    motion_blur=(0.0, 0.09),
    noise=(1.0, 5.0),
    jpeg_quality=(68, 94),
    shadow=0.35,
    glare=0.35,
    stamp_beside=0.12,
    finger=0.3,
    screen=0.04,
    guide=0.04,
    photocopy=0.03,
    wear=(0.0, 0.15),
    curl=0.5,
)

_HARD = Level(
    pitch=(8.0, 12.0),
    tilt=25.0,
    lean=20.0,
    distance=(1.7, 3.2),
    margin=(-0.01, 0.45),
    uneven_light=0.85,
    contrast=(0.65, 0.95),
    focus_blur=(0.03, 0.09),
    motion_blur=(0.0, 0.13),
    noise=(2.0, 6.5),
    jpeg_quality=(50, 85),
    shadow=0.5,
    glare=0.6,
    stamp_beside=0.2,
    stamp_over=0.1,
    finger=0.35,
    screen=0.1,
    guide=0.06,
    photocopy=0.08,
    wear=(0.0, 0.1),
    curl=0.7,
)

_HARDER = Level(
    pitch=(4.0, 6.0),
    tilt=12.0,
    lean=12.0,
    margin=(0.0, 0.3),
    uneven_light=0.6,
    contrast=(0.6, 1.0),
    focus_blur=(0.03, 0.1),
    noise=(1.0, 5.0),
    jpeg_quality=(55, 88),
    shadow=0.4,
    glare=0.3,
)

_BLURRED = Level(
    pitch=(7.0, 14.0),
    tilt=10.0,
    lean=10.0,
    margin=(0.0, 0.3),
    uneven_light=0.6,
    contrast=(0.6, 1.0),
    focus_blur=(0.12, 0.19),
    motion_blur=(0.0, 0.2),
    noise=(1.0, 5.0),
    jpeg_quality=(50, 88),
    shadow=0.4,
)

_FAX = Level(
    pitch=(7.0, 12.0),
    is_flat_scan=True,
    tilt=3.0,
    margin=(0.01, 0.1),
    contrast=(0.8, 1.0),
    focus_blur=(0.02, 0.09),
    noise=(2.0, 12.0),
    jpeg_quality=(60, 90),
    png=0.5,
    wear=(0.0, 0.3),
    binarised=1.0,
)

_WORN = Level(
    pitch=(7.0, 14.0),
    tilt=10.0,
    lean=8.0,
    margin=(0.0, 0.25),
    uneven_light=0.7,
    contrast=(0.45, 0.85),
    focus_blur=(0.02, 0.09),
    noise=(1.0, 5.0),
    jpeg_quality=(55, 88),
    wear=(0.6, 1.0),
    stamp_over=0.3,
    shadow=0.3,
)

_SCAN = Level(pitch=(15.0, 30.0), is_flat_scan=True, tilt=0.8, png=0.25, margin=(0.0, 0.06))

#: Each level is drawn evenly from its variants.
LEVELS: dict[str, tuple[Level, ...]] = {
    "clean": (_SCAN,),
    "phone": (_PHONE,),
    "hard": (_HARD,),
    "harder": (_HARDER, _BLURRED, _FAX, _WORN),
    "harder-small": (_HARDER,),  #: the four ways to be harder, one by one, for a curve
    "harder-blurred": (_BLURRED,),
    "harder-fax": (_FAX,),
    "harder-worn": (_WORN,),
    "turned": (replace(_PHONE, turns=(1, 2, 3)),),
    "blank": (_PHONE, _HARD, _SCAN),  #: whatever the kind, a document or a thing without a machine readable zone
}
BLANK = "blank"
