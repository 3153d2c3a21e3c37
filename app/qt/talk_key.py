"""Hold Ctrl+M to talk, wherever the focus is. Main thread only.

Installed as an event filter of the application, because whoever has the focus would otherwise get the key.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent


class TalkKey(QObject):
    """``held`` when the key goes down, ``let_go`` when it comes up while ``talking`` says somebody is heard."""

    held = Signal()
    let_go = Signal()

    def __init__(self, parent: QObject, talking: Callable[[], bool]) -> None:
        super().__init__(parent)
        self._talking = talking

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride and _is_talk_key(event):
            event.accept()
            return True
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return self._hold_to_talk(event)
        return False

    def _hold_to_talk(self, event: QKeyEvent) -> bool:
        """Ctrl+M goes down: listen. Either key comes up: done. A held key repeats itself; that means nothing."""
        pressed = event.type() == QEvent.Type.KeyPress
        if pressed and _is_talk_key(event):
            if not event.isAutoRepeat():
                self.held.emit()
            return True
        if not pressed and self._talking() and event.key() in (Qt.Key.Key_M, Qt.Key.Key_Control):
            if not event.isAutoRepeat():
                self.let_go.emit()
            return True
        return False


def _is_talk_key(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_M and event.modifiers() == Qt.KeyboardModifier.ControlModifier
