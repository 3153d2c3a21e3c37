"""The foot of the page: the composer in the middle, as wide as the conversation above it. Main thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.qt.composer import Composer
from app.qt.conversation import COLUMN_WIDTH
from app.qt.theme import Theme
from app.qt.widgets import row


class Foot(QWidget):
    def __init__(self, theme: Theme, composer: Composer) -> None:
        super().__init__()
        self._theme, self._composer = theme, composer
        self._line = row(self, 0)
        self._line.addStretch(1)
        self._line.addWidget(composer, 1000)
        self._line.addStretch(1)
        self.set_narrow(False)
        theme.changed.connect(self._limit)
        self._limit()

    def set_narrow(self, narrow: bool) -> None:
        side = 14 if narrow else 20
        self._line.setContentsMargins(side, 0, side, 6)

    def _limit(self) -> None:
        self._composer.setMaximumWidth(self._theme.px(COLUMN_WIDTH))
