"""The written engine keeps the promises of the Engine port."""

from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine.port import Engine, Finished, ModelSpec, Piece, Prefill, Prompt, Restarted
from agent.engine.scripted import Dies, ScriptedEngine
from agent.errors import ModelError
from agent.messages import ToolCall, UserMessage

ASK = Prompt(system="Be kind.", tools=(), messages=(UserMessage(text="hello"),))


def test_words_are_streamed_and_add_up_to_the_message():
    engine: Engine = ScriptedEngine(["Hello, world."])
    events = list(engine.generate(ASK, Cancel()))
    assert isinstance(events[0], Prefill)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "stop"
    said = "".join(e.text for e in events if isinstance(e, Piece))
    assert said == events[-1].message.text == "Hello, world."


def test_a_call_ends_its_turn():
    call = ToolCall(id="1", name="now", arguments={})
    *_, last = ScriptedEngine([call]).generate(ASK, Cancel())
    assert isinstance(last, Finished)
    assert (last.reason, last.message.call) == ("call", call)


def test_a_stop_in_mid_answer_keeps_what_was_said_so_far():
    cancel = Cancel()
    said = []
    for event in ScriptedEngine(["one two three"]).generate(ASK, cancel):
        said.append(event)
        if isinstance(event, Piece):
            cancel.request()
    assert isinstance(said[-1], Finished)
    assert (said[-1].reason, said[-1].message.text) == ("cancelled", "one")


def test_a_death_voids_what_was_said_and_begins_again():
    events = list(ScriptedEngine([Dies("It was killed.", then="fine")]).generate(ASK, Cancel()))
    assert [type(e) for e in events] == [Prefill, Piece, Restarted, Prefill, Piece, Finished]


def test_an_error_in_the_script_is_raised():
    engine = ScriptedEngine([ModelError("It is too long.")])
    with pytest.raises(ModelError, match="too long"):
        list(engine.generate(ASK, Cancel()))


def test_loading_reports_progress_to_the_end():
    fractions: list[float] = []
    info = ScriptedEngine([]).load(ModelSpec(Path("none.gguf")), fractions.append)
    assert fractions[-1] == 1.0
    assert info.context_tokens == 8192


def test_what_it_was_told_to_prepare_is_kept():
    engine = ScriptedEngine([])
    engine.prepare(ASK, Cancel())
    assert engine.prepared == [ASK]
