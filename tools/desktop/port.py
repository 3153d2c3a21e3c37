"""The desktop as the tools see it: windows, what is in them, keys, pointer, clipboard, pixels, applications.

Data and Protocols only. Adapters live next door, one file each, and :func:`tools.desktop.connect` picks those that
fit this machine. Every method may be called from any thread (adapters lock); all block, most for milliseconds.
Foreign errors come out as :class:`agent.errors.DesktopError`; a window or control that vanished in the meantime is
an ordinary return value (``None``, ``False``), because that happens all the time on a desktop.

Deskhand's own windows, and windows of applications on the privacy list, are never listed: what is not listed
cannot be looked at or acted on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from agent.cancel import Cancel
from agent.messages import Picture

OWN_PROGRAM = "deskhand"
"""The window class of our own windows."""

Role = Literal[
    "button",
    "field",
    "text",
    "checkbox",
    "radio",
    "combo",
    "list",
    "item",
    "menu",
    "tab",
    "link",
    "label",
    "table",
    "row",
    "cell",
    "progress",
    "slider",
    "image",
    "heading",
    "dialog",
    "bar",
    "group",
    "document",
]
State = Literal[
    "focused", "checked", "unchecked", "selected", "disabled", "expanded", "collapsed", "editable", "secret"
]
"""``editable``: its text can be changed. ``secret``: a password field, whose value is never read."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A rectangle in screen pixels, origin at the top left."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2

    def contains(self, x: int, y: int) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def moved(self, x: int, y: int) -> Bounds:
        """The same rectangle, ``x`` further to the right and ``y`` further down."""
        return Bounds(self.x + x, self.y + y, self.width, self.height)

    def overlap(self, other: Bounds) -> Bounds | None:
        """What lies in both; ``None`` when nothing does."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        width = min(self.x + self.width, other.x + other.width) - left
        height = min(self.y + self.height, other.y + other.height) - top
        return Bounds(left, top, width, height) if width > 0 and height > 0 else None

    def without(self, other: Bounds) -> tuple[Bounds, ...]:
        """What is left of it, in up to four parts, when what lies in ``other`` is taken away."""
        shared = self.overlap(other)
        if shared is None:
            return (self,)
        right, bottom = shared.x + shared.width, shared.y + shared.height
        parts = (
            Bounds(self.x, self.y, self.width, shared.y - self.y),
            Bounds(self.x, bottom, self.width, self.y + self.height - bottom),
            Bounds(self.x, shared.y, shared.x - self.x, shared.height),
            Bounds(right, shared.y, self.x + self.width - right, shared.height),
        )
        return tuple(part for part in parts if part.width > 0 and part.height > 0)

    @staticmethod
    def around(parts: Sequence[Bounds]) -> Bounds:
        """The smallest rectangle that holds all of ``parts``; at least one."""
        left, top = min(part.x for part in parts), min(part.y for part in parts)
        right = max(part.x + part.width for part in parts)
        bottom = max(part.y + part.height for part in parts)
        return Bounds(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class Window:
    """A top-level window as it was when it was listed. ``id`` stays the same for as long as it lives."""

    id: int
    title: str
    application: str
    """The name a person knows: "Mousepad"."""
    program: str
    """The window class, lower case: "mousepad"."""
    pid: int
    bounds: Bounds
    dialog: bool = False
    minimised: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A visible control of a window's accessibility tree, and what is in it."""

    key: str
    """Names the control for as long as it lives; only the adapter that made it knows what it means."""
    role: Role
    name: str
    value: str
    """Its text, or its number as text (of progress: ``42%``); empty when it has none and for password fields."""
    states: frozenset[State]
    bounds: Bounds | None
    children: tuple[Node, ...] = ()
    row: int = 0
    column: int = 0
    """Of a cell: where it stands in its table, counted from 1; 0 for everything that is no cell of a table."""

    @property
    def address(self) -> str:
        """A cell's place as spreadsheets write it: "B3"; empty for what is no cell of a table."""
        letters, left = "", self.column
        while left > 0:
            left, letter = divmod(left - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.row}" if self.row and letters else ""


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything in it, top to bottom."""
    yield node
    for child in node.children:
        yield from walk(child)


class Windows(Protocol):
    """The window manager."""

    def list(self) -> tuple[Window, ...]:
        """All windows, front first, minimised ones last."""
        ...

    def front(self) -> Window | None:
        """The topmost window that is on the screen."""
        ...

    def active(self) -> Window | None:
        """The window that gets the keys, if it is one of those listed."""
        ...

    def find(self, id: int) -> Window | None:
        """The window as it is now, or ``None`` when it is gone."""
        ...

    def focus(self, window: Window) -> bool:
        """Bring to the front and give it the keys; whether it has them now."""
        ...

    def close(self, window: Window) -> None:
        """Ask it to close, as its close button would."""
        ...

    def hidden(self) -> tuple[Bounds, ...]:
        """Where windows of applications on the privacy list are; captures black these out."""
        ...

    def reaches(self, window: Window, x: int, y: int) -> bool:
        """Whether a click at this point of the screen would reach ``window``, or a menu that its application has
        opened, and nothing that lies above it."""
        ...


class Accessibility(Protocol):
    """The accessibility tree: reading it, and acting on what is in it without the pointer."""

    def read(self, window: Window) -> Node | None:
        """The visible controls of ``window``; ``None`` when the application shows no tree."""
        ...

    def find(self, window: Window, key: str) -> Node | None:
        """One control as it is now, without its children."""
        ...

    def press(self, key: str) -> bool:
        """Do what a click would do; whether the control offers that (which proves nothing about the effect)."""
        ...

    def focus(self, key: str) -> bool: ...

    def set_text(self, key: str, text: str) -> bool:
        """Replace its text; whether the control accepts that."""
        ...

    def insert_text(self, key: str, text: str) -> bool:
        """Put ``text`` at the caret, where typing would; ``False`` when that cannot be done (or some text is
        selected, which typing would replace)."""
        ...

    def set_number(self, key: str, number: float) -> bool:
        """Move a slider, or give a field of numbers its number; whether the control accepts that."""
        ...

    def select(self, key: str) -> bool:
        """Choose an item of a list or an option of a combo box, without opening what it stands for."""
        ...

    def scroll_to(self, key: str) -> bool:
        """Bring the control into view; whether its application offers that."""
        ...


class Keyboard(Protocol):
    """Keys as a person presses them: they reach whatever window is active. ``into`` is the window that must be; that
    is checked before each key (on X11 together with it, in one step that nothing can come between)."""

    def type(self, text: str, into: Window | None = None, cancel: Cancel | None = None) -> int:
        """Type ``text`` exactly, whatever the keyboard layout. How many characters went out: fewer than there are
        when another window took the keys, somebody holds a modifier key down, or on a stop."""
        ...

    def press(self, keys: str, into: Window | None = None) -> bool:
        """Press combinations such as ``ctrl+s`` or ``alt+f4``, several with spaces between; whether all were pressed.
        Raises ValueError on a name it does not know. Whatever happens, no key stays down."""
        ...


class Pointer(Protocol):
    """The pointer. ``on`` is the window that must be reached (see :meth:`Windows.reaches`); that is checked before
    each click (on X11 together with it). Everything returns whether it was done: ``False`` means that nothing was
    clicked. Whatever happens, no button stays down."""

    def position(self) -> tuple[int, int]: ...

    def click(self, x: int, y: int, on: Window | None = None) -> bool: ...

    def scroll(
        self,
        x: int,
        y: int,
        direction: Literal["up", "down", "left", "right"],
        notches: int,
        on: Window | None = None,
    ) -> bool: ...

    def drag(self, start: tuple[int, int], end: tuple[int, int], on: Window | None = None) -> bool:
        """Take what is at ``start`` to ``end``. ``False``: it was not taken, or given back where it came from."""
        ...


class Clipboard(Protocol):
    def read(self) -> str:
        """The text on it; empty when there is none."""
        ...

    def write(self, text: str) -> None:
        """Put ``text`` on it; it stays for as long as this process lives."""
        ...


class Capture(Protocol):
    def monitor(self, x: int, y: int) -> Bounds:
        """The monitor that shows this point."""
        ...

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        """The pixels of ``bounds``, with the rectangles of ``black`` (screen coordinates) painted over."""
        ...

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        """The pixels of ``window``, as large as its bounds, also where others cover it; ``black`` painted over.

        Where the system cannot show what is covered, the picture is what a grab shows, with ``above`` (what must not
        be seen if it lies over the window) painted over as well, and its label says so. Raises DesktopError when the
        window is minimised or gone."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was read from pixels. ``bounds`` are pixels of the picture it was read from."""

    text: str
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class TextLine:
    """Words that stand beside each other; at least one. A wide gap, as between columns, ends a line."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def bounds(self) -> Bounds:
        return Bounds.around([word.bounds for word in self.words])

    def moved(self, x: int, y: int) -> TextLine:
        """The same line, ``x`` further to the right and ``y`` further down."""
        return TextLine(tuple(Word(word.text, word.bounds.moved(x, y)) for word in self.words))


@dataclass(frozen=True, slots=True)
class Application:
    """An installed application. ``id`` is that of its ``.desktop`` file."""

    id: str
    name: str
    names: tuple[str, ...]
    """Everything else it may be called: localised and generic names, keywords, the program's file name."""
    command: tuple[str, ...]
    categories: tuple[str, ...]
    types: tuple[str, ...]
    """MIME types it opens."""
    programs: tuple[str, ...]
    """Window classes its windows may have, lower case."""
    opening: tuple[str, ...] = ()
    """The command that opens a file, with ``%f`` in its place; empty: the file comes last."""


