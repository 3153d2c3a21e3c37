"""Sidebar and body side by side; in a narrow window the sidebar folds away behind a button. Main thread only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.qt.theme import Theme

FOLD_BELOW = 760
"""Narrower than this the sidebar folds away."""
TIGHT = 540
"""Narrower than this the body leaves out what it can do without."""


class Folding(QWidget):
    """Holds ``sidebar`` and :attr:`body`. ``laid_out`` says after every change whether the window is narrow, and
    whether the body is tight."""

    laid_out = Signal(bool, bool)

    def __init__(self, theme: Theme, sidebar: QWidget) -> None:
        super().__init__()
        self.setObjectName("frame")
        self._theme, self._sidebar = theme, sidebar
        self._narrow, self._open = False, False
        self.body = QWidget(self)
        self._scrim = QWidget(self)
        self._scrim.setObjectName("scrim")
        self._scrim.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._scrim.installEventFilter(self)
        sidebar.setParent(self)
        theme.changed.connect(self._lay_out)

    @property
    def over(self) -> bool:
        """The sidebar lies over the body."""
        return self._narrow and self._open

    def set_open(self, on: bool) -> None:
        """Whether the sidebar is to be seen in a narrow window."""
        self._open = on
        self._lay_out()

    def toggle(self) -> None:
        self.set_open(not self._open)

    def _lay_out(self) -> None:
        width, height = self.width(), self.height()
        self._narrow = width < round(FOLD_BELOW * min(1.3, max(1.0, self._theme.scale)))
        side = min(self._sidebar.sizeHint().width(), width)
        self.body.setGeometry(0 if self._narrow else side, 0, width - (0 if self._narrow else side), height)
        self._sidebar.setGeometry(0, 0, side, height)
        self._sidebar.setVisible(not self._narrow or self._open)
        self._scrim.setGeometry(0, 0, width, height)
        self._scrim.setVisible(self.over)
        self._scrim.raise_()
        self._sidebar.raise_()
        self.laid_out.emit(self._narrow, self.body.width() < self._theme.px(TIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._scrim and event.type() == QEvent.Type.MouseButtonPress:
            self.set_open(False)
            return True
        return False
