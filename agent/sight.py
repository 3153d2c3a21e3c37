"""What to show a model of a screen it has seen before: nothing, the part that changed, or all of it.

A picture of the screen costs hundreds of tokens, and most steps change little of it. Frames are compared tile by
tile, 48x48 pixels as Gemma 4's soft tokens have them, with what the model has been shown: the last whole frame and the
crops since. A blinking caret and differences too faint to see count for nothing, and cannot add up, because the frame
to compare with is changed by what was shown alone. 1920x1080 takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.coordinates import cropped
from agent.messages import Picture, Place

TILE = 48
LEAST_TILES = (10, 7)
"""Across and down: a picture takes 70 tokens at least, so a crop shows as much around the change as they hold."""
MOST_TOKENS = 140
"""For all crops together; a whole frame takes about 280."""
FAINT = 8
"""Of 255, in each channel: what nobody sees."""
CARET = (3, TILE)
"""Across and down, pixels: a change that is no larger is a caret that blinked. Typing moves it as well."""
MOST_CARETS = 2
"""More such changes than that are something else."""
MOST_FRAMES = 2
"""Kept to compare with: a monitor, and a second one or a window. 6 MB at 1920x1080."""

MOST_DETAILS = 16
"""Kept to know them again, by their digest."""

AS_BEFORE = "(the screen looks as before)"
SEEN_BEFORE = "(pictured before, and it looks the same)"

Pixels = NDArray[np.uint8]
"""One row of ``width * 3`` bytes for each of the frame's."""

_Screen = tuple[int, int, Place | None]
"""Width, height and place: what is looked at time and again."""


@dataclass(frozen=True, slots=True)
class Glance:
    """``pictures`` for the model, and ``words`` that go with them. ``corners`` holds x and y of each crop; it is empty
    for a whole frame."""

    pictures: tuple[Picture, ...] = ()
    words: str = ""
    corners: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """Pixels from ``left`` and ``top`` up to, not including, ``right`` and ``bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def tokens(self) -> int:
        """What a picture of it takes at its own resolution."""
        return -(-self.width // TILE) * -(-self.height // TILE)

    def meets(self, other: Area) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def __or__(self, other: Area) -> Area:
        return Area(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the model knows of a screen. ``at`` is the index of the message that showed the whole of it, ``crops`` how
    many pictures of parts came since."""

    pixels: Pixels
    at: int
    crops: int = 0


class Sight:
    """What one conversation has shown of the screen. Agent thread only."""

    def __init__(self) -> None:
        self._frames: dict[_Screen, _Frame] = {}
        self._details: dict[tuple[Place | None, str], int] = {}

    def glance(self, picture: Picture, at: int, most_crops: int) -> Glance:
        """What to show of ``picture`` in the message that will be at index ``at``. After ``most_crops`` crops the whole
        is shown again: a crop is worth something only beside the frame it is from, which must not have become old."""
        if not picture.rgb or picture.shows == "file":
            return Glance((picture,))
        if picture.shows == "detail":
            return self._detail(picture, at)
        size = (picture.width, picture.height, picture.place)
        new = _pixels(picture)
        known = self._frames.pop(size, None)
        areas = None if known is None else changed_areas(known.pixels, new)
        if known is None or areas is None or (areas and known.crops + len(areas) > most_crops):
            self._frames[size] = _Frame(new, at)
            for oldest in list(self._frames)[:-MOST_FRAMES]:
                del self._frames[oldest]
            return Glance((picture,))
        if not areas:
            self._frames[size] = known
            return Glance(words=AS_BEFORE)
        self._frames[size] = _Frame(_patched(known.pixels, new, areas), known.at, known.crops + len(areas))
        return _crops(picture, areas)

    def _detail(self, picture: Picture, at: int) -> Glance:
        """What was asked for is shown whole, and once as long as it looks the same."""
        name = (picture.place, picture.key)
        if name in self._details:
            return Glance(words=SEEN_BEFORE)
        self._details[name] = at
        for oldest in list(self._details)[:-MOST_DETAILS]:
            del self._details[oldest]
        return Glance((picture,))

    def forget(self, gone: Callable[[int], bool]) -> None:
        """The messages at the indexes for which ``gone`` is true no longer show their pictures."""
        self._frames = {size: frame for size, frame in self._frames.items() if not gone(frame.at)}
        self._details = {name: at for name, at in self._details.items() if not gone(at)}


def looks_different(old: Picture, new: Picture) -> bool:
    """Whether anyone would see a difference; a caret that blinks is none. Both have their pixels."""
    if (old.width, old.height) != (new.width, new.height):
        return True
    return changed_areas(_pixels(old), _pixels(new)) != ()


def _pixels(picture: Picture) -> Pixels:
    return np.frombuffer(picture.rgb, np.uint8).reshape(picture.height, picture.width * 3)


