"""The two shortcuts over other applications, as settings: the keys, and whether they can be had. Main thread only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QKeySequenceEdit, QToolButton, QWidget

from app.qt.text import visible
from app.qt.theme import Theme
from app.qt.widgets import Beside, Group, column, label, named

if TYPE_CHECKING:
    from app.qt.bridge import Background
    from app.qt.settings_page import SettingsPage

Purpose = Literal["call", "stop"]
ABOUT: dict[Purpose, tuple[str, str]] = {
    "call": ("Call Deskhand", "Brings a small bar over whatever you work in."),
    "stop": ("Stop", "Ends what Deskhand is doing, also when its window hangs."),
}
_WIDTH = 170
_OURS = {
    "Meta": "super",
    "Esc": "escape",
    "PgUp": "pageup",
    "PgDown": "pagedown",
    "Ins": "insert",
    "Del": "delete",
}
"""Qt's names of keys (QKeySequence::PortableText) where ours are others."""


class GlobalKeys(Protocol):
    """See :class:`app.global_keys.GlobalKeys`."""

    def on(self, purpose: Purpose, act: Callable[[], None]) -> None: ...

    def change(self, purpose: Purpose, keys: str) -> str: ...

    def trouble(self, purpose: Purpose) -> str: ...


class KeysShown:
    """Keeps the keys and what the settings page says of them together."""

    def __init__(
        self, keys: GlobalKeys, page: SettingsPage, background: Background, call: Callable[[], None]
    ) -> None:
        self._keys, self._page, self._background, self._call = keys, page, background, call
        for purpose, line in page.keys.items():
            line.changed.connect(partial(self._change, purpose))

    def listen(self) -> None:
        """From now on the keys call; whoever made them has bound the one that stops."""

        def bind() -> tuple[str, str]:
            self._keys.on("call", lambda: self._background.post(self._call))
            return self._keys.trouble("call"), self._keys.trouble("stop")

        self._background.run(bind, self._tell, lambda trouble: None)

    def _tell(self, troubles: tuple[str, str]) -> None:
        for purpose, trouble in zip(("call", "stop"), troubles, strict=True):
            self._page.keys[purpose].show_trouble(trouble)

    def _change(self, purpose: Purpose, chosen: str) -> None:
        if self._page.save(f"{purpose}_keys", chosen):
            shown = self._page.keys[purpose].show_trouble
            self._background.run(lambda: self._keys.change(purpose, chosen), shown, lambda trouble: None)


class KeysSetting(QWidget):
    """One of them. ``changed`` carries the keys, in our words."""

    changed = Signal(str)

    def __init__(self, theme: Theme, purpose: Purpose, keys: str) -> None:
        super().__init__()
        title, self._meaning = ABOUT[purpose]
        words = Group(3)
        words.inside.addWidget(label(title))
        self.about = label("", "muted", wrap=True)
        self.about.setObjectName(f"{purpose}-keys-about")
        words.inside.addWidget(self.about)
        self.edit = QKeySequenceEdit(QKeySequence(_in_qt(keys)))
        self.edit.setMaximumSequenceLength(1)
        self.edit.setClearButtonEnabled(True)
        theme.changed.connect(lambda: self.edit.setFixedWidth(theme.px(_WIDTH)))
        self.edit.setFixedWidth(theme.px(_WIDTH))
        named(self.edit, f"{purpose}-keys", f"Keys: {title}")
        for clearing in self.edit.findChildren(QToolButton):
            named(clearing, f"{purpose}-keys-clear", f"No keys: {title}")
        self._keys = keys
        self.edit.editingFinished.connect(self._edited)
        column(self, 0, (16, 13, 16, 13)).addWidget(Beside(theme, words, self.edit))
        self.show_trouble("")

    def show_trouble(self, trouble: str) -> None:
        """Why the keys do not work; empty: they do."""
        self.about.setText(visible(trouble) if trouble else self._meaning)

    def _edited(self) -> None:
        keys = _in_our_words(self.edit.keySequence())
        if keys != self._keys:
            self._keys = keys
            self.changed.emit(keys)


def _in_our_words(keys: QKeySequence) -> str:
    text = keys.toString(QKeySequence.SequenceFormat.PortableText)
    parts = [*text[:-2].split("+"), "plus"] if text.endswith("++") else text.split("+")
    return "+".join(_OURS.get(part, part.lower()) for part in parts if part)


def _in_qt(keys: str) -> str:
    back = {ours: qt for qt, ours in _OURS.items()} | {"plus": "+"}
    return "+".join(back.get(part, part.capitalize()) for part in keys.split("+"))
