"""The engine as the loop meets it: a real child process with a real model, really killed."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import agent
from agent.cancel import Cancel
from agent.engine import exchange, supervisor
from agent.engine.port import (
    EngineEvent,
    Finished,
    ModelSpec,
    Piece,
    Prefill,
    Prompt,
    Restarted,
    Sampling,
    ToolSpec,
)
from agent.engine.supervisor import LlamaEngine
from agent.errors import EngineDied, ModelError, ModelFileError, ModelLoadError
from agent.messages import ModelMessage, Picture, ToolMessage, UserMessage
from agent.tool import Arguments
from tests.agent.engine.tiny_model import CONTEXT, write_llama

ASK = Prompt("Be kind.", (), (UserMessage(text="hello there"),))
LONG = Sampling(max_tokens=100)
ENDLESS = Sampling(max_tokens=CONTEXT)


def finished(events: list[EngineEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def spoken(events: list[EngineEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Piece) and not event.thought)


def killing_at_first_piece(
    engine: LlamaEngine, how: signal.Signals, cancel: Cancel | None = None
) -> Iterator[EngineEvent]:
    """A turn in whose middle the child gets a real signal, once."""
    killed = False
    for event in engine.generate(ASK, cancel or Cancel(), LONG):
        yield event
        if isinstance(event, Piece) and not killed:
            killed = True
            assert engine.pid is not None
            os.kill(engine.pid, how)


def test_loading_tells_what_was_loaded_and_reports_progress(gemma_file: Path):
    engine = LlamaEngine()
    fractions: list[float] = []
    info = engine.load(ModelSpec(gemma_file, threads=1), fractions.append)
    engine.close()
    assert (info.name, info.architecture, info.dialect) == ("Tiny Gemma", "gemma4", "gemma4")
    assert info.context_tokens == info.trained_context_tokens == CONTEXT
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)


def test_a_turn_is_prefilled_streamed_and_finished(engine: LlamaEngine):
    events = list(engine.generate(ASK, Cancel(), LONG))
    assert isinstance(events[0], Prefill)
    assert events[0].tokens == engine.count_tokens(ASK)
    assert spoken(events) == finished(events).message.text


def test_the_next_turn_reuses_all_that_was_read_and_said(engine: LlamaEngine):
    said = finished(list(engine.generate(ASK, Cancel(), LONG)))
    messages = (*ASK.messages, said.message, UserMessage(text="go on"))
    prefill = next(iter(engine.generate(Prompt(ASK.system, (), messages), Cancel(), LONG)))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == said.context_used


def test_a_new_conversation_does_not_read_system_and_tools_again(engine: LlamaEngine):
    system = "Be kind, and say what you found out. " * 10
    tools = (ToolSpec("now", "The time.", Arguments.model_json_schema()),)
    head = engine.count_tokens(Prompt(system, tools, (UserMessage(text="x"),)))
    long = Prompt(system, tools, (UserMessage(text="the window has moved on by far " * 40),))
    finished(list(engine.generate(long, Cancel(), LONG)))
    another = Prompt(system, tools, (UserMessage(text="something else"),))
    prefill = next(iter(engine.generate(another, Cancel(), LONG)))
    assert isinstance(prefill, Prefill)
    assert head - 20 < prefill.reused < head


@pytest.mark.parametrize(
    ("how", "cause"),
    [(signal.SIGKILL, "signal SIGKILL"), (signal.SIGSEGV, "signal SIGSEGV"), (signal.SIGABRT, "check")],
)
def test_a_child_killed_in_mid_answer_comes_back_and_the_answer_is_complete(
    engine: LlamaEngine, how: signal.Signals, cause: str
):
    undisturbed = finished(list(engine.generate(ASK, Cancel(), LONG)))
    events = list(killing_at_first_piece(engine, how))
    restart = next(i for i, event in enumerate(events) if isinstance(event, Restarted))
    restarted = events[restart]
    assert isinstance(restarted, Restarted)
    assert cause in restarted.cause
    assert isinstance(events[restart + 1], Prefill)
    assert spoken(events[restart:]) == finished(events).message.text == undisturbed.message.text


def test_a_child_that_died_between_turns_is_brought_back(engine: LlamaEngine):
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert engine.count_tokens(ASK) > 0
    assert finished(list(engine.generate(ASK, Cancel(), LONG))).reason == "length"


def test_a_child_that_keeps_dying_is_given_up_with_a_kind_error(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.0, 0.0, 0.0))
    with pytest.raises(EngineDied, match="restarted 3 times") as death:
        kill_whenever_it_reads(engine)
    assert "conversation is kept" in death.value.remedy


def kill_whenever_it_reads(engine: LlamaEngine) -> None:
    for event in engine.generate(ASK, Cancel(), ENDLESS):
        if isinstance(event, Prefill) and engine.pid:
            os.kill(engine.pid, signal.SIGKILL)


def test_a_stop_in_mid_answer_ends_it(engine: LlamaEngine):
    cancel = Cancel()
    events: list[EngineEvent] = []
    for event in engine.generate(ASK, cancel, ENDLESS):
        events.append(event)
        if isinstance(event, Piece):
            cancel.request()
    assert finished(events).reason == "cancelled"
    assert finished(events).decoded < 1000
    assert spoken(events) == finished(events).message.text


def test_a_stop_before_the_prompt_is_read_ends_it_and_the_next_turn_works(engine: LlamaEngine):
    cancel = Cancel()
    cancel.request()
    events = list(engine.generate(ASK, cancel, LONG))
    assert finished(events).reason == "cancelled"
    assert finished(list(engine.generate(ASK, Cancel(), LONG))).reason == "length"


def test_a_stop_that_comes_too_late_does_not_stop_the_next_command(engine: LlamaEngine):
    child = engine._child  # pyright: ignore[reportPrivateUsage]
    assert child is not None
    late = child.begin()
    next_turn = engine.generate(ASK, Cancel(), LONG)
    next(next_turn)
    late()
    assert finished(list(next_turn)).reason == "length"


def test_a_child_that_hangs_when_asked_to_stop_is_ended(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange, "STOP_PATIENCE", 0.5)
    cancel = Cancel()
    events: list[EngineEvent] = []
    for event in engine.generate(ASK, cancel, ENDLESS):
        events.append(event)
        if isinstance(event, Piece) and not cancel.requested:
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGSTOP)
            cancel.request()
    assert finished(events).reason == "cancelled"
    assert finished(events).message.text == spoken(events)
    assert finished(list(engine.generate(ASK, Cancel(), LONG))).reason == "length"


def test_a_child_that_hangs_is_replaced(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange, "SILENCE", 3.0)
    events = list(killing_at_first_piece(engine, signal.SIGSTOP))
    assert any(isinstance(event, Restarted) and "stopped answering" in event.cause for event in events)
    assert finished(events).reason == "length"


def test_a_turn_given_up_half_way_leaves_the_child_ready(engine: LlamaEngine):
    turn = engine.generate(ASK, Cancel(), ENDLESS)
    next(iter(turn))
    del turn
    pid = engine.pid
    assert finished(list(engine.generate(ASK, Cancel(), LONG))).reason == "length"
    assert engine.pid == pid


def test_closing_ends_the_child_from_any_thread_and_twice(engine: LlamaEngine):
    assert engine.pid is not None
    child = psutil.Process(engine.pid)
    events: list[EngineEvent] = []
    for event in engine.generate(ASK, Cancel(), ENDLESS):
        events.append(event)
        if isinstance(event, Piece):
            closer = threading.Thread(target=engine.close)
            closer.start()
            closer.join()
    engine.close()
    assert finished(events).reason == "cancelled"
    assert not child.is_running()


def test_the_child_dies_with_its_parent(gemma_file: Path):
    program = (
        "import sys, time, pathlib\n"
        "from agent.engine import LlamaEngine\n"
        "from agent.engine.port import ModelSpec\n"
        "engine = LlamaEngine()\n"
        "engine.load(ModelSpec(pathlib.Path(sys.argv[1])), lambda _: None)\n"
        "print(engine.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(gemma_file)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_file_cut_short_is_refused_and_the_loaded_model_stays(
    engine: LlamaEngine, gemma_file: Path, tmp_path: Path
):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(gemma_file.read_bytes()[:-5000])
    pid = engine.pid
    with pytest.raises(ModelFileError, match="cut short"):
        engine.load(ModelSpec(cut), lambda _: None)
    assert engine.pid == pid


def test_a_model_llama_does_not_know_is_refused_kindly_and_the_old_one_comes_back(
    engine: LlamaEngine, gemma_file: Path, tmp_path: Path
):
    strange = tmp_path / "strange.gguf"
    strange.write_bytes(gemma_file.read_bytes().replace(b"gemma4", b"gemma9"))
    with pytest.raises(ModelLoadError, match="could not load this model") as refusal:
        engine.load(ModelSpec(strange), lambda _: None)
    assert "gemma9" in refusal.value.what
    assert finished(list(engine.generate(ASK, Cancel(), LONG))).reason == "length"


def test_a_template_that_cannot_be_used_is_refused_kindly(tmp_path: Path):
    engine = LlamaEngine()
    file = write_llama(tmp_path / "bad-template.gguf", template="{{ messages[0].content }}")
    with pytest.raises(ModelLoadError, match="chat template cannot be used"):
        engine.load(ModelSpec(file), lambda _: None)
    engine.close()


def test_a_conversation_that_no_longer_fits_is_a_kind_error_and_not_a_death(engine: LlamaEngine):
    endless = Prompt("", (), (UserMessage(text="word " * CONTEXT),))
    pid = engine.pid
    with pytest.raises(ModelError, match="no longer fits") as error:
        list(engine.generate(endless, Cancel()))
    assert not isinstance(error.value, EngineDied)
    assert engine.pid == pid


def test_no_model_loaded_is_said_kindly():
    with pytest.raises(EngineDied, match="No model is loaded"):
        list(LlamaEngine().generate(ASK, Cancel()))


def test_pictures_of_a_message_do_not_trouble_a_model_that_cannot_see(engine: LlamaEngine):
    picture = Picture(width=1, height=1, rgb=b"\xff\xfe\xfd")
    prompt = Prompt("", (), (UserMessage(text="what is this?", pictures=(picture,)),))
    assert engine.count_tokens(prompt) > 0


def test_a_call_arrives_complete_and_its_result_is_all_that_is_decoded_next(calling_file: Path):
    engine = LlamaEngine()
    engine.load(ModelSpec(calling_file, threads=1), lambda _: None)
    tools = (ToolSpec("now", "The time.", Arguments.model_json_schema()),)
    try:
        prompt = Prompt("Be kind.", tools, ASK.messages)
        turns = (
            finished(list(engine.generate(prompt, Cancel(), Sampling(1.0, seed=seed, max_tokens=60))))
            for seed in range(30)
        )
        turn = next(turn for turn in turns if turn.reason == "call")
        call = turn.message.call
        assert call is not None
        assert (call.name, call.arguments) == ("now", {})
        message: ModelMessage = turn.message
        result = ToolMessage(call_id=call.id, name=call.name, content="noon")
        further = Prompt("Be kind.", tools, (*ASK.messages, message, result))
        prefill = next(iter(engine.generate(further, Cancel(), LONG)))
        assert isinstance(prefill, Prefill)
        assert prefill.reused == turn.context_used
    finally:
        engine.close()


def test_names_of_files_that_are_no_utf8_do_not_trouble_the_engine(engine: LlamaEngine):
    name = os.fsdecode(b"caf\xe9.txt")
    result = ToolMessage(call_id="1", name="list", content=name)
    asked = UserMessage(text=f"open {name}", context=name)
    prompt = Prompt("Be kind.", (), (asked, ModelMessage(text="Yes."), result))
    assert finished(list(engine.generate(prompt, Cancel(), LONG))).reason == "length"


@pytest.mark.parametrize(
    "value",
    [{"type": "integer", "minimum": 5, "maximum": 2}, {"$ref": "#/$defs/Nowhere"}],
    ids=["empty", "undefined"],
)
def test_a_tool_with_an_impossible_schema_is_an_error_and_not_a_death(
    engine: LlamaEngine, value: dict[str, object]
):
    pid = engine.pid
    tool = ToolSpec("impossible", "Takes nothing.", {"type": "object", "properties": {"count": value}})
    with pytest.raises(ModelError, match="could not go on"):
        list(engine.generate(Prompt("Be kind.", (tool,), ASK.messages), Cancel(), LONG))
    assert engine.pid == pid


def test_where_no_process_can_be_started_the_model_is_refused_kindly(
    gemma_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ModelLoadError, match="No process could be started"):
        LlamaEngine().load(ModelSpec(gemma_file), lambda _: None)


def test_an_engine_that_was_closed_leaves_no_descriptor_open(gemma_file: Path):
    before = psutil.Process().num_fds()
    engine = LlamaEngine()
    for _ in range(2):
        engine.load(ModelSpec(gemma_file, threads=1), lambda _: None)
    engine.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del engine
        gc.collect()
    assert psutil.Process().num_fds() <= before


def test_the_child_runs_the_same_sources_as_its_parent(tmp_path: Path):
    """Also when another copy of the program is installed."""
    copy = tmp_path / "agent"
    shutil.copytree(Path(agent.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "engine" / "worker.py").write_text(
        "import sys\ndef main(): print(__file__, file=sys.stderr); sys.exit(3)\n"
    )
    asked = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from agent.engine.child import Child, ChildGone
child = Child()
try:
    child.receive(timeout=60)
except ChildGone:
    print(child.cause_of_death())
"""
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said == f"The engine ended with exit code 3 ({copy / 'engine' / 'worker.py'}).\n"


def test_the_parent_never_imports_llama_cpp():
    program = "import sys, agent.engine; sys.exit('llama_cpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
