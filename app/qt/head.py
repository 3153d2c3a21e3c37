"""The line above the page: title, mode, whether anything is online. And the status line below. Main thread only."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from agent.broker import Mode
from agent.events import ModelLoading, ModelReady, Usage
from app.qt.choices import MenuButton
from app.qt.painted import IconMark, Meter
from app.qt.text import size
from app.qt.theme import Theme
from app.qt.widgets import Elided, IconButton, label, row

MODES: dict[Mode, tuple[str, str]] = {
    "read-only": ("Read only", "It looks and answers, and changes nothing."),
    "ask": ("Ask first", "It asks before it changes anything."),
    "workspace": (
        "Workspace",
        "Inside your folder it works without asking, and everything there can be undone.",
    ),
    "full": ("Full", "It asks only for what cannot be undone or leaves this computer."),
}


class Head(QFrame):
    """``mode`` carries the mode that was chosen, ``menu`` that the sidebar is wanted."""

    mode = Signal(str)
    menu = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("head")
        self._theme = theme
        self._line = line = row(self, 10, (20, 8, 20, 8))
        self.menu_button = IconButton(theme, "menu", "menu", "Show conversations", size=19)
        self.menu_button.clicked.connect(self.menu)
        self.menu_button.hide()
        line.addWidget(self.menu_button)
        self.title = Elided("New conversation", "title")
        self.title.setObjectName("title")
        line.addWidget(self.title, 1)
        self.mode_button = MenuButton(
            theme,
            "mode",
            "Mode",
            {mode: words for mode, (words, _) in MODES.items()},
            kind="pill",
            meanings={mode: meaning for mode, (_, meaning) in MODES.items()},
        )
        self.mode_button.chosen.connect(self.mode)
        line.addWidget(self.mode_button)
        self._pill = QFrame()
        self._pill.setObjectName("offline")
        inside = row(self._pill, 6, (10, 5, 11, 5))
        self._lock = IconMark(theme, "lock", "accent", 13)
        self._online = label("Offline")
        inside.addWidget(self._lock)
        inside.addWidget(self._online)
        self._pill.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        line.addWidget(self._pill, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.show_mode("ask")
        self.show_online("")

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), max(52, super().sizeHint().height()))

    def show_mode(self, mode: Mode) -> None:
        self.mode_button.show_value(mode)

    def show_online(self, why: str, server: str = "") -> None:
        """``why`` something goes over the network right now; empty: nothing does. ``server``: the other machine that
        runs the model, and so is sent all that the model reads."""
        words = f"Online for {why} only" if why else "Offline"
        meaning = words if why else "Nothing leaves this computer"
        if server:
            words = f"Online: the model is on {server}"
            meaning = f"Your words, and the screens and files you show, go to {server}"
        self._lock.set("online" if why or server else "lock", "accent")
        self._online.setText(words)
        self._pill.setAccessibleName(words)
        self._pill.setToolTip(meaning)

    def set_narrow(self, *, menu: bool, tight: bool) -> None:
        """``menu``: the sidebar is folded away. ``tight``: there is room for the least only."""
        self.menu_button.setVisible(menu)
        self._online.setVisible(not tight)
        self._line.setContentsMargins(*((10, 8, 14, 8) if menu else (20, 8, 20, 8)))


class StatusLine(QFrame):
    """Model, context, speed, and that nothing leaves this computer (shown only while it is true)."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("status")
        line = row(self, 12, (20, 6, 20, 6))
        self.model = Elided("Starting…", "faint")
        self.model.setObjectName("status-model")
        self.model.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        line.addWidget(self.model)
        self._context = QWidget()
        inside = row(self._context, 7)
        self._word = label("context", "faint")
        inside.addWidget(self._word)
        self.meter = Meter(theme, "context-meter")
        self.meter.setAccessibleName("Context used")
        inside.addWidget(self.meter)
        self.tokens = label("", "faint")
        self.tokens.setObjectName("status-context")
        inside.addWidget(self.tokens)
        line.addWidget(self._context)
        self._context.hide()
        self.speed = label("", "faint")
        self.speed.setObjectName("status-speed")
        line.addWidget(self.speed)
        line.addStretch(1)
        self._here = QWidget()
        here = row(self._here, 6)
        here.addWidget(IconMark(theme, "lock", "faint", 12))
        self._promise = label("nothing leaves this computer", "faint")
        here.addWidget(self._promise)
        self._here.setToolTip("Nothing leaves this computer")
        self._here.setObjectName("promise")
        line.addWidget(self._here)

    def loading(self, event: ModelLoading) -> None:
        self._show_model(f"Loading {event.model} · {event.fraction:.0%}")

    def ready(self, event: ModelReady) -> None:
        self._show_model(event.model)
        self._show_context(0, event.context_tokens)
        self.speed.setText("ready")

    def name(self, model: str, file_bytes: int) -> None:
        self._show_model(f"{model} · {size(file_bytes)}")

    def on_server(self, model: str, server: str) -> None:
        self._show_model(f"{model} · on {server}")

    def no_model(self) -> None:
        self._show_model("No model is loaded")

    def used(self, event: Usage) -> None:
        self._show_context(event.context_used, event.context_tokens)
        self.speed.setText(f"{event.tokens_per_second:.0f} tok/s" if event.tokens_per_second else "")

    def set_online(self, online: bool) -> None:
        self._here.setVisible(not online)

    def set_tight(self, tight: bool) -> None:
        """There is room for the least only."""
        self._promise.setVisible(not tight)
        self._word.setVisible(not tight)
        self.speed.setVisible(not tight)

    def _show_model(self, words: str) -> None:
        self.model.show_text(words)

    def _show_context(self, used: int, of: int) -> None:
        self._context.setVisible(of > 0)
        self.meter.set_value(used / of if of else 0.0)
        self.tokens.setText(f"{used:,} of {of:,}")
