"""Keys and pointer under Wayland: no program gets them. Each try says so, in one sentence."""

from __future__ import annotations

from typing import Literal

from agent.cancel import Cancel
from tools.desktop import keys as key_names
from tools.desktop.platforms import limit
from tools.desktop.port import Window


class NoKeyboard:
    """See :class:`tools.desktop.port.Keyboard`. Raises DesktopError, always."""

    def type(self, text: str, into: Window | None = None, cancel: Cancel | None = None) -> int:
        raise limit("wayland", "keys")

    def press(self, keys: str, into: Window | None = None) -> bool:
        key_names.parse(keys)
        raise limit("wayland", "keys")


class NoPointer:
    """See :class:`tools.desktop.port.Pointer`. Raises DesktopError, but for :meth:`position`, which is unknown: the
    corner of the screen stands for it."""

    def position(self) -> tuple[int, int]:
        return 0, 0

    def click(self, x: int, y: int, on: Window | None = None) -> bool:
        raise limit("wayland", "pointer")

    def scroll(
        self,
        x: int,
        y: int,
        direction: Literal["up", "down", "left", "right"],
        notches: int,
        on: Window | None = None,
    ) -> bool:
        raise limit("wayland", "pointer")

    def drag(self, start: tuple[int, int], end: tuple[int, int], on: Window | None = None) -> bool:
        raise limit("wayland", "pointer")
