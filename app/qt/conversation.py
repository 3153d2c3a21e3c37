"""The page: everything said and done in this session, in order. Main thread only.

:meth:`Conversation.take` is given every event and turns it into blocks; nothing else puts anything on the page.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from agent import events
from agent.events import Event, told_of
from agent.journal import UndoneLine
from agent.messages import Request
from app.qt.approval import ApprovalCard
from app.qt.bubbles import Answer, HeardBubble, NoticeRow, UserBubble
from app.qt.empty import EmptyState
from app.qt.task_card import TaskCard, undone_heading
from app.qt.theme import Theme
from app.qt.widgets import column

COLUMN_WIDTH = 720
SIDE_ROOM = 600
FOLLOW_PX = 60
"""The page follows what is added as long as it was scrolled to within so many pixels of its end."""


class Column(QScrollArea):
    """A page whose content stands in a column in the middle, as wide as the window allows."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        page.setObjectName("page")
        self._line = line = QHBoxLayout(page)
        line.setContentsMargins(20, 0, 20, 0)
        line.setSpacing(0)
        self._middle = QWidget()
        self._middle.setObjectName("column")
        self._middle.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        line.addStretch(1)
        line.addWidget(self._middle, 1000)
        line.addStretch(1)
        self.content: QVBoxLayout = column(self._middle, 16, (0, 22, 0, 22))
        self.setWidget(page)
        self.verticalScrollBar().rangeChanged.connect(self._balance)
        self._resize()
        theme.changed.connect(self._resize)

    def _balance(self, _low: int, high: int) -> None:
        """Keep the column in the middle of the window although the scroll bar takes its place on the right."""
        bar = self.verticalScrollBar().sizeHint().width() if high > 0 else 0
        side = 20 if self.width() > SIDE_ROOM else 14
        self._line.setContentsMargins(side + bar if self.width() > SIDE_ROOM else side, 0, side, 0)

    def _resize(self) -> None:
        self._middle.setMaximumWidth(self._theme.px(COLUMN_WIDTH))


_OF_A_TASK = (
    events.TextDelta,
    events.TurnRestarted,
    events.PlanMade,
    events.StepStarted,
    events.StepProgress,
    events.StepFinished,
    events.PointedAt,
    events.QuestionAsked,
    events.TaskFinished,
)


