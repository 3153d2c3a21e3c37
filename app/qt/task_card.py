"""A task as a card in the conversation: plan, steps with their proof, and how it ended. Main thread only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from agent.events import Outcome, PlanMade, StepFinished, StepStarted
from agent.journal import UndoneLine
from app.qt import text
from app.qt.painted import STATE_WORDS, Card, IconMark, State, StateMark
from app.qt.theme import Theme
from app.qt.widgets import Button, Group, TextView, column, label, row, separator

PROOF_CHARACTERS = 160
DETAIL_CHARACTERS = 20_000

HEADINGS: Mapping[str, tuple[State, str]] = {
    "confirmed": ("confirmed", "Done"),
    "answered": ("confirmed", "Done"),
    "partial": ("partial", "Partly done"),
    "unverifiable": ("unverifiable", "I could not confirm"),
    "suspected_noop": ("suspected_noop", "Nothing seems to have changed"),
    "refused": ("refused", "Not done"),
    "failed": ("failed", "Did not work"),
    "stopped": ("stopped", "Stopped"),
}


class StepRow(QFrame):
    """One step: mark, title, proof, time. A click (or Space) opens what was asked and what came back."""

    def __init__(self, theme: Theme, title: str, state: State) -> None:
        super().__init__()
        self.setObjectName("step")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._theme, self._title = theme, title
        self._arguments: Mapping[str, object] = {}
        self._content = ""
        outer = column(self, 0, (12, 8, 12, 8))
        line = row(spacing=16)
        self.mark = StateMark(theme, state)
        line.addWidget(self.mark, alignment=Qt.AlignmentFlag.AlignTop)
        words = Group(4)
        self._words = _Passive(kind="faint" if state == "pending" else "")
        self._words.setObjectName("step-title")
        self._proof = _Passive(kind="proof")
        self._proof.setObjectName("step-proof")
        self._proof.hide()
        words.inside.addWidget(self._words)
        words.inside.addWidget(self._proof)
        line.addWidget(words, 1)
        self._time = label("", "faint")
        self._time.setObjectName("step-time")
        line.addWidget(self._time, alignment=Qt.AlignmentFlag.AlignTop)
        outer.addLayout(line)
        self._details: QFrame | None = None
        self._outer = outer
        self._words.show_title(title)
        self._describe()

    @property
    def state(self) -> State:
        return self.mark.state

    def start(self, event: StepStarted) -> None:
        self._arguments = event.arguments
        self._title = event.title
        self._words.setProperty("kind", "")
        self._words.style().polish(self._words)
        self._words.show_title(event.title)
        self._set("working")
        self._time.setText("now")

    def progress(self, words: str) -> None:
        self._show_proof(text.visible(words))
        self._describe()

    def finish(self, event: StepFinished) -> None:
        self._content = event.content
        self._set(event.status)
        self._time.setText(text.seconds(event.seconds))
        proof = " · ".join(text.visible(event.evidence or _first_line(event.content)).split("\n"))
        self._show_proof(_cut(proof))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Show what was asked and what came back")
        self._describe()

    def interrupt(self) -> None:
        """The task ended before this step did."""
        self._set("stopped")
        self._time.setText("")
        self._describe()

    def toggle(self) -> None:
        """Show or hide the details."""
        if self.state in ("pending", "working"):
            return
        if self._details is None:
            self._details = _Details(self._arguments, self._content)
            self._outer.addSpacing(8)
            self._outer.addWidget(self._details)
        else:
            self._details.setVisible(not self._details.isVisible())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self.toggle()
        else:
            super().keyPressEvent(event)

    def _set(self, state: State) -> None:
        self.mark.set_state(state)

    def _show_proof(self, proof: str) -> None:
        words = STATE_WORDS[self.state] if self.state not in ("working", "confirmed", "pending") else ""
        shown = f"{words[:1].upper()}{words[1:]}: {proof}" if words and proof else proof or words
        self._proof.setVisible(bool(shown))
        self._proof.show_text(shown)

    def _describe(self) -> None:
        proof = self._proof.toPlainText()
        self.setAccessibleName(f"{text.title_plain(self._title)}, {STATE_WORDS[self.state]}. {proof}".strip())


class _Passive(TextView):
    """Text inside something that is clicked as a whole."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind=kind)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


