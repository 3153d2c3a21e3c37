"""The contract of the port, kept by every adapter that this machine can run."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cancel import Cancel
from tests.tools.desktop.contract import PortContract, eventually, walk
from tests.tools.stub_desktop import StubDesktop, window
from tests.virtual_desktop import VirtualDesktop, own_desktop
from tools.desktop import connect
from tools.desktop.accessibility import Xa11yAccessibility
from tools.desktop.entries import DesktopEntries
from tools.desktop.platforms import NO_SCALE
from tools.desktop.port import Desktop, Window
from tools.desktop.portable.capture import PortableCapture
from tools.desktop.portable.hands import PortableKeyboard, PortablePointer
from tools.desktop.portable.windows import PortableWindows
from tools.desktop.portable.xa11y_windows import Xa11yWindows
from tools.desktop.waiting import until
from tools.ocr import read_text

PRIVATE = "galculator"
CAN_COPY = bool(importlib.util.find_spec("pyperclip") and shutil.which("xclip"))


class StubRig:
    """The stub of our own tests: it may not promise what no desktop does."""

    def __init__(self) -> None:
        self._desktop = StubDesktop()
        self._desktop.windows.private = (PRIVATE,)
        self.ports = self._desktop.ports

    def cannot(self, what: str) -> str:
        return "a stub shows no tree" if what == "trees" else ""

    def open(self, name: str) -> Window:
        opened = window(len(self._desktop.windows.open) + 1, "Pad", title=f"{name} - Pad")
        self._desktop.windows.open.insert(0, opened)
        return opened

    def private(self) -> Window:
        opened = window(9, PRIVATE.title())
        self._desktop.windows.open.insert(0, opened)
        return opened

    def text(self, window: Window) -> str:
        return "".join(keys for id, keys in self._desktop.keyboard.reached if id == window.id)


class RealRig:
    """Mousepad on a virtual desktop."""

    def __init__(self, desktop: VirtualDesktop, ports: Desktop, folder: Path, lacks: dict[str, str]) -> None:
        self.ports = ports
        self._desktop, self._folder, self._lacks = desktop, folder, lacks
        self._started: list[subprocess.Popen[bytes]] = []

    def cannot(self, what: str) -> str:
        return self._lacks.get(what, "")

    def open(self, name: str) -> Window:
        file = self._folder / f"{name}.txt"
        file.touch()
        self._started.append(self._desktop.start("mousepad", "--disable-server", str(file)))
        opened = eventually(lambda: next((w for w in self.ports.windows.list() if name in w.title), None))
        # A window manager may hold a window back that comes up while somebody types into another.
        assert self.ports.windows.focus(opened)
        return eventually(lambda: self._ready(opened.id))

    def _ready(self, id: int) -> Window | None:
        """The window where it has come to lie, once its text has the keys."""
        window, active = self.ports.windows.find(id), self.ports.windows.active()
        tree = self.ports.accessibility.read(window) if window else None
        focused = tree is not None and any("focused" in node.states for node in walk(tree))
        return window if focused and active is not None and active.id == id else None

    def private(self) -> Window:
        self._started.append(self._desktop.start(PRIVATE))
        (bounds,) = eventually(self.ports.windows.hidden)
        return Window(0, PRIVATE, PRIVATE, PRIVATE, 0, bounds)

    def text(self, window: Window) -> str:
        tree = eventually(lambda: self.ports.accessibility.read(window))
        return next(node.value for node in walk(tree) if node.role == "text")

    def clear(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()
        windows = self.ports.windows
        assert until(lambda: not windows.list() and not windows.hidden(), 10, Cancel())


@pytest.fixture(scope="module")
def desktop() -> Iterator[VirtualDesktop]:
    with own_desktop() as started:
        yield started


@pytest.fixture(scope="module")
def x11(desktop: VirtualDesktop) -> Desktop:
    return connect(private_applications=(PRIVATE,))


class TestStub(PortContract):
    @pytest.fixture
    def rig(self) -> StubRig:
        return StubRig()


@pytest.mark.e2e
class TestX11(PortContract):
    """AT-SPI, the window manager, XTEST and X Composite."""

    @pytest.fixture
    def rig(self, desktop: VirtualDesktop, x11: Desktop, tmp_path: Path) -> Iterator[RealRig]:
        rig = RealRig(desktop, x11, tmp_path, {})
        yield rig
        rig.clear()


@pytest.fixture(scope="module")
def portable(desktop: VirtualDesktop, x11: Desktop) -> Desktop:
    """As on Windows and macOS, but for what only these have: what is installed, and where the pointer is."""
    clipboard = x11.clipboard
    if CAN_COPY:
        from tools.desktop.portable.clipboard import PortableClipboard

        clipboard = PortableClipboard()
    windows = PortableWindows(Xa11yWindows(NO_SCALE), (PRIVATE,))
    return Desktop(
        windows=windows,
        accessibility=Xa11yAccessibility(),
        keyboard=PortableKeyboard(windows),
        pointer=PortablePointer(windows, x11.pointer.position, NO_SCALE),
        clipboard=clipboard,
        capture=PortableCapture(windows),
        applications=DesktopEntries(),
        read_text=read_text,
    )


@pytest.mark.e2e
class TestPortable(PortContract):
    """xa11y, mss and pyperclip, which Windows and macOS are worked with."""

    @pytest.fixture
    def rig(self, desktop: VirtualDesktop, portable: Desktop, tmp_path: Path) -> Iterator[RealRig]:
        lacks = {
            "unicode keys": "xa11y types on X11 only what the keyboard layout has; elsewhere it types everything",
            "inserting": "xa11y does not tell whether some text is selected, so text is typed instead",
            "clipboard": "" if CAN_COPY else "pyperclip, with xclip on X11, is not installed",
        }
        rig = RealRig(desktop, portable, tmp_path, lacks)
        yield rig
        rig.clear()
