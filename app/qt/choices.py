"""Controls to choose with: a button that opens a menu, and a switch. Main thread only."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy

from app.qt.theme import Theme
from app.qt.widgets import Button, named


class MenuButton(Button):
    """One of a few. ``chosen`` carries the value the person picked."""

    chosen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        name: str,
        accessible: str,
        choices: Mapping[str, str],
        *,
        kind: str = "",
        meanings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            theme, "", name, kind=kind, icon="chevron-down", token="muted", accessible=accessible
        )
        self._what, self._choices = accessible, choices
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        menu = QMenu(self)
        menu.setAccessibleName(accessible)
        menu.setToolTipsVisible(True)
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        group = QActionGroup(menu)
        self._actions: dict[str, QAction] = {}
        for value, words in choices.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setToolTip((meanings or {}).get(value, words))
            action.triggered.connect(lambda _checked=False, value=value: self._choose(value))
            group.addAction(action)
            self._actions[value] = action
        self.setMenu(menu)

    @property
    def value(self) -> str:
        """What is chosen; "" before the first :meth:`show_value`."""
        return next((value for value, action in self._actions.items() if action.isChecked()), "")

    def show_value(self, value: str) -> None:
        words = self._choices[value]
        self.setText(f"{words} ")
        self.setAccessibleName(f"{self._what}: {words}")
        self.setToolTip(self._actions[value].toolTip())
        self._actions[value].setChecked(True)

    def _choose(self, value: str) -> None:
        self.show_value(value)
        self.chosen.emit(value)


class Switch(QAbstractButton):
    """On or off."""

    def __init__(self, theme: Theme, name: str, accessible: str, on: bool) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setChecked(on)
        named(self, name, accessible, accessible)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(40), self._theme.px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        track = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        radius = track.height() / 2
        painter.setPen(QPen(self._theme.color("accent" if on else "faint"), 1))
        painter.setBrush(self._theme.color("accent" if on else "page"))
        painter.drawRoundedRect(track, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("on_accent" if on else "faint"))
        x = track.right() - radius if on else track.left() + radius
        painter.drawEllipse(QPointF(x, track.center().y()), radius - 4, radius - 4)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("text" if on else "accent"), 2))
            painter.drawRoundedRect(track, radius, radius)
