"""The pointer on X11, through XTEST. A click is made together with the look at what it would reach: what comes up in
between gets no click of ours. A drag takes half a second, and has a watchdog that lets go if we do not."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from Xlib import X
from Xlib.ext import xtest

from tools.desktop import reach
from tools.desktop.port import Window
from tools.desktop.x11 import Connection

_WHEEL = {"up": 4, "down": 5, "left": 6, "right": 7}
_DRAG_STEPS = 16
_STEP_SECONDS = 0.02
"""Between two movements of a drag: applications start one only when they see the pointer move."""
_HANDS_SECONDS = 0.5
_DROP_SECONDS = 0.2
"""How long what lies under the drop gets to say that it takes it."""


class XtestPointer:
    """See :class:`tools.desktop.port.Pointer`."""

    def __init__(self, connection: Connection) -> None:
        self._x = connection

    def position(self) -> tuple[int, int]:
        with self._x:
            at = self._x.root.query_pointer()
            return at.root_x, at.root_y

    def click(self, x: int, y: int, on: Window | None = None) -> bool:
        with self._x:
            return self._press(x, y, 1, on)

    def scroll(
        self,
        x: int,
        y: int,
        direction: Literal["up", "down", "left", "right"],
        notches: int,
        on: Window | None = None,
    ) -> bool:
        with self._x:
            return all(self._press(x, y, _WHEEL[direction], on) for _ in range(notches))

    def drag(self, start: tuple[int, int], end: tuple[int, int], on: Window | None = None) -> bool:
        with self._x, _let_go_if_we_die(self._x.display.get_display_name()):
            self._wait_for_hands()
            with reach.undisturbed(self._x):
                if not self._ready(*start, on):
                    return False
                self._move(*start)
                xtest.fake_input(self._x.display, X.ButtonPress, 1)
            return self._carry(start, end, on)

    def _carry(self, start: tuple[int, int], end: tuple[int, int], on: Window | None) -> bool:
        """Move with the button held, and let go: at ``end`` if ``on`` is there, else where it was taken."""
        dropped = False
        try:
            for step in range(1, _DRAG_STEPS + 1):
                self._move(*(a + (b - a) * step // _DRAG_STEPS for a, b in zip(start, end, strict=True)))
                self._x.display.sync()
                time.sleep(_STEP_SECONDS)
            time.sleep(_DROP_SECONDS)
            with reach.undisturbed(self._x):
                dropped = on is None or reach.reaches(self._x, on.id, *end)
                if dropped:
                    xtest.fake_input(self._x.display, X.ButtonRelease, 1)
        finally:
            if not dropped:
                self._move(*start)
                xtest.fake_input(self._x.display, X.ButtonRelease, 1)
                self._x.display.sync()
        return dropped

    def _press(self, x: int, y: int, button: int, on: Window | None) -> bool:
        self._wait_for_hands()
        with reach.undisturbed(self._x):
            if not self._ready(x, y, on):
                return False
            self._move(x, y)
            xtest.fake_input(self._x.display, X.ButtonPress, button)
            xtest.fake_input(self._x.display, X.ButtonRelease, button)
        self._wait_for_hands()
        return True

    def _wait_for_hands(self) -> None:
        """Until nothing is held: the person may let go, and a click of ours that the window manager keeps for a
        moment has not arrived before that."""
        deadline = time.monotonic() + _HANDS_SECONDS
        while time.monotonic() < deadline:
            hands = reach.held(self._x)
            if not (hands.modifiers or hands.buttons):
                return
            time.sleep(0.005)

    def _ready(self, x: int, y: int, on: Window | None) -> bool:
        """Whether a click here would do what it is meant to, and no more: not with what the person holds."""
        hands = reach.held(self._x)
        if hands.modifiers or hands.buttons:
            return False
        return reach.reaches(self._x, on.id, x, y) if on else bool(reach.at(self._x, x, y))

    def _move(self, x: int, y: int) -> None:
        xtest.fake_input(self._x.display, X.MotionNotify, x=x, y=y)


@contextmanager
def _let_go_if_we_die(display: str) -> Iterator[None]:
    """A child that releases the button when this process ends inside the block, killed or not."""
    command = (sys.executable, "-I", "-m", "tools.desktop.let_go", display)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as watchdog:
        assert watchdog.stdin is not None
        assert watchdog.stdout is not None
        watchdog.stdout.read(1)  # it watches
        try:
            yield
        finally:
            watchdog.stdin.write(b".")
            watchdog.stdin.close()
