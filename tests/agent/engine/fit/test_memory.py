"""What is predicted is what is measured: real models of some 50 MB in a real engine process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine import LlamaEngine
from agent.engine.bindings import MOST_SCORED, SLICE, NativeContext, NativeModel
from agent.engine.fit import Machine, Settings, Shape, make_plan, predict
from agent.engine.fit.memory import MICRO_BATCH, OUTPUTS, KvType, checkpoint_bytes
from agent.engine.gguf.header import read_header
from agent.engine.port import ModelSpec, Prompt, Sampling
from agent.messages import Message, ModelMessage, ToolCall, ToolMessage, UserMessage
from tests.agent.engine.fit.conftest import GEMMA, LAPTOP
from tests.agent.engine.shaped_model import Shape as Numbers
from tests.agent.engine.shaped_model import write_shaped

PLAIN = Numbers(layers=6, width=512, feed=2048, heads=4, vocabulary=16384)
CONTEXT = 4096
TURNS = 24
"""Of some 150 tokens each: together most of the context, and as many checkpoints as are ever kept, so that everything
is used."""


@pytest.fixture
def engine() -> Iterator[LlamaEngine]:
    engine = LlamaEngine()
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("numbers", "kv_type"),
    [
        pytest.param(PLAIN, "f16", id="eight bits"),
        pytest.param(PLAIN, "q8_0", id="a cache of eight bits"),
        pytest.param(replace(PLAIN, weights="Q4_0"), "f16", id="four bits in another order"),
        pytest.param(
            replace(PLAIN, layers=10, feed=1024, shared=5, per_layer=64),
            "f16",
            id="tables for layers that share",
        ),
    ],
)
def test_the_predicted_peak_is_within_a_tenth_of_what_is_measured(
    numbers: Numbers, kv_type: KvType, engine: LlamaEngine, tmp_path: Path
):
    file = write_shaped(tmp_path / "model.gguf", numbers)
    wanted = ModelSpec(file, context_tokens=CONTEXT, kv_type=kv_type)
    engine.load(wanted, lambda _: None)
    messages: list[Message] = [UserMessage(text="Count.")]
    for turn in range(TURNS):
        list(engine.generate(Prompt("You help.", (), tuple(messages)), Cancel(), Sampling(max_tokens=2)))
        call = ToolCall(id=str(turn), name="read", arguments={})
        messages.append(ModelMessage(text="", call=call))
        messages.append(ToolMessage(call_id=call.id, name=call.name, content=f"{turn} b c d " * 14))
    engine.save(tmp_path / "conversation")
    assert engine.pid
    measured = high_water_mark(engine.pid)
    predicted = make_plan(Shape.of(read_header(file)), Machine.this(), wanted).memory.peak
    assert predicted == pytest.approx(measured, rel=0.1)


def high_water_mark(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("kv_type", ["f16", "q8_0"])
def test_a_cache_has_a_cell_for_every_token_or_for_every_token_of_the_window(kv_type: KvType, tmp_path: Path):
    file = write_shaped(tmp_path / "model.gguf", GEMMA)
    keeping = range(5)
    cells = {True: 1024, False: 4096}  # a window of 512 and a batch of 512; all of the context
    elements = sum(
        2 * (GEMMA.head if GEMMA.full(layer) else GEMMA.head_swa) * cells[not GEMMA.full(layer)]
        for layer in keeping
    )
    settings = Settings(4000, kv_type)
    bytes_each = {"f16": 2.0, "q8_0": 34 / 32}[kv_type]
    assert predict(Shape.of(read_header(file)), settings, LAPTOP).kv == elements * bytes_each


def test_a_checkpoint_has_the_bytes_of_the_window(gemma: Shape):
    sliding_layers_that_keep = 4
    elements = 2 * GEMMA.head_swa * GEMMA.window * sliding_layers_that_keep
    assert checkpoint_bytes(gemma, Settings(8192)) == elements * 2


def test_what_is_assumed_of_the_context_is_how_it_is_made():
    assert (MICRO_BATCH, OUTPUTS) == (SLICE, MOST_SCORED)


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("lazy", [True, False])
def test_a_model_says_the_same_however_its_file_is_read(mapped: bool, lazy: bool, tmp_path: Path):
    file = write_shaped(tmp_path / "model.gguf", GEMMA)
    plain, other = (
        NativeContext(NativeModel(str(file), 0, lambda _: True, *how), 512, 1)
        for how in ((True, False), (mapped, lazy))
    )
    for context in (plain, other):
        context.decode([2, 30, 31, 32], 0)
    assert other.logits().tolist() == plain.logits().tolist()


def test_the_shape_of_other_architectures_is_read_as_well(llama_file: Path):
    shape = Shape.of(read_header(llama_file))
    assert [layer.kv_elements for layer in shape.layers] == [64, 64]
    assert not any(layer.slides for layer in shape.layers)
