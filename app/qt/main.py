"""Opens the window. Nothing heavy is imported before it is on the screen; the assistant is made after that.

The assistant is put together and started on a worker thread, so that the window can be used meanwhile.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from agent.errors import DeskhandError
from app.qt.icons import APPLICATION_ID, application_icon
from app.qt.keys_setting import GlobalKeys
from app.qt.models_port import Models
from app.qt.settings_page import Save
from app.qt.singletons import keep_alive
from app.qt.theme import Theme
from app.qt.window import MainWindow

if TYPE_CHECKING:
    from app.assistant import Assistant
    from app.settings import Settings

AssistantFactory = Callable[[], "Assistant"]
"""Puts the assistant together, not started. May block; called once, on a worker thread. Raises DeskhandError."""


def application() -> QApplication:
    """The Qt application, named as the desktop entry is, so that window, icon and entry belong together."""
    keep_alive()
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(["deskhand", *sys.argv[1:]])
    app.setApplicationName("deskhand")
    app.setApplicationDisplayName("Deskhand")
    app.setDesktopFileName(APPLICATION_ID)
    app.setWindowIcon(application_icon())
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)
    return app


def run(
    assistant_factory: AssistantFactory,
    settings: Settings,
    save: Save,
    models: Models,
    keys: GlobalKeys,
    problems: Sequence[DeskhandError] = (),
) -> int:
    """Show the window until the person quits, and return the exit code. ``problems`` are told on its first page.
    Main thread."""
    app = application()
    theme = Theme(settings.theme, settings.text_scale)
    theme.apply()
    window = MainWindow(theme, settings, save, models, keys)
    app.installEventFilter(window.talk_key)
    for problem in problems:
        window.conversation.notice("warning", problem.what, problem.remedy)
    started: list[Assistant] = []

    def make() -> Assistant:
        assistant = assistant_factory()
        started.append(assistant)
        assistant.subscribe(window.bridge.post)
        assistant.start()
        return assistant

    def failed(trouble: DeskhandError) -> None:
        window.status.no_model()
        window.conversation.notice("error", trouble.what, trouble.remedy)

    def quit_now() -> None:
        window.hide()
        window.over.close()
        window.tray.hide()
        app.exit(0)  # quit() would ask the windows to close, and they would go to the tray

    window.painted.connect(
        lambda: window.background.run(make, window.attach, failed), Qt.ConnectionType.QueuedConnection
    )
    window.quit.connect(quit_now)
    signals = _Signals(quit_now)
    window.show()
    code = app.exec()
    signals.close()
    window.models.close_downloads()
    window.background.close()
    for assistant in started:
        assistant.close()
    return code


class _Signals:
    """Ctrl+C in the terminal and an end of the session quit as the menu does.

    Python runs signal handlers only between its own instructions, which an idle Qt never reaches: the byte that
    Python writes to this socket wakes Qt up.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._previous = signal.set_wakeup_fd(self._writer.fileno())
        self._old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._old:
            signal.signal(number, lambda _number, _frame: QTimer.singleShot(0, act))
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda: self._reader.recv(64))

    def close(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._previous)
        for number, old in self._old.items():
            signal.signal(number, old)
        self._reader.close()
        self._writer.close()
