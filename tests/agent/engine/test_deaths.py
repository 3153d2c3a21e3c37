"""Whatever ends the engine process, at whatever it is doing, the application lives on and says what happened."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import gguf
import psutil
import pytest

from agent.cancel import Cancel
from agent.engine import LlamaEngine, child, exchange, supervisor
from agent.engine.child import _cause  # pyright: ignore[reportPrivateUsage]
from agent.engine.port import Finished, ModelSpec, Prompt, Sampling
from agent.errors import EngineDied, ModelError, ModelLoadError
from agent.messages import UserMessage
from tests.agent.engine.tiny_model import write_llama

ASK = Prompt("Be kind.", (), (UserMessage(text="hello there"),))
SHORT = Sampling(max_tokens=5)

Result = TypeVar("Result")


@pytest.fixture
def engine(endless_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LlamaEngine]:
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.0,))
    engine = LlamaEngine()
    engine.load(ModelSpec(endless_file, threads=1), lambda _: None)
    yield engine
    engine.close()


def killed_while(engine: LlamaEngine, do: Callable[[], Result]) -> Result:
    """What ``do`` returns when the child is killed before it can answer."""
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killer.start()
    try:
        return do()
    finally:
        killer.join()
        assert engine.pid not in (pid, None)


def answers(engine: LlamaEngine) -> bool:
    *_, last = engine.generate(ASK, Cancel(), SHORT)
    return isinstance(last, Finished) and last.reason == "length"


def test_a_side_question_is_asked_again(engine: LlamaEngine):
    undisturbed = engine.ask(ASK, "A title?", Cancel(), 20)
    assert killed_while(engine, lambda: engine.ask(ASK, "A title?", Cancel(), 20)) == undisturbed != ""


def test_a_count_is_made_again(engine: LlamaEngine):
    undisturbed = engine.count_tokens(ASK)
    assert killed_while(engine, lambda: engine.count_tokens(ASK)) == undisturbed


def test_what_was_not_saved_is_said_and_the_older_file_stays(engine: LlamaEngine, tmp_path: Path):
    file = tmp_path / "conversation.kv"
    assert answers(engine)
    engine.save(file)
    before = file.read_bytes()
    with pytest.raises(ModelError, match=r"not saved.*SIGKILL.*conversation is kept"):
        killed_while(engine, lambda: engine.save(file))
    assert file.read_bytes() == before
    assert answers(engine)


def test_a_restore_that_kills_the_child_has_restored_nothing(engine: LlamaEngine, tmp_path: Path):
    file = tmp_path / "conversation.kv"
    engine.save(file)
    assert not killed_while(engine, lambda: engine.restore(file))
    assert answers(engine)


def test_a_side_question_that_was_stopped_dies_with_the_child(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exchange, "STOP_PATIENCE", 0.2)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    cancel = Cancel()
    cancel.request()
    assert engine.ask(ASK, "A title?", cancel) == ""
    assert answers(engine)


def test_a_failed_check_of_llama_cpp_while_loading_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def one_expert_of_none(writer: gguf.GGUFWriter, name: str) -> None:
        gguf.GGUFWriter.add_string(writer, "general.name", name)
        writer.add_expert_used_count(1)

    monkeypatch.setattr(gguf.GGUFWriter, "add_name", one_expert_of_none)
    hostile = write_llama(tmp_path / "hostile.gguf")
    engine = LlamaEngine()
    with pytest.raises(ModelLoadError, match=r"gave up on an internal check \(.*GGML_ASSERT"):
        engine.load(ModelSpec(hostile), lambda _: None)
    assert engine.pid is None


@pytest.mark.parametrize(("how", "named"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "SIGSEGV")])
def test_a_child_killed_while_loading_is_a_refusal_that_says_how(
    how: signal.Signals, named: str, gemma_file: Path
):
    engine = LlamaEngine()

    def kill(_: float) -> None:
        if engine.pid:
            os.kill(engine.pid, how)

    with pytest.raises(ModelLoadError, match=f"could not be loaded.*{named}"):
        engine.load(ModelSpec(gemma_file), kill)
    assert engine.pid is None


def test_a_child_that_hangs_while_loading_is_ended(gemma_file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange, "SILENCE", 0.5)
    engine = LlamaEngine()

    def halt(_: float) -> None:
        if engine.pid:
            os.kill(engine.pid, signal.SIGSTOP)

    with pytest.raises(ModelLoadError, match="stopped answering"):
        engine.load(ModelSpec(gemma_file), halt)
    assert engine.pid is None


def test_a_child_that_no_longer_reads_is_ended(endless_file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(child, "TRANSFER", 1.0)
    monkeypatch.setattr(supervisor, "BACK_OFF", ())
    engine = LlamaEngine()
    engine.load(ModelSpec(endless_file, threads=1), lambda _: None)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    larger_than_any_buffer = Prompt("", (), (UserMessage(text="word " * 1_000_000),))
    with pytest.raises(EngineDied, match="stopped answering"):
        engine.count_tokens(larger_than_any_buffer)
    assert engine.pid is None


def test_a_child_without_memory_says_so(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "BACK_OFF", ())
    assert answers(engine)
    process = psutil.Process(engine.pid)
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms, psutil.RLIM_INFINITY))
    with pytest.raises(EngineDied, match="ran out of memory"):
        engine.count_tokens(Prompt("", (), (UserMessage(text="word " * 4_000_000),)))


def test_memory_that_the_kernel_took_is_told_from_a_kill():
    assert _cause(-signal.SIGKILL, [], out_of_memory=True) == "The engine ran out of memory."
    assert "SIGKILL" in _cause(-signal.SIGKILL, [], out_of_memory=False)
    assert "memory" in _cause(-signal.SIGABRT, ["what():  std::bad_alloc"], out_of_memory=False)
    assert "exit code 3" in _cause(3, [], out_of_memory=False)
