"""What the engine does while nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.context import Profile
from agent.conversation import Conversation
from agent.engine.port import Prompt
from agent.engine.scripted import ScriptedEngine
from agent.errors import EngineDied, ModelError
from agent.messages import SAMPLE_RATE, SOUND_BLOCK, ModelMessage, Sound, UserMessage
from app import compose
from app.asides import Asides
from app.parts import Parts
from app.settings import Places, Settings

PROFILE = Profile(observation_chars=900, max_steps=5, max_seconds=60, hears=True)


class Talking:
    """A voice that speaks for ``seconds`` and is ``each`` further at every look."""

    def __init__(self, seconds: float, each: float) -> None:
        self._end, self._each = int(seconds * SAMPLE_RATE), int(each * SAMPLE_RATE)
        self._samples = 0

    @property
    def listening(self) -> bool:
        return self._samples < self._end

    def sound(self, growing: bool = False) -> Sound:
        self._samples += self._each
        return Sound.of(bytes(4 * self._samples), growing)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(compose, "ChosenEngine", lambda: ScriptedEngine([]))
    monkeypatch.setattr("app.asides.LISTEN_SECONDS", 0.001)
    places = Places(*(tmp_path / name for name in ("config", "data", "state", "cache")))
    assistant = compose.build(Settings(workspace=tmp_path / "Documents"), places)
    yield assistant.parts
    assistant.close()


@pytest.fixture
def conversation(parts: Parts) -> Conversation:
    conversation = Conversation(parts.sessions, parts.sessions.create())
    conversation.append(UserMessage(text="hello"))
    conversation.append(ModelMessage(text="Hello."))
    return conversation


def prepared(parts: Parts) -> list[Prompt]:
    assert isinstance(parts.engine, ScriptedEngine)
    return parts.engine.prepared


def test_what_was_said_is_read_before_the_next_request(parts: Parts, conversation: Conversation) -> None:
    Asides(parts, lambda event: None).read_ahead(conversation, PROFILE, Cancel())
    (prompt,) = prepared(parts)
    assert (prompt.system, prompt.messages) == (parts.system, conversation.messages)
    assert {tool.name for tool in prompt.tools} == set(parts.tools)


def test_speech_is_read_in_blocks_while_it_goes_on(parts: Parts, conversation: Conversation) -> None:
    parts = replace(parts, voice=Talking(seconds=10, each=0.5))  # type: ignore[arg-type]
    Asides(parts, lambda event: None).listen_along(conversation, PROFILE, Cancel())
    last = [prompt.messages[-1] for prompt in prepared(parts)]
    assert all(prompt.messages[:-1] == conversation.messages for prompt in prepared(parts))
    sounds = [message.sounds[0] for message in last if isinstance(message, UserMessage)]
    assert [sound.samples // SOUND_BLOCK for sound in sounds] == [1, 2, 3]
    assert all(sound.growing for sound in sounds)


def test_listening_along_ends_with_the_next_request(parts: Parts, conversation: Conversation) -> None:
    parts = replace(parts, voice=Talking(seconds=10, each=0))  # type: ignore[arg-type]
    cancel = Cancel()
    cancel.request()
    Asides(parts, lambda event: None).listen_along(conversation, PROFILE, cancel)
    assert prepared(parts) == []


def test_what_cannot_be_read_ahead_is_left_to_the_request_but_a_death_is_told(
    parts: Parts, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(error: ModelError) -> Callable[[Prompt, Cancel], None]:
        def prepare(prompt: Prompt, cancel: Cancel) -> None:
            raise error

        return prepare

    asides = Asides(parts, lambda event: None)
    monkeypatch.setattr(parts.engine, "prepare", failing(ModelError("It does not fit.")))
    asides.read_ahead(conversation, PROFILE, Cancel())
    monkeypatch.setattr(parts.engine, "prepare", failing(EngineDied("It died.")))
    with pytest.raises(EngineDied):
        asides.read_ahead(conversation, PROFILE, Cancel())
