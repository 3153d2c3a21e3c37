"""Pictures of the window, to look at: ``QT_QPA_PLATFORM=offscreen python -m tests.app.qt.gallery``.

Feeds written events into the real window and saves it in both palettes, wide and narrow, at 100 % and 200 % text,
as PNG files in build/gallery/.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QScrollBar

from agent.engine.port import ModelInfo
from agent.events import Event
from app.qt.main import application
from app.qt.models_port import Progress
from app.qt.theme import Theme
from app.qt.window import MainWindow
from app.settings import Settings
from tests.app.qt import scenes
from tests.app.qt.scripted_assistant import (
    MODEL,
    KeptSettings,
    ScriptedAssistant,
    ScriptedKeys,
    ScriptedModels,
    some_offers,
    some_sessions,
)

FOLDER = Path("build/gallery")


@dataclass(frozen=True)
class Scene:
    name: str
    title: str = ""
    events: Callable[[], list[Event]] = list
    page: str = "conversation"
    then: Callable[[MainWindow], None] = lambda window: None
    model: ModelInfo | None = MODEL


def _open_steps(window: MainWindow) -> None:
    for row in window.conversation.findChildren(object, "step")[:1]:
        row.toggle()


def _compose(window: MainWindow) -> None:
    window.look()
    window.composer.attach([Path("/home/ada/shopping.txt")])
    window.composer.edit.setPlainText("Compare the screen with this list\nand tell me what is missing")


def _download(window: MainWindow) -> None:
    settle(200)
    window.models._rows[1].get.emit()


def _to_the_end(window: MainWindow) -> None:
    settle(100)
    for bar in window.settings.findChildren(QScrollBar):
        bar.setValue(bar.maximum())


ON_A_SERVER = replace(MODEL, name="gemma-4-31b", server="desk.lan:8080", away=True)
SERVER_SETTINGS = Settings(
    workspace=Path("/home/ada/Documents"), server="http://desk.lan:8080", server_model="gemma-4-31b"
)

SCENES = (
    Scene("empty"),
    Scene("task", "Groceries into the editor", scenes.working),
    Scene("done", "Groceries into the editor", scenes.finished, then=_open_steps),
    Scene("ask", "What does this error mean?", scenes.question),
    Scene("troubles", "Tidy up my notes", scenes.troubles),
    Scene("long", "Groceries into the editor", scenes.long_conversation),
    Scene("server", "Groceries into the editor", scenes.on_a_server, model=ON_A_SERVER),
    Scene("away", "What is on my screen?", scenes.server_away, model=None),
    Scene("compose", then=_compose),
    Scene("models", page="models", then=_download),
    Scene("settings", page="settings"),
    Scene("server-settings", page="settings", model=ON_A_SERVER, then=_to_the_end),
)


def settle(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def show(theme: Theme, scene: Scene, size: tuple[int, int]) -> MainWindow:
    """The window with ``scene`` in it."""
    assistant = ScriptedAssistant(past=some_sessions(), model=scene.model)
    assistant.moment = scenes.Moment(
        window="notes.txt", application="Mousepad", outline="", thumbnail=scenes.thumbnail()
    )
    kept = KeptSettings(SERVER_SETTINGS if scene.model is not MODEL else None)
    done = (Progress(2_000_000_000, 5_150_000_000), Progress(2_100_000_000, 5_150_000_000))
    window = MainWindow(theme, kept.settings, kept.save, ScriptedModels(some_offers(), done), ScriptedKeys())
    window.resize(*size)
    window.attach(assistant)
    window.show()
    ready = scenes.ready() if scene.model is MODEL else []
    for event in [*ready, *scene.events()]:
        window.bridge.post(event)
    window._title = scene.title
    settle(120)
    window.show_page(scene.page)
    scene.then(window)
    settle(700)
    return window


def main(names: list[str]) -> None:
    app = application()
    FOLDER.mkdir(parents=True, exist_ok=True)
    kinds = [
        ("light", 1.0, (1120, 850)),
        ("dark", 1.0, (1120, 850)),
        ("light", 1.0, (440, 850)),
        ("dark", 2.0, (1120, 850)),
        ("light", 2.0, (440, 850)),
    ]
    for palette, scale, size in kinds:
        theme = Theme(palette, scale)
        theme.apply()
        for scene in SCENES:
            label = f"{scene.name}-{palette}-{size[0]}-{scale:.0%}".replace("%", "")
            if names and not any(name in label for name in names):
                continue
            window = show(theme, scene, size)
            window.grab().save(str(FOLDER / f"{label}.png"))
            window.models.close_downloads()
            window.background.close()
            window.deleteLater()
            QApplication.processEvents()
    time.sleep(0.1)
    app.quit()


if __name__ == "__main__":
    main(sys.argv[1:])
