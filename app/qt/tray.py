"""The icon in the tray, where there is a tray. Main thread only."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.qt.icons import application_icon


class Tray(QObject):
    """Its signals are what its menu asks for. Without a tray it is silent."""

    call = Signal()
    stop = Signal()
    show_window = Signal()
    quit = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._icon: QSystemTrayIcon | None = None
        self._told = False
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._icon = self._make()

    @property
    def there(self) -> bool:
        return self._icon is not None

    def say(self, title: str, words: str) -> None:
        if self._icon is not None:
            self._icon.showMessage(title, words, application_icon())

    def say_still_here(self) -> None:
        """Once: closing the window does not end the program."""
        if not self._told:
            self._told = True
            self.say("Deskhand is still here", "Reminders keep coming. Quit from this icon or with Ctrl+Q.")

    def hide(self) -> None:
        if self._icon is not None:
            self._icon.hide()

    def _make(self) -> QSystemTrayIcon:
        icon = QSystemTrayIcon(application_icon(), self)
        icon.setToolTip("Deskhand")
        self._menu = QMenu()
        self._menu.addAction("Ask about the screen", self.call.emit)
        self._menu.addAction("Show Deskhand", self.show_window.emit)
        self._menu.addAction("Stop", self.stop.emit)
        self._menu.addAction("Quit", self.quit.emit)
        icon.setContextMenu(self._menu)
        icon.activated.connect(self._activated)
        icon.show()
        return icon

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.show_window.emit()
