"""Every task ends with TaskFinished, also one that could not begin or that a mistake of ours ended."""

from __future__ import annotations

from agent.errors import DeskhandError
from agent.events import Emit, Event, Outcome, TaskFinished, TaskStarted
from agent.loop import Errand


class Ending:
    """Watches whether a task told its own end, and tells it where it could not."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._began = self._ended = False
        self.answered = False
        """It ended by itself, with an answer or something done."""

    def emit(self, event: Event) -> None:
        self._began |= isinstance(event, TaskStarted)
        if isinstance(event, TaskFinished):
            self._ended = True
            self.answered = event.outcome.status not in ("stopped", "failed")
        self._emit(event)

    def make_up(self, errand: Errand, trouble: DeskhandError) -> None:
        if not self._began:
            session = errand.conversation.session
            self._emit(TaskStarted(task=errand.id, session=session, request=errand.request.for_show()))
        if not self._ended:
            outcome = Outcome(status="failed", error=trouble.what, remedy=trouble.remedy)
            self._emit(TaskFinished(task=errand.id, outcome=outcome, seconds=0.0))
