"""A desktop that does what the test says, for what a real one cannot be made to do at a given moment: a window that
comes up, goes away or changes hands between a question and its answer. Stands at our own port, and keeps to the same
contract as the real ones (tests/tools/desktop/contract.py)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.messages import Picture
from tools.desktop import keys as key_names
from tools.desktop.port import Application, Bounds, Desktop, Node, TextLine, Window


def window(id: int, application: str, title: str = "") -> Window:
    return Window(
        id=id,
        title=title or f"a window of {application}",
        application=application,
        program=application.lower(),
        pid=id,
        bounds=Bounds(0, 0, 8, 8),
    )


class StubWindows:
    """``open`` is the stack, front first; the front one is active unless ``stubborn`` windows keep the keys. Those of
    ``private`` applications (lower case) are open and not told of."""

    def __init__(self, *windows: Window) -> None:
        self.open = list(windows)
        self.closed: list[int] = []
        self.stubborn = False
        self.private: tuple[str, ...] = ()

    def list(self) -> tuple[Window, ...]:
        told = (each for each in self.open if each.program not in self.private)
        return tuple(sorted(told, key=lambda each: each.minimised))

    def front(self) -> Window | None:
        return next((each for each in self.list() if not each.minimised), None)

    def active(self) -> Window | None:
        return self.front()

    def find(self, id: int) -> Window | None:
        return next((each for each in self.list() if each.id == id), None)

    def focus(self, window: Window) -> bool:
        if self.stubborn or self.find(window.id) is None:
            return False
        self.open.sort(key=lambda each: each.id != window.id)
        return True

    def close(self, window: Window) -> None:
        self.closed.append(window.id)
        self.open = [each for each in self.open if each.id != window.id]

    def hidden(self) -> tuple[Bounds, ...]:
        return tuple(each.bounds for each in self.open if each.program in self.private)

    def reaches(self, window: Window, x: int, y: int) -> bool:
        top = next((each for each in self.open if not each.minimised and each.bounds.contains(x, y)), None)
        return top is not None and top.id == window.id


class StubKeyboard:
    """Remembers which window was active when keys were pressed."""

    def __init__(self, windows: StubWindows) -> None:
        self._windows = windows
        self.reached: list[tuple[int, str]] = []

    def type(self, text: str, into: Window | None = None, cancel: Cancel | None = None) -> int:
        return len(text) if self._reach(text, into) else 0

    def press(self, keys: str, into: Window | None = None) -> bool:
        key_names.parse(keys)
        return self._reach(keys, into)

    def _reach(self, keys: str, into: Window | None) -> bool:
        active = self._windows.active()
        assert active is not None
        if into is not None and into.id != active.id:
            return False
        self.reached.append((active.id, keys))
        return True


class StubAccessibility:
    """No application shows a tree."""

    def read(self, window: Window) -> Node | None:
        return None

    def find(self, window: Window, key: str) -> Node | None:
        return None

    def press(self, key: str) -> bool:
        return False

    def focus(self, key: str) -> bool:
        return False

    def set_text(self, key: str, text: str) -> bool:
        return False

    def insert_text(self, key: str, text: str) -> bool:
        return False

    def set_number(self, key: str, number: float) -> bool:
        return False

    def select(self, key: str) -> bool:
        return False

    def scroll_to(self, key: str) -> bool:
        return False


class StubPointer:
    """Remembers where it clicked, and on which window."""

    def __init__(self, windows: StubWindows) -> None:
        self._windows = windows
        self._at = 0, 0
        self.clicked: list[tuple[int, int]] = []

    def position(self) -> tuple[int, int]:
        return self._at

    def click(self, x: int, y: int, on: Window | None = None) -> bool:
        if not self._goes(x, y, on):
            return False
        self.clicked.append((x, y))
        return True

    def scroll(
        self,
        x: int,
        y: int,
        direction: Literal["up", "down", "left", "right"],
        notches: int,
        on: Window | None = None,
    ) -> bool:
        return self._goes(x, y, on)

    def drag(self, start: tuple[int, int], end: tuple[int, int], on: Window | None = None) -> bool:
        return self._goes(*start, on) and self._goes(*end, on)

    def _goes(self, x: int, y: int, on: Window | None) -> bool:
        if on is not None and not self._windows.reaches(on, x, y):
            return False
        self._at = x, y
        return True


class StubClipboard:
    """One that another program takes at once, when ``taken``."""

    def __init__(self) -> None:
        self.text = ""
        self.taken = False

    def read(self) -> str:
        return "somebody else's" if self.taken else self.text

    def write(self, text: str) -> None:
        self.text = text


class StubCapture:
    """A black screen of 4x3 pixels."""

    def __init__(self, windows: StubWindows | None = None) -> None:
        self._windows = windows

    def monitor(self, x: int, y: int) -> Bounds:
        return Bounds(0, 0, 4, 3)

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        return Picture(width=bounds.width, height=bounds.height, rgb=bytes(bounds.width * bounds.height * 3))

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        if self._windows is not None and self._windows.find(window.id) is None:
            raise DesktopError(f'"{window.title}" was closed while it was looked at.')
        return self.grab(window.bounds, (*black, *above))


class StubApplications:
    """Exactly one editor is installed, and it is the default."""

    editor = Application(
        id="org.example.Pad.desktop",
        name="Pad",
        names=("Text Editor",),
        command=("pad",),
        categories=("TextEditor",),
        types=("text/plain",),
        programs=("org.example.pad",),
    )

    def list(self) -> tuple[Application, ...]:
        return (self.editor,)

    def default_for(self, mime: str) -> Application | None:
        return self.editor if mime in self.editor.types else None

    def start(self, application: Application, path: Path | None = None) -> None:
        if application != self.editor:
            raise DesktopError(f"{application.name} could not be started.")


def read_text(picture: Picture, cancel: Cancel) -> tuple[TextLine, ...]:
    return ()


class StubDesktop:
    """The stubs together; ``ports`` is what tools take."""

    def __init__(self, *windows: Window) -> None:
        self.windows = StubWindows(*windows)
        self.keyboard = StubKeyboard(self.windows)
        self.clipboard = StubClipboard()
        self.ports = Desktop(
            windows=self.windows,
            accessibility=StubAccessibility(),
            keyboard=self.keyboard,
            pointer=StubPointer(self.windows),
            clipboard=self.clipboard,
            capture=StubCapture(self.windows),
            applications=StubApplications(),
            read_text=read_text,
        )
