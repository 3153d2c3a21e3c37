"""What a model is given of the machine: the best of a ladder of settings that fits, and one sentence about it.

From plenty to scarcity: a long context, then 8,192 tokens, an 8-bit KV cache and smaller pictures, then less context.
When even the last rung does not fit, the model is refused with numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agent.engine.fit.machine import Machine
from agent.engine.fit.memory import (
    FLOAT,
    MICRO_BATCH,
    PROCESSOR_MICRO_BATCH,
    KvType,
    Memory,
    Settings,
    checkpoint_bytes,
    predict,
)
from agent.engine.fit.shape import Shape
from agent.engine.fit.speed import WORDS_PER_TOKEN
from agent.engine.fit.speed import tokens_per_second as rate
from agent.engine.fit.towers import towers_bytes
from agent.engine.gguf.header import read_header
from agent.engine.port import ModelSpec
from agent.errors import ModelLoadError

CONTEXTS = (32768, 16384, 8192)
"""Tokens of context that are tried, if the model was trained on so many. An agent's prompt begins with 2,000 to 3,000,
a step adds some hundreds, and prefilling more than 32,768 takes a processor minutes."""
SHORT_CONTEXTS = (4096, 2048)
KV_SHARE = 1 / 8
"""Of the free memory, a context above the last of CONTEXTS may take this much."""

PICTURES = (280, 140, 70)
"""Soft tokens for a picture: usual, little, least (Gemma 4's own budgets)."""

SPARE_OF_ALL, SPARE_OF_FREE = 1 / 20, 1 / 8
"""What is left free for everything else, if it can be: the smaller of these shares of the memory."""
DEVICE_SHARE, DEVICE_BYTES = 0.95, 256 << 20
"""Of a graphics card's free memory this share is used, and so many bytes less: drivers take some for themselves."""

WORTH_WHILE = 0.9
"""Another way of reading the file is taken when the peak is less than this share of what it would be."""

CHECKPOINTS, CHECKPOINTS_BYTES = 16, 512 << 20
"""At most. Sixteen, spaced by their distance from the end, stand less than half as far apart as that distance up to
32,768 tokens."""
EMBEDDINGS_BYTES, LEAST_EMBEDDINGS_BYTES = 128 << 20, 16 << 20
PICTURES_HELD = 8
"""Whose embeddings a long conversation has."""
CACHES_SHARE = 1 / 4
"""Checkpoints and the embeddings of pictures together may take this much of what the model leaves, but at least two
checkpoints and a picture or two."""

SMALL = 50_000_000
"""Parameters below which one thread is best: waiting for each other at every layer costs threads more than they save,
and very much more when the cores are busy (a 5 M model beside a loaded machine: 52 tokens/s on one, 6 on two)."""

GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How to load a model. ``checkpoint_bytes`` and ``embedding_bytes`` are caps; ``memory`` counts what a long
    conversation makes of them."""

    settings: Settings
    threads: int
    image_tokens: int
    checkpoint_bytes: int
    embedding_bytes: int
    memory: Memory
    tokens_per_second: float
    """How fast it will write; 0 when that is not known."""
    says: str
    """One sentence for a person."""


@dataclass(frozen=True, slots=True)
class _Rung:
    context_tokens: int
    kv_type: KvType
    image_tokens: int = PICTURES[0]


def make_plan(
    shape: Shape, machine: Machine, spec: ModelSpec, companions: int = 0, picture_tokens: int = 0
) -> Plan:
    """The best way to run ``shape`` that fits ``machine`` and respects what ``spec`` asks for.

    ``companions`` is what a projector and a drafter take, in bytes; ``picture_tokens`` must fit into one micro-batch.
    Raises ModelLoadError when nothing fits.
    """
    spare = int(min(machine.memory_bytes * SPARE_OF_ALL, machine.free_bytes * SPARE_OF_FREE))
    micro_batch = max(MICRO_BATCH if machine.devices else PROCESSOR_MICRO_BATCH, picture_tokens)
    rungs = list(_ladder(shape, spec))
    memory = None
    for rung in rungs:
        flash = bool(machine.devices) or rung.kv_type != "f16"
        settings = Settings(rung.context_tokens, rung.kv_type, micro_batch=micro_batch, flash=flash)
        settings, memory = _best(shape, machine, spec, settings, companions)
        long = rung.context_tokens > CONTEXTS[-1] and not spec.context_tokens
        modest = not long or memory.kv <= machine.free_bytes * KV_SHARE
        copy = checkpoint_bytes(shape, settings)
        left = _left(machine, memory) - 2 * copy - (0 if rung is rungs[-1] else spare)
        if left >= 0 and modest:
            share = int(left * CACHES_SHARE)
            image_tokens = spec.image_tokens or rung.image_tokens
            wanted = min(CHECKPOINTS_BYTES, CHECKPOINTS * copy or CHECKPOINTS_BYTES)
            checkpoints = max(2 * copy, min(wanted, share * 2 // 3))
            embeddings = min(EMBEDDINGS_BYTES, max(LEAST_EMBEDDINGS_BYTES, share // 3))
            pictures = PICTURES_HELD * image_tokens * shape.width * FLOAT if spec.projector else 0
            used = (checkpoints if copy else 0) + min(pictures, embeddings)
            plan = Plan(
                settings=settings,
                threads=threads(spec.threads, shape.header.parameters, machine),
                image_tokens=image_tokens,
                checkpoint_bytes=checkpoints,
                embedding_bytes=embeddings,
                memory=replace(memory, caches=used),
                tokens_per_second=0.0 if settings.gpu_layers else rate(shape, settings, machine.bandwidth),
                says="",
            )
            says = _sentence(shape, machine, plan, ample=rung is rungs[0])
            return replace(plan, says=says)
    assert memory is not None  # a ladder has at least two rungs
    raise _does_not_fit(shape, machine, memory)


def plan_file(path: Path, projector: Path | None, machine: Machine) -> Plan:
    """What the model at ``path`` would be given, for questions about files that are not loaded. Takes a quarter of a
    second with a large vocabulary. Raises ModelFileError, and ModelLoadError when it does not fit."""
    header = read_header(path)
    companions = towers_bytes(read_header(projector), PICTURES[0]) if projector else 0
    return make_plan(Shape.of(header), machine, ModelSpec(path, projector), companions)


def threads(asked: int, parameters: int, machine: Machine) -> int:
    """Threads for decoding and prefilling."""
    if asked > 0:
        return asked
    return 1 if parameters < SMALL else machine.cores


def _ladder(shape: Shape, spec: ModelSpec) -> Iterator[_Rung]:
    """Settings from the best to the least."""
    trained = shape.header.trained_context_tokens or CONTEXTS[-1]
    kv: KvType = "f16" if spec.kv_type == "auto" else spec.kv_type
    scarce: KvType = "q8_0" if spec.kv_type == "auto" and shape.quantisable else kv
    if spec.context_tokens:
        wanted = [min(spec.context_tokens, trained)]
    else:
        wanted = [context for context in CONTEXTS if context <= trained] or [trained]
    for context in wanted:
        yield _Rung(context, kv)
    usual = wanted[-1]
    yield _Rung(usual, scarce, PICTURES[1])
    for context in SHORT_CONTEXTS:
        if context < usual:
            yield _Rung(context, scarce, PICTURES[2])


def _best(
    shape: Shape, machine: Machine, spec: ModelSpec, settings: Settings, companions: int
) -> tuple[Settings, Memory]:
    """As many layers on the graphics card as fit; without one, the file mapped as a whole unless another way of reading
    it saves memory. Weights that are copied into another order would be there twice, mapped; the table of per-layer
    embeddings can stay on the disk, for a token needs a few kilobytes of it."""
    if machine.devices:
        settings = _on_devices(shape, machine, spec, settings, companions)
        return settings, predict(shape, settings, machine, companions)
    ways = [(True, False), (False, False)] + ([(True, True), (False, True)] if shape.layer_table else [])
    tried = [replace(settings, mapped=mapped, lazy=lazy) for mapped, lazy in ways]
    best, taken = tried[0], predict(shape, tried[0], machine, companions)
    for way in tried[1:]:
        memory = predict(shape, way, machine, companions)
        room = max(taken.needed, int(machine.free_bytes * (1 - SPARE_OF_FREE)))
        if memory.peak < taken.peak * WORTH_WHILE and memory.needed <= room:
            best, taken = way, memory
    return best, taken


def _on_devices(
    shape: Shape, machine: Machine, spec: ModelSpec, settings: Settings, companions: int
) -> Settings:
    all_layers = len(shape.layers) + 1  # the output matrix counts as one
    if spec.gpu_layers >= 0:
        return replace(settings, gpu_layers=min(spec.gpu_layers, all_layers))
    room = sum(int(device.free_bytes * DEVICE_SHARE) - DEVICE_BYTES for device in machine.devices)
    for layers in range(all_layers, 0, -1):
        tried = replace(settings, gpu_layers=layers)
        if predict(shape, tried, machine).device + companions <= room:
            return tried
    return settings


def _left(machine: Machine, memory: Memory) -> int:
    """Bytes that stay free beside the model; less than nothing when it does not fit."""
    shared = any(device.shared for device in machine.devices)
    return machine.free_bytes - memory.needed - (memory.device if shared else 0)


def _sentence(shape: Shape, machine: Machine, plan: Plan, ample: bool) -> str:
    settings = plan.settings
    where = "one core" if plan.threads == 1 else f"{plan.threads} cores"
    if settings.gpu_layers:
        where += f" and {machine.devices[0].name} ({settings.gpu_layers} of {len(shape.layers) + 1} layers)"
    says = f"{settings.context_tokens:,} tokens of context on {where}"
    if settings.kv_type != "f16":
        says += ", kept in 8 bits"
    says += f"; needs about {size(plan.memory.needed)} of the {size(machine.free_bytes)} that are free"
    if plan.tokens_per_second:
        says += f" and writes about {_round(plan.tokens_per_second * WORDS_PER_TOKEN)} words a second"
    return says + ("." if ample else ", which is less than usual, for want of memory.")


def _does_not_fit(shape: Shape, machine: Machine, memory: Memory) -> ModelLoadError:
    return ModelLoadError(
        f"{shape.header.name} needs about {size(memory.needed)} of memory, and {size(machine.free_bytes)} are free. "
        "It was not loaded; nothing was changed.",
        "Close other applications, or choose a smaller model.",
    )


def size(count: int) -> str:
    """Bytes for a person: "1.9 GB", "22 GB", "340 MB"."""
    if count < GB:
        return f"{max(1, round(count / 1_000_000))} MB"
    return f"{count / GB:.1f} GB" if count < 10 * GB else f"{count / GB:.0f} GB"


def _round(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 2 else f"{rate:.1f}"
