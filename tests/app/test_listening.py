"""One spoken request: the microphone closes when the person has finished, and when nobody says anything."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from agent.events import Event, Heard, Notice, SoundLevel, TaskStarted
from agent.messages import Request
from app import listening
from app.listening import listen_once
from tests.app.scripted_assistant import ScriptedAssistant


@dataclass
class Shown:
    events: list[Event] = field(default_factory=list)

    def show(self, event: Event) -> None:
        self.events.append(event)


class Speaking(ScriptedAssistant):
    """Hears ``levels``, then silence until the microphone is closed; then the transcript."""

    def __init__(self, events: queue.SimpleQueue[Event], levels: list[bool], transcript: str) -> None:
        super().__init__([])
        self._events, self._levels, self._transcript = events, levels, transcript
        self._closed = threading.Event()

    def listen(self) -> None:
        threading.Thread(target=self._microphone, daemon=True).start()

    def _microphone(self) -> None:
        for speech in self._levels:
            self._events.put(SoundLevel(level=0.5, speech=speech))
        while not self._closed.wait(0.02):
            self._events.put(SoundLevel(level=0.01, speech=False))
        self._events.put(Heard(text=self._transcript, final=True))
        if self._transcript:
            request = Request(text=self._transcript, source="spoken")
            self._events.put(TaskStarted(task="task-7", session="s", request=request))

    def listen_done(self) -> None:
        self._closed.set()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(listening, "SILENCE_SECONDS", 0.1)
    monkeypatch.setattr(listening, "PATIENCE_SECONDS", 0.3)
    return


def test_the_microphone_closes_after_the_last_word_and_the_request_runs() -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    shown = Shown()
    task = listen_once(Speaking(events, [True, True], "open the calculator"), events, shown)
    assert task == "task-7"
    assert Heard(text="open the calculator", final=True) in shown.events


def test_when_nobody_speaks_the_microphone_closes_and_nothing_runs() -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    assert listen_once(Speaking(events, [], ""), events, Shown()) is None


def test_a_microphone_that_fails_ends_it() -> None:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    events.put(Notice(level="error", text="No microphone could be opened."))
    assert listen_once(ScriptedAssistant([]), events, Shown()) is None
