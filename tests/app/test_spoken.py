"""The answer to something spoken is said sentence by sentence, with a silent speaker at the voice's own port."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator

import pytest

from agent.cancel import Cancel
from agent.events import Event, Outcome, TaskFinished, TextDelta, TurnRestarted
from app.spoken import SpokenAnswer
from tools.voice.activity import SileroActivity
from tools.voice.microphone import SystemMicrophone
from tools.voice.transcriber import MoonshineTranscriber
from tools.voice.voice import Voice

PATIENCE_SECONDS = 20


class SilentSpeaker:
    """Keeps what it should say."""

    def __init__(self) -> None:
        self.said: queue.SimpleQueue[str] = queue.SimpleQueue()

    def say(self, sentences: Iterable[str], cancel: Cancel) -> None:
        for sentence in sentences:
            self.said.put(sentence)


@pytest.fixture
def speaker() -> SilentSpeaker:
    return SilentSpeaker()


@pytest.fixture
def answer(speaker: SilentSpeaker) -> Iterator[SpokenAnswer]:
    emitted: list[Event] = []
    voice = Voice(SystemMicrophone(), SileroActivity(), MoonshineTranscriber(), speaker, emitted.append)
    yield SpokenAnswer(voice)
    voice.close()


def finished(answer: str = "", error: str = "") -> TaskFinished:
    status = "failed" if error else "answered"
    return TaskFinished(task="t", outcome=Outcome(status=status, answer=answer, error=error), seconds=0)


def test_a_sentence_is_said_before_the_answer_is_complete(
    answer: SpokenAnswer, speaker: SilentSpeaker
) -> None:
    for piece in ("It is ", "noon. Lunch ", "is"):
        answer.follow(TextDelta(text=piece))
    assert speaker.said.get(timeout=PATIENCE_SECONDS) == "It is noon."
    answer.follow(TextDelta(text=" ready"))
    answer.follow(finished("It is noon. Lunch is ready"))
    assert speaker.said.get(timeout=PATIENCE_SECONDS) == "Lunch is ready"
    assert speaker.said.empty()


def test_an_answer_that_was_not_streamed_and_an_error_are_said_too(
    answer: SpokenAnswer, speaker: SilentSpeaker
) -> None:
    answer.follow(finished(error="The model stopped working."))
    assert speaker.said.get(timeout=PATIENCE_SECONDS) == "The model stopped working."


def test_after_a_restart_the_answer_is_said_from_its_beginning(
    answer: SpokenAnswer, speaker: SilentSpeaker
) -> None:
    answer.follow(TextDelta(text="It is no"))
    answer.follow(TurnRestarted())
    answer.follow(TextDelta(text="It is noon."))
    answer.follow(finished("It is noon."))
    assert speaker.said.get(timeout=PATIENCE_SECONDS) == "It is noon."
