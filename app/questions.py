"""Questions to the person: asked on the agent thread, answered from the window, the voice or the terminal.

A question is a value that waits. It ends with the first answer, with a stop, or at once when nobody is there.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

from agent.cancel import Cancel
from agent.events import Choice, Emit, Question, QuestionAnswered, QuestionAsked


class Questions:
    """The open questions. Any thread may answer; :meth:`ask` blocks the one that asks."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._open: dict[str, Future[tuple[Choice, str]]] = {}
        self.someone_is_there = False
        """Set by whoever can show a question and take its answer."""

    def ask(self, question: Question, cancel: Cancel) -> Choice:
        """The person's choice; ``deny`` on a stop and when nobody is there."""
        if not self.someone_is_there:
            self._emit(QuestionAnswered(id=question.id, choice="deny", by="nobody"))
            return "deny"
        answer: Future[tuple[Choice, str]] = Future()
        with self._lock:
            self._open[question.id] = answer
        self._emit(QuestionAsked(question=question))
        with cancel.calling(lambda: self.answer(question.id, "deny", "stop")):
            choice, by = answer.result()
        self._emit(QuestionAnswered(id=question.id, choice=choice, by=by))
        return choice

    def answer(self, question: str, choice: Choice, by: str) -> bool:
        """Answer an open question; false when it is not open (any more)."""
        with self._lock:
            waiting = self._open.pop(question, None)
        if waiting is None:
            return False
        waiting.set_result((choice, by))
        return True

    @property
    def open(self) -> bool:
        with self._lock:
            return bool(self._open)
