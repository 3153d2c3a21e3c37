"""A side question is answered beside the conversation and leaves no trace in its cache."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from agent.cancel import Cancel
from agent.engine.port import Finished, ModelSpec, Prefill, Prompt, Sampling, ToolSpec
from agent.engine.script import Script
from agent.engine.supervisor import LlamaEngine
from agent.engine.turn import TurnRunner
from agent.errors import ModelError
from agent.messages import ModelMessage, ToolMessage, UserMessage
from tests.agent.engine.conftest import Loaded, loaded
from tests.agent.engine.parity import EXACT, never, trail
from tests.agent.engine.tiny_model import CONTEXT

TOOLS = (ToolSpec("now", "The time.", {"type": "object", "properties": {}}),)
LONG = "The window holds thirty two tokens, and this is longer than that by far. " * 12
ASK = Prompt("Be kind.", TOOLS, (UserMessage(text=f"{LONG} hello"),))


def said(runner: TurnRunner, prompt: Prompt, tokens: int = 20) -> Finished:
    *_, last = runner.run(prompt, Sampling(max_tokens=tokens))
    assert isinstance(last, Finished)
    return last


def after(prompt: Prompt, *messages: ModelMessage | UserMessage | ToolMessage) -> Prompt:
    return Prompt(prompt.system, prompt.tools, (*prompt.messages, *messages))


@pytest.fixture
def endless(endless_file: Path) -> Loaded:
    return loaded(endless_file)


@pytest.mark.parametrize("tokens", [10, 900])
def test_the_conversation_is_as_it_was_however_long_the_answer(endless: Loaded, tokens: int):
    runner, undisturbed = endless.runner(), endless.runner()
    message = said(runner, ASK).message
    said(undisturbed, ASK)
    assert runner.ask(after(ASK, message), "A title?", tokens)
    assert runner.ledger.entries == undisturbed.ledger.entries
    np.testing.assert_allclose(
        trail(runner.ledger, runner._context)[1:],  # pyright: ignore[reportPrivateUsage]
        trail(undisturbed.ledger, undisturbed._context)[1:],  # pyright: ignore[reportPrivateUsage]
        atol=EXACT,
    )


def test_the_answer_is_that_of_a_conversation_in_which_it_was_asked(endless: Loaded):
    runner = endless.runner()
    message = said(runner, ASK).message
    prompt = after(ASK, message)
    asked = Prompt(prompt.system, prompt.tools, (*prompt.messages, UserMessage(text="A title?")))
    answer = runner.ask(prompt, "A title?", 12)
    script = endless.dialect.prompt(asked)
    fresh = endless.runner()
    fresh.ledger.prefill(Script(script.entries), never)
    assert answer == fresh.ask(prompt, "A title?", 12) != ""


def test_what_was_not_read_yet_of_the_conversation_is_read_once(endless: Loaded):
    runner = endless.runner()
    runner.ask(ASK, "A title?", 30)
    opening_of_a_turn = 10
    prefill = next(iter(runner.run(ASK, Sampling(max_tokens=1))))
    assert isinstance(prefill, Prefill)
    assert prefill.tokens - prefill.reused < opening_of_a_turn


def test_a_question_about_the_beginning_brings_the_rest_back(endless: Loaded):
    runner = endless.runner()
    prompt = after(ASK, said(runner, ASK).message, UserMessage(text="and then?"))
    turn = said(runner, prompt)
    assert runner.ask(ASK, "Sum it up.", 40)
    prefill = next(iter(runner.run(after(prompt, turn.message, UserMessage(text="go on")), Sampling())))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == turn.context_used


def test_no_tool_is_called_and_nothing_is_thought(caller: Loaded):
    runner = caller.runner()
    prompt = after(ASK, ToolMessage(call_id="1", name="now", content="noon"))
    answers = [runner.ask(prompt, f"What of {topic}?", 60) for topic in ("this", "that", "it")]
    assert any(answers)
    assert not any("tool_call" in answer for answer in answers)


def test_a_stop_while_the_question_is_read_gives_no_answer_and_leaves_the_conversation(endless: Loaded):
    stop = False
    runner = endless.runner(lambda: stop)
    turn = said(runner, ASK)
    held = runner.ledger.entries
    stop = True
    assert runner.ask(after(ASK, turn.message), "A title?", 20) == ""
    assert runner.ledger.entries == held


def test_a_stop_in_mid_answer_ends_it_at_the_next_step(endless: Loaded):
    steps = 0

    def third() -> bool:
        nonlocal steps
        steps += 1
        return steps > 8

    runner = endless.runner()
    whole = runner.ask(ASK, "A title?", 40)
    part = endless.runner(third).ask(ASK, "A title?", 40)
    assert part != whole
    assert whole.startswith(part)


def test_the_native_flag_stops_the_reading_of_a_question(endless: Loaded):
    runner = endless.runner()
    said(runner, ASK)
    held = runner.ledger.entries
    flag = ctypes.create_string_buffer(2)
    runner._context.abort_when_set(ctypes.addressof(flag))  # pyright: ignore[reportPrivateUsage]
    flag[0] = 1
    assert runner.ask(ASK, "A title?", 20) == ""
    flag[0] = 0
    assert runner.ledger.entries[: len(held)] == held[: len(runner.ledger.entries)]


def test_a_question_that_does_not_fit_is_refused_kindly_and_changes_nothing(endless_file: Path):
    engine = LlamaEngine()
    engine.load(ModelSpec(endless_file, threads=1), lambda _: None)
    try:
        *_, turn = engine.generate(ASK, Cancel(), Sampling(max_tokens=5))
        assert isinstance(turn, Finished)
        with pytest.raises(ModelError, match="no longer fits"):
            engine.ask(ASK, "word " * CONTEXT, Cancel())
        prefill = next(iter(engine.generate(after(ASK, turn.message, UserMessage(text="on")), Cancel())))
        assert isinstance(prefill, Prefill)
        assert prefill.reused == turn.context_used
    finally:
        engine.close()
