"""Small widgets that paint themselves: state marks, the level ring, the waveform, meters, cards. Main thread only.

They read their colours when they paint, so a change of theme needs nothing but a repaint.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from app.qt import icons
from app.qt.theme import Theme

State = Literal[
    "pending",
    "working",
    "confirmed",
    "partial",
    "unverifiable",
    "suspected_noop",
    "refused",
    "failed",
    "stopped",
]
STATE_WORDS: dict[State, str] = {
    "pending": "to do",
    "working": "working",
    "confirmed": "done",
    "partial": "partly done",
    "unverifiable": "could not be confirmed",
    "suspected_noop": "nothing changed",
    "refused": "not done",
    "failed": "did not work",
    "stopped": "stopped",
}
_TURN_MS = 1400
_FRAME_MS = 33


class StateMark(QWidget):
    """How a step stands, as a mark of its own for every state (never by colour alone)."""

    def __init__(self, theme: Theme, state: State = "pending", size: int = 18) -> None:
        super().__init__()
        self.setObjectName("state-mark")
        self._theme, self._size = theme, size
        self._state: State = state
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_state(state)

    @property
    def state(self) -> State:
        return self._state

    def set_state(self, state: State) -> None:
        self._state = state
        self.setAccessibleName(STATE_WORDS[state])
        self.setToolTip(STATE_WORDS[state])
        self._turn()
        self.update()

    def sizeHint(self) -> QSize:
        edge = self._theme.px(self._size)
        return QSize(edge, edge)

    def showEvent(self, event: QShowEvent) -> None:
        self._turn()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _turn(self) -> None:
        if self._state == "working" and self.isVisible():
            self._clock.start()
            self._timer.start()
        else:
            self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        match self._state:
            case "pending":
                self._circle(painter, box, "line")
            case "working":
                self._arc(painter, box)
            case "confirmed":
                self._disc(painter, box, "done_wash")
                self._lines(painter, box, "done", ((0.29, 0.53), (0.44, 0.67), (0.72, 0.36)))
            case "partial":
                self._half(painter, box)
            case "failed":
                self._disc(painter, box, "failed_wash")
                self._lines(
                    painter, box, "failed", ((0.34, 0.34), (0.66, 0.66)), ((0.66, 0.34), (0.34, 0.66))
                )
            case "refused":
                self._circle(painter, box, "approval")
                self._lines(painter, box, "approval", ((0.18, 0.82), (0.82, 0.18)))
            case "suspected_noop":
                self._disc(painter, box, "approval_wash")
                self._circle(painter, box, "approval_line")
                self._lines(painter, box, "approval", ((0.3, 0.42), (0.7, 0.42)), ((0.3, 0.6), (0.7, 0.6)))
            case "unverifiable":
                self._circle(painter, box, "approval", dashed=True)
                painter.setFont(self._theme.font(self._size * 0.62, bold=True))
                painter.setPen(self._theme.color("approval"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "?")
            case "stopped":
                self._circle(painter, box, "faint")
                inner = box.adjusted(*(box.width() * k for k in (0.33, 0.33, -0.33, -0.33)))
                painter.fillRect(inner, self._theme.color("faint"))

    def _pen(self, token: str, width: float) -> QPen:
        pen = QPen(self._theme.color(token), self._theme.scale * width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    def _circle(self, painter: QPainter, box: QRectF, token: str, *, dashed: bool = False) -> None:
        pen = self._pen(token, 1.3)
        if dashed:
            pen.setDashPattern([2.2, 2.6])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box)

    def _disc(self, painter: QPainter, box: QRectF, token: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(token))
        painter.drawEllipse(box)

    def _lines(
        self, painter: QPainter, box: QRectF, token: str, *paths: tuple[tuple[float, float], ...]
    ) -> None:
        painter.setPen(self._pen(token, 1.6))
        for path in paths:
            painter.drawPolyline(
                [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in path]
            )

    def _half(self, painter: QPainter, box: QRectF) -> None:
        self._circle(painter, box, "approval")
        painter.setBrush(self._theme.color("approval"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPie(box.adjusted(3, 3, -3, -3), -90 * 16, 180 * 16)

    def _arc(self, painter: QPainter, box: QRectF) -> None:
        turn = (self._clock.elapsed() % _TURN_MS) / _TURN_MS if self._clock.isValid() else 0.0
        painter.setPen(self._pen("accent", 2.0))
        painter.drawArc(box, round((45 - 360 * turn) * 16), 270 * 16)


class Card(QFrame):
    """A raised sheet with rounded corners and a soft shadow that costs nothing to scroll."""

    SHADOW = 5

    def __init__(self, theme: Theme, radius: int = 14) -> None:
        super().__init__()
        self._theme, self._radius = theme, radius
        self.setContentsMargins(0, 0, 0, self.SHADOW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        sheet = QRectF(self.rect()).adjusted(1.5, 0.5, -1.5, -self.SHADOW - 0.5)
        shadow = self._theme.color("shadow")
        shadow.setAlphaF(0.09 if self._theme.dark else 0.018)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shadow)
        for depth in range(1, self.SHADOW + 1):
            spread = depth / 4
            painter.drawRoundedRect(
                sheet.adjusted(-spread, 2, spread, depth), self._radius + spread, self._radius + spread
            )
        painter.setPen(QPen(self._theme.color("line"), 1))
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(sheet, self._radius, self._radius)


class Meter(QWidget):
    """A thin bar from 0 to 1."""

    def __init__(self, theme: Theme, name: str, width: int = 70, height: int = 4) -> None:
        super().__init__()
        self._theme, self._value, self._width, self._height = theme, 0.0, width, height
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        self._value = min(1.0, max(0.0, value))
        self.setAccessibleDescription(f"{self._value:.0%}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(self._width), self._theme.px(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track, radius = QRectF(self.rect()), self.height() / 2
        painter.setBrush(self._theme.color("line"))
        painter.drawRoundedRect(track, radius, radius)
        if self._value > 0:
            painter.setBrush(self._theme.color("accent"))
            track.setWidth(max(track.height(), track.width() * self._value))
            painter.drawRoundedRect(track, radius, radius)


class Waveform(QWidget):
    """The last few sound levels as bars, newest on the right."""

    BARS = 7

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._levels: deque[float] = deque([0.0] * self.BARS, maxlen=self.BARS)
        self.setAccessibleName("Microphone level")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def add(self, level: float) -> None:
        """One more level, 0 to 1."""
        self._levels.append(min(1.0, max(0.0, level)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(5 * self.BARS), self._theme.px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        step = self.width() / self.BARS
        bar = step * 0.6
        for index, level in enumerate(self._levels):
            height = max(bar, self.height() * level)
            painter.drawRoundedRect(
                QRectF(index * step, (self.height() - height) / 2, bar, height), bar / 2, bar / 2
            )


class IconMark(QWidget):
    """An icon that stands for itself."""

    def __init__(self, theme: Theme, name: str, token: str = "muted", size: int = 16) -> None:
        super().__init__()
        self._theme, self._name, self._token, self._size = theme, name, token, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self.update()

    def sizeHint(self) -> QSize:
        edge = self._theme.px(self._size)
        return QSize(edge, edge)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icons.draw(painter, self._name, getattr(self._theme.tokens, self._token), QRectF(self.rect()))


class BrandMark(IconMark):
    """The program's mark on its coloured tile."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "mark", "on_accent", 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.accent))
        tile = QRectF(self.rect())
        painter.drawRoundedRect(tile, tile.width() * 0.25, tile.width() * 0.25)
        inset = tile.width() * 0.14
        icons.draw(
            painter, self._name, self._theme.tokens.on_accent, tile.adjusted(inset, inset, -inset, -inset)
        )
