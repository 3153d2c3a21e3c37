"""Pixels and samples from this process to a real child: once, through shared memory, and again to the next one."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agent.cancel import Cancel
from agent.engine.port import EngineEvent, Finished, ModelSpec, Prefill, Prompt, Restarted, Sampling
from agent.engine.supervisor import LlamaEngine
from agent.messages import Picture, ToolCall, ToolMessage, UserMessage
from tests.agent.engine.seeing import Files, picture, sound, write_files
from tests.agent.engine.tiny_projector import Tower, write_projector

FEW = Sampling(max_tokens=4)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("media"), width=64)


def load(files: Files) -> LlamaEngine:
    engine = LlamaEngine()
    engine.load(ModelSpec(files.model, projector=files.projector, threads=1), lambda _: None)
    return engine


@pytest.fixture
def engine(files: Files) -> Iterator[LlamaEngine]:
    engine = load(files)
    yield engine
    engine.close()


def shown(*pictures: Picture, text: str = "look") -> Prompt:
    return Prompt("Be kind.", (), (UserMessage(text=text, pictures=pictures),))


def prefill(events: list[EngineEvent]) -> Prefill:
    assert isinstance(events[0], Prefill)
    return events[0]


def finished(events: list[EngineEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def turn(engine: LlamaEngine, prompt: Prompt) -> list[EngineEvent]:
    return list(engine.generate(prompt, Cancel(), FEW))


def test_a_model_with_a_projector_sees_and_hears(files: Files):
    engine = LlamaEngine()
    info = engine.load(ModelSpec(files.model, projector=files.projector), lambda _: None)
    engine.close()
    assert (info.sees, info.hears) == (True, True)


def test_a_model_without_one_reads_text_alone(files: Files):
    engine = LlamaEngine()
    info = engine.load(ModelSpec(files.model), lambda _: None)
    without = prefill(turn(engine, shown())).tokens
    assert (info.sees, info.hears) == (False, False)
    assert prefill(turn(engine, shown(picture()))).tokens == without
    engine.close()


def test_a_damaged_projector_is_told_of_and_text_goes_on(tmp_path: Path, files: Files):
    damaged = tmp_path / "mmproj.gguf"
    damaged.write_bytes(files.projector.read_bytes()[:-1000])
    engine = LlamaEngine()
    info = engine.load(ModelSpec(files.model, projector=damaged), lambda _: None)
    assert not info.sees
    assert "The model reads text only" in info.plan
    assert finished(turn(engine, shown(picture()))).reason == "length"
    engine.close()


def test_the_projector_of_another_model_is_told_of(tmp_path: Path, files: Files):
    other = write_projector(tmp_path / "mmproj.gguf", text_width=128)
    engine = LlamaEngine()
    info = engine.load(ModelSpec(files.model, projector=other), lambda _: None)
    engine.close()
    assert not info.sees
    assert "belongs to another model" in info.plan


def test_a_picture_takes_its_tokens_and_is_read_once(engine: LlamaEngine):
    words_alone = engine.count_tokens(shown())
    first = shown(picture(width=1920, height=1080))
    assert engine.count_tokens(first) - words_alone in range(264, 300)
    events = turn(engine, first)
    follow = Prompt(
        first.system, (), (*first.messages, finished(events).message, UserMessage(text="and now"))
    )
    assert prefill(turn(engine, follow)).reused >= prefill(events).tokens


def test_the_picture_of_a_tool_result_is_seen(engine: LlamaEngine):
    asked = shown(text="look around")
    said = finished(turn(engine, asked)).message
    call = said.model_copy(update={"call": ToolCall(id="call-1", name="look", arguments={})})
    result = ToolMessage(call_id="call-1", name="look", content="the screen")
    blind = Prompt(asked.system, (), (*asked.messages, call, result))
    with_picture = result.model_copy(update={"pictures": (picture(),)})
    seen = Prompt(asked.system, (), (*asked.messages, call, with_picture))
    assert engine.count_tokens(seen) >= engine.count_tokens(blind) + 70


def test_what_is_no_longer_mentioned_is_forgotten_and_given_anew(engine: LlamaEngine):
    turn(engine, shown(picture()))
    turn(engine, shown(text="words alone"))
    again = shown(picture())
    turn(engine, again)
    assert engine.count_tokens(again) >= engine.count_tokens(shown()) + 70


def test_speech_prepared_while_it_grows_is_found_read(engine: LlamaEngine):
    def spoken(seconds: float, growing: bool) -> Prompt:
        return Prompt("Be kind.", (), (UserMessage(text="", sounds=(sound(seconds, growing=growing),)),))

    for seconds in (3.5, 7.0):
        engine.prepare(spoken(seconds, growing=True), Cancel())
    assert prefill(turn(engine, spoken(7.5, growing=False))).reused >= 150


def test_a_child_killed_while_its_tower_works_is_given_the_pixels_again(tmp_path: Path, files: Files):
    slow = write_projector(
        tmp_path / "slow.gguf", vision=Tower(width=128, blocks=4, heads=2, feed=256), audio=None
    )
    engine = load(Files(files.model, slow))
    prompt = shown(picture(width=48 * 20, height=48 * 20, budget=400))
    undisturbed = turn(engine, prompt)
    engine.close()

    engine = load(Files(files.model, slow))
    assert engine.pid is not None
    child = psutil.Process(engine.pid)
    loaded = child.cpu_times().user

    def kill_when_busy() -> None:
        while child.cpu_times().user < loaded + 0.3:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_when_busy)
    killer.start()
    events = turn(engine, prompt)
    killer.join()
    engine.close()
    assert isinstance(events[0], Restarted), "it died before the prompt was read"
    assert finished(events).message == finished(undisturbed).message
    assert prefill(events[1:]).tokens == prefill(undisturbed).tokens
