"""The settings page. Every control takes effect when it is changed. Main thread only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QWidget

from agent.errors import DeskhandError
from app.qt.bubbles import NoticeRow
from app.qt.choices import MenuButton, Switch
from app.qt.conversation import Column
from app.qt.head import MODES
from app.qt.keys_setting import KeysSetting, Purpose
from app.qt.painted import Card
from app.qt.theme import Theme
from app.qt.widgets import Beside, Button, Group, clear, column, label, named, separator

if TYPE_CHECKING:
    from app.settings import Settings

THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
KEEP = {"0": "Until erased", "7": "A week", "30": "30 days", "365": "A year"}
SCALES = (0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
Save = Callable[[Mapping[str, object]], "Settings"]
"""Writes changed fields and returns the settings in force. Raises StorageError; see :func:`app.settings.save`."""


class SettingsPage(Column):
    """``changed`` carries the name of the setting that was saved."""

    changed = Signal(str)

    def __init__(self, theme: Theme, settings: Settings, save: Save) -> None:
        super().__init__(theme, "settings-page")
        self.setAccessibleName("Settings")
        self._settings, self._save = settings, save
        self.content.addWidget(label("Settings", "heading"))
        self.content.addWidget(self._group(self._look()))
        self.content.addWidget(self._group(self._work()))
        self.content.addWidget(self._group(self._voice_and_privacy()))
        self.keys: dict[Purpose, KeysSetting] = {
            "call": KeysSetting(theme, "call", settings.call_keys),
            "stop": KeysSetting(theme, "stop", settings.stop_keys),
        }
        self.content.addWidget(self._group(list(self.keys.values())))
        self.content.addWidget(self._group([self._server()]))
        problems = Group(8)
        self._problems = problems.inside
        self.content.addWidget(problems)
        self.content.addStretch(1)

    @property
    def settings(self) -> Settings:
        return self._settings

    def save(self, name: str, value: object) -> bool:
        """Save one setting; a failure is shown on the page and changes nothing."""
        clear(self._problems)
        try:
            self._settings = self._save({name: value})
        except DeskhandError as trouble:
            self._problems.addWidget(NoticeRow(self._theme, "error", trouble.what, trouble.remedy))
            return False
        self.changed.emit(name)
        return True

    def _look(self) -> list[QWidget]:
        theme = self._menu("theme", "Appearance", THEMES, self._settings.theme)
        sizes = {str(scale): f"{scale:.0%}" for scale in SCALES}
        now = min(SCALES, key=lambda scale: abs(scale - self._settings.text_scale))
        text = self._menu("text_scale", "Text size", sizes, str(now), float)
        return [self._setting("Appearance", "", theme), self._setting("Text size", "", text)]

    def _work(self) -> list[QWidget]:
        modes = {mode: words for mode, (words, _) in MODES.items()}
        mode = self._menu("mode", "Mode at the start", modes, self._settings.mode)
        self._folder = label(str(self._settings.workspace), "small", wrap=True)
        self._folder.setObjectName("workspace-path")
        choose = Button(self._theme, "Choose…", "workspace", accessible="Choose the workspace folder")
        choose.clicked.connect(self._choose_folder)
        return [
            self._setting("Mode", "What may happen without asking.", mode),
            self._setting(
                "Your folder",
                "Files are looked for and written here. From the next start.",
                choose,
                self._folder,
            ),
        ]

    def _voice_and_privacy(self) -> list[QWidget]:
        speak = Switch(
            self._theme, "speak-answers", "Say the answers to spoken requests", self._settings.speak_answers
        )
        speak.toggled.connect(lambda on: self.save("speak_answers", on))
        self.private = QLineEdit(", ".join(self._settings.private_applications))
        named(self.private, "private-applications", "Applications that are never looked at")
        self.private.setPlaceholderText("for example: Thunderbird, KeePassXC")
        self.private.editingFinished.connect(self._save_private)
        below = QWidget()
        inside = column(below, 6, (16, 13, 16, 14))
        inside.addWidget(label("Never look at"))
        inside.addWidget(
            label(
                "Windows of these applications are neither read nor captured. From the next start.",
                "muted",
                wrap=True,
            )
        )
        inside.addWidget(self.private)
        offline = Switch(self._theme, "offline-switch", "Stay offline", self._settings.offline)
        offline.toggled.connect(lambda on: self.save("offline", on))
        days = str(self._settings.keep_days)
        choices = KEEP if days in KEEP else KEEP | {days: f"{days} days"}
        keep = self._menu("keep_days", "Keep conversations", choices, days, int)
        return [
            self._setting("Voice", "Say the answers to spoken requests. From the next start.", speak),
            self._setting(
                "Stay offline",
                "No downloads and no server, whatever is asked for. What has left this computer: deskhand network.",
                offline,
            ),
            self._setting(
                "Keep conversations",
                "For so long after the last word. Everything at once: deskhand erase.",
                keep,
            ),
            below,
        ]

    def _server(self) -> QWidget:
        below = QWidget()
        inside = column(below, 6, (16, 13, 16, 14))
        inside.addWidget(label("A server for the model", wrap=True))
        about = (
            "The address of an OpenAI-compatible server; empty: it runs on this computer. What the model is shown "
            "goes there: your words, and the screens and files you show it. From the next start."
        )
        inside.addWidget(label(about, "muted", wrap=True))
        self.server = self._field("server", "Server's address", "for example: http://192.168.1.20:8080")
        self.server_model = self._field(
            "server_model", "Server's model", "which of its models; empty: its first"
        )
        inside.addWidget(self.server)
        inside.addWidget(self.server_model)
        return below

    def _field(self, name: str, title: str, placeholder: str) -> QLineEdit:
        """A setting that is a line of text."""
        edit = QLineEdit(str(getattr(self._settings, name)))
        named(edit, name.replace("_", "-"), title)
        edit.setPlaceholderText(placeholder)

        def save() -> None:
            text = edit.text().strip()
            if text != getattr(self._settings, name):
                self.save(name, text or None)

        edit.editingFinished.connect(save)
        return edit

    def _menu(
        self,
        name: str,
        title: str,
        choices: Mapping[str, str],
        now: str,
        convert: Callable[[str], object] = str,
    ) -> MenuButton:
        menu = MenuButton(self._theme, name.replace("_", "-"), title, choices)
        menu.show_value(now)
        menu.chosen.connect(lambda value: self.save(name, convert(value)))
        return menu

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Your folder", str(self._settings.workspace))
        if name and self.save("workspace", Path(name)):
            self._folder.setText(name)

    def _save_private(self) -> None:
        names = tuple(name.strip() for name in self.private.text().split(",") if name.strip())
        if names != self._settings.private_applications:
            self.save("private_applications", names)

    def _group(self, lines: list[QWidget]) -> Card:
        card = Card(self._theme)
        inside = column(card)
        for number, line in enumerate(lines):
            if number:
                inside.addWidget(separator())
            inside.addWidget(line)
        return card

    def _setting(self, title: str, about: str, control: QWidget, below: QLabel | None = None) -> QWidget:
        words = Group(3)
        words.inside.addWidget(label(title))
        if about:
            words.inside.addWidget(label(about, "muted", wrap=True))
        if below is not None:
            words.inside.addWidget(below)
        holder = QWidget()
        column(holder, 0, (16, 13, 16, 13)).addWidget(Beside(self._theme, words, control))
        return holder
