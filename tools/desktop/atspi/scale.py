"""Scaled displays: toolkits tell places in their own pixels, of which one may be two of the screen's.

GTK does so with ``GDK_SCALE`` or a desktop set to 200 %, Qt with ``QT_SCALE_FACTOR``, Chromium, Firefox and LibreOffice
likewise; all count from the corner of the screen. How many of the screen's pixels one of theirs is, nobody tells: the
window is known in both. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tools.desktop.port import Bounds, Node

_ALIKE = 0.015
"""Across and down agree to this: then nothing but the scale makes the difference."""
_STEPS = 4
"""Scales are multiples of a quarter: 1.25, 1.5."""
_NEARLY = 0.1
"""A frame's title and borders are counted as part of the window by some."""
_LARGEST = 4.0


def scale_of(window: Bounds, told: Bounds | None, whole: bool = False) -> float:
    """The screen's pixels for one of the application's. ``window`` is the X window, ``told`` how large the application
    says it is. ``whole``: only whole numbers come into question, and the window may hold a shadow besides."""
    if told is None or told.width <= 1 or told.height <= 1:
        return 1.0
    across, down = window.width / told.width, window.height / told.height
    if not whole and abs(across - down) <= _ALIKE * max(across, down):
        scale = round(_STEPS * (across + down) / 2) / _STEPS
    else:
        scale = float(int(min(across, down) + _NEARLY))
    return scale if 1.0 < scale <= _LARGEST else 1.0


def scaled(bounds: Bounds, factor: float) -> Bounds:
    """``bounds`` in pixels of which ``factor`` make one of before."""
    left, top = round(bounds.x * factor), round(bounds.y * factor)
    right, bottom = round((bounds.x + bounds.width) * factor), round((bounds.y + bounds.height) * factor)
    return Bounds(left, top, right - left, bottom - top)


def on_screen(nodes: Sequence[Node], scale: float) -> tuple[Node, ...]:
    """``nodes`` in the screen's pixels."""
    if scale == 1.0:
        return tuple(nodes)
    return tuple(
        replace(
            node,
            bounds=scaled(node.bounds, scale) if node.bounds else None,
            children=on_screen(node.children, scale),
        )
        for node in nodes
    )
