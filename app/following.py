"""A task from its events to the exit code of the command that asked for it."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable

from agent.events import Choice, Event, Question, QuestionAsked, TaskFinished, TaskStarted
from app.assistant import Assistant
from app.exit_codes import DONE, NOT_DONE, STOPPED
from app.terminal import Printer, Style
from app.terminal import ask as ask_person


def follow(
    assistant: Assistant,
    events: queue.SimpleQueue[Event],
    task: str,
    printer: Printer,
    read: Callable[[str], str],
) -> int:
    """Show events until ``task`` is over. Ctrl-C stops the task; a second one leaves at once."""
    started = stopping = False
    while True:
        try:
            event = events.get()
            printer.show(event)
            match event:
                case TaskStarted():
                    started = True
                case QuestionAsked():
                    assistant.answer(event.question.id, _choose(event.question, read), "terminal")
                case TaskFinished() if event.task == task:
                    return _exit_code(event.outcome.status)
                case _:
                    pass
        except KeyboardInterrupt:
            if stopping or not started:
                return STOPPED
            stopping = True
            assistant.stop()


def _choose(question: Question, read: Callable[[str], str]) -> Choice:
    return ask_person(question, read, sys.stderr, Style.of(sys.stderr, os.environ))


def _exit_code(status: str) -> int:
    """``confirmed`` and ``answered`` are done; what could not be confirmed is not."""
    return {"confirmed": DONE, "answered": DONE, "stopped": STOPPED}.get(status, NOT_DONE)
