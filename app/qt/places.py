"""Where things are: from pixels of the screen, as tools and captures count them, to Qt's own units, and back.

Qt keeps the origin of every monitor in pixels and divides what lies on it by the monitor's scale
(QHighDpi::fromNativeScreenGeometry). Main thread only.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QCursor, QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

Region = tuple[int, int, int, int]
"""x, y, width, height in pixels of the screen."""


def pixels_of(screen: QScreen) -> Region:
    """The monitor itself."""
    at, ratio = screen.geometry(), screen.devicePixelRatio()
    return at.x(), at.y(), round(at.width() * ratio), round(at.height() * ratio)


def everything() -> Region:
    """All monitors together."""
    all_of_them = QRect()
    for screen in QGuiApplication.screens():
        all_of_them = all_of_them.united(QRect(*pixels_of(screen)))
    return all_of_them.x(), all_of_them.y(), all_of_them.width(), all_of_them.height()


def to_pixels(screen: QScreen, rect: QRect) -> Region:
    """``rect`` on ``screen`` (Qt's units, its corner relative to the screen's own)."""
    at, ratio = screen.geometry(), screen.devicePixelRatio()
    left, top = round(rect.x() * ratio), round(rect.y() * ratio)
    right, bottom = round((rect.x() + rect.width()) * ratio), round((rect.y() + rect.height()) * ratio)
    return at.x() + left, at.y() + top, right - left, bottom - top


def to_units(screen: QScreen, region: Region) -> QRectF:
    """``region`` in Qt's units, its corner relative to the screen's own."""
    at, ratio = screen.geometry(), screen.devicePixelRatio()
    x, y, width, height = region
    return QRectF((x - at.x()) / ratio, (y - at.y()) / ratio, width / ratio, height / ratio)


def whole_units(region: Region) -> QRect:
    """``region`` in Qt's units, its corner in those of the whole desktop, as windows count them."""
    screen = screen_of(region)
    return to_units(screen, region).toAlignedRect().translated(screen.geometry().topLeft())


def screen_of(region: Region) -> QScreen:
    """The monitor that shows the middle of ``region``; the first one when none does."""
    x, y, width, height = region
    middle = QPoint(x + width // 2, y + height // 2)
    screens = QGuiApplication.screens()
    return next((screen for screen in screens if QRect(*pixels_of(screen)).contains(middle)), screens[0])


def screen_with_cursor() -> QScreen:
    return QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()


def inside(rect: QRectF, limits: QRectF) -> QRectF:
    """``rect`` moved so that it lies within ``limits``, if it fits."""
    x = min(max(rect.x(), limits.x()), max(limits.x(), limits.right() - rect.width()))
    y = min(max(rect.y(), limits.y()), max(limits.y(), limits.bottom() - rect.height()))
    return QRectF(QPointF(x, y), rect.size())


def place_at_foot(widget: QWidget, screen: QScreen, gap: int) -> None:
    """Put ``widget`` in the middle of the monitor's lower edge, ``gap`` above what the desktop keeps for itself."""
    room, size = screen.availableGeometry(), widget.size()
    x = room.x() + (room.width() - size.width()) // 2
    widget.move(x, room.y() + room.height() - size.height() - gap)
