from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from agent.errors import StorageError
from app.qt.bubbles import NoticeRow
from app.qt.main import run
from app.qt.window import MainWindow
from tests.app.qt.scripted_assistant import KeptSettings, ScriptedAssistant, ScriptedKeys, ScriptedModels


def test_what_is_wrong_with_the_settings_file_is_a_row_in_the_first_page(qapp: QApplication) -> None:
    kept, seen = KeptSettings(), []

    def look() -> None:
        window = next(w for w in qapp.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
        seen.extend(row.accessibleName() for row in window.conversation.findChildren(NoticeRow))
        window.quit.emit()

    def assistant() -> ScriptedAssistant:
        QTimer.singleShot(0, qapp, look)
        return ScriptedAssistant()

    problem = StorageError("In config.toml, line 2, text_scale = 9 cannot be used.", "Correct that line.")
    assert run(assistant, kept.settings, kept.save, ScriptedModels(), ScriptedKeys(), (problem,)) == 0
    assert len(seen) == 1
    assert "line 2" in seen[0]
    assert "Correct that line." in seen[0]
