"""An assistant whose answers are written beforehand, to test what stands in front of it. The real one has its own
tests; this one only keeps the promises of :class:`app.assistant.Assistant` that the command line relies on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from agent.broker import Mode
from agent.engine.port import ModelInfo
from agent.events import Choice, Event, Outcome, Question, QuestionAsked, TaskFinished, TaskStarted
from agent.journal import UndoneLine
from agent.messages import Moment, Request
from agent.session import SessionSummary


@dataclass
class ScriptedAssistant:
    """Emits ``script`` for every request; a Question in it waits for its answer; ``WAIT`` waits for a stop."""

    script: list[Event | Question | Literal["WAIT"]]
    outcome: Outcome = field(default_factory=lambda: Outcome(status="confirmed", answer="Done."))
    undone: tuple[UndoneLine, ...] = ()
    past: tuple[SessionSummary, ...] = ()
    requests: list[Request] = field(default_factory=list)
    answers: list[tuple[str, Choice, str]] = field(default_factory=list)
    looked: list[tuple[int, int, int, int] | None] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: bool = False
    model: ModelInfo | None = None
    mode: Mode = "ask"
    session: str = "s1"

    def __post_init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._stopped = threading.Event()
        self._answered = threading.Event()
        self._heard: str = ""

    def _emit(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(self) -> None:
        pass

    def submit(self, request: Request) -> str:
        self.requests.append(request)
        threading.Thread(target=self._run, args=(request,), daemon=True).start()
        return "task-1"

    def _run(self, request: Request) -> None:
        self._emit(TaskStarted(task="task-1", session=self.session, request=request))
        for item in self.script:
            if isinstance(item, Question):
                self._answered.clear()
                self._emit(QuestionAsked(question=item))
                self._answered.wait(5)
            elif item == "WAIT":
                self._stopped.wait(5)
            else:
                self._emit(item)
        outcome = Outcome(status="stopped") if self._stopped.is_set() else self.outcome
        self._emit(TaskFinished(task="task-1", outcome=outcome, seconds=0.1))

    def attend(self) -> None:
        pass

    def stop(self) -> None:
        self._stopped.set()
        self._answered.set()

    def answer(self, question: str, choice: Choice, by: Literal["window", "voice", "terminal"]) -> None:
        self.answers.append((question, choice, by))
        self._answered.set()

    def undo(self, task: str | None = None) -> tuple[UndoneLine, ...]:
        return self.undone

    def look(self, region: tuple[int, int, int, int] | None = None) -> Moment:
        self.looked.append(region)
        return Moment(window="notes.txt", application="Mousepad", outline='window "notes.txt" in Mousepad')

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode

    def use_model(self, path: Path) -> None:
        pass

    def new_session(self) -> str:
        return self.session

    def open_session(self, session: str) -> tuple[Event, ...]:
        self.opened.append(session)
        request = Request(text="what is 2+2")
        return (
            TaskStarted(task="t", session=session, request=request),
            TaskFinished(task="t", outcome=Outcome(status="answered", answer="4"), seconds=1.0),
        )

    def sessions(self, search: str = "") -> tuple[SessionSummary, ...]:
        return self.past

    def listen(self) -> None:
        pass

    def listen_done(self) -> None:
        pass

    def speak(self, text: str) -> None:
        pass

    def hush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def summary(identifier: str, title: str) -> SessionSummary:
    moment = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    return SessionSummary(identifier, title, moment, moment)
