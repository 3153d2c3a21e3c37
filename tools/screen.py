"""Looking: the outline of a window, the screen of a moment, a screenshot in a file.

:class:`Screen` is the eyes of the whole program. It remembers the last outline it showed, because a control may be
named by its number in that outline. Any thread may use it.
"""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from pydantic import Field

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.messages import Moment, Picture
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.application_names import programs_meant
from tools.decided import DecidedWindow, unchanged
from tools.desktop.port import Bounds, Desktop, TextLine, Window
from tools.files import handle
from tools.files.workspace import Decided, PathRefused, told
from tools.matching import matching
from tools.moment import Part, freeze, moment_of
from tools.numbering import Numbers
from tools.outline import DEFAULT_BUDGET, Outline, outline, outline_of_text
from tools.region import Sighting
from tools.views import Views

_NUMBERED_WINDOWS = 16
"""Windows whose controls keep their numbers."""
_OTHER_PICTURES = (".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")


class Screen:
    """The eyes. ``shown`` is the outline that was shown last."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self.shown: Outline | None = None
        self.budget = DEFAULT_BUDGET
        """Characters an outline may take; the model decides how many it can read."""
        self.pictured = False
        """Whether the model sees, and a look shows it the screen as well."""
        self._numbers: OrderedDict[int, Numbers] = OrderedDict()
        self.sighting: Sighting | None = None
        """The window that was shown last, or acted on since, with its pixels."""
        self.views = Views(desktop, self.read)

    def find(self, text: str) -> Window | None:
        """The front-most window with ``text`` in its title or application name, or of the application that people
        call so, or of its kind ("the text editor"); without text the front one."""
        windows = self._desktop.windows
        if not text.strip():
            return windows.front()
        listed = windows.list()
        found = matching(text, listed, lambda window: window.title) or matching(
            text, listed, lambda window: window.application
        )
        if not found:
            for programs in programs_meant(self._desktop.applications, text):
                found = found or [window for window in listed if window.program in programs]
        return next(iter(found), None)

    def read(self, window: Window) -> Outline | None:
        """What is in ``window`` now, or ``None`` when it has no accessibility tree."""
        tree = self._desktop.accessibility.read(window)
        return outline(window, tree, self._numbers.get(window.id)) if tree else None

    def look(self, window: Window, cancel: Cancel) -> Outline:
        """What is in ``window``, by OCR if need be; numbers given to controls count from now on."""
        seen = self.read(window) or self.read_pixels(window, cancel)
        self.show(seen)
        return seen

    def show(self, seen: Outline) -> None:
        """The model is shown this; numbers count from now on, and what is acted on must still look like it."""
        self.shown, self.sighting = seen, self.sight(seen)
        numbers = self._numbers.setdefault(seen.window.id, Numbers())
        order = sorted(seen.controls, key=lambda each: each.within is not None)
        numbers.keep([each.node.key for each in order], [each.number for each in order])
        self._numbers.move_to_end(seen.window.id)
        if len(self._numbers) > _NUMBERED_WINDOWS:
            self._numbers.popitem(last=False)

    def sight(self, seen: Outline) -> Sighting | None:
        """An outline with the pixels of its window; ``None`` when it is gone."""
        try:
            return Sighting(seen, self._desktop.capture.window(seen.window))
        except DesktopError:
            return None

    def moment(self, budget: int = DEFAULT_BUDGET, region: Bounds | None = None) -> Moment:
        """The screen of now: the monitor that the cursor is on, and the outline of the window in front there (or of the
        one in front, when that monitor shows none); or only what is in ``region``.

        Raises DesktopError when the screen cannot be read."""
        monitor = self._desktop.capture.monitor(*self._desktop.pointer.position())
        frozen = freeze(self._desktop, region or monitor)
        there = [each for each in frozen.windows if frozen.bounds.contains(*each.bounds.centre)]
        front = next((window.id for window in there or frozen.windows), 0)
        part = Part(region) if region else Part(frozen.bounds, front)
        return moment_of(self._desktop, self, frozen, part, budget)

    def pictures(self, window: Window) -> tuple[Picture, ...]:
        """What a model that sees is shown of ``window``, which was just looked at."""
        return (self.views.of(window, self.shown),) if self.pictured and not window.minimised else ()

    def read_pixels(self, window: Window, cancel: Cancel) -> Outline:
        """The text in ``window`` by OCR. Nothing is read again while its pixels are the same."""
        picture = self._desktop.capture.window(window, above=self._desktop.windows.hidden())
        lines, note = self._text_in(picture, cancel)
        front = self._desktop.windows.front()
        if front is None or front.id != window.id:
            note = note or picture.label.strip("()")  # what else the picture may show
        return outline_of_text(window, [line.moved(window.bounds.x, window.bounds.y) for line in lines], note)

    def _text_in(self, picture: Picture, cancel: Cancel) -> tuple[tuple[TextLine, ...], str]:
        """The lines of text, and why there are none."""
        try:
            return self._desktop.read_text(picture, cancel), ""
        except DesktopError as trouble:
            return (), str(trouble)


class LookArguments(Arguments):
    window: str = Field(
        default="", description="part of a title or application name; empty: the front window"
    )


class ScreenshotArguments(Arguments):
    path: str = Field(description="file to write, .png")
    window: str = Field(default="", description="only this one")


Resolve = Callable[[str, bool], Path]
"""Turns a path as the model writes it into an absolute one without links; ``True``: it may be about to be made. Raises
PathError. See :meth:`tools.files.workspace.Workspace.resolve`."""


def tools(desktop: Desktop, screen: Screen, resolve: Resolve) -> tuple[Tool, ...]:
    """`look` and `screenshot`."""
    looked_at, pictured, decided = DecidedWindow(desktop.windows), DecidedWindow(desktop.windows), Decided()

    def look_effect(arguments: LookArguments) -> Effect:
        window = screen.find(arguments.window)
        looked_at.declare(arguments, window)
        targets = (Target("application", "Application", window.application),) if window else ()
        return Effect("look", targets, question="Look at the screen?")

    def look(arguments: LookArguments, context: ToolContext) -> ToolResult:
        window = looked_at.window(arguments, look_effect)
        if window is None:
            return ToolResult.failed(no_window(desktop, arguments.window))
        seen = screen.look(window, context.cancel)
        return ToolResult(
            "confirmed",
            seen.text(screen.budget),
            evidence=f'read "{window.title}"',
            pictures=screen.pictures(window),
            lines=seen.lines(screen.budget),
        )

    def screenshot_effect(arguments: ScreenshotArguments) -> Effect:
        path = resolve(_named_png(arguments.path), True)
        if path.suffix.lower() != ".png":
            raise PathRefused(f'"{arguments.path}" leads to "{path.name}", which is not a picture')
        decided.declare(arguments, path)
        window = screen.find(arguments.window) if arguments.window.strip() else None
        pictured.declare(arguments, window)
        of = (Target("application", "Application", window.application),) if window else ()
        return Effect(
            "write",
            (Target("path", "File", str(path), said=arguments.path), *of),
            changes=handle.missing(path) or (path,),
            undo="restores the old file" if path.exists() else "removes the file",
            question="Save a picture of the screen?",
        )

    def screenshot(arguments: ScreenshotArguments, context: ToolContext) -> ToolResult:
        (path,) = decided.paths(arguments, screenshot_effect)
        window = pictured.window(arguments, screenshot_effect)
        if window is None and arguments.window.strip():
            return ToolResult.failed(no_window(desktop, arguments.window))
        picture = screen.views.window(window) if window else screen.views.monitor(*desktop.pointer.position())
        name = _named_png(arguments.path)
        with handle.plain_words(name):
            handle.make_folders(path.parent)
            handle.write(path, (png(picture),))
            with handle.reading(path) as file, Image.open(file) as written:
                size = written.size
                bytes_written = os.fstat(file.fileno()).st_size
        return ToolResult(
            "confirmed" if size == (picture.width, picture.height) else "failed",
            f'saved "{name}", {size[0]}x{size[1]}',
            evidence=f"{path.name}: a picture of {size[0]}x{size[1]} pixels, {bytes_written} bytes",
        )

    return (
        Tool(
            name="look",
            description="Read what is in a window: its controls and text.",
            arguments=LookArguments,
            effect=look_effect,
            run=unchanged(look),
            title=lambda arguments: f"Look at **{arguments.window or 'the front window'}**",
        ),
        Tool(
            name="screenshot",
            description="Save a picture of the screen or a window.",
            arguments=ScreenshotArguments,
            effect=screenshot_effect,
            run=unchanged(told(screenshot)),
            title=lambda arguments: f"Save a screenshot as **{arguments.path}**",
        ),
    )


def no_window(desktop: Desktop, text: str) -> str:
    """Why there is no window to work on, and which ones there are."""
    titles = [f'"{window.title}"' for window in desktop.windows.list()]
    if not titles:
        return "no windows are open"
    return f'no window called "{text}"; open: {", ".join(titles)}'


def _named_png(text: str) -> str:
    """``text`` with the ending of what is written; a picture's other ending gives way, anything else stays."""
    text = text.strip()
    name = Path(text)
    if not name.name or name.name == ".." or name.suffix.lower() == ".png":
        return text
    if name.suffix.lower() in _OTHER_PICTURES:
        return str(name.with_suffix(".png"))
    return f"{name}.png"


def png(picture: Picture) -> bytes:
    encoded = io.BytesIO()
    Image.frombytes("RGB", (picture.width, picture.height), picture.rgb).save(encoded, "PNG")
    return encoded.getvalue()
