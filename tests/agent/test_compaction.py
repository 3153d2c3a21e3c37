"""A prompt that is too long: half of the room is freed, and the model sums up what goes."""

from __future__ import annotations

import pytest

from agent.cancel import Cancel, Cancelled
from agent.compaction import ANSWER_RESERVE_TOKENS, Room, compacted
from agent.engine.port import Finished, Prompt
from agent.engine.scripted import ScriptedEngine
from agent.errors import EngineDied, ModelError
from agent.messages import Message, ModelMessage, Picture, ToolCall, ToolMessage, UserMessage
from agent.view import PICTURE_GONE, WHOLE, View, shown

SUMMARY = "The person asked many questions."


class CountingEngine(ScriptedEngine):
    """Knows how often it was asked to count."""

    counted = 0

    def count_tokens(self, prompt: Prompt) -> int:
        self.counted += 1
        return super().count_tokens(prompt)


def questions(number: int, words: int) -> tuple[Message, ...]:
    """So many exchanges; the last question is not answered yet."""
    messages: list[Message] = []
    for each in range(number):
        messages += [UserMessage(text=f"question {each} " + "word " * words), ModelMessage(text="answer")]
    return tuple(messages[:-1])


def compact(
    engine: ScriptedEngine,
    messages: tuple[Message, ...],
    room: int,
    *,
    view: View = WHOLE,
    request: int | None = None,
    cancel: Cancel | None = None,
    summarise: bool = True,
    sees: bool = True,
) -> View:
    return compacted(
        engine,
        Room(engine, room + ANSWER_RESERVE_TOKENS),
        Prompt("system", (), (), in_place=view.in_place),
        messages,
        view,
        len(messages) - 1 if request is None else request,
        cancel or Cancel(),
        summarise,
        sees,
    )


def tokens(messages: tuple[Message, ...], view: View) -> int:
    return ScriptedEngine([]).count_tokens(Prompt("system", (), shown(messages, view)))


def test_the_oldest_exchanges_become_a_summary_and_half_the_room_is_free() -> None:
    messages = questions(40, words=50)
    view = compact(ScriptedEngine([SUMMARY]), messages, room=2000)
    assert view.summary == SUMMARY
    assert 0 < tokens(messages, view) <= 1000
    assert SUMMARY in shown(messages, view)[0].model_dump()["context"]


def test_no_more_is_left_out_than_has_to_be() -> None:
    messages = questions(40, words=50)
    view = compact(ScriptedEngine([]), messages, room=2000, summarise=False)
    one_less = view.model_copy(update={"start": view.start - 2})
    assert tokens(messages, view) <= 1000 < tokens(messages, one_less)


def test_the_summary_is_asked_of_what_goes_and_the_summary_before_it() -> None:
    messages = questions(40, words=50)
    first = compact(ScriptedEngine([SUMMARY]), messages[:21], room=1000)
    messages = messages[: first.start + 39]
    engine = AskedEngine(["Even more questions."])
    second = compact(engine, messages, room=1000, view=first)
    assert engine.asked is not None
    assert SUMMARY in engine.asked.messages[0].model_dump()["context"]
    assert engine.asked.messages[1:] == messages[first.start + 1 : second.start]
    assert second.summary == "Even more questions."


class AskedEngine(ScriptedEngine):
    """Keeps the prompt of the last side question."""

    asked: Prompt | None = None

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        self.asked = prompt
        return super().ask(prompt, question, cancel, max_tokens)


def test_a_model_that_does_not_see_is_asked_without_pictures() -> None:
    dot = Picture(width=1, height=1, rgb=bytes(3))
    pictured = UserMessage(text="what is this? " + "word " * 600, pictures=(dot,))
    messages = (pictured, ModelMessage(text="a dot"), *questions(20, words=50))
    engine = BlindEngine([SUMMARY])
    assert compact(engine, messages, room=1500, sees=False).summary == SUMMARY
    assert engine.asked is not None
    assert PICTURE_GONE in engine.asked.messages[0].model_dump()["context"]


class BlindEngine(AskedEngine):
    """Cannot place a picture."""

    def count_tokens(self, prompt: Prompt) -> int:
        assert not any(message.pictures for message in prompt.messages if message.role != "model")
        return super().count_tokens(prompt)


