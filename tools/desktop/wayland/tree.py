"""The accessibility tree under Wayland: places in it are counted from the window's corner, and where that is nobody
knows. So controls have no place here, and a password field may be anywhere."""

from __future__ import annotations

from dataclasses import replace

from tools.desktop.platforms import EVERYWHERE
from tools.desktop.port import Accessibility, Node, Window


class PlacelessAccessibility:
    """See :class:`tools.desktop.port.Accessibility`."""

    def __init__(self, accessibility: Accessibility) -> None:
        self._accessibility = accessibility

    def read(self, window: Window) -> Node | None:
        tree = self._accessibility.read(window)
        return _placeless(tree) if tree else None

    def find(self, window: Window, key: str) -> Node | None:
        found = self._accessibility.find(window, key)
        return _placeless(found) if found else None

    def press(self, key: str) -> bool:
        return self._accessibility.press(key)

    def focus(self, key: str) -> bool:
        return self._accessibility.focus(key)

    def set_text(self, key: str, text: str) -> bool:
        return self._accessibility.set_text(key, text)

    def insert_text(self, key: str, text: str) -> bool:
        return self._accessibility.insert_text(key, text)

    def set_number(self, key: str, number: float) -> bool:
        return self._accessibility.set_number(key, number)

    def select(self, key: str) -> bool:
        return self._accessibility.select(key)

    def scroll_to(self, key: str) -> bool:
        return self._accessibility.scroll_to(key)


def _placeless(node: Node) -> Node:
    bounds = EVERYWHERE if "secret" in node.states else None
    return replace(node, bounds=bounds, children=tuple(_placeless(child) for child in node.children))
