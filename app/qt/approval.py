"""The approval: the only thing in the window that asks for attention. Main thread only.

Every value is plain text with whatever could hide in it spelled out. The buttons arm half a second after the card
can be seen (and again when the window comes to the front), so that a click or key meant for something else cannot
allow anything; Return never does.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from agent.events import Choice, Question, QuestionAnswered
from app.qt.flow import FlowLayout
from app.qt.painted import IconMark, StateMark
from app.qt.text import visible
from app.qt.theme import Theme
from app.qt.widgets import Button, TextView, clear, column, label, row

ARM_MS = 500
NARROW = 340


class ApprovalCard(QFrame):
    """One question. ``chosen`` carries its id and the choice; :meth:`settle` folds the card to one line."""

    chosen = Signal(str, str)

    def __init__(self, theme: Theme, question: Question) -> None:
        super().__init__()
        self.setObjectName("approval")
        self._theme, self.question = theme, question
        self._open = True
        self.setAccessibleName(f"Approval: {visible(question.title)}")
        self.setAccessibleDescription(
            ". ".join(visible(f"{line.label}: {line.value} ({line.origin})") for line in question.lines)
        )
        self._outer = column(self, 10, (16, 14, 16, 14))
        self._head()
        self._values()
        self._buttons()
        self._arming = QTimer(self, singleShot=True, interval=ARM_MS)
        self._arming.timeout.connect(lambda: self._set_armed(True))

    @property
    def armed(self) -> bool:
        return self.allow.isEnabled()

    def _head(self) -> None:
        line = row(spacing=10)
        line.addWidget(IconMark(self._theme, "eye", "approval", 17), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(label(visible(self.question.title), "question", wrap=True), 1)
        self._outer.addLayout(line)

    def _values(self) -> None:
        self._grid = grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._theme.px(16))
        grid.setVerticalSpacing(self._theme.px(6))
        grid.setColumnStretch(1, 1)
        self._origins: list[tuple[int, QLabel]] = []
        for value in self.question.lines:
            shown = TextView(visible(value.value), "value")
            shown.setObjectName("approval-value")
            self._row(visible(value.label), shown, 1)
            if value.origin:
                chip = label(visible(value.origin), "chip")
                chip.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
                self._origins.append((grid.rowCount() - 1, chip))
        self._row("Undo", TextView(visible(self.question.undo or "this cannot be undone"), "plain"), 2)
        if self.question.reason:
            self._row("Because", TextView(visible(self.question.reason), "plain"), 2)
        self._place_origins()
        self._outer.addLayout(grid)

    def _row(self, name: str, shown: QWidget, columns: int) -> None:
        at = self._grid.rowCount() + 1  # one row is left free for where the value before came from
        self._grid.addWidget(label(name, "muted"), at, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(shown, at, 1, 1, columns)

    def _place_origins(self) -> None:
        """Where a value came from stands beside it, or below it where there is no room."""
        narrow = self.width() < self._theme.px(NARROW)
        for at, chip in self._origins:
            chip.setWordWrap(narrow)
            if narrow:
                self._grid.addWidget(chip, at + 1, 1, Qt.AlignmentFlag.AlignLeft)
            else:
                self._grid.addWidget(chip, at, 2, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._open:
            self._place_origins()

    def _buttons(self) -> None:
        self._choices = QWidget()
        line = FlowLayout(self._choices, 8)
        title = visible(self.question.title)
        self.allow = Button(self._theme, "Allow", "allow", kind="primary", accessible=f"Allow: {title}")
        self.deny = Button(self._theme, "Don’t", "deny", accessible=f"Don’t: {title}")
        self.always = Button(
            self._theme,
            f"Always {visible(self.question.always)}",
            "always",
            accessible=f"Always allow {visible(self.question.always)}",
        )
        self.allow.setShortcut("Alt+A")
        self.deny.setShortcut("Alt+D")
        self.always.setVisible(bool(self.question.always))
        choices: tuple[tuple[Button, Choice], ...] = (
            (self.allow, "allow"),
            (self.always, "always"),
            (self.deny, "deny"),
        )
        for button, choice in choices:
            line.addWidget(button)
            button.clicked.connect(partial(self._pressed, choice))
        self._outer.addWidget(self._choices)
        self._set_armed(False)

    def _pressed(self, choice: Choice, _checked: bool = False) -> None:
        self._open = False
        self._arming.stop()
        self._set_armed(False)
        self.deny.setEnabled(False)
        self.chosen.emit(self.question.id, choice)

    def _set_armed(self, armed: bool) -> None:
        self.allow.setEnabled(armed)
        self.always.setEnabled(armed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.window().installEventFilter(self)
        self._arm()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate:
            self._arm()
        return False

    def _arm(self) -> None:
        if self._open:
            self._set_armed(False)
            self._arming.start()

    def settle(self, answer: QuestionAnswered) -> None:
        """The question is no longer open."""
        self._open = False
        self._arming.stop()
        words = {
            "allow": "Allowed",
            "always": f"Always allowed {visible(self.question.always)}",
            "deny": "Not allowed",
        }
        by = {
            "window": "",
            "voice": " by voice",
            "terminal": " in the terminal",
            "nobody": ", nobody was there",
            "stop": ", stopped",
        }
        title = visible(self.question.title)
        clear(self._outer)
        line = row(spacing=10)
        line.addWidget(StateMark(self._theme, "refused" if answer.choice == "deny" else "confirmed", 16))
        said = label(f"{words[answer.choice]}{by[answer.by]} · {title}", "small", wrap=True)
        said.setObjectName("approval-answer")
        line.addWidget(said, 1)
        self._outer.addLayout(line)
        self._outer.setContentsMargins(16, 9, 16, 9)
        self.setProperty("settled", True)
        self.style().polish(self)
        self.setAccessibleName(said.text())
        self.setAccessibleDescription("")
