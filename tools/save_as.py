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
from tools.desktop.port import Desktop, Node, Window
from tools.desktop.waiting import until
from tools.files import handle
from tools.files.workspace import Decided, PathError, told
from tools.hands import CannotActError, Hands
from tools.matching import matching
from tools.outline import Control, Outline
from tools.screen import Resolve, Screen
from tools.windows import targets_of

DIALOG_SECONDS = 4.0
"""How long the dialog may take to come up."""
WRITE_SECONDS = 5.0
"""How long the application may take to write the file, or to ask something about it."""

_SAVE = ("Save", "Save As")
_REPLACE = ("Replace", "Overwrite", "Yes")
_GO_ON = ("OK",)
_KEYS = "ctrl+shift+s"
_KEYS_OF_BROWSERS = "ctrl+s"
"""A browser's page has no file of its own that plain saving could write to; the other keys take a picture of it."""
_MENU = ("File", "Save As")
"""Where it is when the keys do nothing. Plain "Save" is never used: it could write to another file."""
_MOST_QUESTIONS = 4
_BLIND_SECONDS = 0.5
"""What a dialog without controls gets to be ready for keys."""
_BLIND_KEYS = ("enter", "alt+s")
"""Some dialogs take no Enter in the field, and all of GTK's have a letter for their button."""
_DEFAULT_FORMAT = "ODF"
_TEXT_ENDINGS = (
    "",
    ".txt",
    ".md",
    ".csv",
    ".log",
    ".html",
    ".xml",
    ".json",
    ".py",
    ".c",
    ".ini",
    ".toml",
    ".yaml",
)


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
        self._before = self._last = _fingerprint(path)

    def run(self, said: str) -> ToolResult:
        window = self._window
        text = _document(self._hands.screen.read(window))
        dialog = self._open_dialog(window)
        try:
            _fingerprint(self._path)  # the application would follow a link that has appeared
            if self._fields(dialog):
                self._fill_in(dialog)
                self._press(dialog, _SAVE)
            else:
                self._fill_in_blind(dialog)
            self._wait_for_file(dialog)
            if self._hands.desktop.windows.find(dialog.id) is not None:
                self._leave(window)
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
        applications = self._hands.desktop.applications.list()
        browsers = {
            name for each in applications if "WebBrowser" in each.categories for name in each.programs
        }
        self._hands.keys(window, _KEYS_OF_BROWSERS if window.program in browsers else _KEYS)

    def _by_menu(self, window: Window) -> None:
        for name in _MENU:
            try:
                self._hands.press(window, self._hands.control(window, name))
            except CannotActError:
                return
            self._cancel.wait(0.2)  # the menu opens

    def _new_dialog(self, window: Window, before: set[int]) -> Window | None:
        """The save dialog, once its controls can be read; or one that shows no controls, and says what it is."""
        for each in self._hands.desktop.windows.list():
            if each.id not in before and each.pid == window.pid:
                named = each.title.casefold().startswith(_SAVE[0].casefold())
                if self._button(each, _SAVE) or (named and not self._fields(each)):
                    return each
        return None

    def _fields(self, dialog: Window) -> list[Node]:
        seen = self._hands.screen.read(dialog)
        return [each.node for each in seen.controls if each.node.role == "field"] if seen else []

    def _fill_in(self, dialog: Window) -> None:
        fields = self._fields(dialog)
        named = [node for node in fields if "name" in node.name.casefold()]
        focused = [node for node in fields if "focused" in node.states]
        field = next(iter(named or focused or fields), None)
        if field is None:
            raise CannotActError("the save dialog has no field for a name")
        accessibility, path = self._hands.desktop.accessibility, str(self._path)

        def filled() -> bool:
            now = accessibility.find(dialog, field.key)
            return now is not None and now.value == path

        accessibility.focus(field.key)
        accessibility.set_text(field.key, path)
        if not until(filled, 1.0, self._cancel):
            self._hands.keys(dialog, "ctrl+a")
            self._hands.type_keys(dialog, path, self._cancel)
        if not until(filled, 1.0, self._cancel):
            raise CannotActError("the name could not be filled in")

    def _fill_in_blind(self, dialog: Window) -> None:
        """Chromium's dialog shows no controls; it comes up with the keys in the field for the name."""
        self._hands.activate(dialog)
        self._cancel.wait(_BLIND_SECONDS)
        self._hands.keys(dialog, "ctrl+a")
        self._hands.type_keys(dialog, str(self._path), self._cancel)
        for keys in _BLIND_KEYS:
            self._cancel.wait(_BLIND_SECONDS)
            self._hands.keys(dialog, keys)
            if until(lambda: self._hands.desktop.windows.find(dialog.id) is None, 1.0, self._cancel):
                return

    def _press(self, dialog: Window, names: tuple[str, ...]) -> None:
        button = until(lambda: self._button(dialog, names, enabled=True), 2.0, self._cancel)
        if button is None:
            raise CannotActError(f'"{names[0]}" is disabled')
        self._hands.press(dialog, button.node)

    def _button(self, window: Window, names: tuple[str, ...], enabled: bool = False) -> Control | None:
        buttons = _buttons(self._hands.screen.read(window))
        if enabled:
            buttons = [each for each in buttons if "disabled" not in each.node.states]
        for name in names:
            exact = [each for each in matching(name, buttons, lambda each: each.node.name)]
            if found := [each for each in exact if each.node.name.strip("_").casefold() == name.casefold()]:
                return found[0]
        return None

    def _wait_for_file(self, dialog: Window) -> None:
        """Until it is written. What the application asks on the way is answered: whether to replace the file (the
        effect said so), and which format, which its name says."""
        known = {each.id for each in self._hands.desktop.windows.list()}
        for _ in range(_MOST_QUESTIONS):
            until(lambda: self._written(dialog) or self._asked(dialog, known), WRITE_SECONDS, self._cancel)
            question = self._asked(dialog, known)
            if question is None:
                return
            known.add(question.id)
            self._answer(question)

    def _written(self, dialog: Window) -> bool:
        """Whether the dialog is gone and the file is there, and no longer grows."""
        if self._hands.desktop.windows.find(dialog.id) is not None:
            return False
        last, self._last = self._last, _fingerprint(self._path)
        return self._last is not None and self._last == last != self._before

    def _asked(self, dialog: Window, known: set[int]) -> Window | None:
        """A window that came up since, with something in it to press."""
        for each in self._hands.desktop.windows.list():
            if each.id not in known and each.pid == dialog.pid and _buttons(self._hands.screen.read(each)):
                return each
        return None

    def _answer(self, question: Window) -> None:
        keep = [
            each
            for each in _buttons(self._hands.screen.read(question))
            if "Format" in each.node.name and _DEFAULT_FORMAT not in each.node.name
        ]
        if len(keep) == 1:
            self._hands.press(question, keep[0].node)
        elif self._before is not None and self._button(question, _REPLACE):
            self._press(question, _REPLACE)
        elif "Export" in question.title and self._button(question, _GO_ON):
            self._press(question, _GO_ON)
        else:
            said = _first_label(self._hands.screen.read(question)) or question.title
            raise CannotActError(f'the application asks: "{said}"')

    def _leave(self, window: Window) -> None:
        """Close what was opened, so that the person finds the window as it was."""
        windows = self._hands.desktop.windows
        for _ in range(2):
            front = windows.front()
            if front is None or front.id == window.id or front.pid != window.pid:
                return
            self._hands.desktop.keyboard.press("escape", into=front)
            until(lambda gone=front: windows.find(gone.id) is None or None, 1.0, self._cancel)

    def _proof(self, said: str, text: str | None) -> ToolResult:
        if not self._path.is_file():
            return ToolResult.failed(f'"{said}" was not saved: no file appeared')
        with handle.reading(self._path) as file:
            content = file.read()
        done = f'saved "{said}", {len(content)} bytes'
        if _fingerprint(self._path) == self._before:
            return ToolResult("suspected_noop", done, evidence="the file is as it was before")
        written = content.decode("utf-8", "replace").strip().lstrip("\ufeff")
        if text is not None and self._path.suffix.lower() in _TEXT_ENDINGS:
            if text.strip() in written:
                return ToolResult(
                    "confirmed",
                    done,
                    evidence=f"{self._path.name} holds the document's text ({len(content)} bytes)",
                )
            return ToolResult(
                "partial",
                done,
                evidence=f"{self._path.name} was written ({len(content)} bytes), "
                "but its text is not the document's",
            )
        return ToolResult("confirmed", done, evidence=f"{self._path.name} was written ({len(content)} bytes)")


def _buttons(seen: Outline | None) -> list[Control]:
    return [each for each in seen.controls if each.node.role == "button"] if seen else []


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