class _Details(QFrame):
    """The arguments and the result, in full."""

    def __init__(self, arguments: Mapping[str, object], content: str) -> None:
        super().__init__()
        self.setObjectName("details")
        outer = column(self, 4, (12, 9, 12, 10))
        for name, value in arguments.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            outer.addWidget(label(text.visible(name), "faint"))
            outer.addWidget(TextView(text.visible(shown)[:DETAIL_CHARACTERS], "value"))
        outer.addWidget(label("result", "faint"))
        outer.addWidget(TextView(text.visible(content)[:DETAIL_CHARACTERS] or "(nothing)", "value"))


class TaskCard(Card):
    """One task. ``stop`` and ``undo`` are what its buttons ask for."""

    stop = Signal()
    undo = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("task")
        self._steps: dict[str, StepRow] = {}
        self._planned: list[StepRow] = []
        self._holders: dict[QWidget, QWidget] = {}
        """What each part stands in, together with the line above it."""
        self._outer = column(self)
        self._head: QHBoxLayout = row(spacing=16, margins=(16, 10, 12, 10))
        self.mark = StateMark(theme, "working")
        self.mark.hide()
        self._sign = IconMark(theme, "mark", "accent", 18)
        self._heading: QLabel = label("Working", "strong")
        self._heading.setObjectName("task-heading")
        self.stop_button = Button(
            theme, "Stop", "stop-task", kind="small", icon="stop", tip="Stop this task (Esc)"
        )
        self.stop_button.clicked.connect(self.stop)
        self._head.addWidget(self.mark)
        self._head.addWidget(self._sign)
        self._head.addWidget(self._heading, 1)
        self._head.addWidget(self.stop_button)
        self._outer.addLayout(self._head)
        self._end: QWidget | None = None
        self._describe()

    @property
    def heading(self) -> str:
        return self._heading.text()

    @property
    def rows(self) -> tuple[StepRow, ...]:
        return tuple(self.findChildren(StepRow))

    def plan(self, event: PlanMade) -> None:
        """Show the steps to come; a new plan replaces what was not begun."""
        for old in self._planned:
            self._remove(old)
        self._planned = [self._add(step.title, "pending") for step in event.steps]

    def step_started(self, event: StepStarted) -> None:
        if event.tool == "plan":
            return
        step = self._planned_row(event) or self._add(event.title, "working", before=self._first_pending())
        step.start(event)
        self._steps[event.step] = step

    def step_progress(self, step: str, words: str) -> None:
        if step in self._steps:
            self._steps[step].progress(words)

    def step_finished(self, event: StepFinished) -> None:
        if event.step in self._steps:
            self._steps[event.step].finish(event)

    def remark(self, words: str) -> None:
        """Something the assistant said between two steps."""
        said = TextView(text.ordered(words), "small")
        said.setObjectName("remark")
        holder = QWidget()
        column(holder, 0, (50, 8, 16, 8)).addWidget(said)
        self._insert(holder, self._first_pending())

    def finish(self, outcome: Outcome) -> None:
        """How it ended, what was read back and what was changed."""
        state, heading = HEADINGS[outcome.status]
        self.mark.set_state(state)
        self.mark.show()
        self._sign.hide()
        self._heading.setText(heading)
        self.stop_button.hide()
        for step in self.rows:
            if step.state == "working":
                step.interrupt()
        self._end = _End(self._theme, outcome, self)
        self._insert(self._end, None)
        self._describe()

    def undone(self, lines: Sequence[UndoneLine]) -> None:
        """What undo did."""
        if isinstance(self._end, _End):
            self._end.undone(lines)

    def _planned_row(self, event: StepStarted) -> StepRow | None:
        if event.plan_index is None or not 0 <= event.plan_index < len(self._planned):
            return None
        found = self._planned[event.plan_index]
        return found if found.state == "pending" else None

    def _first_pending(self) -> QWidget | None:
        return next((step for step in self._planned if step.state == "pending"), None)

    def _add(self, title: str, state: State, before: QWidget | None = None) -> StepRow:
        step = StepRow(self._theme, title, state)
        self._insert(step, before)
        return step

    def _insert(self, widget: QWidget, before: QWidget | None) -> None:
        holder = QWidget()
        inside = column(holder)
        inside.setContentsMargins(2, 0, 2, 0)
        inside.addWidget(separator())
        inside.addWidget(widget)
        self._holders[widget] = holder
        at = self._outer.indexOf(self._holders[before]) if before is not None else -1
        self._outer.insertWidget(at, holder)

    def _remove(self, step: StepRow) -> None:
        if step.state == "pending":
            holder = self._holders.pop(step)
            self._outer.removeWidget(holder)
            holder.hide()
            holder.deleteLater()
            step.setParent(None)

    def _describe(self) -> None:
        self.setAccessibleName(f"Task: {self.heading}")


