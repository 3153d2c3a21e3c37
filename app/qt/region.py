"""Choosing a part of the screen: every monitor is shown dimmed as it was at one instant, to drag over or to click on.

What is shown is a picture that was taken before, so this overlay is in no picture, and menus that were open still are.
Main thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QScreen,
)
from PySide6.QtWidgets import QApplication, QWidget

from app.qt.places import Region, inside, pixels_of, to_pixels, to_units
from app.qt.text import visible
from app.qt.theme import Theme

if TYPE_CHECKING:
    from tools.moment import Frozen

DRAG_PX = 5
"""Qt's units the pointer may move between press and release of what is still a click."""
SMALLEST = 8
"""Pixels; what is smaller was not meant."""
_DIM = QColor(12, 12, 12, 140)
_LINE = "#35C9BD"
"""Seen on light and on dark; the text on the dark plates is white."""
_PLATE, _PLATE_EDGE = QColor(20, 19, 18, 235), QColor(255, 255, 255, 60)
_NEXT = (Qt.Key.Key_Tab, Qt.Key.Key_Right, Qt.Key.Key_Down)
_BEFORE = (Qt.Key.Key_Backtab, Qt.Key.Key_Left, Qt.Key.Key_Up)
HELP = ("Drag over a part, or click a window", "Enter: this monitor  ·  Esc: leave")
BY_KEYS = "Tab goes from window to window, and Space takes one."


@dataclass(frozen=True, slots=True)
class Place:
    """A window of the frozen screen: where it is (pixels), its id, and what it is called."""

    region: Region
    window: int
    name: str


class RegionPicker(QObject):
    """``chosen`` carries the region in pixels and the id of the window that it is (0: none); ``left`` when the person
    wants nothing. Exactly one of them is emitted."""

    chosen = Signal(tuple, int)
    left = Signal()

    def __init__(self, theme: Theme, frozen: Frozen) -> None:
        super().__init__()
        pixels, at = frozen.picture, frozen.bounds
        image = QImage(
            pixels.rgb, pixels.width, pixels.height, 3 * pixels.width, QImage.Format.Format_RGB888
        ).copy()
        self.places = tuple(
            Place(
                (each.bounds.x, each.bounds.y, each.bounds.width, each.bounds.height),
                each.id,
                visible(each.title or each.application).replace("\n", " "),
            )
            for each in frozen.windows
        )
        self._over = False
        self.veils = [_Veil(self, theme, screen, image, (at.x, at.y)) for screen in QApplication.screens()]

    def show(self) -> None:
        for veil in self.veils:
            veil.appear()
        here = next((veil for veil in self.veils if veil.has_cursor()), self.veils[0])
        here.activateWindow()
        here.setFocus()
        here.grabKeyboard()
        here.hover(here.mapFromGlobal(QCursor.pos()))

    def take(self, region: Region, window: int = 0) -> None:
        self._end(lambda: self.chosen.emit(region, window))

    def take_monitor(self, screen: QScreen) -> None:
        """The whole monitor, and of the windows on it the front one."""
        monitor = pixels_of(screen)
        here = (place for place in self.places if _contains(monitor, *_middle(place.region)))
        front = next(here, None)
        self.take(monitor, front.window if front else 0)

    def leave(self) -> None:
        self._end(self.left.emit)

    def window_at(self, x: int, y: int) -> Place | None:
        """The window that shows there; ``x`` and ``y`` are pixels."""
        return next((place for place in self.places if _contains(place.region, x, y)), None)

    def highlight(self, place: Place | None) -> None:
        for veil in self.veils:
            veil.show_place(place)

    def _end(self, tell: Callable[[], None]) -> None:
        """Take the overlay away, and tell a moment later: whoever is told lets go of us, and a veil is still busy with
        the key or the click that ended it."""
        if self._over:
            return
        self._over = True
        for veil in self.veils:
            veil.releaseKeyboard()
            veil.hide()

        def end() -> None:
            tell()
            for veil in self.veils:  # else Python's collector would delete them, in whatever thread it runs
                veil.deleteLater()
            self.deleteLater()

        QTimer.singleShot(0, end)


