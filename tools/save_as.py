"""Saving the front window's document under a path, through the application's own dialog, and proving it with the
file on the disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import Field

from agent.cancel import Cancel
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.decided import DecidedWindow, unchanged
from tools.desktop.port import Desktop, Window
from tools.desktop.waiting import until
from tools.files import handle
from tools.files.workspace import Decided, PathError, told
from tools.hands import CannotActError, Hands
from tools.matching import matching
from tools.outline import Control, Outline
from tools.screen import Resolve, Screen
from tools.windows import targets_of

DIALOG_SECONDS = 3.0
"""How long the dialog may take to come up."""
WRITE_SECONDS = 5.0
"""How long the application may take to write the file."""

_SAVE = ("Save", "Save As")
_REPLACE = ("Replace", "Overwrite", "Yes")
_KEYS = "ctrl+shift+s"
_MENU = ("File", "Save As")
"""Where it is when the keys do nothing. Plain "Save" is never used: it could write to another file."""


class SaveAsArguments(Arguments):
    path: str = Field(description="file to save the document as")


def tools(desktop: Desktop, screen: Screen, resolve: Resolve) -> tuple[Tool, ...]:
    """`save_as`. ``resolve`` is :meth:`tools.files.workspace.Workspace.resolve`."""
    hands = Hands(desktop, screen)
    decided, window_decided = Decided(), DecidedWindow(desktop.windows)

    def effect(arguments: SaveAsArguments) -> Effect:
        path = resolve(arguments.path, True)
        window = desktop.windows.front()
        decided.declare(arguments, path)
        window_decided.declare(arguments, window)
        exists = path.exists()
        return Effect(
            "write",
            (Target("path", "File", str(path), said=arguments.path), *targets_of(window)),
            changes=handle.missing(path) or (path,),
            undo="restores the old file" if exists else "removes the file",
            question="Replace a file?" if exists else "Save a new file?",
        )

    def run(arguments: SaveAsArguments, context: ToolContext) -> ToolResult:
        (path,) = decided.paths(arguments, effect)
        if path.is_dir() or not path.name:
            return ToolResult.failed(f'"{arguments.path}" is a folder')
        try:
            window = hands.taken(window_decided, arguments, effect)
            with handle.plain_words(arguments.path):
                handle.make_folders(path.parent)
                return _Saving(hands, window, path, context.cancel).run(arguments.path)
        except CannotActError as why:
            return ToolResult.failed(str(why))

    return (
        Tool(
            name="save_as",
            description="Save the document of the front window as a file.",
            arguments=SaveAsArguments,
            effect=effect,
            run=told(unchanged(run)),
            title=lambda arguments: f"Save as **{arguments.path}**",
        ),
    )


class _Saving:
    """One save. The existing file may be replaced: its effect said so, and the journal has the old one."""

    def __init__(self, hands: Hands, window: Window, path: Path, cancel: Cancel) -> None:
        self._hands = hands
        self._window = window
        self._path = path
        self._cancel = cancel
        self._before = _fingerprint(path)

    def run(self, said: str) -> ToolResult:
        window = self._window
        text = _document(self._hands.screen.read(window))
        dialog = self._open_dialog(window)
        try:
            self._fill_in(dialog)
            _fingerprint(self._path)  # the application would follow a link that has appeared
            self._press(dialog, _SAVE)
            self._wait_for_file(dialog)
        except (CannotActError, PathError):
            self._leave(window)
            raise
        return self._proof(said, text)

    def _open_dialog(self, window: Window) -> Window:
        self._hands.activate(window)
        before = {each.id for each in self._hands.desktop.windows.list()}
        for ask in (self._by_keys, self._by_menu):
            ask(window)
            dialog = until(lambda: self._new_dialog(window, before), DIALOG_SECONDS, self._cancel)
            if dialog is not None:
                return dialog
        raise CannotActError(f'"{window.title}" did not offer to save its document')

    def _by_keys(self, window: Window) -> None:
        self._hands.desktop.keyboard.press(_KEYS)

    def _by_menu(self, window: Window) -> None:
        for name in _MENU:
            self._hands.press(window, self._hands.control(window, name))
            self._cancel.wait(0.2)  # the menu opens

    def _new_dialog(self, window: Window, before: set[int]) -> Window | None:
        """The save dialog, once its controls can be read."""
        for each in self._hands.desktop.windows.list():
            if each.id not in before and each.pid == window.pid and self._button(each, _SAVE):
                return each
        return None

    def _fill_in(self, dialog: Window) -> None:
        seen = self._hands.screen.read(dialog)
        fields = [each.node for each in seen.controls if each.node.role == "field"] if seen else []
        named = [node for node in fields if "name" in node.name.casefold()]
        focused = [node for node in fields if "focused" in node.states]
        field = next(iter(named or focused or fields), None)
        if field is None:
            raise CannotActError("the save dialog has no field for a name")
        accessibility = self._hands.desktop.accessibility
        accessibility.focus(field.key)
        accessibility.set_text(field.key, str(self._path))

        def filled() -> bool:
            now = accessibility.find(dialog, field.key)
            return now is not None and now.value == str(self._path)

        if not until(lambda: filled() or None, 1.0, self._cancel):
            raise CannotActError("the name could not be filled in")

    def _press(self, dialog: Window, names: tuple[str, ...]) -> None:
        button = until(lambda: self._button(dialog, names, enabled=True), 2.0, self._cancel)
        if button is None:
            raise CannotActError(f'"{names[0]}" is disabled')
        self._hands.press(dialog, button.node)

    def _button(self, window: Window, names: tuple[str, ...], enabled: bool = False) -> Control | None:
        seen = self._hands.screen.read(window)
        buttons = [each for each in seen.controls if each.node.role == "button"] if seen else []
        if enabled:
            buttons = [each for each in buttons if "disabled" not in each.node.states]
        for name in names:
            exact = [each for each in matching(name, buttons, lambda each: each.node.name)]
            if found := [each for each in exact if each.node.name.strip("_").casefold() == name.casefold()]:
                return found[0]
        return None

    def _wait_for_file(self, dialog: Window) -> None:
        windows = self._hands.desktop.windows
        before = {each.id for each in windows.list()}

        def asking() -> Window | None:
            return next(
                (each for each in windows.list() if each.id not in before and each.pid == dialog.pid), None
            )

        def written() -> bool:
            return windows.find(dialog.id) is None and _fingerprint(self._path) not in (None, self._before)

        until(lambda: written() or asking(), WRITE_SECONDS, self._cancel)
        if question := asking():
            if self._before is None or not self._button(question, _REPLACE):
                said = _first_label(self._hands.screen.read(question))
                raise CannotActError(f'the application asks: "{said}"')
            self._press(question, _REPLACE)
            until(lambda: windows.find(dialog.id) is None or None, WRITE_SECONDS, self._cancel)

    def _leave(self, window: Window) -> None:
        """Close what was opened, so that the person finds the window as it was."""
        windows = self._hands.desktop.windows
        for _ in range(2):
            front = windows.front()
            if front is None or front.id == window.id or front.pid != window.pid:
                return
            self._hands.desktop.keyboard.press("escape")
            until(lambda gone=front: windows.find(gone.id) is None or None, 1.0, self._cancel)

    def _proof(self, said: str, text: str | None) -> ToolResult:
        if not self._path.is_file():
            return ToolResult.failed(f'"{said}" was not saved: no file appeared')
        with handle.reading(self._path) as file:
            content = file.read()
        done = f'saved "{said}", {len(content)} bytes'
        if text is not None and content.decode("utf-8", "replace").strip() == text.strip():
            return ToolResult(
                "confirmed",
                done,
                evidence=f"{self._path.name} holds the document's text ({len(content)} bytes)",
            )
        if _fingerprint(self._path) == self._before:
            return ToolResult("suspected_noop", done, evidence="the file is as it was before")
        return ToolResult(
            "partial" if text is not None else "confirmed",
            done,
            evidence=f"{self._path.name} was written ({len(content)} bytes)"
            + (", but its text is not the document's" if text is not None else ""),
        )


def _document(seen: Outline | None) -> str | None:
    """The text of the window, when it is a window of text."""
    texts = [each.node for each in seen.controls if each.node.role == "text"] if seen else []
    focused = [node for node in texts if "focused" in node.states]
    if focused or len(texts) == 1:
        return (focused or texts)[0].value
    return None


def _first_label(seen: Outline | None) -> str:
    labels = (each.node.name for each in seen.controls if each.node.role == "label") if seen else iter(())
    return next(labels, "")


def _fingerprint(path: Path) -> tuple[int, str] | None:
    """What changes when the file is written; ``None`` without one. Raises PathRefused when the path has become a link,
    or the file has another name as well."""
    try:
        with handle.reading(path) as file:
            return os.fstat(file.fileno()).st_mtime_ns, hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None
