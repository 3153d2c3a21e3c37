"""What a model is given: from made-up machines, no graphics card of which is real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engine.fit import Device, Machine, Settings, Shape, make_plan, predict
from agent.engine.fit.memory import PROCESSOR_MICRO_BATCH, checkpoint_bytes
from agent.engine.fit.plan import CHECKPOINTS
from agent.engine.port import ModelSpec
from agent.errors import ModelLoadError
from tests.agent.engine.fit.conftest import GEMMA, GIB, LAPTOP, MIB, shape_of

ANY = ModelSpec(Path("model.gguf"))


def least(shape: Shape) -> int:
    """Bytes of free memory that just do for ``shape``."""
    return predict(shape, Settings(2048, "q8_0"), LAPTOP).needed


def test_with_plenty_of_memory_the_context_is_long_and_exact(gemma: Shape):
    plan = make_plan(gemma, LAPTOP, ANY)
    assert (plan.settings.context_tokens, plan.settings.kv_type, plan.image_tokens) == (32768, "f16", 280)


def test_the_context_is_never_longer_than_what_was_trained(tmp_path: Path):
    shape = shape_of(tmp_path / "m.gguf", replace(GEMMA, context=2048))
    assert make_plan(shape, LAPTOP, ANY).settings.context_tokens == 2048
    assert make_plan(shape, LAPTOP, replace(ANY, context_tokens=9000)).settings.context_tokens == 2048


def test_a_long_context_is_only_given_when_it_takes_a_small_part_of_what_is_free(gemma: Shape):
    kv = predict(gemma, Settings(32768, micro_batch=PROCESSOR_MICRO_BATCH), LAPTOP).kv
    assert make_plan(gemma, replace(LAPTOP, free_bytes=8 * kv), ANY).settings.context_tokens == 32768
    assert make_plan(gemma, replace(LAPTOP, free_bytes=8 * kv - 1), ANY).settings.context_tokens < 32768


def test_what_is_asked_for_is_given(gemma: Shape):
    spec = replace(ANY, context_tokens=5000, kv_type="q8_0", threads=3, image_tokens=1120)
    plan = make_plan(gemma, LAPTOP, spec)
    assert (plan.settings.context_tokens, plan.settings.kv_type) == (5000, "q8_0")
    assert (plan.threads, plan.image_tokens) == (3, 1120)


def test_when_memory_is_short_context_cache_and_pictures_become_smaller(gemma: Shape):
    plan = make_plan(gemma, replace(LAPTOP, free_bytes=least(gemma) + MIB), ANY)
    assert (plan.settings.context_tokens, plan.settings.kv_type, plan.image_tokens) == (2048, "q8_0", 70)
    assert "less than usual, for want of memory" in plan.says


def test_a_large_table_for_the_layers_stays_on_the_disk(gemma: Shape, tmp_path: Path):
    large = shape_of(tmp_path / "m.gguf", replace(GEMMA, per_layer=512))
    short = replace(ANY, context_tokens=2048)
    assert not make_plan(gemma, LAPTOP, short).settings.lazy
    assert make_plan(large, LAPTOP, short).settings.lazy


def test_what_does_not_fit_is_refused_with_numbers(gemma: Shape):
    machine = replace(LAPTOP, free_bytes=40_000_000)
    with pytest.raises(ModelLoadError, match=r"needs about \d+ MB of memory, and 40 MB are free") as refusal:
        make_plan(gemma, machine, ANY)
    assert refusal.value.remedy == "Close other applications, or choose a smaller model."


def test_a_file_that_is_copied_into_another_order_is_read_and_not_mapped(tmp_path: Path):
    eight, four = (
        shape_of(tmp_path / f"{bits}.gguf", replace(GEMMA, layers=40, shared=0, weights=bits))
        for bits in ("Q8_0", "Q4_0")
    )
    short = replace(ANY, context_tokens=2048)
    assert make_plan(eight, LAPTOP, short).settings.mapped
    plan = make_plan(four, LAPTOP, short)
    assert not plan.settings.mapped
    other = predict(four, replace(plan.settings, mapped=True), LAPTOP)
    assert plan.memory.peak - plan.memory.caches < other.peak


def test_a_small_model_gets_one_thread_and_a_large_one_all_cores(gemma: Shape, tmp_path: Path):
    assert make_plan(gemma, LAPTOP, ANY).threads == 1
    large = shape_of(tmp_path / "large.gguf", replace(GEMMA, width=1024, vocabulary=65536))
    assert make_plan(large, LAPTOP, ANY).threads == 8


def test_the_sentence_says_what_was_given_and_what_it_takes(gemma: Shape):
    plan = make_plan(gemma, replace(LAPTOP, bandwidth=20e9), ANY)
    words = round(plan.tokens_per_second * 0.75)
    assert plan.says.startswith("32,768 tokens of context on one core; needs about ")
    assert plan.says.endswith(f" of the 13 GB that are free and writes about {words} words a second.")


def test_the_caches_take_a_part_of_what_is_left_and_never_more_than_they_need(gemma: Shape):
    plenty = make_plan(gemma, LAPTOP, ANY)
    scarce = make_plan(gemma, replace(LAPTOP, free_bytes=least(gemma) + 30 * MIB), ANY)
    copy = checkpoint_bytes(gemma, plenty.settings)
    assert (plenty.checkpoint_bytes, plenty.embedding_bytes) == (CHECKPOINTS * copy, 128 * MIB)
    assert 2 * copy <= scarce.checkpoint_bytes < 30 * MIB
    assert plenty.memory.caches == CHECKPOINTS * copy
    assert scarce.embedding_bytes == 16 * MIB


CARD = Device("Made-up Card", 8 * GIB)


def test_on_a_graphics_card_with_room_every_layer_is_put(gemma: Shape):
    plan = make_plan(gemma, replace(LAPTOP, devices=(CARD,)), ANY)
    assert plan.settings.gpu_layers == len(gemma.layers) + 1
    assert "Made-up Card (11 of 11 layers)" in plan.says


def test_on_a_small_graphics_card_some_layers_are_put(gemma: Shape):
    everything = predict(gemma, Settings(32768, gpu_layers=11), replace(LAPTOP, devices=(CARD,))).device
    card = Device("Small Made-up Card", int((everything - MIB + 256 * MIB) / 0.95))
    plan = make_plan(gemma, replace(LAPTOP, devices=(card,)), ANY)
    assert 0 < plan.settings.gpu_layers < 11
    assert plan.memory.device <= everything - MIB


def test_as_many_layers_as_asked_are_put_on_a_graphics_card(gemma: Shape):
    machine = replace(LAPTOP, devices=(CARD,))
    assert make_plan(gemma, machine, replace(ANY, gpu_layers=4)).settings.gpu_layers == 4
    assert make_plan(gemma, machine, replace(ANY, gpu_layers=0)).memory.device == 0
    assert make_plan(gemma, LAPTOP, replace(ANY, gpu_layers=4)).settings.gpu_layers == 0


def test_on_a_card_without_memory_of_its_own_the_layers_count_as_the_computers(gemma: Shape):
    needed = least(gemma) // 2
    machine = replace(LAPTOP, free_bytes=needed, devices=(replace(CARD, shared=True),))
    with pytest.raises(ModelLoadError):
        make_plan(gemma, machine, ANY)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(free=st.integers(0, 4 * GIB), cores=st.integers(1, 64), card=st.none() | st.integers(0, 2 * GIB))
def test_whatever_is_planned_fits(gemma: Shape, free: int, cores: int, card: int | None):
    devices = () if card is None else (Device("Made-up Card", card),)
    machine = Machine(4 * GIB, free, cores, devices)
    try:
        plan = make_plan(gemma, machine, ANY)
    except ModelLoadError:
        assert free < least(gemma) + GIB // 4
        return
    assert plan.memory.needed <= free
    assert plan.memory.device <= (card or 0)
    assert plan.settings.context_tokens in (32768, 16384, 8192, 4096, 2048)
