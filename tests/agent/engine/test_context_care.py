"""A conversation and its view with a real engine: what is compacted, left and taken up again costs what it should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent import compaction, events
from agent.broker import Broker, Grants, Policy
from agent.cancel import Cancel, Cancelled
from agent.context import Profile
from agent.conversation import Conversation
from agent.engine.port import Finished, ModelSpec, Prefill, Prompt, Sampling
from agent.engine.supervisor import LlamaEngine
from agent.events import Emit, Event
from agent.journal import Journal
from agent.loop import Errand, Ports, Task
from agent.messages import ModelMessage, Picture, Request, ToolCall, ToolMessage, UserMessage
from agent.model_turn import ModelTurns
from agent.session import Sessions
from agent.storage import Storage
from agent.tool import Arguments, Effect, Tool, ToolContext, ToolResult
from agent.view import fewer_pictures
from app.saved_caches import SavedCaches
from tests.agent.engine.seeing import NEVER_ENDS, write_files
from tests.agent.engine.tiny_model import CONTEXT, write_gemma

SYSTEM = "You are a test."
SHORT = Sampling(max_tokens=8)


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    storage = Storage(tmp_path / "deskhand.db")
    yield Sessions(storage)
    storage.close()


@pytest.fixture
def conversation(sessions: Sessions) -> Conversation:
    return Conversation(sessions, sessions.create())


def exchange(conversation: Conversation, number: int, characters: int = 150) -> None:
    """A look and what it showed; a character is about a token to the tiny models."""
    words = "some words of a window, "
    if not number:
        conversation.append(UserMessage(text="look around"))
    call = ToolCall(id=f"look-{number}", name="look", arguments={})
    conversation.append(ModelMessage(text="", call=call))
    content = f"window {number} " + (words * characters)[:characters]
    conversation.append(ToolMessage(call_id=call.id, name="look", content=content))


def turns(engine: LlamaEngine, conversation: Conversation, emit: Emit) -> ModelTurns:
    return ModelTurns(
        engine=engine,
        emit=emit,
        conversation=conversation,
        request=0,
        system=SYSTEM,
        tools=(),
        context_tokens=CONTEXT,
        profile=Profile(observation_chars=900, max_steps=25, max_seconds=60, summarises=True),
    )


def read(engine: LlamaEngine, conversation: Conversation) -> Prefill:
    """Have the engine read the conversation and say a few words more."""
    prefill, *_, finished = list(engine.generate(conversation.prompt(SYSTEM, ()), Cancel(), SHORT))
    assert isinstance(prefill, Prefill)
    assert isinstance(finished, Finished)
    conversation.append(finished.message)
    return prefill


@pytest.fixture(autouse=True)
def _short_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the tiny models every character is a token."""
    monkeypatch.setattr(compaction, "SUMMARISE", "Sum up.")


def test_a_conversation_too_long_for_the_context_is_summed_up_and_goes_on(
    engine: LlamaEngine, conversation: Conversation
) -> None:
    for number in range(12):
        exchange(conversation, number)
    told: list[Event] = []
    assert engine.count_tokens(conversation.prompt(SYSTEM, ())) > CONTEXT - 512
    cancel = Cancel()

    def tell(event: Event) -> None:
        told.append(event)
        if isinstance(event, events.TextDelta):
            cancel.request()

    turns(engine, conversation, tell).take(cancel)
    (compacted,) = [event for event in told if isinstance(event, events.Compacted)]
    assert compacted.summary
    assert compacted.messages > 0
    prompt = conversation.prompt(SYSTEM, ())
    assert engine.count_tokens(prompt) < CONTEXT - 512
    assert isinstance(prompt.messages[0], UserMessage)
    assert prompt.messages[0].text == "look around"
    assert len(conversation.messages) == 1 + 24 + 1


