"""How much memory a model takes when it is loaded in a certain way: the formulas, each with where it comes from.

Two totals, which differ by pages of the file that can be dropped and read again: ``peak`` is the most that the engine
process will show (its high-water mark), ``needed`` is what must be there for it to run without reading the disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from agent.engine.fit.machine import Machine
from agent.engine.fit.shape import Layer, Shape
from agent.engine.gguf.header import BLOCKS, Tensor

KvType = Literal["f16", "q8_0"]

MICRO_BATCH = 512
"""Tokens that go through the layers together on a graphics card (``n_ubatch``), and in one decode anywhere."""
PROCESSOR_MICRO_BATCH = 128
"""The same on a processor: no slower than 512 there, takes less memory, and a stop, which is seen between two nodes of
the graph, does not wait for the attention of 512 tokens to a long history."""
OUTPUTS = 32
"""Tokens of a batch whose logits can be asked for (``n_outputs_max``)."""
CELLS = 256
"""KV caches come in multiples of so many cells (``GGML_PAD`` in llama-context.cpp and llama-kv-cache-iswa.cpp)."""

TOKEN_BYTES, MERGE_BYTES, TEXT_BYTES = 128, 113, 32
"""What a token and a merge take in llama.cpp's vocabulary, and a string in the header while it is read (measured with
Gemma's: 262,144 tokens and 514,906 merges are 92 MiB, and 24 MiB more during loading)."""
RUNTIME_BYTES = 8 << 20
"""Graphs, contexts and the libraries' own pages, touched by the first decode."""
FLOAT = 4
KV_BLOCKS = {"f16": BLOCKS[1], "q8_0": BLOCKS[8]}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is loaded. ``mapped``: the weights stay in the file's pages where no other order is wanted.
    ``lazy``: rows of the per-layer embeddings are read from the disk when a token needs them. ``flash``: attention
    without a matrix of its weights; an 8-bit cache has no other."""

    context_tokens: int
    kv_type: KvType = "f16"
    gpu_layers: int = 0
    mapped: bool = True
    lazy: bool = False
    micro_batch: int = MICRO_BATCH
    flash: bool = True


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. ``weights`` have a place of their own, ``file`` are pages of the mapped file, of which ``cold`` are not
    looked at again; ``companions`` are a projector's towers and a drafter; ``caches`` are the checkpoints and the
    embeddings of a long conversation; ``copied`` is its KV once more, for as long as it is being saved; ``device`` is
    what is on graphics cards, and counted in nothing else."""

    process: int
    vocabulary: int
    loading: int
    weights: int
    file: int
    cold: int
    kv: int
    compute: int
    companions: int
    caches: int
    copied: int
    device: int

    @property
    def needed(self) -> int:
        return (
            self.process
            + self.vocabulary
            + self.weights
            + (self.file - self.cold)
            + self.kv
            + self.compute
            + self.companions
            + self.caches
        )

    @property
    def peak(self) -> int:
        settled = self.needed + self.cold + self.copied
        while_loading = self.process + self.vocabulary + self.loading + self.weights + self.file
        return max(settled, while_loading)


def predict(shape: Shape, settings: Settings, machine: Machine, companions: int = 0) -> Memory:
    """What ``shape`` takes, loaded with ``settings`` on ``machine`` together with ``companions`` bytes of others."""
    place = _place(shape, settings, machine)
    kv_here, kv_there = (kv_bytes(shape, layers, settings) for layers in _split(shape, settings, machine))
    computed = compute_bytes(shape, settings)
    whole = _sum(shape.header.tensors) - (place.rows if settings.lazy else 0)
    apart = place.used + place.doubled + (0 if settings.lazy else place.rows)
    return Memory(
        process=machine.process_bytes,
        vocabulary=shape.vocabulary * TOKEN_BYTES + shape.merges * MERGE_BYTES,
        loading=(shape.vocabulary + shape.merges) * TEXT_BYTES,
        weights=place.copied + (0 if settings.mapped else apart),
        file=whole if settings.mapped else 0,
        cold=whole - place.used if settings.mapped else 0,
        kv=kv_here,
        compute=(0 if place.device else computed) + RUNTIME_BYTES,
        companions=companions,
        caches=0,
        copied=kv_here + kv_there,
        device=place.device + kv_there + (computed if place.device else 0),
    )


