"""Where the person types, talks, attaches files and shows the screen. Main thread only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QLayout, QPlainTextEdit, QVBoxLayout, QWidget

from agent.messages import Moment, Request
from app.qt.bubbles import Attachment, file_chip, moment_chip
from app.qt.flow import FlowLayout
from app.qt.painted import Card
from app.qt.pasted import PastedPictures, is_picture
from app.qt.theme import Theme
from app.qt.widgets import IconButton, clear, column, named, row

MAX_LINES = 8


class GrowingEdit(QPlainTextEdit):
    """As tall as its lines, up to eight. Return sends, Shift+Return breaks the line."""

    sent = Signal()
    files = Signal(list)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._hint = theme, ""
        self._pasted = PastedPictures()
        named(self, "message", "Message to Deskhand")
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._grow())
        self._grow()

    def show_hint(self, words: str) -> None:
        """What stands here while nothing is typed, on one line."""
        self._hint = words
        room = max(40, self.viewport().width() - 8)
        self.setPlaceholderText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))
        self.viewport().update()  # Qt repaints the cursor alone

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # With nothing typed to take back, Ctrl+Z belongs to the window: it undoes the last task.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.matches(QKeySequence.StandardKey.Undo)
            and not self.document().isUndoAvailable()
        ):
            event.ignore()
            return False
        return super().event(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text as text, files and pictures as attachments."""
        picture = self._pasted.save(source) if is_picture(source) else None
        paths = [picture] if picture else local_files(source)
        if paths:
            self.files.emit(paths)
        else:
            self.insertPlainText(source.text())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasText() or bool(local_files(source)) or is_picture(source)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.ignore() if local_files(event.mimeData()) else super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.ignore() if local_files(event.mimeData()) else super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        event.ignore() if local_files(event.mimeData()) else super().dropEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_hint(self._hint)
        self._grow()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_theme"):
            if self.document().isEmpty():
                self.document().clearUndoRedoStacks()  # a change of font counts as something to undo
            self._grow()

    def _grow(self) -> None:
        lines = max(1, round(self.document().size().height()))
        self.setFixedHeight(round(min(lines, MAX_LINES) * self.fontMetrics().lineSpacing()) + 6)
        scroll = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            scroll.ScrollBarAsNeeded if lines > MAX_LINES else scroll.ScrollBarAlwaysOff
        )


class MicrophoneButton(IconButton):
    """Held down to talk: ``held`` and ``let_go``. A ring around it shows how loud it is."""

    held = Signal()
    let_go = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            theme,
            "microphone",
            "microphone",
            "Hold to talk",
            kind="microphone",
            token="accent",
            tip="Hold to talk (Ctrl+M)",
        )
        self._level, self._on = 0.0, False
        self.pressed.connect(self.held)
        self.released.connect(self.let_go)

    @property
    def level(self) -> float:
        return self._level

    def set_listening(self, on: bool) -> None:
        self._on, self._level = on, 0.0
        self.setAccessibleName("Listening: let go to send" if on else "Hold to talk")
        self.update()

    def set_level(self, level: float) -> None:
        """0 to 1; it falls slowly, so that the ring breathes."""
        self._level = max(min(1.0, level), self._level * 0.8)
        self.update()

    def sizeHint(self) -> QSize:
        edge = self._theme.px(42)
        return QSize(edge, edge)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = QPointF(self.width() / 2, self.height() / 2)
        inner, outer = self._theme.px(16), self.width() / 2
        if self._on:
            ring = self._theme.color("accent")
            ring.setAlphaF(0.28)
            painter.setBrush(ring)
            radius = inner + (outer - inner) * (0.15 + 0.85 * self._level)
            painter.drawEllipse(middle, radius, radius)
        painter.setBrush(self._theme.color("accent_wash"))
        painter.drawEllipse(middle, inner, inner)
        painter.end()
        super().paintEvent(event)


