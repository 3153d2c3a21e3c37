"""GGUF files of a chosen shape and size, for tests and measurements of memory: Gemma 4's architecture, random weights.

Where :mod:`tests.agent.engine.tiny_model` is about what a model says, this is about how large it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from tests.agent.engine.tiny_model import CHARACTERS, GEMMA_CONTROL, GEMMA_MARKS, GEMMA_TEMPLATE

WeightType = Literal["F16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"]

SCALES: dict[WeightType, tuple[int, ...]] = {"Q8_0": (0,), "Q4_0": (0,), "Q4_K": (0, 2), "Q6_K": (208,)}
"""Where in a block its 16-bit scales stand; all other bytes may be anything."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A Gemma 4 in numbers. Every ``period``-th layer is a full one; the last ``shared`` layers keep no KV."""

    layers: int = 10
    width: int = 512
    feed: int = 1024
    heads: int = 4
    heads_kv: int = 1
    head: int = 256
    head_swa: int = 128
    window: int = 512
    period: int = 5
    shared: int = 0
    per_layer: int = 0
    vocabulary: int = 8192
    context: int = 32768
    weights: WeightType = "Q8_0"
    split_after: int = 0
    """Tensors in each file of a split one; 0 for a single file."""

    def full(self, layer: int) -> bool:
        return layer % self.period == self.period - 1


def write_shaped(path: Path, shape: Shape) -> Path:
    """Write a model of ``shape``; quick, because its tensors repeat a megabyte of random numbers."""
    writer = gguf.GGUFWriter(path, "gemma4", split_max_tensors=shape.split_after)
    writer.add_name("Shaped Gemma")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_key_length_swa(shape.head_swa)
    writer.add_value_length_swa(shape.head_swa)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_rope_freq_base_swa(10_000.0)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_dimension_count_swa(shape.head_swa)
    writer.add_sliding_window(shape.window)
    writer.add_sliding_window_pattern([not shape.full(layer) for layer in range(shape.layers)])
    writer.add_shared_kv_layers(shape.shared)
    writer.add_embedding_length_per_layer_input(shape.per_layer)
    writer.add_final_logit_softcapping(30.0)
    _add_vocabulary(writer, shape.vocabulary)
    _add_tensors(writer, shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tensors(writer: gguf.GGUFWriter, shape: Shape) -> None:
    weight = _weights(writer, shape.weights)

    def ones(name: str, size: int) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    width = shape.width
    weight("token_embd", shape.vocabulary, width)
    ones("output_norm", width)
    ones("rope_freqs", shape.head // 2)
    if shape.per_layer:
        weight("per_layer_token_embd", shape.vocabulary, shape.per_layer * shape.layers)
        weight("per_layer_model_proj", shape.per_layer * shape.layers, width)
        ones("per_layer_proj_norm", shape.per_layer)
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        head = shape.head if shape.full(layer) else shape.head_swa
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            ones(f"{block}.{norm}", width)
        ones(f"{block}.attn_q_norm", head)
        ones(f"{block}.attn_k_norm", head)
        weight(f"{block}.attn_q", shape.heads * head, width)
        weight(f"{block}.attn_k", shape.heads_kv * head, width)
        weight(f"{block}.attn_v", shape.heads_kv * head, width)
        weight(f"{block}.attn_output", width, shape.heads * head)
        weight(f"{block}.ffn_gate", shape.feed, width)
        weight(f"{block}.ffn_up", shape.feed, width)
        weight(f"{block}.ffn_down", width, shape.feed)
        if shape.per_layer:
            ones(f"{block}.post_norm", width)
            weight(f"{block}.inp_gate", shape.per_layer, width)
            weight(f"{block}.proj", width, shape.per_layer)


def _weights(writer: gguf.GGUFWriter, kind: WeightType) -> Callable[..., None]:
    """Adds a matrix of ``kind`` by name, rows and columns."""
    random = np.random.default_rng(0)
    quantisation = GGMLQuantizationType[kind]
    block, block_bytes = GGML_QUANT_SIZES[quantisation]
    if kind == "F16":
        pool = (random.standard_normal(1 << 19) * 0.02).astype(np.float16).view(np.uint8)
    else:
        blocks = random.integers(0, 256, ((1 << 20) // block_bytes, block_bytes), dtype=np.uint8)
        for at in SCALES[kind]:
            blocks[:, at : at + 2] = np.array([0.0004], dtype=np.float16).view(np.uint8)
        pool = blocks.ravel()

    def add(name: str, rows: int, columns: int) -> None:
        row_bytes = columns // block * block_bytes
        data = np.resize(pool, rows * row_bytes).reshape(rows, row_bytes)
        writer.add_tensor(f"{name}.weight", data, raw_dtype=quantisation)

    return add


def _add_vocabulary(writer: gguf.GGUFWriter, size: int) -> None:
    texts = [*GEMMA_CONTROL, *GEMMA_MARKS, *dict.fromkeys(CHARACTERS)]
    texts += [f"<0x{byte:02X}>" for byte in range(256)]
    texts += [f"w{index}" for index in range(size - len(texts))]
    kinds = [3] * len(GEMMA_CONTROL) + [4] * len(GEMMA_MARKS)
    kinds += [6 if text.startswith("<0x") else 1 for text in texts[len(kinds) :]]
    kinds[GEMMA_CONTROL.index("<unk>")] = 2
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    writer.add_token_scores([0.0] * size)
    writer.add_token_merges(["t h", "c a"])
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(GEMMA_TEMPLATE)
