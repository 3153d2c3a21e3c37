"""The compact bar: Deskhand over other applications, so that its window need not cover what is talked about.

It shows the same events as the window, in a line and two; whatever needs more (an approval above all) opens the window.
Main thread only.
"""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBitmap,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from agent import events
from agent.events import Event
from agent.messages import Moment, Request
from app.qt.bubbles import moment_chip
from app.qt.composer import MicrophoneButton
from app.qt.places import place_at_foot, screen_with_cursor
from app.qt.task_card import HEADINGS
from app.qt.text import ordered, title_plain
from app.qt.theme import Theme
from app.qt.widgets import Elided, IconButton, clear, column, named, row

WIDTH = 520
_GAP = 28
"""Design pixels between the bar and the foot of the monitor."""
_RADIUS = 16
_AT_THE_START = re.compile(r"^[ \t]*(?:>|#{1,6}|[-*+]|```\w*)(?:[ \t]+|$)", re.MULTILINE)
"""Marks of quotes, headings, lists and code (CommonMark 0.31)."""
_KEPT = 4_000
"""Characters of an answer that can be in two lines, at any size."""


class Bar(QWidget):
    """``sent`` carries the request; ``open`` asks for the whole window, ``choose`` for another part of the screen."""

    sent = Signal(Request)
    stop = Signal()
    held = Signal()
    let_go = Signal()
    open = Signal()
    choose = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.NoDropShadowWindowHint,
        )
        self.setObjectName("bar")
        self.setWindowTitle("Deskhand")
        self.setAccessibleName("Deskhand, compact")
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._theme = theme
        self._moment: Moment | None = None
        self._busy, self._soft, self._answer = False, True, ""
        self._looking, self._sends, self._at_head = False, False, False
        self._outer = outer = column(self, 8, (14, 12, 14, 12))
        self._chips = QWidget()
        self._chip_line = row(self._chips, 0)
        self._chips.hide()
        outer.addWidget(self._chips)
        outer.addWidget(self._line())
        self._told = QWidget()
        told = column(self._told, 3, (4, 0, 4, 2))
        self.state = Elided("", "small")
        self.state.setObjectName("bar-state")
        self.words = TwoLines(theme)
        self.words.hide()
        told.addWidget(self.state)
        told.addWidget(self.words)
        self._told.hide()
        outer.addWidget(self._told)
        QShortcut(QKeySequence("Ctrl+Shift+S"), self).activated.connect(self.choose)
        QShortcut(QKeySequence("Ctrl+Return"), self).activated.connect(self.open)
        theme.changed.connect(self._fit)
        self._refresh()

    def _line(self) -> QWidget:
        holder = QWidget()
        line = row(holder, 6)
        self.microphone = MicrophoneButton(self._theme)
        self.edit = QLineEdit()
        self.edit.setProperty("kind", "bar")
        named(self.edit, "bar-message", "Message to Deskhand")
        self.edit.setPlaceholderText("Ask, or say what to do")
        self.send_button = IconButton(
            self._theme, "send", "bar-send", "Send", kind="primary", token="on_accent"
        )
        self.open_button = IconButton(
            self._theme, "window", "bar-open", "Open the window", tip="Open the window (Ctrl+Return)"
        )
        self.close_button = IconButton(
            self._theme, "close", "bar-close", "Put the bar away", size=14, tip="Put away (Esc)"
        )
        self.microphone.held.connect(self.held)
        self.microphone.let_go.connect(self.let_go)
        self.edit.returnPressed.connect(self._send)
        self.edit.textChanged.connect(self._refresh)
        self.send_button.clicked.connect(self._press_send)
        self.open_button.clicked.connect(self.open)
        self.close_button.clicked.connect(self.hide)
        line.addWidget(self.microphone)
        line.addWidget(self.edit, 1)
        for button in (self.send_button, self.open_button, self.close_button):
            line.addWidget(button)
        return holder

    # -- coming and going -----------------------------------------------------------------------------------------

    def call(self, *, looking: bool = False) -> None:
        """Come to the foot of the monitor with the cursor, ready to be typed into. ``looking``: the screen is still
        being read, so what is sent waits for :meth:`show_moment`."""
        self._looking, self._at_head = looking, False
        self._fit()
        place_at_foot(self, screen_with_cursor(), self._theme.px(_GAP))
        self.show()
        self.raise_()
        self.activateWindow()
        self.edit.setFocus()
        self.edit.selectAll()

    def keep_clear_of(self, place: QRect) -> bool:
        """Go to the other end of the monitor when it covers ``place`` (Qt's units, of the whole desktop). Whether it
        had to."""
        if not self.isVisible() or not self.geometry().intersects(place):
            return False
        room, gap = self.screen().availableGeometry(), self._theme.px(_GAP)
        head, foot = room.y() + gap, room.y() + room.height() - self.height() - gap
        self._at_head = self.y() > head
        self.move(self.x(), head if self._at_head else foot)
        return True

    def show_moment(self, moment: Moment | None) -> None:
        """Send this moment's screen with the next message; ``None``: none."""
        self._moment, self._looking = moment, False
        clear(self._chip_line)
        if moment is not None:
            chip = moment_chip(self._theme, moment, removable=True)
            chip.removed.connect(lambda: self.show_moment(None))
            self._chip_line.addWidget(chip)
            self._chip_line.addStretch(1)
        self._chips.setVisible(moment is not None)
        self._refresh()
        self._fit()
        if self._sends:
            self._sends = False
            self._send()

    @property
    def moment(self) -> Moment | None:
        return self._moment

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.let_go.emit()
        self._sends = False
        self.show_moment(None)

    # -- what is said ---------------------------------------------------------------------------------------------

    def _press_send(self) -> None:
        if self._busy and not self.edit.text().strip():
            self.stop.emit()
        else:
            self._send()

    def _send(self) -> None:
        text = self.edit.text().strip()
        self._sends = self._looking
        if self._looking or (not text and (self._moment is None or self._busy)):
            return
        request = Request(text=text or "What is this?", moment=self._moment)
        self.edit.clear()
        self.show_moment(None)
        self._tell("One moment…", "")
        self.sent.emit(request)

    def _refresh(self) -> None:
        stops = self._busy and not self.edit.text().strip()
        self.send_button.set_icon("stop" if stops else "send")
        self.send_button.setAccessibleName("Stop" if stops else "Send")
        self.send_button.setToolTip("Stop" if stops else "Send (Return)")
        self.send_button.setEnabled(stops or bool(self.edit.text().strip() or self._moment))

    # -- events ---------------------------------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """One event; what is not for so small a place is left to the window."""
        match event:
            case events.ModelLoading():
                self._tell(f"Loading the model · {event.fraction:.0%}")
            case events.ModelReady():
                self._tell("")
            case events.TaskStarted():
                self._busy, self._answer = True, ""
                self._tell("Thinking…", "")
            case events.StepStarted() if event.tool != "plan":
                self._answer = ""
                self._tell(f"{title_plain(event.title)}…", "")
            case events.StepProgress(text=text):
                self._tell(text)
            case events.TextDelta(text=text):
                self._answer = (self._answer + text)[:_KEPT]
                self._tell("Answering…", self._answer)
            case events.TurnRestarted():
                self._answer = ""
            case events.TaskFinished(outcome=outcome):
                self._busy = False
                said = outcome.answer or outcome.error
                ending = "" if outcome.status == "answered" else HEADINGS[outcome.status][1]
                self._tell(ending, said)
            case events.Notice(level="error", text=text):
                self._tell("", text)
            case events.ListeningChanged(on=on):
                self.microphone.set_listening(on)
                self._tell("Listening… let go to send" if on else "One moment…")
            case events.SoundLevel(level=level):
                self.microphone.set_level(level)
            case events.Heard(text=text, final=final):
                heard = f"“{text}”" if text else "I did not hear any words." if final else "Listening…"
                self._tell(heard)
            case _:
                return
        self._refresh()

    def _tell(self, state: str, words: str | None = None) -> None:
        """``state`` in words, and the answer; ``None`` leaves that as it is."""
        self.state.show_text(state)
        self.state.setVisible(bool(state))
        if words is not None:
            self.words.show_text(words)
        self._told.setVisible(bool(state or self.words.text))
        self._fit()

    # -- how it looks ---------------------------------------------------------------------------------------------

    def _fit(self) -> None:
        """As tall as what it shows; its foot stays where it is, or its head at the head of the monitor."""
        foot = self.y() + self.height()
        screen = self.screen().availableGeometry()
        self.setFixedWidth(min(self._theme.px(WIDTH), screen.width() - 24))
        self._outer.activate()
        self.setFixedHeight(self._outer.sizeHint().height())
        if self.isVisible() and not self._at_head:
            self.move(self.x(), foot - self.height())

    def set_soft(self, soft: bool) -> None:
        """Whether this desktop shows half transparent corners."""
        self._soft = soft
        self._cut_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut_out()

    def _cut_out(self) -> None:
        if self._soft:
            self.clearMask()
            return
        shape = QBitmap(self.size())  # without a compositor its corners would be black
        shape.clear()
        painter = QPainter(shape)
        painter.setBrush(Qt.GlobalColor.color1)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        painter.end()
        self.setMask(shape)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._soft:
            painter.fillRect(self.rect(), self._theme.color("line"))
        painter.setPen(QPen(self._theme.color("line"), 1))
        painter.setBrush(self._theme.color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)


