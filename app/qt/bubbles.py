"""The parts of a conversation that are not tasks: what the person said, answers, notices. Main thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from agent.events import PointedAt
from agent.messages import Moment, Request
from app.qt.markdown import MarkdownView
from app.qt.painted import IconMark, Waveform
from app.qt.text import ordered, tip, visible
from app.qt.theme import Theme
from app.qt.widgets import Button, Group, IconButton, TextView, column, label, row

BUBBLE_WIDTH = 540
CHIP_WIDTH = 190
"""Pixels for the words of an attachment, at every text size: three fit beside each other, one into 420."""


class Attachment(QFrame):
    """A chip for the screen of a moment or for a file; ``removed`` when it can be taken off again."""

    removed = Signal()

    def __init__(
        self,
        theme: Theme,
        text: str,
        *,
        icon: str = "file",
        picture: QPixmap | None = None,
        removable: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName("attachment")
        self.setAccessibleName(text)
        line = row(self, 7, (6, 4, 9, 4))
        if picture is not None and not picture.isNull():
            thumbnail = QLabel()
            thumbnail.setObjectName("thumbnail")
            thumbnail.setPixmap(_small(picture, theme))
            thumbnail.setAccessibleName("Picture of the screen that is sent along")
            line.addWidget(thumbnail)
        else:
            line.addWidget(IconMark(theme, icon, "muted", 15))
        words = label(text)
        words.setText(words.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, CHIP_WIDTH))
        words.setToolTip(tip(text))
        line.addWidget(words)
        if removable:
            remove = IconButton(theme, "close", "remove-attachment", f"Do not send {text}", size=12)
            remove.clicked.connect(self.removed)
            line.addWidget(remove)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)


def moment_chip(theme: Theme, moment: Moment, *, removable: bool = False) -> Attachment:
    picture = QPixmap()
    picture.loadFromData(moment.thumbnail)
    what = visible(moment.application or moment.window).replace("\n", " ")
    part = {
        "screen": f"Screen · {what}" if what else "The whole screen",
        "window": f"Window · {what}",
        "region": f"Part of {what or 'the screen'}",
    }[moment.part]
    return Attachment(theme, part, icon="screen", picture=picture, removable=removable)


def file_chip(theme: Theme, path: Path, *, removable: bool = False) -> Attachment:
    return Attachment(theme, visible(path.name).replace("\n", " "), removable=removable)


def _small(picture: QPixmap, theme: Theme) -> QPixmap:
    ratio = 2.0
    size = QSize(theme.px(40), theme.px(26)) * ratio
    small = picture.scaled(
        size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    small.setDevicePixelRatio(ratio)
    return small


class _RightAligned(QWidget):
    """A bubble on the right, as wide as its words and never wider than the column allows."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._line = row(self, 0)
        self._bubble = QFrame()
        self._bubble.setObjectName("bubble")
        self._inside = column(self._bubble, 8, (14, 10, 14, 10))
        self._line.addStretch(1)
        self._line.addWidget(self._bubble)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._adjust()

    def _limit(self) -> int:
        return max(80, min(self._theme.px(BUBBLE_WIDTH), round(self.width() * 0.88)))

    def _adjust(self) -> None:
        raise NotImplementedError


class UserBubble(_RightAligned):
    """What the person said, with what they sent along."""

    def __init__(self, theme: Theme, request: Request) -> None:
        super().__init__(theme)
        self.setObjectName("user-message")
        self.setAccessibleName(f"You: {request.text[:2000]}")
        self._chips = _chips(theme, request)
        for chip in self._chips:
            self._inside.addWidget(chip)
        self._words = TextView(ordered(request.text), leading=125)
        self._words.setObjectName("user-text")
        self._inside.addWidget(self._words)

    def _adjust(self) -> None:
        limit = self._limit()
        wide = max(
            [self._words.natural_width(limit - 28), *(chip.sizeHint().width() for chip in self._chips)]
        )
        self._bubble.setFixedWidth(min(limit, wide + 30))


def _chips(theme: Theme, request: Request) -> Sequence[Attachment]:
    chips = [file_chip(theme, path) for path in request.files]
    if request.moment is not None:
        chips.insert(0, moment_chip(theme, request.moment))
    return chips


