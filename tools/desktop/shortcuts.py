"""Keys that reach us whatever application is in front: a small port, and its adapter for X11 (XGrabKey).

A thread of ours waits for the keys and calls what was bound to them, so they work while the window hangs. An
application that has grabbed the whole keyboard (an open menu, a screen lock) gets the keys instead of us: X11 has no
way around it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from Xlib import XK, X
from Xlib.error import BadAccess, CatchError, ConnectionClosedError

from agent.errors import DesktopError
from tools.desktop import keys as key_names
from tools.desktop.platforms import session
from tools.desktop.x11 import Connection

_MASKS = {
    XK.XK_Shift_L: X.ShiftMask,
    XK.XK_Control_L: X.ControlMask,
    XK.XK_Alt_L: X.Mod1Mask,
    XK.XK_Super_L: X.Mod4Mask,
}
_NUM_LOCK = X.Mod2Mask
"""Where every keyboard layout has it (X11 protocol names no modifier; xkeyboard-config does)."""
_LOCKS = (0, X.LockMask, _NUM_LOCK, X.LockMask | _NUM_LOCK)
"""A grab is for exact modifiers, and the locks count as such."""


class Shortcuts(Protocol):
    def bind(self, name: str, keys: str, act: Callable[[], None]) -> None:
        """Have ``act`` called whenever ``keys`` (``ctrl+alt+space``) go down, in place of what ``name`` was bound to
        before. ``act`` runs on a thread of ours; it must return at once and not raise. Empty ``keys``: none.

        Raises DesktopError when the keys are not a shortcut, or another application or another name has them; then
        ``name`` is bound to nothing."""
        ...

    def close(self) -> None:
        """Give all keys back. Safe to call twice."""
        ...


def connect_shortcuts() -> Shortcuts:
    """Raises DesktopError where applications may not have such keys, or when there is no X display."""
    if session() == "wayland":
        raise DesktopError(
            "Shortcuts over other applications are not available on Wayland.",
            "In your desktop's own keyboard settings, give a shortcut to the command: deskhand stop.",
        )
    return X11Shortcuts()


@dataclass(frozen=True, slots=True)
class _Bound:
    code: int
    mask: int
    act: Callable[[], None]


class X11Shortcuts:
    """See :class:`Shortcuts`. Raises DesktopError when there is no X display."""

    def __init__(self) -> None:
        self._x = Connection()
        self._bound: dict[str, _Bound] = {}
        self._closed = False
        # Requests read events ahead into the connection's queue, where select does not see them: this wakes it.
        self._wake, self._woken = socket.socketpair()
        threading.Thread(target=self._serve, name="shortcuts", daemon=True).start()

    def bind(self, name: str, keys: str, act: Callable[[], None]) -> None:
        with self._x:
            self._release(name)
            if keys.strip():
                code, mask = self._position(keys)
                if any((each.code, each.mask) == (code, mask) for each in self._bound.values()):
                    raise DesktopError(f"Deskhand itself already uses {shown(keys)}.", "Choose other keys.")
                self._grab(code, mask, keys)
                self._bound[name] = _Bound(code, mask, act)
        self._wake.send(b".")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._wake.send(b".")

    def _position(self, keys: str) -> tuple[int, int]:
        """Key code and modifiers. Raises DesktopError."""
        try:
            chords = key_names.parse(keys)
        except ValueError as why:
            raise DesktopError(f"“{keys}” is not a shortcut: {why}.", _HOW) from None
        chord, code = chords[0], self._x.display.keysym_to_keycode(chords[0].key)
        if len(chords) > 1 or code == 0 or not set(chord.held) & (set(_MASKS) - {XK.XK_Shift_L}):
            raise DesktopError(f"“{keys}” cannot be a shortcut over other applications.", _HOW)
        return code, sum(_MASKS[held] for held in set(chord.held))

    def _grab(self, code: int, mask: int, keys: str) -> None:
        """Raises DesktopError when another application has it."""
        taken = CatchError(BadAccess)
        for locks in _LOCKS:
            self._x.root.grab_key(code, mask | locks, False, X.GrabModeAsync, X.GrabModeAsync, onerror=taken)
        self._x.display.sync()
        if taken.get_error() is not None:
            self._ungrab(code, mask)
            raise DesktopError(f"Another application already uses {shown(keys)}.", "Choose other keys.")

    def _release(self, name: str) -> None:
        if (bound := self._bound.pop(name, None)) is not None:
            self._ungrab(bound.code, bound.mask)

    def _ungrab(self, code: int, mask: int) -> None:
        for locks in _LOCKS:
            self._x.root.ungrab_key(code, mask | locks)
        self._x.display.sync()

    def _serve(self) -> None:
        with contextlib.suppress(DesktopError, ConnectionClosedError, OSError):  # the screen is gone
            while not self._closed:
                select.select([self._x.display.fileno(), self._woken], [], [])
                for act in self._pressed():
                    act()
        self._x.display.close()
        self._wake.close()
        self._woken.close()

    def _pressed(self) -> list[Callable[[], None]]:
        """What the keys that went down since the last look are bound to."""
        with self._x:
            while select.select([self._woken], [], [], 0)[0]:
                self._woken.recv(64)
            acts: list[Callable[[], None]] = []
            while self._x.display.pending_events():
                event = self._x.display.next_event()
                if event.type == X.MappingNotify:
                    self._x.display.refresh_keyboard_mapping(event)
                elif event.type == X.KeyPress:
                    mask = event.state & (X.ShiftMask | X.ControlMask | X.Mod1Mask | X.Mod4Mask)
                    bound = self._bound.values()
                    acts += [each.act for each in bound if (each.code, each.mask) == (event.detail, mask)]
            return acts


_HOW = "Use Ctrl, Alt or Super with one more key, for example Ctrl+Alt+Space."


def shown(keys: str) -> str:
    """``ctrl+alt+space`` as it stands on keyboards: Ctrl+Alt+Space."""
    return "+".join(part[:1].upper() + part[1:] for part in keys.strip().split("+"))
