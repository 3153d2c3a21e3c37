"""Icons: line drawings in ``assets/icons``, tinted with the theme's colours. Main thread only."""

from __future__ import annotations

from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

APPLICATION_ID = "org.deskhand.Deskhand"


@cache
def _svg(name: str) -> str:
    return resources.files("assets").joinpath("icons", f"{name}.svg").read_text("utf-8")


@cache
def pixmap(name: str, color: str, size: int, ratio: float = 2.0) -> QPixmap:
    """The icon ``name`` in ``color``, ``size`` device-independent pixels square."""
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(_svg(name).replace("currentColor", color).encode())).render(painter)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def draw(painter: QPainter, name: str, color: str, rect: QRectF) -> None:
    """Draw the icon ``name`` into ``rect``."""
    QSvgRenderer(QByteArray(_svg(name).replace("currentColor", color).encode())).render(painter, rect)


def application_icon() -> QIcon:
    """The icon of the program itself, as the desktop shows it."""
    icon = QIcon()
    for size in (16, 22, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(pixmap(APPLICATION_ID, "", size, 1.0))
    return icon
