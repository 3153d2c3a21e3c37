"""The moment: the screen as it was when the person asked, and what "this" and "here" mean in it.

:func:`freeze` takes the pixels of one instant and holds them while the person shows which part they mean;
:func:`moment_of` turns that part into what a request carries. The outline is followed by what it does not tell by
itself: the control under the cursor and the selected text. Any thread.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageDraw

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.messages import Moment, Picture, Place
from tools.desktop.port import Bounds, Desktop, Window
from tools.outline import Control, Outline, from_pixels
from tools.unseen import grab, passwords

if TYPE_CHECKING:
    from tools.screen import Screen

THUMBNAIL_WIDTH = 480
"""Pixels."""
_SHOWN_SELECTION = 400
"""Characters of a selection that are told."""
_ASKED_FOR_SELECTIONS = 12
"""Controls with text that are asked what is selected in them: a millisecond each."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the person means of the screen: ``region``, and which window that is; 0: what is seen in the region and no
    more. The region may be larger than the window: a whole monitor, of which that window is told."""

    region: Bounds
    window: int = 0


@dataclass(frozen=True, slots=True)
class Frozen:
    """The screen of one instant. ``picture`` shows ``bounds``, private windows black; ``windows`` are front first, as
    they were; ``cursor`` is where the pointer was, and ``under`` the id of the window it was on (0: none, or ours).
    Password fields are not yet black: it is for the person's eyes."""

    picture: Picture
    bounds: Bounds
    windows: tuple[Window, ...]
    cursor: tuple[int, int]
    under: int


def freeze(desktop: Desktop, bounds: Bounds) -> Frozen:
    """``bounds`` of the screen as it is now: pixels first, because they change soonest. Raises DesktopError."""
    picture = grab(desktop, bounds)
    cursor = desktop.pointer.position()
    windows = tuple(window for window in desktop.windows.list() if not window.minimised)
    top = next((window for window in windows if window.bounds.contains(*cursor)), None)
    under = top.id if top is not None and desktop.windows.reaches(top, *cursor) else 0
    shown = Bounds(max(0, bounds.x), max(0, bounds.y), picture.width, picture.height)
    return Frozen(picture, shown, windows, cursor, under)


def moment_of(desktop: Desktop, screen: Screen, frozen: Frozen, part: Part, budget: int) -> Moment:
    """``part`` of what was frozen, with an outline of about ``budget`` characters. Raises DesktopError."""

    def read(window: Window) -> Outline | None:
        now = desktop.windows.find(window.id)
        return screen.read(now) if now else None

    if part.window or (part.region == frozen.bounds and not frozen.windows):
        window = desktop.windows.find(part.window)
        seen = screen.look(window, Cancel()) if window else None
        words = seen.text(budget) if seen else "no windows are open"
        told = "\n".join(here(desktop, seen, words, frozen)) if seen else ""
        picture = _cut(frozen, part.region, passwords(frozen.windows, read, part.region, seen))
        whole = window is None or window.bounds != part.region
        return _moment(window, words, picture, "screen" if whole else "window", told)
    window = next((each for each in frozen.windows if each.bounds.contains(*part.region.centre)), None)
    seen = screen.read(window) if window else None
    picture = _cut(frozen, part.region, passwords(frozen.windows, read, part.region, seen))
    inside = Outline(seen.window, _inside(seen.controls, part.region)) if seen else None
    if seen is not None and inside is not None and inside.controls:
        screen.show(seen)  # the numbers are those of the whole window
        words = "part of " + inside.text(budget)
    else:
        words = _read_pixels(desktop, window, picture, budget)
    return _moment(window, words, picture, "region")


def here(desktop: Desktop, seen: Outline, told: str, frozen: Frozen) -> tuple[str, ...]:
    """What "this" may mean and ``told``, the outline's text, does not say: a line each for the focused control when the
    outline was cut before it, the control under the cursor, and the selected text."""
    lines = told.splitlines()
    focused = next((each for each in seen.controls if "focused" in each.node.states), None)
    found = [] if focused is None or any(line.startswith(f"{focused.number} ") for line in lines) else [
        f"focus on {_named(focused)}"
    ]  # fmt: skip
    if under := under_cursor(seen, frozen):
        found.append(f"cursor on {_named(under)}")
    if chosen := selection(desktop, seen):
        cut = chosen if len(chosen) <= _SHOWN_SELECTION else chosen[:_SHOWN_SELECTION] + "…"
        found.append(f'selected "{cut}"')
    return tuple(found)