class Composer(Card):
    """The box at the foot of the page. ``sent`` carries the request."""

    sent = Signal(Request)
    stop = Signal()
    look = Signal()
    held = Signal()
    let_go = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, 16)
        self.setObjectName("composer")
        self._moment: Moment | None = None
        self._files: list[Path] = []
        self._busy = False
        outer: QVBoxLayout = column(self, 8, (16, 13, 12, 10))
        self._chips = QWidget()
        self._chip_line = FlowLayout(self._chips, 6)
        self._chips.hide()
        outer.addWidget(self._chips)
        self.edit = GrowingEdit(theme)
        outer.addWidget(self.edit)
        outer.addLayout(self._tools())
        self.edit.sent.connect(self._send)
        self.edit.files.connect(self.attach)
        self.edit.textChanged.connect(self._refresh)
        self.setFocusProxy(self.edit)
        self._refresh()

    def _tools(self) -> QLayout:
        line = row(spacing=4)
        self.attach_button = IconButton(self._theme, "attach", "attach", "Attach files")
        self.screen_button = IconButton(
            self._theme,
            "screen",
            "screen",
            "Show a part of the screen",
            tip="Show a part of the screen (Ctrl+Shift+S)",
        )
        self.microphone = MicrophoneButton(self._theme)
        self.send_button = IconButton(self._theme, "send", "send", "Send", kind="primary", token="on_accent")
        self.attach_button.clicked.connect(self._choose_files)
        self.screen_button.clicked.connect(self.look)
        self.microphone.held.connect(self.held)
        self.microphone.let_go.connect(self.let_go)
        self.send_button.clicked.connect(self._press_send)
        line.addWidget(self.attach_button)
        line.addWidget(self.screen_button)
        line.addStretch(1)
        line.addWidget(self.microphone)
        line.addWidget(self.send_button)
        return line

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(self._files)

    @property
    def moment(self) -> Moment | None:
        return self._moment

    def set_busy(self, busy: bool) -> None:
        """A task runs: the button stops it, unless something was typed about it."""
        self._busy = busy
        self._refresh()

    def set_listening(self, on: bool) -> None:
        self.microphone.set_listening(on)
        self._refresh(listening=on)

    def attach(self, paths: Iterable[Path]) -> None:
        """Send these files with the next message."""
        self._files += [path for path in paths if path not in self._files]
        self._show_chips()

    def show_moment(self, moment: Moment) -> None:
        """Send this moment's screen with the next message, and show what that is."""
        self._moment = moment
        self._show_chips()

    def clear(self) -> None:
        self.edit.clear()
        self._files, self._moment = [], None
        self._show_chips()

    def _press_send(self) -> None:
        if self._busy and not self._something():
            self.stop.emit()
        else:
            self._send()

    def _send(self) -> None:
        if not self._something():
            return
        text = self.edit.toPlainText().strip() or "What is this?"
        request = Request(text=text, moment=self._moment, files=tuple(self._files))
        self.clear()
        self.sent.emit(request)

    def _something(self) -> bool:
        return bool(self.edit.toPlainText().strip() or self._files or self._moment)

    def _refresh(self, listening: bool = False) -> None:
        stops = self._busy and not self._something()
        self.send_button.set_icon("stop" if stops else "send")
        self.send_button.setAccessibleName("Stop" if stops else "Send")
        self.send_button.setToolTip("Stop (Esc)" if stops else "Send (Return)")
        self.send_button.setEnabled(stops or self._something())
        if listening:
            self.edit.show_hint("Listening… let go to send")
        elif self._busy:
            self.edit.show_hint("Say something to change course, or type here")
        else:
            self.edit.show_hint("Ask, or say what to do")

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Attach files")
        self.attach(Path(name) for name in names)

    def _show_chips(self) -> None:
        clear(self._chip_line)
        if self._moment is not None:
            self._chip(moment_chip(self._theme, self._moment, removable=True), self._drop_moment)
        for path in self._files:
            self._chip(file_chip(self._theme, path, removable=True), lambda path=path: self._drop(path))
        self._chips.setVisible(self._moment is not None or bool(self._files))
        self._refresh()

    def _chip(self, chip: Attachment, remove: Callable[[], None]) -> None:
        chip.removed.connect(remove)
        self._chip_line.addWidget(chip)

    def _drop_moment(self) -> None:
        self._moment = None
        self._show_chips()

    def _drop(self, path: Path) -> None:
        self._files.remove(path)
        self._show_chips()


def local_files(data: QMimeData) -> list[Path]:
    """The files of this computer among what is dragged or pasted; folders and addresses are not."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.is_file()]
