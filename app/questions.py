"""Questions to the person: asked on the agent thread, answered from the window, the voice or the terminal.

A question is a value that waits. It ends with the first answer, with a stop, or at once when nobody is there.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Literal

from agent.cancel import Cancel
from agent.events import Choice, Question, QuestionAnswered, QuestionAsked
from app.hub import EventHub

Answerer = Literal["window", "voice", "terminal", "stop"]


class Questions:
    """The open questions. Any thread may answer; :meth:`ask` blocks the one that asks."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._open: dict[str, Future[tuple[Choice, Answerer]]] = {}

    def ask(self, question: Question, cancel: Cancel) -> Choice:
        """The person's choice; ``deny`` on a stop and when nobody is there."""
        if not self._hub.heard:
            self._hub.emit(QuestionAnswered(id=question.id, choice="deny", by="nobody"))
            return "deny"
        answer: Future[tuple[Choice, Answerer]] = Future()
        with self._lock:
            self._open[question.id] = answer
        self._hub.emit(QuestionAsked(question=question))

        def stopped() -> None:
            self.answer(question.id, "deny", "stop")

        with cancel.calling(stopped):
            choice, by = answer.result()
        self._hub.emit(QuestionAnswered(id=question.id, choice=choice, by=by))
        return choice

    def answer(self, question: str, choice: Choice, by: Answerer) -> bool:
        """Answer an open question; false when it is not open (any more)."""
        with self._lock:
            waiting = self._open.pop(question, None)
        if waiting is None:
            return False
        waiting.set_result((choice, by))
        return True
