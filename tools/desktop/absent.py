"""A desktop that is only described: windows by their names, the applications that are installed, and nothing that can
be looked at or touched. For finding out what a call *would* do, without a display. Any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from agent.errors import DesktopError
from tools.desktop.entries import DesktopEntries
from tools.desktop.port import Bounds, Desktop, Window


class DescribedWindows:
    """See :class:`tools.desktop.port.Windows`; they stay as they are described."""

    def __init__(self) -> None:
        self._windows: tuple[Window, ...] = ()

    def describe(self, windows: Sequence[tuple[str, str]]) -> None:
        """From now on these are open, the front one first: pairs of application and title."""
        self._windows = tuple(
            Window(number, title, application, application.casefold(), 0, Bounds(0, 0, 0, 0))
            for number, (application, title) in enumerate(windows, start=1)
        )

    def list(self) -> tuple[Window, ...]:
        return self._windows

    def front(self) -> Window | None:
        return next(iter(self._windows), None)

    def active(self) -> Window | None:
        return self.front()

    def find(self, id: int) -> Window | None:
        return next((window for window in self._windows if window.id == id), None)

    def focus(self, window: Window) -> bool:
        raise _nothing_here()

    def close(self, window: Window) -> None:
        raise _nothing_here()

    def hidden(self) -> tuple[Bounds, ...]:
        return ()

    def reaches(self, window: Window, x: int, y: int) -> bool:
        raise _nothing_here()


class _Absent:
    """Stands for a port that must not be used: whatever is asked of it raises DesktopError."""

    def __getattr__(self, name: str) -> Any:
        raise _nothing_here()


def _nothing_here() -> DesktopError:
    return DesktopError("There is no desktop here, only a description of one.")


def described_desktop() -> tuple[Desktop, DescribedWindows]:
    """The desktop, and its windows to describe."""
    windows, absent = DescribedWindows(), cast(Any, _Absent())
    desktop = Desktop(windows, absent, absent, absent, absent, absent, DesktopEntries(), absent)
    return replace(desktop, read_text=lambda picture, cancel: ()), windows