def changed_areas(old: Pixels, new: Pixels) -> tuple[Area, ...] | None:
    """Where the frames differ so that it can be seen, each area large enough for a picture of its own; ``None`` when
    the whole frame is cheaper or clearer. Both have the same shape."""
    tiles = _changed_tiles(old, new)
    if np.count_nonzero(tiles) > MOST_TOKENS:
        return None
    height, width = new.shape[0], new.shape[1] // 3
    changes = [change for group in _groups(tiles) if (change := _seen_change(old, new, group)) is not None]
    carets = [change for change in changes if change.width <= CARET[0] and change.height <= CARET[1]]
    areas: list[Area] = []
    for change in changes:
        if change not in carets or len(carets) > MOST_CARETS:
            _add(areas, _grown(change, width, height))
    whole = Area(0, 0, width, height)
    if areas and sum(area.tokens for area in areas) > min(MOST_TOKENS, whole.tokens // 2):
        return None
    return tuple(areas)


def _changed_tiles(old: Pixels, new: Pixels) -> NDArray[np.bool_]:
    """Which tiles differ in any byte; compared eight bytes at a time where the rows allow it."""
    word = next(size for size in (8, 4, 2, 1) if new.shape[1] % size == 0)
    differs = old.view(f"u{word}") != new.view(f"u{word}")
    by_row = np.logical_or.reduceat(differs, np.arange(0, differs.shape[0], TILE), axis=0)
    return np.logical_or.reduceat(by_row, np.arange(0, differs.shape[1], TILE * 3 // word), axis=1)


def _groups(tiles: NDArray[np.bool_]) -> Iterator[Area]:
    """The bounds of tiles that touch each other, also by a corner, in pixels; they may reach beyond the frame."""
    left = {(int(row), int(column)) for row, column in np.argwhere(tiles)}
    while left:
        group = [left.pop()]
        for row, column in group:  # grows while it is walked
            near = {(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & left
            left -= near
            group += near
        rows, columns = [row for row, _ in group], [column for _, column in group]
        yield Area(min(columns) * TILE, min(rows) * TILE, (max(columns) + 1) * TILE, (max(rows) + 1) * TILE)


def _seen_change(old: Pixels, new: Pixels, within: Area) -> Area | None:
    """The bounds of what differs visibly ``within``; ``None`` when all of it is faint."""
    rows, columns = slice(within.top, within.bottom), slice(within.left * 3, within.right * 3)
    before, after = old[rows, columns], new[rows, columns]
    apart = np.maximum(before, after) - np.minimum(before, after) > FAINT
    by_column = apart.any(axis=0).reshape(-1, 3).any(axis=1)
    (across,), (down,) = np.nonzero(by_column), np.nonzero(apart.any(axis=1))
    if not len(across):
        return None
    return Area(
        within.left + int(across[0]),
        within.top + int(down[0]),
        within.left + int(across[-1]) + 1,
        within.top + int(down[-1]) + 1,
    )


def _grown(area: Area, width: int, height: int) -> Area:
    """``area`` in the middle of whole tiles, at least :data:`LEAST_TILES` of them, inside the frame."""
    left, right = _stretched(area.left, area.right, LEAST_TILES[0], width)
    top, bottom = _stretched(area.top, area.bottom, LEAST_TILES[1], height)
    return Area(left, top, right, bottom)


def _stretched(begin: int, end: int, least_tiles: int, limit: int) -> tuple[int, int]:
    length = min(limit, TILE * max(least_tiles, -(-(end - begin) // TILE)))
    begin = max(0, min(begin - (length - (end - begin)) // 2, limit - length))
    return begin, begin + length


def _add(areas: list[Area], area: Area) -> None:
    """Add ``area``; areas that meet become one."""
    while (other := next((each for each in areas if each.meets(area)), None)) is not None:
        areas.remove(other)
        area |= other
    areas.append(area)


def _patched(old: Pixels, new: Pixels, areas: tuple[Area, ...]) -> Pixels:
    known = old.copy()
    for area in areas:
        rows, columns = slice(area.top, area.bottom), slice(area.left * 3, area.right * 3)
        known[rows, columns] = new[rows, columns]
    return known


def _crops(picture: Picture, areas: tuple[Area, ...]) -> Glance:
    pictures = tuple(
        cropped(picture, area.left, area.top, area.right, area.bottom).model_copy(
            update={"budget": max(area.tokens, LEAST_TILES[0] * LEAST_TILES[1]), "shows": "changed"}
        )
        for area in areas
    )
    places = " and ".join(
        f"{part.width}x{part.height} pixels at {area.left},{area.top}"
        for part, area in zip(pictures, areas, strict=True)
    )
    words = f"(pictured is only what changed on the screen: {places})"
    return Glance(pictures, words, tuple((area.left, area.top) for area in areas))