class _End(QWidget):
    """The last part of a card."""

    def __init__(self, theme: Theme, outcome: Outcome, card: TaskCard) -> None:
        super().__init__()
        self.setObjectName("task-end")
        self._theme = theme
        self._outer = column(self, 8, (16, 12, 16, 14))
        doubtful = [item for item in outcome.evidence if not item.holds]
        if outcome.error:
            self._part("What happened", [f"{outcome.error} {outcome.remedy}".strip()])
        if doubtful:
            self._part("I could not confirm", [_line(item.claim, item.proof) for item in doubtful])
        holding = [_line(item.claim, item.proof) for item in outcome.evidence if item.holds]
        if holding:
            self._part("Read back", holding[-1:])  # the proofs of the others stand under their steps
        self._undo: Button | None = None
        if outcome.changed:
            self._part("What I changed", [text.visible(line) for line in outcome.changed])
            self._undo = Button(
                theme, "Undo", "undo-task", kind="small", icon="undo", tip="Undo this task (Ctrl+Z)"
            )
            self._undo.clicked.connect(self._ask_undo)
            self._card = card
            self._outer.addWidget(self._undo)
        if self._outer.count() == 0:
            self.hide()

    def _part(self, heading: str, lines: Sequence[str]) -> None:
        holder = QWidget()
        inside = column(holder, 2)
        inside.addWidget(label(heading, "faint"))
        for line in lines:
            inside.addWidget(TextView(line, "small"))
        self._outer.addWidget(holder)

    def _ask_undo(self) -> None:
        if self._undo is not None:
            self._undo.setEnabled(False)
            self._card.undo.emit()

    def undone(self, lines: Sequence[UndoneLine]) -> None:
        if self._undo is not None:
            self._undo.hide()
        said = [text.visible(line.text) for line in lines]
        self._part(undone_heading(lines), said or ["There was nothing left to undo."])


def undone_heading(lines: Sequence[UndoneLine]) -> str:
    return "Undone" if all(line.restored for line in lines) else "Not everything could be undone"


def _line(claim: str, proof: str) -> str:
    claim, proof = text.title_plain(claim), text.visible(proof)
    return f"{claim} — {_cut(' '.join(proof.split()))}" if proof else claim


def _cut(words: str) -> str:
    return words if len(words) <= PROOF_CHARACTERS else f"{words[:PROOF_CHARACTERS]}…"


def _first_line(content: str) -> str:
    return next((line for line in content.splitlines() if line.strip()), "")
