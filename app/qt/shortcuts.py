"""The keys of the window, and the sheet that shows them. Main thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from app.qt.theme import Theme
from app.qt.widgets import Button, column, label

KEYS: tuple[tuple[str, str], ...] = (
    ("Return", "Send"),
    ("Shift+Return", "New line"),
    ("Ctrl+M", "Hold to talk"),
    ("Ctrl+Shift+S", "Show a part of the screen, or all of it"),
    ("Ctrl+Shift+R", "Show the same part again"),
    ("Esc", "Stop"),
    ("Ctrl+Z", "Undo the last task"),
    ("Ctrl+N", "New conversation"),
    ("Ctrl+K", "Search conversations"),
    ("Alt+A, Alt+D", "Allow, don’t allow"),
    ("F1", "This list"),
    ("Ctrl+Q", "Quit"),
)


class ShortcutSheet(QDialog):
    """All keys on one sheet; any of Esc, Return and the button closes it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle("Keys")
        self.setAccessibleName("Keys")
        outer = column(self, 12, (24, 20, 24, 18))
        outer.addWidget(label("Keys", "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(8)
        for at, (keys, what) in enumerate(KEYS):
            grid.addWidget(label(keys, "chip"), at, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label(what, "muted"), at, 1)
        outer.addLayout(grid)
        close = Button(theme, "Close", "close-shortcuts")
        close.clicked.connect(self.accept)
        outer.addWidget(close, alignment=Qt.AlignmentFlag.AlignRight)
        close.setFocus()
