"""The windows of a desktop, whatever lists them: in order, without ours and without private ones."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tools.desktop.port import OWN_PROGRAM, Bounds, Window

FOCUS_SECONDS = 1.0
_STEP_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Listed:
    """A window as the system lists it. ``id`` stays the same for as long as it lives."""

    id: int
    title: str
    application: str
    """The name a person knows."""
    program: str
    """The name of the program's file or class."""
    pid: int
    bounds: Bounds
    dialog: bool
    minimised: bool
    active: bool
    """It gets the keys."""


class WindowSystem(Protocol):
    """What lists windows and works them. Any thread; foreign errors come out as DesktopError."""

    def listed(self) -> Sequence[Listed]:
        """All top-level windows that a person would count as such, front first, ours and private ones too."""
        ...

    def activate(self, id: int) -> None:
        """Ask for it to be in front and active; nothing happens when it is gone."""
        ...

    def close(self, id: int) -> None:
        """Ask it to close; nothing happens when it is gone."""
        ...

    def above(self, x: int, y: int, pid: int) -> int | None:
        """The window that a click at this point reaches, a menu of process ``pid`` counting as its active window;
        ``None`` when the system does not tell, and 0 when it is none of those listed."""
        ...


class PortableWindows:
    """See :class:`tools.desktop.port.Windows`. ``private`` are names of applications (any case)."""

    def __init__(self, system: WindowSystem, private: Collection[str] = ()) -> None:
        self._system = system
        self._private = {name.casefold() for name in private}
        self._lock = threading.RLock()

    def list(self) -> tuple[Window, ...]:
        seen = [_window(each) for each in self._told()]
        return tuple(sorted(seen, key=lambda window: window.minimised))

    def front(self) -> Window | None:
        return next((window for window in self.list() if not window.minimised), None)

    def active(self) -> Window | None:
        return next((_window(each) for each in self._told() if each.active), None)

    def find(self, id: int) -> Window | None:
        return next((window for window in self.list() if window.id == id), None)

    def focus(self, window: Window) -> bool:
        if self.find(window.id) is None:
            return False
        self._system.activate(window.id)
        deadline = time.monotonic() + FOCUS_SECONDS
        while (active := self.active()) is None or active.id != window.id:
            if time.monotonic() > deadline:
                return False
            time.sleep(_STEP_SECONDS)
        return True

    def close(self, window: Window) -> None:
        if self.find(window.id) is not None:
            self._system.close(window.id)

    def hidden(self) -> tuple[Bounds, ...]:
        return tuple(each.bounds for each in self._all() if self._hides(each) and not each.minimised)

    def reaches(self, window: Window, x: int, y: int) -> bool:
        told = self._system.above(x, y, window.pid)
        if told is not None:
            return told == window.id
        here = (each for each in self._all() if not each.minimised and each.bounds.contains(x, y))
        return next((each.id for each in here), 0) == window.id

    def _all(self) -> Sequence[Listed]:
        with self._lock:
            return self._system.listed()

    def _told(self) -> Iterator[Listed]:
        return (each for each in self._all() if not self._is_ours(each) and not self._hides(each))

    def _is_ours(self, window: Listed) -> bool:
        return window.pid == os.getpid() or window.program.lower().removesuffix(".exe") == OWN_PROGRAM

    def _hides(self, window: Listed) -> bool:
        names = {window.application.casefold(), window.program.casefold().removesuffix(".exe")}
        return bool(names & self._private)


def _window(listed: Listed) -> Window:
    return Window(
        id=listed.id,
        title=listed.title,
        application=listed.application,
        program=listed.program.lower(),
        pid=listed.pid,
        bounds=listed.bounds,
        dialog=listed.dialog,
        minimised=listed.minimised,
    )


def readable(name: str) -> str:
    """An application's name as a person writes it: "mousepad" is Mousepad, "TextEdit" stays so."""
    return name.replace("-", " ").title() if name == name.lower() else name
