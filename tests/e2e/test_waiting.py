"""Waiting for real windows, real controls and real files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.cancel import Cancel, Cancelled
from agent.tool import ToolResult
from tests.tools.context import Context
from tests.virtual_desktop import VirtualDesktop
from tools import watch
from tools.desktop.port import Desktop, Window
from tools.desktop.waiting import until
from tools.files.workspace import Workspace
from tools.screen import Screen

pytestmark = pytest.mark.e2e

COPYING = """
import sys
from PySide6.QtWidgets import QApplication, QProgressBar, QVBoxLayout, QWidget
app = QApplication([])
window = QWidget(windowTitle="Copying")
bar = QProgressBar(accessibleName="Copying files", maximum=8)
QVBoxLayout(window).addWidget(bar)
window.show()
import threading
from PySide6.QtCore import QTimer
steps = iter(range(1, 9))
def listen():
    for line in sys.stdin:
        QTimer.singleShot(0, app, lambda: bar.setValue(next(steps)))
threading.Thread(target=listen, daemon=True).start()
app.exec()
"""


@contextmanager
def started(desktop: VirtualDesktop, script: str) -> Iterator[Callable[[int], None]]:
    """A Python program on the desktop; the function gives it so many lines."""
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=dict(desktop.env), stdin=subprocess.PIPE, text=True
    )
    assert process.stdin is not None

    def lines(count: int) -> None:
        assert process.stdin is not None
        process.stdin.write("\n" * count)
        process.stdin.flush()

    try:
        yield lines
    finally:
        process.kill()
        process.communicate()


class Watcher:
    """`wait_for` on a thread of its own, as the agent's; a test does things meanwhile."""

    def __init__(self, ports: Desktop, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.ports, self.context, self._pool = ports, Context(), pool
        self._looked = threading.Event()
        self.context.progress = self._heard  # type: ignore[method-assign]
        (self._tool,) = watch.tools(ports, Screen(ports), Workspace(folder, folder))

    def begins(self, **said: str) -> Future[ToolResult]:
        """Returns after the first look, when nothing had happened yet."""
        self._looked.clear()
        arguments = self._tool.arguments(**said)
        self._tool.effect(arguments)
        waiting = self._pool.submit(self._tool.run, arguments, self.context)
        assert self._looked.wait(30), waiting.result(0)
        return waiting

    def _heard(self, text: str) -> None:
        self.context.told.append(text)
        self._looked.set()

    def window(self, title: str) -> Window:
        found = until(lambda: next(iter(self._fitting(title)), None), 20, Cancel())
        assert found is not None, title
        return found

    def _fitting(self, title: str) -> Iterator[Window]:
        return (window for window in self.ports.windows.list() if title in window.title)


@pytest.fixture
def watcher(clear_desktop: Desktop, tmp_path: Path) -> Iterator[Watcher]:
    with ThreadPoolExecutor(1, "agent") as pool:
        watching = Watcher(clear_desktop, tmp_path, pool)
        yield watching
        watching.context.cancel.request()


@pytest.fixture
def editor(desktop: VirtualDesktop, watcher: Watcher) -> Window:
    desktop.start("mousepad")
    window = watcher.window("Mousepad")
    assert until(lambda: watcher.ports.accessibility.read(window), 20, Cancel())
    assert watcher.ports.windows.focus(window)
    return window


def test_a_title_that_changes_ends_the_wait(watcher: Watcher, editor: Window) -> None:
    waiting = watcher.begins(event="text appears", what="*untitled")
    watcher.ports.keyboard.type("x")
    result = waiting.result(30)
    assert result.status == "confirmed", result
    assert result.content.startswith('text appears "*untitled": after ')


def test_text_in_a_control_that_comes_and_goes_ends_the_wait(watcher: Watcher, editor: Window) -> None:
    coming = watcher.begins(event="text appears", what="build finished")
    watcher.ports.keyboard.type("Build finished.")
    came = coming.result(30)
    assert (came.status, came.evidence) == ("confirmed", 'it reads "Build finished."')
    going = watcher.begins(event="text vanishes", what="build finished", window="Mousepad")
    watcher.ports.keyboard.press("ctrl+a delete")
    assert going.result(30).status == "confirmed"


def test_a_dialog_that_opens_and_closes_ends_the_wait(watcher: Watcher, editor: Window) -> None:
    opening = watcher.begins(event="window opens")
    watcher.ports.keyboard.press("ctrl+o")
    opened = opening.result(30)
    assert (opened.status, opened.evidence) == ("confirmed", '"Open File" in Mousepad is open')
    assert watcher.ports.windows.focus(watcher.window("Open File"))
    closing = watcher.begins(event="window closes", what="open file")
    watcher.ports.keyboard.press("escape")
    closed = closing.result(30)
    assert (closed.status, closed.evidence) == ("confirmed", '"Open File" is closed')


def test_text_in_a_window_without_a_tree_is_waited_for_through_its_pixels(
    desktop: VirtualDesktop, watcher: Watcher
) -> None:
    desktop.start(
        "xterm",
        "-T",
        "Build",
        "-fs",
        "16",
        "-fa",
        "DejaVu Sans Mono",
        "-e",
        "read x; echo FINISHED NOW; read x",
    )
    window = watcher.window("Build")
    assert watcher.ports.windows.focus(window)
    waiting = watcher.begins(event="text appears", what="finished now", window="xterm")
    watcher.ports.keyboard.press("enter")
    result = waiting.result(60)
    assert (result.status, result.evidence) == ("confirmed", 'it reads "FINISHED NOW"')


def test_a_progress_bar_that_fills_ends_the_wait(desktop: VirtualDesktop, watcher: Watcher) -> None:
    with started(desktop, COPYING) as advance:
        window = watcher.window("Copying")
        assert until(lambda: watcher.ports.accessibility.read(window), 20, Cancel())
        advance(3)
        waiting = watcher.begins(event="progress ends", window="Copying")
        advance(5)
        result = waiting.result(30)
    assert (result.status, result.evidence) == ("confirmed", "it was at 100%")


def test_a_file_that_stops_growing_ends_the_wait(watcher: Watcher, tmp_path: Path) -> None:
    file = tmp_path / "download.bin"
    waiting = watcher.begins(event="file is finished", what="download.bin")
    with file.open("wb") as growing:
        for _ in range(10):
            growing.write(b"x" * 1000)
            growing.flush()
            assert not waiting.done()
            watcher.context.cancel.wait(0.05)
    result = waiting.result(60)
    assert (result.status, result.evidence) == ("confirmed", "it has 10,000 bytes, unchanged for 3 s")


def test_a_window_that_is_killed_ends_the_wait_for_its_text(watcher: Watcher, editor: Window) -> None:
    waiting = watcher.begins(event="text appears", what="never")
    watcher.ports.windows.close(editor)
    assert waiting.result(30).status == "failed"


def test_a_stop_ends_it(watcher: Watcher, editor: Window) -> None:
    waiting = watcher.begins(event="text appears", what="never", minutes="30")
    watcher.context.cancel.request()
    with pytest.raises(Cancelled):
        waiting.result(30)


def test_a_stop_does_not_wait_for_an_application_that_is_frozen(watcher: Watcher, editor: Window) -> None:
    waiting = watcher.begins(event="text appears", what="never", minutes="30")
    os.kill(editor.pid, signal.SIGSTOP)
    until(
        lambda: False, 2, watcher.context.cancel
    )  # a look is on its way, to an application that does not answer
    watcher.context.cancel.request()
    with pytest.raises(Cancelled):
        waiting.result(10)
