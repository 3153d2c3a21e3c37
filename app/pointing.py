"""From what a task says and does to events that point at the screen: the result of `point_at`, and an answer to a
question about the screen that quotes exactly one visible control. Agent thread only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from agent.errors import DesktopError
from agent.events import Event, Outcome, PointedAt, StepFinished, StepStarted, TaskFinished
from agent.messages import Request
from app.parts import Senses
from tools.pointing import pointed_in

LOOKING = frozenset({"look", "look_closer"})
"""Tools after which an answer is about the screen."""


class Pointing:
    """Follows the events of one task."""

    def __init__(self, request: Request, senses: Senses) -> None:
        self._senses = senses
        self._about_the_screen = request.moment is not None
        self._pointed = False

    def follow(self, event: Event) -> Iterator[Event]:
        """``event``, with what points at the screen in its place among the others: before the end of the task."""
        if isinstance(event, StepStarted) and event.tool in LOOKING:
            self._about_the_screen = True
        if isinstance(event, TaskFinished) and (quoted := self._quoted(event.outcome)):
            yield quoted
        yield event
        if isinstance(event, StepFinished) and (pointed := pointed_in(event.details)):
            self._pointed = True
            yield pointed

    def _quoted(self, outcome: Outcome) -> PointedAt | None:
        if self._pointed or not self._about_the_screen or outcome.status != "answered":
            return None
        with contextlib.suppress(DesktopError):  # the screen went away: there is nothing to point at
            return self._senses.quoted(outcome.answer)
        return None