def kv_bytes(shape: Shape, layers: Iterable[Layer], settings: Settings) -> int:
    """The KV cache of ``layers``: every cell of a full layer, a window and a batch of a sliding one."""
    cells = padded(settings.context_tokens)
    window_cells = padded(min(cells, shape.window + settings.micro_batch))
    elements = sum(layer.kv_elements * (window_cells if layer.slides else cells) for layer in layers)
    _, block, block_bytes = KV_BLOCKS[settings.kv_type]
    return elements // block * block_bytes


def checkpoint_bytes(shape: Shape, settings: Settings) -> int:
    """A copy of the sliding layers' window; 0 when none slides."""
    elements = sum(layer.kv_elements for layer in shape.layers if layer.slides)
    _, block, block_bytes = KV_BLOCKS[settings.kv_type]
    return elements * shape.window // block * block_bytes


def compute_bytes(shape: Shape, settings: Settings) -> int:
    """The buffer of intermediate results, as ggml's allocator lays it out: masks and inputs, which live throughout, and
    the largest of the stages that follow each other. Agrees with llama.cpp's own figure within a tenth where that is
    above 30 MB."""
    batch = settings.micro_batch
    cells = padded(settings.context_tokens)
    seen = cells
    if any(layer.slides for layer in shape.layers):
        seen += padded(min(cells, shape.window + batch))
    masks = batch * seen * (2 if settings.flash else FLOAT)
    row = FLOAT * batch
    weights = 0 if settings.flash else row * cells * shape.heads
    feed = max((layer.feed for layer in shape.layers), default=0)
    query = max((layer.query_elements for layer in shape.layers), default=0)
    stages = (
        row * (3 * feed + 4 * shape.width),
        row * (2 * query + 2 * shape.width) + weights,
        FLOAT * OUTPUTS * shape.vocabulary + row * shape.width,
    )
    return masks + max(stages) + 3 * row * shape.per_layer_width


def padded(cells: int) -> int:
    return -(-cells // CELLS) * CELLS


def repacked(tensor: Tensor, machine: Machine) -> bool:
    """Whether ``tensor``, a matrix to multiply with, is copied into another order on this machine's processor."""
    rows = tensor.dimensions[1] if len(tensor.dimensions) > 1 else 0
    return tensor.type in machine.repacks and rows > 1 and rows % 8 == 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the weights' bytes are. ``used`` in the order of the file, ``copied`` in another, on a ``device``; ``rows``
    are a table of which few rows are read; ``doubled`` is a token table read a second time as the output matrix."""

    used: int
    copied: int
    device: int
    rows: int
    doubled: int


def _place(shape: Shape, settings: Settings, machine: Machine) -> _Place:
    here, there = _split(shape, settings, machine)
    output_there = _first_there(shape, settings, machine) <= len(shape.layers)
    matrices = [tensor for layer in here for tensor in layer.tensors]
    moved = [tensor for layer in there for tensor in layer.tensors]
    outputs = [shape.output] if shape.output else []
    tables = [shape.token_table] if shape.token_table else []
    copied = [tensor for tensor in matrices if repacked(tensor, machine)]
    if output_there:
        moved += outputs
    elif outputs and repacked(outputs[0], machine):
        copied += outputs
    elif outputs and not shape.tied:
        tables += outputs
    doubled = shape.tied and not output_there and not any(repacked(tensor, machine) for tensor in outputs)
    return _Place(
        used=_sum((*tables, *shape.rest, *(t for t in matrices if not repacked(t, machine)))),
        copied=_sum(copied),
        device=_sum(moved),
        rows=shape.layer_table.bytes if shape.layer_table else 0,
        doubled=_sum(outputs) if doubled else 0,
    )


def _first_there(shape: Shape, settings: Settings, machine: Machine) -> int:
    """The first layer on a graphics card; the output counts as one more layer, the last."""
    count = len(shape.layers) + 1
    return max(0, count - settings.gpu_layers) if machine.devices else count


def _split(shape: Shape, settings: Settings, machine: Machine) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """The layers in the computer's memory and those on a graphics card."""
    first = _first_there(shape, settings, machine)
    return shape.layers[:first], shape.layers[first:]


def _sum(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.bytes for tensor in tensors)
