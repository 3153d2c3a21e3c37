"""Windows without a screen: the offscreen platform, one theme per test, and a window with a scripted assistant."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agent.events import Event
from app.qt.main import application
from app.qt.theme import Theme
from app.qt.window import MainWindow
from tests.app.qt.scripted_assistant import (
    KeptSettings,
    ScriptedAssistant,
    ScriptedKeys,
    ScriptedModels,
    some_offers,
    some_sessions,
)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return application()


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    made = Theme("light")
    made.apply()
    return made


@dataclass
class Stage:
    """A window, who answers it, and a way to show it events."""

    window: MainWindow
    assistant: ScriptedAssistant
    models: ScriptedModels
    kept: KeptSettings
    bot: QtBot
    keys: ScriptedKeys

    def play(self, *events: Event) -> None:
        """Show these events and wait until the window has taken them."""
        taken: list[object] = []
        self.window.bridge.arrived.connect(taken.append)
        for event in events:
            self.window.bridge.post(event)
        self.bot.waitUntil(lambda: len(taken) == len(events))
        self.window.bridge.arrived.disconnect(taken.append)
        self.bot.wait(30)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key in the window, which is in front."""
        self.window.activateWindow()
        self.bot.waitUntil(self.window.isActiveWindow)
        self.bot.keyClick(self.window, key, modifiers)

    def calls(self, name: str) -> list[tuple[object, ...]]:
        return [call for call in self.assistant.calls if call[0] == name]


@pytest.fixture
def stage(qtbot: QtBot, qapp: QApplication, theme: Theme) -> Iterator[Stage]:
    kept, models = KeptSettings(), ScriptedModels(some_offers())
    keys = ScriptedKeys()
    window = MainWindow(theme, kept.settings, kept.save, models, keys)
    qapp.installEventFilter(window.talk_key)
    qtbot.addWidget(window, before_close_func=_quietly)
    assistant = ScriptedAssistant(past=some_sessions())
    window.attach(assistant)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=20_000)
    qtbot.waitUntil(lambda: window.sidebar.list.count() > 0)
    yield Stage(window, assistant, models, kept, qtbot, keys)
    window.over.close()
    qapp.removeEventFilter(window.talk_key)


def _quietly(window: MainWindow) -> None:
    window.models.close_downloads()
    window.background.close()


@pytest.fixture
def find(stage: Stage) -> Callable[[str], object]:
    """The visible control with this object name."""
    from PySide6.QtWidgets import QWidget

    def named(name: str) -> QWidget:
        found = [w for w in stage.window.findChildren(QWidget, name) if w.isVisible()]
        assert found, f"no visible {name}"
        return found[-1]

    return named
