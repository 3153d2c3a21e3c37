"""Keys and pointer through xa11y: SendInput on Windows, CGEvent on macOS, XTEST on X11.

Before each key and click it is looked at where it would go; another program may come between the two. Text goes out as
Unicode on Windows and macOS, whatever the keyboard layout; on X11 only what the layout has (there the X11 adapter is
used instead).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Literal

import xa11y

from agent.cancel import Cancel
from agent.errors import DesktopError
from tools.desktop import keys as key_names
from tools.desktop.platforms import Pixels
from tools.desktop.port import Window, Windows

_NAMES = {
    "enter": "Enter", "tab": "Tab", "escape": "Escape", "backspace": "Backspace", "delete": "Delete",
    "insert": "Insert", "home": "Home", "end": "End", "pageup": "PageUp", "pagedown": "PageDown", "left": "ArrowLeft",
    "up": "ArrowUp", "right": "ArrowRight", "down": "ArrowDown", "space": "Space", "ctrl": "Ctrl", "shift": "Shift",
    "alt": "Alt", "super": "Meta", **{f"f{number}": f"F{number}" for number in range(1, 25)},
}  # fmt: skip
"""xa11y's names for ours."""
_WHEEL = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}


class PortableKeyboard:
    """See :class:`tools.desktop.port.Keyboard`. ``control`` is the key that stands for ``ctrl``: on macOS the one with
    which applications do what they do with Ctrl elsewhere."""

    def __init__(self, windows: Windows, control: Literal["Ctrl", "Meta"] = "Ctrl") -> None:
        self._windows = windows
        self._lock = threading.Lock()
        symbols = {key_names.parse(name)[0].key: ours for name, ours in _NAMES.items()}
        self._names = symbols | {key_names.parse("ctrl")[0].key: control}

    def type(self, text: str, into: Window | None = None, cancel: Cancel | None = None) -> int:
        typed = 0
        with self._lock:
            sim = _simulator()
            for character in text:
                if (cancel is not None and cancel.requested) or not self._goes(into):
                    return typed
                _do(partial(_type_one, sim, character))
                typed += 1
        return typed

    def press(self, keys: str, into: Window | None = None) -> bool:
        chords = [
            (self._name(chord.key), [self._name(symbol) for symbol in chord.held])
            for chord in key_names.parse(keys)
        ]
        with self._lock:
            sim = _simulator()
            for key, held in chords:
                if not self._goes(into):
                    return False
                _do(partial(sim.chord, key, held))
        return True

    def _goes(self, into: Window | None) -> bool:
        if into is None:
            return True
        active = self._windows.active()
        return active is not None and active.id == into.id

    def _name(self, symbol: int) -> str:
        if symbol not in self._names and 0xFF00 <= symbol <= 0xFFFF:
            raise ValueError("there is no such key on this system")
        return self._names.get(symbol) or chr(symbol & 0x00FFFFFF)


class PortablePointer:
    """See :class:`tools.desktop.port.Pointer`. ``where`` tells where the pointer is, in the screen's pixels."""

    def __init__(self, windows: Windows, where: Callable[[], tuple[int, int]], pixels: Pixels) -> None:
        self._windows = windows
        self._where = where
        self._pixels = pixels
        self._lock = threading.Lock()

    def position(self) -> tuple[int, int]:
        return self._where()

    def click(self, x: int, y: int, on: Window | None = None) -> bool:
        with self._lock:
            if not self._ready(x, y, on):
                return False
            _do(lambda: _simulator().click(self._pixels.logical(x, y)))
            return True

    def scroll(
        self,
        x: int,
        y: int,
        direction: Literal["up", "down", "left", "right"],
        notches: int,
        on: Window | None = None,
    ) -> bool:
        dx, dy = _WHEEL[direction]
        with self._lock:
            if not self._ready(x, y, on):
                return False
            _do(lambda: _simulator().scroll(self._pixels.logical(x, y), dx=dx * notches, dy=dy * notches))
            return True

    def drag(self, start: tuple[int, int], end: tuple[int, int], on: Window | None = None) -> bool:
        with self._lock:
            if not self._ready(*start, on) or (on is not None and not self._windows.reaches(on, *end)):
                return False
            _do(lambda: _simulator().drag(self._pixels.logical(*start), self._pixels.logical(*end)))
            return True

    def _ready(self, x: int, y: int, on: Window | None) -> bool:
        return on is None or self._windows.reaches(on, x, y)


def _simulator() -> xa11y.InputSim:
    try:
        return xa11y.input_sim()
    except xa11y.XA11yError as error:
        raise DesktopError(
            "The system does not let Deskhand press keys or click.", "Allow it in the system's settings."
        ) from error


def _type_one(sim: xa11y.InputSim, character: str) -> None:
    named = {"\n": "Enter", "\t": "Tab"}.get(character)
    sim.press(named) if named else sim.type_text(character)


def _do(action: Callable[[], None]) -> None:
    try:
        action()
    except (xa11y.XA11yError, ValueError) as error:
        raise DesktopError(f"This key or click is not possible here ({error}).") from error
