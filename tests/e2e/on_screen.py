"""Driving the window in a process of its own (tests/e2e/window_on_screen.py), and a pointer, for end-to-end tests."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from agent.cancel import Cancel
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.waiting import until

SECONDS = 30.0


class Deskhand:
    """The window in a process of its own. See :mod:`tests.e2e.window_on_screen`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: SimpleQueue[dict[str, Any]] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def do(self, what: str, **more: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._process.stdin.flush()

    def hear(self, key: str) -> dict[str, Any]:
        """The next thing it says that has this key."""
        deadline = time.monotonic() + SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                said = self._said.get(timeout=left)
            except Empty:
                break
            if key in said:
                return said
        raise AssertionError(f"it never said {key}")

    def state(self) -> dict[str, Any]:
        self.do("state")
        return self.hear("veils")

    def when(self, key: str, value: object) -> None:
        assert until(lambda: self.state()[key] == value or None, SECONDS, Cancel()), f"{key} is not {value}"


@contextmanager
def deskhand_on(desktop: VirtualDesktop, scale: str = "1") -> Iterator[Deskhand]:
    env = {**desktop.env, "QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": scale}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.window_on_screen"],
        env=env,
        cwd=Path(__file__).parent.parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        deskhand = Deskhand(process)
        try:
            deskhand.hear("ready")
            yield deskhand
        finally:
            process.kill()


def move_pointer(x: int, y: int) -> None:
    with opened() as display:
        xtest.fake_input(display, X.MotionNotify, x=x, y=y)
        display.sync()


@contextmanager
def opened() -> Iterator[Display]:
    display = Display()
    try:
        yield display
    finally:
        display.close()


def step(display: Display, kind: int, detail: int = 0, x: int = 0, y: int = 0) -> None:
    xtest.fake_input(display, kind, detail, x=x, y=y)
    display.sync()
    time.sleep(0.05)