def under_cursor(seen: Outline, frozen: Frozen) -> Control | None:
    """The smallest control of this window that the cursor was on."""
    if frozen.under != seen.window.id:
        return None
    there = [each for each in seen.controls if each.node.bounds and each.node.bounds.contains(*frozen.cursor)]
    return min(there, key=_area, default=None)


def selection(desktop: Desktop, seen: Outline) -> str:
    """The text that is selected in the window; of a password field nothing."""
    texts = [each.node for each in seen.controls if each.node.role in ("text", "field", "cell", "label")]
    texts = [node for node in texts if "secret" not in node.states]
    texts.sort(key=lambda node: ("focused" not in node.states, node.role in ("label", "cell")))
    has_tree = any(not from_pixels(each.node) for each in seen.controls)
    keys = [node.key for node in texts[:_ASKED_FOR_SELECTIONS]] if has_tree else []
    return desktop.selected_text(seen.window, keys).strip() if keys or not has_tree else ""


def _named(control: Control) -> str:
    return f'{control.number} {control.node.role} "{control.node.name.strip()}"'


def _area(control: Control) -> int:
    bounds = control.node.bounds
    return bounds.width * bounds.height if bounds else 0


def _inside(controls: Sequence[Control], region: Bounds) -> tuple[Control, ...]:
    """Those that the region shows: their middle, or the region's own middle is in them."""
    return tuple(_seen_in(controls, region))


def _seen_in(controls: Sequence[Control], region: Bounds) -> Iterator[Control]:
    for control in controls:
        bounds = control.node.bounds
        if bounds and (region.contains(*bounds.centre) or bounds.contains(*region.centre)):
            yield control


def _read_pixels(desktop: Desktop, window: Window | None, picture: Picture, budget: int) -> str:
    place = f'part of window "{window.title}" in {window.application}' if window else "part of the screen"
    try:
        lines = desktop.read_text(picture, Cancel())
    except DesktopError as trouble:
        return f"{place}\n({trouble})"
    text = "\n".join(f'label "{line.text}"' for line in lines) or "no text there"
    return f"{place}\n{text}"[:budget]


def _moment(
    window: Window | None,
    words: str,
    picture: Picture,
    part: Literal["screen", "window", "region"],
    here: str = "",
) -> Moment:
    return Moment(
        window=window.title if window else "",
        application=window.application if window else "",
        outline=words,
        here=here,
        thumbnail=thumbnail(picture),
        picture=picture,
        part=part,
    )


def _cut(frozen: Frozen, region: Bounds, secrets: Sequence[Bounds]) -> Picture:
    """The pixels of ``region``, with ``secrets`` black."""
    image = Image.frombytes("RGB", (frozen.picture.width, frozen.picture.height), frozen.picture.rgb)
    draw = ImageDraw.Draw(image)
    for each in secrets:
        x, y = each.x - frozen.bounds.x, each.y - frozen.bounds.y
        draw.rectangle((x, y, x + each.width - 1, y + each.height - 1), fill=(0, 0, 0))
    left, top = region.x - frozen.bounds.x, region.y - frozen.bounds.y
    part = image.crop(
        (
            max(0, left),
            max(0, top),
            max(1, min(image.width, left + region.width)),
            max(1, min(image.height, top + region.height)),
        )
    )
    place = Place(frozen.bounds.x + max(0, left), frozen.bounds.y + max(0, top), part.width, part.height)
    return Picture(width=part.width, height=part.height, rgb=part.tobytes(), place=place)


def thumbnail(picture: Picture) -> bytes:
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    image.thumbnail((THUMBNAIL_WIDTH, picture.height))
    encoded = io.BytesIO()
    image.save(encoded, "PNG")
    return encoded.getvalue()