def test_a_stop_while_it_is_summed_up_leaves_the_engine_and_the_conversation_as_they_were(
    engine: LlamaEngine, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        exchange(conversation, number)
    before = read(engine, conversation)
    messages = conversation.messages
    exchange(conversation, 8, characters=700)
    view, cancel, ask = conversation.view, Cancel(), engine.ask

    def stopped_while_asked(prompt: Prompt, question: str, stop: Cancel, most: int) -> str:
        threading.Timer(0.05, stop.request).start()
        return ask(prompt, question, stop, most)

    monkeypatch.setattr(engine, "ask", stopped_while_asked)
    with pytest.raises(Cancelled):
        turns(engine, conversation, lambda event: None).take(cancel)
    assert conversation.view == view
    going_on = Prompt(SYSTEM, (), (*messages, UserMessage(text="go on")))
    prefill = next(iter(engine.generate(going_on, Cancel(), SHORT)))
    assert isinstance(prefill, Prefill)
    assert prefill.reused > before.tokens


def test_a_session_taken_up_again_is_read_from_its_file(
    engine: LlamaEngine, sessions: Sessions, conversation: Conversation, tmp_path: Path
) -> None:
    caches = SavedCaches(engine, tmp_path / "cache", sessions.ids)
    caches.turn_to(conversation)
    for number in range(8):
        exchange(conversation, number)
    first = read(engine, conversation)
    caches.follow(
        events.Usage(context_used=first.tokens, context_tokens=CONTEXT, decoded=1, tokens_per_second=1)
    )
    other = Conversation(sessions, sessions.create())
    caches.turn_to(other)
    exchange(other, 0)
    read(engine, other)
    again = Conversation(sessions, conversation.session)
    caches.turn_to(again)
    again.append(UserMessage(text="go on"))
    assert read(engine, again).reused > first.tokens


def test_pictures_are_known_again_by_their_digests_and_are_words_without_the_file(
    sessions: Sessions, conversation: Conversation, tmp_path: Path
) -> None:
    files = write_files(tmp_path, width=1536)
    engine = LlamaEngine()
    try:
        engine.load(ModelSpec(files.model, projector=files.projector, threads=1), lambda _: None)
        pixels = np.random.default_rng(3).integers(0, 255, 96 * 96 * 3, np.uint8).tobytes()
        exchange(conversation, 0)
        conversation.append(
            UserMessage(text="and this?", pictures=(Picture(width=96, height=96, rgb=pixels),))
        )
        first = read(engine, conversation)
        file = tmp_path / "session.kv"
        engine.save(file)
        engine.load(ModelSpec(files.model, projector=files.projector, threads=1), lambda _: None)
        again = Conversation(sessions, conversation.session)
        assert engine.restore(file)
        again.append(UserMessage(text="go on"))
        assert read(engine, again).reused > first.tokens
        shown = engine.count_tokens(again.prompt(SYSTEM, ()))
        again.lose_pictures()
        assert engine.count_tokens(again.prompt(SYSTEM, ())) < shown
    finally:
        engine.close()


@pytest.mark.parametrize("in_place", [False, True])
def test_old_pictures_that_leave_in_place_have_nothing_read_again(
    conversation: Conversation, tmp_path: Path, in_place: bool
) -> None:
    files = write_files(tmp_path, width=1536)
    engine = LlamaEngine()
    try:
        engine.load(ModelSpec(files.model, projector=files.projector, threads=1), lambda _: None)
        for number in range(5):
            pixels = np.random.default_rng(number).integers(0, 255, 96 * 96 * 3, np.uint8).tobytes()
            picture = Picture(width=96, height=96, rgb=pixels)
            conversation.append(UserMessage(text=f"and this, {number}?", pictures=(picture,)))
            read(engine, conversation)
        conversation.see(fewer_pictures(conversation.messages, conversation.view, 2, in_place))
        conversation.append(UserMessage(text="go on"))
        again = read(engine, conversation)
        new = again.tokens - again.reused
        assert new < 30 if in_place else new > 150
    finally:
        engine.close()


class Note(Arguments):
    text: str


def note(arguments: Note, context: ToolContext) -> ToolResult:
    return ToolResult("confirmed", "a line of a window\n" * 12)


CALLS_ON = NEVER_ENDS | {"<|tool_call>": 20.0, '<|"|>': 20.0}
NOTE = Tool("note", "", Note, lambda _: Effect("write"), note, lambda _: "Note", repeatable=True)


def test_a_task_longer_than_the_context_goes_on_through_summaries(
    conversation: Conversation, tmp_path: Path
) -> None:
    model = write_gemma(tmp_path / "caller.gguf", eager=CALLS_ON)
    engine, told = LlamaEngine(), list[Event]()
    storage = Storage(tmp_path / "journal.db")
    try:
        engine.load(ModelSpec(model, threads=1), lambda _: None)
        task = Task(
            errand=Errand(Request(text="note it"), conversation),
            ports=Ports(
                engine=engine,
                tools={NOTE.name: NOTE},
                broker=Broker(Policy("full", tmp_path, tmp_path), Grants(storage)),
                journal=Journal(storage, tmp_path / "journal"),
                ask=lambda question, cancel: "allow",
                emit=told.append,
            ),
            profile=Profile(observation_chars=900, max_steps=14, max_seconds=600, summarises=True),
            system=SYSTEM,
            context_tokens=CONTEXT,
        )
        outcome = task.run()
    finally:
        engine.close()
        storage.close()
    assert outcome.error == ""
    assert any(isinstance(event, events.Compacted) and event.summary for event in told)
    used = [event.context_used for event in told if isinstance(event, events.Usage)]
    assert max(used) <= CONTEXT
    assert sum(map(len, (message.model_dump_json() for message in conversation.messages))) > 2 * CONTEXT