class Conversation(Column):
    """See the module. Signals say what the person did on the page."""

    stop = Signal()
    undo = Signal(str)
    chosen = Signal(str, str)
    speak = Signal(str)
    hush = Signal()
    tried = Signal(str)
    show_me = Signal(object)
    choose_model = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "conversation")
        self.setAccessibleName("Conversation")
        self._empty = EmptyState(theme)
        self._empty.tried.connect(self.tried)
        self.content.addWidget(self._empty)
        self.content.addStretch(1)
        self._follow = True
        self._anchor_bar()
        self._forget()

    def _forget(self) -> None:
        self._shown: set[str] = set()
        self._cards: dict[str, TaskCard] = {}
        self._questions: dict[str, ApprovalCard] = {}
        self._task = ""
        self._card: TaskCard | None = None
        self._answer: Answer | None = None
        self._pointed: events.PointedAt | None = None
        self._heard: HeardBubble | None = None
        self._speaking: Answer | None = None

    def clear(self) -> None:
        """An empty page: a new session, or before another one is shown."""
        while self.content.count() > 2:
            item = self.content.takeAt(1)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._forget()
        self._empty.show()
        self._follow = True

    @property
    def busy(self) -> bool:
        """A task is running."""
        return bool(self._task)

    def say(self, task: str, request: Request) -> None:
        """Show what the person just sent; ``task`` is what it started, or what it was said about."""
        if task not in self._shown or task == self._task:
            self._add(UserBubble(self._theme, request))
        self._shown.add(task)
        self._follow = True

    def show_again(self, past: tuple[Event, ...]) -> None:
        """A session as it was kept."""
        self.clear()
        for event in past:
            self.take(event)
        if self._task:
            self._close_open_task()

    def take(self, event: Event) -> None:
        """One event, in the order they were made. What comes from a task that this page never saw start (it was
        left running on a page that is gone) is not shown here."""
        if not self._task and isinstance(event, _OF_A_TASK):
            return
        match event:
            case events.TaskStarted():
                self._task_started(event)
            case events.TextDelta(text=text):
                self._answer_now().append(text)
            case events.TurnRestarted():
                self._drop_answer()
            case events.PlanMade():
                self._card_now().plan(event)
            case events.StepStarted():
                self._step_started(event)
            case events.StepProgress(step=step, text=text):
                self._card_now().step_progress(step, text)
            case events.StepFinished():
                if self._card is not None:
                    self._card.step_finished(event)
            case events.QuestionAsked(question=question):
                self._ask(question)
            case events.QuestionAnswered():
                if (card := self._questions.pop(event.id, None)) is not None:
                    card.settle(event)
            case events.PointedAt():
                self._pointed = event
            case events.TaskFinished():
                self._task_finished(event)
            case events.Notice():
                self.notice(event.level, event.text, event.remedy)
            case events.Compacted():
                heading, *summary = told_of(event)
                self.notice("info", heading, "\n".join(summary))
            case events.EngineRestarted(cause=cause):
                self.notice("info", f"The answer begins again: {cause}", "Nothing is lost.")
            case events.ReminderDue(text=text):
                self._add(NoticeRow(self._theme, "info", text, "Reminder", icon="bell"))
            case events.ListeningChanged(on=on):
                self._listening(on)
            case events.SoundLevel(level=level):
                if self._heard is not None:
                    self._heard.show_level(level)
            case events.Heard(text=text, final=final):
                self._hear(text, final)
            case events.SpeakingChanged(on=on):
                self._speaking_changed(on)
            case _:
                pass

    def notice(self, level: str, text: str, remedy: str = "") -> None:
        row = NoticeRow(self._theme, level, text, remedy)
        if level == "error" and "model" in f"{text} {remedy}".lower():
            row.offer("Open Models", "notice-models", self.choose_model.emit)
        self._add(row)

    def undone(self, task: str, lines: tuple[UndoneLine, ...]) -> None:
        """What an undo of ``task`` ("" for the last one) did."""
        card = self._cards.get(task)
        if card is not None:
            card.undone(lines)
            return
        if lines:
            said = "\n".join(line.text for line in lines)
            self._add(NoticeRow(self._theme, "info", undone_heading(lines), said, icon="undo"))
        else:
            self._add(NoticeRow(self._theme, "info", "There is nothing to undo.", icon="undo"))

    # -- a task ---------------------------------------------------------------------------------------------------

    def _task_started(self, event: events.TaskStarted) -> None:
        self._task = event.task
        self._card = self._answer = self._pointed = None
        if event.task not in self._shown:
            self._replace_heard()
            self._add(UserBubble(self._theme, event.request))
        self._shown.add(event.task)

    def _step_started(self, event: events.StepStarted) -> None:
        if event.tool == "plan":
            return
        card = self._card_now()
        if self._answer is not None:
            words = self._answer.view.text.strip()
            self._drop_answer()
            if words:
                card.remark(words)
        card.step_started(event)

    def _task_finished(self, event: events.TaskFinished) -> None:
        outcome = event.outcome
        if self._card is not None:
            self._card.finish(outcome)
        elif outcome.error:
            self.notice("error", outcome.error, outcome.remedy)
        elif outcome.status == "stopped":
            self._add(NoticeRow(self._theme, "info", "Stopped.", icon="stop"))
        if self._answer is None and outcome.answer:
            self._answer_now().append(outcome.answer)
        if self._answer is not None:
            self._answer.finish()
            if self._pointed is not None:
                self._answer.offer_to_show(self._pointed)
        for card in self._questions.values():
            card.settle(events.QuestionAnswered(id=card.question.id, choice="deny", by="stop"))
        self._questions.clear()
        self._task, self._card, self._answer = "", None, None

    def _close_open_task(self) -> None:
        """A kept session whose last task never ended: it was interrupted with the program."""
        outcome = events.Outcome(status="stopped")
        self._task_finished(events.TaskFinished(task=self._task, outcome=outcome, seconds=0.0))

    def _card_now(self) -> TaskCard:
        if self._card is None:
            card = TaskCard(self._theme)
            task = self._task
            card.stop.connect(self.stop)
            card.undo.connect(lambda: self.undo.emit(task))
            self._card = self._cards[task] = card
            self._add(card, before=self._answer)
        return self._card

    def _answer_now(self) -> Answer:
        if self._answer is None:
            self._answer = Answer(self._theme)
            answer = self._answer
            answer.speak.connect(lambda words: self._speak(answer, words))
            answer.hush.connect(self.hush)
            answer.show_me.connect(self.show_me)
            self._add(answer)
        return self._answer

    def _drop_answer(self) -> None:
        if self._answer is not None:
            self._take_away(self._answer)
            self._answer = None

    def _ask(self, question: events.Question) -> None:
        card = ApprovalCard(self._theme, question)
        card.chosen.connect(self.chosen)
        self._questions[question.id] = card
        self._add(card)
        self._follow = True

    # -- the voice ------------------------------------------------------------------------------------------------

    def _listening(self, on: bool) -> None:
        if on and self._heard is None:
            self._heard = HeardBubble(self._theme)
            self._add(self._heard)
            self._follow = True
        elif not on and self._heard is not None:
            self._heard.settle()

    def _hear(self, text: str, final: bool) -> None:
        if self._heard is None and text:
            self._listening(True)
        if self._heard is None:
            return
        self._heard.show_words(text)
        if final:
            self._heard.settle()
            if not text.strip():
                self._replace_heard()
                self.notice("info", "I did not hear any words.", "Hold the microphone while you speak.")
            elif self._task:
                self._heard = None

    def _replace_heard(self) -> None:
        if self._heard is not None:
            self._take_away(self._heard)
            self._heard = None

    def _speak(self, answer: Answer, words: str) -> None:
        if self._speaking is not None and self._speaking is not answer:
            self._speaking.set_speaking(False)
        self._speaking = answer
        self.speak.emit(words)

    def _speaking_changed(self, on: bool) -> None:
        if not on and self._speaking is not None:
            self._speaking.set_speaking(False)
            self._speaking = None

    # -- the page -------------------------------------------------------------------------------------------------

    def _add(self, widget: QWidget, before: QWidget | None = None) -> None:
        self._empty.hide()
        at = self.content.indexOf(before) if before is not None else self.content.count() - 1
        self.content.insertWidget(at, widget)

    def _take_away(self, widget: QWidget) -> None:
        self.content.removeWidget(widget)
        widget.hide()
        widget.deleteLater()

    def _anchor_bar(self) -> None:
        """Keep the end of the page in view, unless the person scrolled away from it."""
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(lambda _low, high: self._follow and bar.setValue(high))
        bar.valueChanged.connect(self._scrolled)

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._follow = value >= bar.maximum() - FOLLOW_PX