class Launch(Protocol):
    """An application that was started."""

    def owns(self, window: Window) -> bool:
        """Whether the window is of the program that was started, or of one that came from it."""
        ...

    def failed(self) -> bool:
        """Whether the program has ended, and told of an error."""
        ...


TERMINAL = "x-scheme-handler/terminal"
"""The type whose default is the terminal."""


class Applications(Protocol):
    def list(self) -> tuple[Application, ...]:
        """All that a person would find in the menu, by name."""
        ...

    def default_for(self, mime: str) -> Application | None:
        """What opens files of this type."""
        ...

    def start(self, application: Application, path: Path | None = None) -> Launch | None:
        """Start it, with the switches it needs to show its accessibility tree. Does not wait for the window; what it
        returns knows the window, or is none where that cannot be told. Raises DesktopError."""
        ...


@dataclass(frozen=True, slots=True)
class Desktop:
    """The ports of one desktop, together."""

    windows: Windows
    accessibility: Accessibility
    keyboard: Keyboard
    pointer: Pointer
    clipboard: Clipboard
    capture: Capture
    applications: Applications
    read_text: Callable[[Picture, Cancel], tuple[TextLine, ...]]
    """OCR, for windows without a tree: the lines of text, top to bottom; empty after a stop. Raises DesktopError when
    no OCR is installed or it takes too long."""
    selected_text: Callable[[Window, Sequence[str]], str] = lambda window, keys: ""
    """What is selected in the first of these controls of the window (by :attr:`Node.key`) that has a selection; without
    any, in the window as a whole. Empty when nothing is, or when it cannot be told here."""
    cannot_focus: str = ""
    """Why no window can be brought to the front here, a sentence; controls are worked where they are then."""
