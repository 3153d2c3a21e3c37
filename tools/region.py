"""How a part of the screen looked, and whether it still looks like that.

An action is made where the model last saw its target; a :class:`Region` is the small picture that remembers it by.
Focus rings, hover, selection and the paler colours of a window that has lost the keys make no difference;
another text or another control in that place does. Pure: the pixels come from :mod:`tools.desktop.capture`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agent.messages import Picture
from tools.desktop.port import Bounds, Node, Window
from tools.outline import Outline

_COLUMNS, _ROWS = 64, 24
_EDGE = 3
"""Pixels at the border that are left out: that is where focus shows."""
_FLAT = 4.0
"""Grey levels: less variation than this is an empty area, which looks like any other."""
_ALIKE = 0.95
"""Correlation of the grey levels. The same control of a real application has 0.99 and more, with the keys or without;
the most similar digits on the buttons of a calculator have 0.96."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The look of a rectangle of the screen: grey levels, 24 rows of 64."""

    grey: NDArray[np.float32]

    def alike(self, other: Region) -> bool:
        """Whether both show the same thing."""
        a, b = self.grey, other.grey
        flat_a, flat_b = float(a.std()) < _FLAT, float(b.std()) < _FLAT
        if flat_a or flat_b:
            return flat_a == flat_b
        correlation = float(((a - a.mean()) * (b - b.mean())).mean() / (a.std() * b.std()))
        return abs(correlation) >= _ALIKE  # a selected item is the same in inverse colours


class Sighting:
    """A window as it was seen once: its controls and its pixels."""

    def __init__(self, outline: Outline, picture: Picture) -> None:
        """``picture`` shows the window's bounds."""
        self._window = outline.window
        self._nodes = {control.node.key: control.node for control in outline.controls}
        image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
        self._grey = image.convert("L")

    def knows(self, window: Window, node: Node) -> bool:
        """Whether this control of this window was seen, as the same thing."""
        known = self._nodes.get(node.key) if window.id == self._window.id else None
        return known is not None and (known.role, known.name) == (node.role, node.name)

    def region(self, node: Node) -> Region | None:
        """How the control looked; ``None`` when it was not there, or not wholly to be seen."""
        known = self._nodes.get(node.key)
        return self.part(known.bounds) if known and known.bounds else None

    def part(self, bounds: Bounds) -> Region | None:
        """How this rectangle of the screen looked; ``None`` when it was not wholly within the window."""
        box = _inner(bounds.moved(-self._window.bounds.x, -self._window.bounds.y))
        right, bottom = box.x + box.width, box.y + box.height
        if box.x < 0 or box.y < 0 or right > self._grey.width or bottom > self._grey.height:
            return None
        small = self._grey.resize((_COLUMNS, _ROWS), Image.Resampling.BOX, (box.x, box.y, right, bottom))
        return Region(np.asarray(small, np.float32))


def _inner(bounds: Bounds) -> Bounds:
    edge_x, edge_y = min(_EDGE, bounds.width // 6), min(_EDGE, bounds.height // 6)
    width, height = bounds.width - 2 * edge_x, bounds.height - 2 * edge_y
    return Bounds(bounds.x + edge_x, bounds.y + edge_y, max(1, width), max(1, height))
