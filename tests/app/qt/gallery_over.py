"""Pictures of what stands over other applications, to look at: ``QT_QPA_PLATFORM=offscreen python -m
tests.app.qt.gallery_over``. Ring, choice of a part of the screen and bar, as PNG files in build/gallery/.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QFont, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from agent import events
from agent.messages import Moment, Picture
from app.qt.bar import Bar
from app.qt.main import application
from app.qt.region import RegionPicker
from app.qt.ring import Ring
from app.qt.theme import Theme
from tests.app.qt import scenes
from tests.app.qt.gallery import FOLDER, settle
from tools.desktop.port import Bounds, Window
from tools.moment import Frozen

SHEET, DIALOG = Bounds(60, 50, 480, 330), Bounds(320, 230, 400, 170)
BUTTON = (510, 346, 114, 32)


def desktop_picture(dark: bool) -> QImage:
    """A desktop with a spreadsheet and a dialog on it."""
    image = QImage(800, 600, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QLinearGradient(0, 0, 800, 600)
    ground.setColorAt(0, QColor("#20262B" if dark else "#DCE6EA"))
    ground.setColorAt(1, QColor("#14181B" if dark else "#B9C9D2"))
    painter.fillRect(image.rect(), ground)
    painter.setFont(QFont(painter.font().family(), 9))
    for bounds, title in ((SHEET, "budget.xlsx – Calc"), (DIALOG, "Document in use")):
        painter.fillRect(
            bounds.x, bounds.y, bounds.width, bounds.height, QColor("#2A2A2A" if dark else "#FFFFFF")
        )
        painter.fillRect(bounds.x, bounds.y, bounds.width, 28, QColor("#3A3A3A" if dark else "#E7E5E0"))
        painter.setPen(QColor("#EDEDED" if dark else "#222222"))
        painter.drawText(bounds.x + 10, bounds.y + 19, title)
    painter.drawText(DIALOG.x + 18, DIALOG.y + 60, "The file is locked for editing by: Writer.")
    painter.drawText(DIALOG.x + 18, DIALOG.y + 80, "Open a copy?")
    painter.setPen(QColor("#999999"))
    painter.drawRoundedRect(*BUTTON, 5, 5)
    painter.drawRoundedRect(636, 346, 70, 32, 5, 5)
    painter.setPen(QColor("#EDEDED" if dark else "#222222"))
    painter.drawText(BUTTON[0] + 14, BUTTON[1] + 21, "Open a Copy")
    painter.drawText(650, 367, "Cancel")
    painter.end()
    return image


def bars(theme: Theme) -> Iterator[tuple[str, QWidget]]:
    """The bar in each of its states."""
    moment = Moment(window="Document in use", application="Calc", outline="", thumbnail=scenes.thumbnail())
    states: dict[str, Callable[[Bar], None]] = {
        "called": lambda bar: bar.show_moment(moment),
        "listening": lambda bar: _play(
            bar,
            events.ListeningChanged(on=True),
            events.SoundLevel(level=0.7, speech=True),
            events.Heard(text="what should I press here", final=False),
        ),
        "working": lambda bar: _play(bar, *scenes.working()[:-1]),
        "answered": lambda bar: _play(bar, *scenes.question()[:4]),
        "stopped": lambda bar: _play(
            bar,
            scenes.question()[0],
            events.TaskFinished(task="t", seconds=1.0, outcome=events.Outcome(status="stopped")),
        ),
    }
    for name, show in states.items():
        bar = Bar(theme)
        bar.call()
        show(bar)
        yield f"bar-{name}", bar


def _play(bar: Bar, *told: events.Event) -> None:
    for event in told:
        bar.take(event)


def save(widget: QWidget, name: str, ground: QImage | None = None, at: QPoint | None = None) -> None:
    settle(120)
    picture = widget.grab().toImage()
    if ground is not None:
        whole = ground.convertToFormat(QImage.Format.Format_ARGB32)
        painter = QPainter(whole)
        painter.drawImage(QPointF(at or QPoint()), picture)
        painter.end()
        picture = whole
    picture.save(str(FOLDER / f"{name}.png"))
    widget.hide()
    widget.deleteLater()
    settle(20)


def choices(theme: Theme, dark: bool) -> Iterator[tuple[str, QWidget]]:
    image = desktop_picture(dark)
    picture = Picture(width=800, height=600, rgb=bytes(image.constBits()))
    windows = (
        Window(2, "Document in use", "Calc", "soffice", 1, DIALOG),
        Window(1, "budget.xlsx – Calc", "Calc", "soffice", 1, SHEET),
    )
    for name in ("hover", "drag"):
        picker = RegionPicker(theme, Frozen(picture, Bounds(0, 0, 800, 600), windows, (0, 0), 0))
        picker.show()
        (veil,) = picker.veils
        veil.setFixedSize(800, 600)
        if name == "hover":
            picker.highlight(picker.places[0])
        else:
            veil._pressed, veil._drag = QPoint(80, 90), veil.rect().adjusted(80, 90, -300, -280)
            picker.highlight(None)
        yield f"choose-{name}", veil


def main() -> None:
    app = application()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for palette, scale in (("light", 1.0), ("dark", 1.0), ("light", 2.0), ("dark", 2.0)):
        theme = Theme(palette, scale)
        theme.apply()
        end = f"{palette}-{scale:.0%}".replace("%", "")
        for name, bar in bars(theme):
            save(bar, f"{name}-{end}")
        for name, veil in choices(theme, palette == "dark"):
            save(veil, f"{name}-{end}")
        for soft in (True, False):
            ring = Ring(theme)
            pointed = events.PointedAt(
                name="", label="Press this to look without saving", bounds=BUTTON, window=2
            )
            ring.point(pointed, composited=soft)
            name = f"ring-{'soft' if soft else 'cut'}-{end}"
            save(ring, name, desktop_picture(palette == "dark"), ring.pos())
    QApplication.processEvents()
    app.quit()


if __name__ == "__main__":
    sys.exit(main())