def test_pictures_that_left_in_place_stay_so_while_it_is_summed_up() -> None:
    engine = AskedEngine([SUMMARY])
    compact(engine, questions(40, words=50), room=2000, view=View(in_place=True))
    assert engine.asked is not None
    assert engine.asked.in_place


def test_what_does_not_fit_beside_the_question_is_summed_up_without_its_oldest() -> None:
    messages = (*questions(20, words=50), ModelMessage(text="word " * 400), UserMessage(text="and now?"))
    engine = AskedEngine([SUMMARY])
    view = compact(engine, messages, room=900)
    assert engine.asked is not None
    assert engine.count_tokens(engine.asked) <= 900
    assert engine.asked.messages[-1] == messages[view.start - 1]


def test_a_model_too_small_to_sum_up_forgets_what_is_old() -> None:
    engine = ScriptedEngine([SUMMARY])
    view = compact(engine, questions(40, words=50), room=1000, summarise=False)
    assert view.start > 0
    assert view.summary == ""
    assert engine.questions == []


def test_the_latest_request_stays_even_when_it_alone_is_too_long() -> None:
    messages = questions(2, words=5000)
    view = compact(ScriptedEngine([SUMMARY]), messages, room=600)
    assert view.start == 2


def test_where_nothing_can_go_the_view_stays() -> None:
    engine = ScriptedEngine([])
    assert compact(engine, questions(1, words=5000), room=600) == WHOLE


def test_a_stop_during_the_summary_changes_nothing() -> None:
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        compact(ScriptedEngine([""]), questions(40, words=50), room=1000, cancel=cancel)


class Unable(ScriptedEngine):
    """Raises instead of answering a side question."""

    def __init__(self, error: ModelError) -> None:
        super().__init__([])
        self._error = error

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        raise self._error


def test_a_model_that_cannot_sum_up_is_not_the_end_of_the_task_but_its_death_is() -> None:
    messages = questions(40, words=50)
    assert compact(Unable(ModelError("It does not fit.")), messages, room=1000).summary == ""
    with pytest.raises(EngineDied):
        compact(Unable(EngineDied("It died.")), messages, room=1000)


def test_a_prompt_that_must_fit_is_not_counted() -> None:
    engine = CountingEngine([])
    assert Room(engine, 100_000).holds(Prompt("system", (), questions(20, words=50)))
    assert engine.counted == 0


def test_after_a_turn_only_what_is_new_is_reckoned() -> None:
    engine = CountingEngine([])
    room = Room(engine, 1500)
    messages = questions(10, words=50)
    prompt = Prompt("system", (), messages)
    answer = ModelMessage(text="answer " * 20)
    room.note(prompt, Finished(answer, "stop", decoded=1, seconds=0.1, context_used=600))
    longer = Prompt("system", (), (*messages, answer, UserMessage(text="and now? " * 10)))
    assert room.holds(longer)
    assert engine.counted == 0
    assert not room.holds(Prompt("system", (), (*longer.messages, UserMessage(text="word " * 2000))))
    assert engine.counted == 1


def test_what_is_reckoned_is_never_less_than_what_it_takes() -> None:
    call = ToolCall(id="1", name="look", arguments={"window": "größer " * 30})
    messages = (
        UserMessage(text="ü " * 100, context="日本 " * 100),
        ModelMessage(text="so be it " * 10, call=call),
        ToolMessage(call_id="1", name="look", content="word " * 300),
    )
    engine = CountingEngine([])
    needed = engine.count_tokens(Prompt("system", (), messages)) + ANSWER_RESERVE_TOKENS
    assert not Room(engine, needed - 1).holds(Prompt("system", (), messages))
    assert Room(engine, needed).holds(Prompt("system", (), messages))


def test_another_view_is_counted_anew() -> None:
    engine = CountingEngine([])
    room = Room(engine, 600)
    messages = questions(3, words=20)
    answer = ModelMessage(text="answer")
    room.note(Prompt("", (), messages), Finished(answer, "stop", decoded=1, seconds=0.1, context_used=10))
    assert room.holds(Prompt("", (), messages[2:]))
    assert engine.counted == 1
