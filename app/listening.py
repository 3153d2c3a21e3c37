"""Push-to-talk without a button: ``deskhand listen`` opens the microphone and closes it when the person has finished.

Used by the command line's main thread.
"""

from __future__ import annotations

import queue
import time

from agent.events import Event, Heard, Notice, SoundLevel, TaskStarted
from app.assistant import Assistant
from app.terminal import Printer

SILENCE_SECONDS = 1.2
"""How long a pause ends the request."""
PATIENCE_SECONDS = 8.0
"""How long nobody may say anything before the microphone is closed again."""
TRANSCRIPT_SECONDS = 30.0


def listen_once(assistant: Assistant, events: queue.SimpleQueue[Event], printer: Printer) -> str | None:
    """Hear one request and return the id of its task, or None when nothing was said or the microphone failed."""
    assistant.listen()
    began = time.monotonic()
    last_speech: float | None = None
    closed_at: float | None = None
    while True:
        event = _next(events)
        now = time.monotonic()
        if event is not None:
            printer.show(event)
        match event:
            case SoundLevel(speech=True):
                last_speech = now
            case Notice(level="error"):
                return None
            case Heard(final=True) if not event.text.strip():
                return None
            case TaskStarted():
                return event.task
            case _:
                pass
        if closed_at is None:
            pause_over = last_speech is not None and now - last_speech > SILENCE_SECONDS
            if pause_over or (last_speech is None and now - began > PATIENCE_SECONDS):
                assistant.listen_done()
                closed_at = now
        elif now - closed_at > TRANSCRIPT_SECONDS:
            return None


def _next(events: queue.SimpleQueue[Event]) -> Event | None:
    try:
        return events.get(timeout=0.1)
    except queue.Empty:
        return None
