"""The ring around what an answer talks about, with a few words beside it, over whatever application that is in.

It is never in the way: clicks and keys go through it to what lies beneath, and no tool sees it. Main thread only.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEasingCurve, QPoint, QPropertyAnimation, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBitmap,
    QBrush,
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from agent.events import PointedAt
from app.qt.places import inside, screen_of, to_units
from app.qt.text import visible
from app.qt.theme import Theme

SHOWN_MS = 8_000
FADE_MS = 450
_GAP, _STROKE, _HALO, _EDGE = 6.0, 3.0, 6.0, 1.5
"""Around the control, in Qt's units: free room, the ring itself, the light around it, and its outer edge."""
_RADIUS = 11.0
_LABEL_PAD_X, _LABEL_PAD_Y, _LABEL_GAP, _LABEL_RADIUS = 12.0, 8.0, 8.0, 9.0
_LABEL_WIDEST = 360.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """Points of the screen that the ring has coloured."""

    screen: QScreen
    points: tuple[QPoint, ...]

    def still_there(self) -> bool:
        """Whether its colour is on the screen in all of these points."""
        corner = self.screen.geometry().topLeft()
        for point in self.points:
            at = point - corner
            pixel = self.screen.grabWindow(0, at.x(), at.y(), 1, 1).toImage()
            if pixel.isNull() or pixel.pixelColor(0, 0) != QColor(_RING):
                return False
        return True


class Ring(QWidget):
    """``gone`` when it is no longer shown, whyever."""

    gone = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowTransparentForInput
            | Qt.WindowType.WindowDoesNotAcceptFocus
            | Qt.WindowType.NoDropShadowWindowHint
            | Qt.WindowType.X11BypassWindowManagerHint,
        )
        self.setObjectName("ring")
        self.setWindowTitle("Deskhand points")
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._theme = theme
        self._ring, self._label, self._words = QRectF(), QRectF(), ""
        self._soft = True
        self._shown = QTimer(self, interval=SHOWN_MS, singleShot=True)
        self._shown.timeout.connect(self._fade_out)
        self._fade = QPropertyAnimation(self, b"windowOpacity", self)
        self._fade.setDuration(FADE_MS)
        self._fade.setEasingCurve(QEasingCurve.Type.InOutQuad)
        self._fade.finished.connect(self.hide)

    def point(self, pointed: PointedAt, *, composited: bool) -> None:
        """Show it for some seconds. ``composited``: the desktop can show what is half transparent; elsewhere it is cut
        out along its edges."""
        self.hide()
        self._words = visible(pointed.label).replace("\n", " ").strip()
        self._soft = composited
        screen = screen_of(pointed.bounds)
        monitor = QRectF(0, 0, screen.geometry().width(), screen.geometry().height())
        target = to_units(screen, pointed.bounds)
        around = _GAP + _STROKE
        self._ring = target.adjusted(-around, -around, around, around).intersected(monitor)
        self._label = self._beside(monitor) if self._words else QRectF()
        whole = self._ring.adjusted(-_HALO, -_HALO, _HALO, _HALO)
        whole = (whole.united(self._label) if self._words else whole).toAlignedRect()
        self._ring.translate(-whole.x(), -whole.y())
        self._label.translate(-whole.x(), -whole.y())
        self.setGeometry(whole.translated(screen.geometry().topLeft()))
        self._cut_out()
        self.setWindowOpacity(1.0)
        self.show()
        self.raise_()
        self._shown.start()

    def _beside(self, monitor: QRectF) -> QRectF:
        """Below the ring, or above it where there is no room."""
        metrics = QFontMetricsF(self._theme.font(13))
        wide = min(self._theme.px(_LABEL_WIDEST), metrics.horizontalAdvance(self._words) + 1)
        size = QRectF(0, 0, wide + 2 * _LABEL_PAD_X, metrics.height() + 2 * _LABEL_PAD_Y)
        middle = self._ring.center().x() - size.width() / 2
        below = self._ring.bottom() + _LABEL_GAP
        room = below + size.height() <= monitor.bottom()
        y = below if room else self._ring.top() - _LABEL_GAP - size.height()
        return inside(size.translated(middle, y), monitor.adjusted(4, 4, -4, -4))

    def _cut_out(self) -> None:
        """Without a compositor a window is opaque wherever it is: it gets the shape of the ring and the words."""
        if self._soft:
            self.clearMask()
            return
        shape = QBitmap(self.size())
        shape.clear()
        painter = QPainter(shape)
        painter.setPen(QPen(Qt.GlobalColor.color1, _STROKE + 2 * _EDGE))
        painter.drawRoundedRect(self._middle_line(), _RADIUS, _RADIUS)
        if self._words:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(Qt.GlobalColor.color1))
            painter.drawRoundedRect(self._label, _LABEL_RADIUS, _LABEL_RADIUS)
        painter.end()
        self.setMask(shape)

    def _middle_line(self) -> QRectF:
        return self._ring.adjusted(_STROKE / 2, _STROKE / 2, -_STROKE / 2, -_STROKE / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self._middle_line()
        if self._soft:
            self._stroke(painter, line, _STROKE + 2 * _HALO, _with_alpha(self._theme.color("accent"), 0.2))
            self._stroke(painter, line, _STROKE + 2 * _EDGE, _with_alpha(QColor("#FFFFFF"), 0.85))
        else:
            painter.fillRect(self.rect(), QColor("#FFFFFF"))
        self._stroke(painter, line, _STROKE, QColor(_RING))
        if self._words:
            self._paint_words(painter)

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if not self._soft:
            painter.fillRect(self._label, QColor(_LABEL))
        painter.setBrush(QColor(_LABEL))
        painter.drawRoundedRect(self._label, _LABEL_RADIUS, _LABEL_RADIUS)
        painter.setPen(QColor("#FFFFFF"))
        painter.setFont(self._theme.font(13))
        room = self._label.adjusted(_LABEL_PAD_X, 0, -_LABEL_PAD_X, 0)
        words = painter.fontMetrics().elidedText(
            self._words, Qt.TextElideMode.ElideRight, round(room.width() + 1)
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)

    @staticmethod
    def _stroke(painter: QPainter, line: QRectF, width: float, color: QColor) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, width))
        painter.drawRoundedRect(line, _RADIUS, _RADIUS)

    def _fade_out(self) -> None:
        if _still():
            self.hide()
            return
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._shown.stop()
        self._fade.stop()
        self.gone.emit()

    def sizeHint(self) -> QSize:
        return self.size()

    def drawn(self) -> Drawn:
        """What of it can be recognised on the screen."""
        line = self._middle_line().toRect().translated(self.pos())
        middle = line.center()
        return Drawn(
            self.screen(),
            tuple(
                QPoint(x, y)
                for x, y in (
                    (middle.x(), line.top()),
                    (middle.x(), line.bottom()),
                    (line.left(), middle.y()),
                    (line.right(), middle.y()),
                )
            ),
        )

    @property
    def shape(self) -> QRect:
        """Where the ring itself is within the widget."""
        return self._ring.toAlignedRect()


_RING = "#12A79D"
_LABEL = "#0A736E"
"""The same over every application, light or dark: white words on it have a contrast of 5.6:1."""


def _with_alpha(color: QColor, alpha: float) -> QColor:
    color.setAlphaF(alpha)
    return color


def _still() -> bool:
    """The person wants nothing to move."""
    hints = QGuiApplication.styleHints()  # held: what it hands out lives no longer than this
    preference = hints.accessibility().motionPreference()
    return preference == Qt.MotionPreference.ReducedMotion