class TwoLines(QWidget):
    """The beginning of a text, in at most two lines; a screen reader gets all of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("bar-answer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme, self._text = theme, ""

    @property
    def text(self) -> str:
        return self._text

    def show_text(self, text: str) -> None:
        self._text = " ".join(_without_marks(ordered(text)).split())
        self.setAccessibleName(self._text)
        self.setVisible(bool(self._text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        lines = len(self._lines(max(200, self.width())))
        return QSize(200, lines * self.fontMetrics().lineSpacing() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _lines(self, width: int) -> list[str]:
        """The text in lines that fit, the second one cut with … when there is more."""
        layout = QTextLayout(self._text, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        first = layout.createLine()
        if not first.isValid():
            layout.endLayout()
            return []
        first.setLineWidth(width)
        end = first.textLength()
        layout.endLayout()
        rest = self._text[end:].strip()
        lines = [self._text[:end].strip()]
        if rest:
            lines.append(self.fontMetrics().elidedText(rest, Qt.TextElideMode.ElideRight, width))
        return lines

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self._theme.color("text"))
        metrics = self.fontMetrics()
        for number, line in enumerate(self._lines(self.width())):
            painter.drawText(QPointF(0, metrics.ascent() + number * metrics.lineSpacing()), line)


def _without_marks(text: str) -> str:
    """Markdown's marks take room here and mean nothing."""
    return _AT_THE_START.sub("", text).replace("**", "").replace("`", "")
