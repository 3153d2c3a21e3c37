"""An empty page: three things to try. Main thread only."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.qt.theme import Theme
from app.qt.widgets import Button, column, label

SUGGESTIONS = (
    ("screen", "What is on my screen?"),
    ("file", "List my files"),
    ("calculator", "What is 15% of 80?"),
)


class EmptyState(QWidget):
    """``tried`` carries the words of the suggestion that was chosen."""

    tried = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("empty")
        outer = column(self, 8, (0, 48, 0, 0))
        outer.addWidget(label("What shall we do?", "heading", wrap=True))
        outer.addWidget(
            label(
                "Ask about what is on the screen, or say what you want done.",
                "muted",
                wrap=True,
            )
        )
        outer.addSpacing(14)
        for number, (icon, words) in enumerate(SUGGESTIONS):
            button = Button(theme, words, f"try-{number}", kind="try", icon=icon, token="accent")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, words=words: self.tried.emit(words))
            outer.addWidget(button)
        outer.addSpacing(8)
        outer.addWidget(label("Or hold Ctrl+M and talk.", "muted", wrap=True))
