"""One model turn on a real, tiny, random model."""

from __future__ import annotations

import pytest

from agent.engine.port import Finished, Piece, Prefill, Prompt, Sampling, ToolSpec
from agent.engine.turn import PromptTooLong
from agent.messages import ToolMessage, UserMessage
from agent.tool import Arguments
from tests.agent.engine.conftest import Loaded


class Read(Arguments):
    path: str


TOOLS = (
    ToolSpec("read_file", "Reads a file.", Read.model_json_schema()),
    ToolSpec("now", "The time.", Arguments.model_json_schema()),
)
ASK = Prompt("Be kind.", TOOLS, (UserMessage(text="read notes.txt"),))
CHATTY = Sampling(temperature=1.0, seed=7, max_tokens=60)


def last(events: list[Prefill | Piece | Finished]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_greedy_decoding_says_the_same_every_time(gemma: Loaded):
    sampling = Sampling(max_tokens=20)
    once = last(list(gemma.runner().run(ASK, sampling)))
    again = last(list(gemma.runner().run(ASK, sampling)))
    assert once.message.tokens == again.message.tokens != ()


def test_a_call_is_read_and_the_turn_ends_with_it(caller: Loaded):
    runner = caller.runner()
    for seed in range(30):
        turn = last(list(runner.run(ASK, Sampling(temperature=1.0, seed=seed, max_tokens=80))))
        if turn.reason == "call":
            assert turn.message.call is not None
            assert caller.spelt(turn.message.tokens).endswith("<tool_call|>")
            assert "<|tool_call>" not in turn.message.text
            return
    pytest.fail("no call in thirty turns")


def test_the_next_step_decodes_only_the_result(caller: Loaded):
    runner = caller.runner()
    for seed in range(30):
        turn = last(list(runner.run(ASK, Sampling(temperature=1.0, seed=seed, max_tokens=80))))
        if turn.message.call:
            break
    assert turn.message.call is not None
    result = ToolMessage(call_id=turn.message.call.id, name=turn.message.call.name, content="Buy milk")
    before = len(runner.ledger)
    messages = (*ASK.messages, turn.message, result)
    prefill = next(iter(runner.run(Prompt(ASK.system, TOOLS, messages), CHATTY)))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == before


def test_before_the_first_request_system_and_tools_are_read_ahead(gemma: Loaded):
    runner = gemma.runner()
    runner.prepare(Prompt(ASK.system, ASK.tools, ()))
    read = len(runner.ledger)
    prefill = next(iter(runner.run(ASK, Sampling(max_tokens=1))))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == read > 100


def test_without_tools_no_call_can_begin(caller: Loaded):
    for seed in range(5):
        turn = last(
            list(caller.runner().run(Prompt("", (), ASK.messages), Sampling(1.0, seed=seed, max_tokens=60)))
        )
        assert caller.vocabulary.mark("<|tool_call>") not in turn.message.tokens


def test_the_pieces_add_up_to_the_message(gemma: Loaded):
    events = list(gemma.runner().run(ASK, CHATTY))
    spoken = "".join(event.text for event in events if isinstance(event, Piece) and not event.thought)
    assert spoken == last(events).message.text


def test_a_turn_ends_at_its_limit(gemma: Loaded):
    turn = last(list(gemma.runner().run(ASK, Sampling(max_tokens=3))))
    assert (turn.reason, turn.decoded) == ("length", 3)


def test_a_stop_ends_the_turn_with_what_was_said(gemma: Loaded):
    stop = False
    runner = gemma.runner(lambda: stop)
    events: list[Prefill | Piece | Finished] = []
    for event in runner.run(ASK, CHATTY):
        events.append(event)
        stop = stop or isinstance(event, Piece)
    assert last(events).reason == "cancelled"
    assert last(events).message.call is None


def test_a_prompt_beyond_the_context_is_refused(gemma: Loaded):
    with pytest.raises(PromptTooLong):
        list(gemma.runner().run(Prompt("", (), (UserMessage(text="word " * 2000),)), CHATTY))
