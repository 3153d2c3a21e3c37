"""Where password fields show on the screen: of every window that is seen there, not only of the one in front, because a
picture of a monitor shows them all. A window that was read elsewhere has moved since, and its fields with it.
Any thread; each window that is seen costs reading its tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.errors import DesktopError
from tools.desktop.platforms import EVERYWHERE
from tools.desktop.port import Bounds, Window
from tools.outline import Outline


def passwords(
    windows: Sequence[Window], read: Callable[[Window], Outline | None], within: Bounds, seen: Outline | None
) -> tuple[Bounds, ...]:
    """What must be black in a picture of ``within`` that shows ``windows``, front first; one that lies wholly under
    others is not read, and that of which ``seen`` is known not again. Of a window that does not answer, all that shows
    counts."""

    def known(window: Window) -> Outline | None:
        return seen if seen and seen.window.id == window.id else read(window)

    found: list[Bounds] = []
    above: list[Bounds] = []
    for window in windows:
        if window.minimised:
            continue
        part = window.bounds.overlap(within)
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