class HeardBubble(_RightAligned):
    """The words as they are recognised, with the sound beside them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("heard")
        inside = row(spacing=9)
        self._words = TextView("Listening…")
        self._words.setObjectName("heard-text")
        self._wave = Waveform(theme)
        inside.addWidget(IconMark(theme, "microphone", "muted", 15), alignment=Qt.AlignmentFlag.AlignTop)
        inside.addWidget(self._words, 1)
        inside.addWidget(self._wave, alignment=Qt.AlignmentFlag.AlignTop)
        self._inside.addLayout(inside)

    @property
    def text(self) -> str:
        return self._words.toPlainText()

    def show_words(self, text: str) -> None:
        self._words.show_text(ordered(text) or "Listening…")
        self._adjust()

    def show_level(self, level: float) -> None:
        self._wave.add(level)

    def settle(self) -> None:
        """Listening is over: the words stay, the sound goes."""
        self._wave.hide()

    def _adjust(self) -> None:
        limit, beside = self._limit(), self._theme.px(15 + 35 + 18) + 30
        self._bubble.setFixedWidth(min(limit, self._words.natural_width(limit - beside) + beside + 2))


class Answer(QWidget):
    """What the assistant says, on the page itself, with a button to hear it and one to copy it."""

    speak = Signal(str)
    hush = Signal()
    show_me = Signal(object)

    def __init__(self, theme: Theme, text: str = "") -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("answer")
        outer = column(self, 6)
        self.view = MarkdownView(theme, text)
        outer.addWidget(self.view)
        self._tools = QWidget()
        buttons = row(self._tools, 2, (-6, 0, 0, 0))
        self.speak_button = IconButton(theme, "speaker", "speak-answer", "Say this answer aloud", size=15)
        copy = IconButton(theme, "copy", "copy-answer", "Copy this answer", size=15)
        buttons.addWidget(self.speak_button)
        buttons.addWidget(copy)
        buttons.addStretch()
        self._buttons = buttons
        outer.addWidget(self._tools)
        self._tools.setVisible(bool(text))
        self._speaking = False
        self.speak_button.clicked.connect(self._toggle)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.view.text.strip()))
        self._describe()

    def append(self, piece: str) -> None:
        self.view.append(piece)

    def finish(self) -> None:
        """The whole answer is there."""
        self.view.draw()
        self._tools.setVisible(bool(self.view.text.strip()))
        self._describe()

    def offer_to_show(self, pointed: PointedAt) -> None:
        """A button that draws the ring again."""
        button = Button(self._theme, "Show me again", "show-again", kind="small", icon="screen")
        button.clicked.connect(lambda: self.show_me.emit(pointed))
        self._buttons.insertWidget(0, button)

    def set_speaking(self, on: bool) -> None:
        """Whether this very answer is being said."""
        self._speaking = on
        self.speak_button.set_icon("stop" if on else "speaker", "accent" if on else "muted")
        words = "Stop speaking" if on else "Say this answer aloud"
        self.speak_button.setAccessibleName(words)
        self.speak_button.setToolTip(words)

    def _toggle(self) -> None:
        if self._speaking:
            self.hush.emit()
        else:
            self.set_speaking(True)
            self.speak.emit(self.view.text.strip())

    def _describe(self) -> None:
        self.setAccessibleName(f"Deskhand: {self.view.text.strip()[:2000]}")


class NoticeRow(QFrame):
    """Something worth knowing: what happened, what to do, and at most one button that does it."""

    ICONS: ClassVar = {
        "info": ("info", "muted"),
        "warning": ("alert", "approval"),
        "error": ("alert", "failed"),
    }

    def __init__(self, theme: Theme, level: str, text: str, remedy: str = "", *, icon: str = "") -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("level", level)
        self.setAccessibleName(f"{text} {remedy}".strip())
        self._theme = theme
        name, token = self.ICONS[level]
        self._line: QHBoxLayout = row(self, 10, (14, 11, 14, 11))
        self._line.addWidget(IconMark(theme, icon or name, token, 18), alignment=Qt.AlignmentFlag.AlignTop)
        holder = Group(3)
        self._words: QVBoxLayout = holder.inside
        words = TextView(visible(text))
        words.setObjectName("notice-text")
        self._words.addWidget(words)
        if remedy:
            self._words.addWidget(TextView(visible(remedy), "small"))
        self._line.addWidget(holder, 1)

    def offer(self, text: str, name: str, act: Callable[[], None]) -> None:
        """Add the one button."""
        button = Button(self._theme, text, name, kind="small")
        button.clicked.connect(act)
        self._words.addSpacing(4)
        self._words.addWidget(button)