class _Veil(QWidget):
    """One monitor."""

    def __init__(
        self, picker: RegionPicker, theme: Theme, screen: QScreen, image: QImage, origin: tuple[int, int]
    ) -> None:
        super().__init__(
            None,
            Qt.WindowType.Window
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.X11BypassWindowManagerHint,
        )
        self.setObjectName("veil")
        self.setAccessibleName("Choose a part of the screen")
        self.setAccessibleDescription(". ".join((*HELP, BY_KEYS)))
        self.setWindowTitle("Choose a part of the screen")
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._picker, self._theme, self._screen = picker, theme, screen
        x, y, width, height = pixels_of(screen)
        part = image.copy(QRect(x - origin[0], y - origin[1], width, height))
        self._picture = QPixmap.fromImage(part)
        self._picture.setDevicePixelRatio(screen.devicePixelRatio())
        self._place: Place | None = None
        self._pressed: QPoint | None = None
        self._drag = QRect()

    def appear(self) -> None:
        self.setScreen(self._screen)
        self.setGeometry(self._screen.geometry())
        self.show()
        self.raise_()

    def has_cursor(self) -> bool:
        return self._screen.geometry().contains(QCursor.pos())

    @property
    def selection(self) -> QRect:
        """What is being dragged over, in Qt's units; empty while nothing is."""
        return self._drag

    # -- what the person does -------------------------------------------------------------------------------------

    def hover(self, at: QPoint) -> None:
        x, y, _, _ = to_pixels(self._screen, QRect(at, at))
        self._picker.highlight(self._picker.window_at(x, y))

    def show_place(self, place: Place | None) -> None:
        if place != self._place:
            self._place = place
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
        else:
            self._picker.leave()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._pressed is None:
            self.hover(at)
        elif not self._drag.isNull() or (at - self._pressed).manhattanLength() > DRAG_PX:
            self._picker.highlight(None)
            self._drag = QRect(self._pressed, at).normalized().intersected(self.rect())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        dragged, self._pressed, self._drag = self._drag, None, QRect()
        if dragged.isNull():
            self.hover(event.position().toPoint())
            self._take_place()
            return
        region = to_pixels(self._screen, dragged)
        if min(region[2:]) >= SMALLEST:
            self._picker.take(region)
        else:
            self.update()

    def _take_place(self) -> None:
        if self._place is not None:
            self._picker.take(self._place.region, self._place.window)
        else:
            self._picker.take_monitor(self._screen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._picker.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._picker.take_monitor(self._screen)
        elif key == Qt.Key.Key_Space:
            self._take_place()
        elif key in _NEXT or key in _BEFORE:
            self._step(1 if key in _NEXT else -1)

    def focusNextPrevChild(self, next: bool) -> bool:
        return False  # Tab goes from window to window, not from control to control

    def _step(self, way: int) -> None:
        """Highlight the next window, or the one before."""
        places: Sequence[Place | None] = self._picker.places or (None,)
        now = places.index(self._place) if self._place in places else -1 if way > 0 else 0
        self._picker.highlight(places[(now + way) % len(places)])

    # -- how it looks ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._picture)
        bright = QRectF(self._drag) if not self._drag.isNull() else self._bright_place()
        self._dim(painter, bright)
        if not bright.isEmpty():
            painter.setPen(QPen(QColor(_LINE), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(bright.adjusted(-1, -1, 1, 1))
        if not self._drag.isNull():
            _, _, width, height = to_pixels(self._screen, self._drag)
            self._plate(painter, f"{width} × {height}", bright, mono=True)
        else:
            if self._place is not None and not bright.isEmpty():
                self._plate(painter, self._place.name, bright)
            self._help(painter)

    def _bright_place(self) -> QRectF:
        if self._place is None:
            return QRectF()
        return to_units(self._screen, self._place.region).intersected(QRectF(self.rect()))

    def _dim(self, painter: QPainter, bright: QRectF) -> None:
        whole = QRectF(self.rect())
        if bright.isEmpty():
            painter.fillRect(whole, _DIM)
            return
        for part in (
            QRectF(whole.left(), whole.top(), whole.width(), bright.top() - whole.top()),
            QRectF(whole.left(), bright.bottom(), whole.width(), whole.bottom() - bright.bottom()),
            QRectF(whole.left(), bright.top(), bright.left() - whole.left(), bright.height()),
            QRectF(bright.right(), bright.top(), whole.right() - bright.right(), bright.height()),
        ):
            painter.fillRect(part, _DIM)

    def _plate(self, painter: QPainter, words: str, beside: QRectF, *, mono: bool = False) -> None:
        """Words on a dark plate below ``beside``, or in its corner where there is no room."""
        painter.setFont(self._theme.font(12, mono=mono))
        metrics = painter.fontMetrics()
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, self._theme.px(360))
        plate = QRectF(0, 0, metrics.horizontalAdvance(words) + 20, metrics.height() + 10)
        plate.moveTopLeft(beside.bottomLeft() + QPoint(0, 8))
        if plate.bottom() > self.height() - 4:
            plate.moveBottomLeft(beside.bottomLeft() + QPoint(8, -8))
        self._draw_plate(painter, inside(plate, QRectF(self.rect()).adjusted(4, 4, -4, -4)), words)

    def _help(self, painter: QPainter) -> None:
        """On one line, or on two where there is no room."""
        painter.setFont(self._theme.font(13))
        metrics = painter.fontMetrics()
        words = "  ·  ".join(HELP)
        if metrics.horizontalAdvance(words) > self.width() - 80:
            words = "\n".join(HELP)
        size = metrics.size(0, words)
        plate = QRectF(0, 0, size.width() + 36, size.height() + 20)
        plate.moveCenter(QPoint(self.width() // 2, self.height() - round(plate.height()) // 2 - 36))
        self._draw_plate(painter, plate, words)

    @staticmethod
    def _draw_plate(painter: QPainter, plate: QRectF, words: str) -> None:
        painter.setPen(QPen(_PLATE_EDGE, 1))
        painter.setBrush(_PLATE)
        painter.drawRoundedRect(plate, 8, 8)
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


def _contains(region: Region, x: int, y: int) -> bool:
    left, top, width, height = region
    return left <= x < left + width and top <= y < top + height


def _middle(region: Region) -> tuple[int, int]:
    x, y, width, height = region
    return x + width // 2, y + height // 2
