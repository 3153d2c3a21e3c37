"""What is black in pictures of the screen: windows on the privacy list, and the password fields of every window that
shows, not only of the one in front. Any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.errors import DesktopError
from agent.messages import Picture
from tools.desktop.platforms import EVERYWHERE
from tools.desktop.port import Bounds, Desktop, Window
from tools.outline import Outline

_MOST_GRABS = 3


def grab(desktop: Desktop, bounds: Bounds, secrets: Sequence[Bounds] = ()) -> Picture:
    """The pixels of ``bounds``, with private windows and ``secrets`` black. A private window that comes up or moves
    meanwhile (a ring of ours may have to be waited for) has the picture taken again; all of it is black when they do
    not come to rest. Raises DesktopError."""
    hidden = desktop.windows.hidden()
    for _ in range(_MOST_GRABS):
        picture = desktop.capture.grab(bounds, (*hidden, *secrets))
        before, hidden = hidden, desktop.windows.hidden()
        if hidden == before:
            return picture
    return desktop.capture.grab(bounds, (bounds,))


def passwords(
    windows: Sequence[Window], read: Callable[[Window], Outline | None], within: Bounds, seen: Outline | None
) -> tuple[Bounds, ...]:
    """Where password fields show ``within`` a part of the screen that shows ``windows``, front first.

    A window that lies wholly under others is not read, and that of which ``seen`` is known not again. Of one that does
    not answer, all that shows counts; one that was read elsewhere has moved since, and its fields with it."""

    def known(window: Window) -> Outline | None:
        return seen if seen and seen.window.id == window.id else read(window)

    found: list[Bounds] = []
    above: list[Bounds] = []
    for window in windows:
        if window.minimised:
            continue
        placed = window.bounds.width > 0 and window.bounds.height > 0
        part = window.bounds.overlap(within) if placed else within  # it may be anywhere
        if part is not None and (showing := _uncovered(part, above)):
            found += _of(window, known, showing, above)
        above.append(window.bounds)
    return tuple(found)


def _of(
    window: Window,
    read: Callable[[Window], Outline | None],
    showing: Sequence[Bounds],
    above: Sequence[Bounds],
) -> list[Bounds]:
    try:
        seen = read(window)
    except DesktopError:
        return list(showing)
    if seen is None:
        return []
    across, down = window.bounds.x - seen.window.bounds.x, window.bounds.y - seen.window.bounds.y
    found: list[Bounds] = []
    for secret in seen.secrets():
        # Where nobody knows its place, nobody knows what covers it either.
        known = secret != EVERYWHERE
        found += _uncovered(secret.moved(across, down), above) if known else [secret]
    return found


def _uncovered(bounds: Bounds, above: Sequence[Bounds]) -> list[Bounds]:
    """What of ``bounds`` lies under none of ``above``."""
    parts = [bounds]
    for each in above:
        parts = [left for part in parts for left in part.without(each)]
    return parts
