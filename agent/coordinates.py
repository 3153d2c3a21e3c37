"""Where a point of a picture is on the desktop, and back: the one place where coordinates turn into others.

Three kinds of coordinates meet here. The *desktop's* are what windows, controls and the pointer have; all monitors
together make one plane of them. A *picture's* are its pixels; on a scaled monitor there are more of them than of the
desktop's. A *model's* are what it says of the picture it was shown, by the convention it was trained with. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.messages import Picture, Place


class OutsideError(ValueError):
    """Coordinates that no point of the picture has, or too many, or too few."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How a model names places in a picture. ``thousandths``: of its width and of its height, from 0 to 1000; else its
    pixels as it was given. ``y_first`` is the order of the four numbers of a box."""

    thousandths: bool
    y_first: bool


GEMMA = Convention(thousandths=True, y_first=True)
"""``box_2d``: [y_min, x_min, y_max, x_max], 0 to 1000 whatever the picture's size, origin at the left top. Google's
documentation of bounding boxes for Gemini, and the cards of Gemma 3 and 4."""
QWEN3 = Convention(thousandths=True, y_first=False)
"""``bbox_2d``: [x_min, y_min, x_max, y_max], 0 to 1000. The cookbooks of Qwen3-VL."""
PIXELS = Convention(thousandths=False, y_first=False)
"""Qwen2.5-VL, UI-TARS and whoever says nothing else."""

_BY_NAME = (("gemma", GEMMA), ("qwen3", QWEN3))
"""Part of a model's architecture or name, small letters."""


def convention_of(*names: str) -> Convention:
    """That of the model with this architecture and name."""
    known = " ".join(names).casefold()
    return next((convention for name, convention in _BY_NAME if name in known), PIXELS)


@dataclass(frozen=True, slots=True)
class Mapper:
    """Between a model's coordinates in one picture and the desktop's: the picture shows ``place`` and has ``width`` x
    ``height`` pixels."""

    place: Place
    width: int
    height: int
    convention: Convention

    @staticmethod
    def of(picture: Picture, convention: Convention) -> Mapper | None:
        """``None`` for a picture that shows nothing of the desktop."""
        if picture.place is None:
            return None
        return Mapper(picture.place, picture.width, picture.height, convention)

    def point(self, x: float, y: float) -> tuple[int, int]:
        """The desktop's coordinates of a point of the picture; always inside ``place``. Raises OutsideError."""
        across, down = self._units
        return (
            self.place.x + _along(x, across, self.place.width),
            self.place.y + _along(y, down, self.place.height),
        )

    def box(self, numbers: Sequence[float]) -> Place:
        """The desktop's rectangle of a box in the picture, its corners in either order; inside ``place`` and not empty.
        Raises OutsideError."""
        if len(numbers) != 4:
            raise OutsideError(f"a box has 4 numbers, not {len(numbers)}")
        first, second = tuple(numbers[:2]), tuple(numbers[2:])
        if self.convention.y_first:
            first, second = first[::-1], second[::-1]
        left, top = self.point(min(first[0], second[0]), min(first[1], second[1]))
        right, bottom = self.point(max(first[0], second[0]), max(first[1], second[1]))
        return Place(left, top, max(1, right - left), max(1, bottom - top))

    def named(self, x: int, y: int) -> tuple[int, int]:
        """What the model would call the desktop's point ``x``, ``y``, which is inside ``place``."""
        across, down = self._units
        return (
            _back(x - self.place.x, across, self.place.width),
            _back(y - self.place.y, down, self.place.height),
        )

    @property
    def _units(self) -> tuple[int, int]:
        return (1000, 1000) if self.convention.thousandths else (self.width, self.height)


def cropped(picture: Picture, left: int, top: int, right: int, bottom: int) -> Picture:
    """The pixels from ``left`` and ``top`` up to, not including, ``right`` and ``bottom``, inside ``picture``;
    with its own place on the desktop. Labels and budgets do not go along."""
    row = 3 * picture.width
    rgb = memoryview(picture.rgb)
    part = b"".join(rgb[y * row + 3 * left : y * row + 3 * right] for y in range(top, bottom))
    return Picture(
        width=right - left,
        height=bottom - top,
        rgb=part,
        shows=picture.shows,
        place=place_of(picture, left, top, right, bottom),
    )


def place_of(picture: Picture, left: int, top: int, right: int, bottom: int) -> Place | None:
    """Where these pixels of ``picture`` are on the desktop: whatever they touch."""
    whole = picture.place
    if whole is None:
        return None
    x, x_end = _covering(left, right, picture.width, whole.width)
    y, y_end = _covering(top, bottom, picture.height, whole.height)
    return Place(whole.x + x, whole.y + y, max(1, x_end - x), max(1, y_end - y))


def pixels_of(picture: Picture, place: Place) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels of ``picture`` that show ``place``, as much of it as there is; right is
    not above left when there is nothing of it. ``picture`` shows the desktop."""
    whole = picture.place
    assert whole is not None
    x, y = place.x - whole.x, place.y - whole.y
    left, right = _covering(x, x + place.width, whole.width, picture.width)
    top, bottom = _covering(y, y + place.height, whole.height, picture.height)
    return max(0, left), max(0, top), min(picture.width, right), min(picture.height, bottom)


def _covering(begin: int, end: int, units: int, others: int) -> tuple[int, int]:
    """From ``begin`` to ``end`` of ``units``: which of as many ``others`` they touch. Whole numbers alone, because a
    rounding error would touch one more."""
    return begin * others // units, -(-end * others // units)


def _along(value: float, units: int, length: int) -> int:
    """The step of ``length`` that ``value`` of ``units`` falls into; the far edge is the last step."""
    if not 0 <= value <= units:  # also when it is no number
        raise OutsideError(f"{value:g} is not between 0 and {units}")
    return min(length - 1, int(value * length / units))


def _back(step: int, units: int, length: int) -> int:
    """The value of ``units`` nearest to the middle of ``step``; of two the smaller, which is still in the step."""
    return -(-((2 * step + 1) * units - length) // (2 * length))
