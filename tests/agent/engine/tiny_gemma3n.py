"""A tiny GGUF of Gemma 3n's architecture (AltUp, LAuReL, layers that share their KV) with random weights.

llama.cpp lets the layers from the twentieth on share, so there are 21 of them, each as small as can be.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from tests.agent.engine.tiny_model import BYTE, CHARACTERS, CONTEXT, CONTROL, NORMAL, UNKNOWN, WINDOW

LAYERS = 21
ALTUP, PER_LAYER, RANK = 4, 256, 64
"""Fixed in llama.cpp (``llama-hparams.h``): copies of the residual stream, width per layer, rank of LAuReL."""

MARKS = {
    "<pad>": CONTROL,
    "<eos>": CONTROL,
    "<bos>": CONTROL,
    "<unk>": UNKNOWN,
    "<start_of_turn>": CONTROL,
    "<end_of_turn>": CONTROL,
}

GEMMA3_TEMPLATE = """\
{{ bos_token }}
{%- set first = messages[0].content + '\\n\\n' if messages[0].role == 'system' else '' -%}
{%- for message in (messages[1:] if messages[0].role == 'system' else messages) -%}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}
{{ raise_exception('turns must alternate') }}
{%- endif -%}
<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{{ first if loop.first }}{{ message.content | trim }}<end_of_turn>
{% endfor -%}
{%- if add_generation_prompt -%}<start_of_turn>model
{% endif -%}
"""
"""What Gemma 3's says: no system turn, no tools, no turns of theirs."""


def write_gemma3n(path: Path, seed: int = 0, space_prefix: bool = False) -> Path:
    """A Gemma 3n of some megabytes. ``space_prefix`` makes its vocabulary begin every text with a space, as Llama 2's
    does and Gemma's does not."""
    width, head, heads, feed = 64, 32, 2, 96
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "gemma3n")
    writer.add_name("Tiny Gemma 3n")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(WINDOW)
    vocabulary = [*MARKS.items(), *_ordinary()]
    _add_tokenizer(writer, vocabulary, space_prefix)

    def weight(name: str, *shape: int, scale: float | None = None) -> None:
        deviation = scale if scale is not None else 1.5 / np.sqrt(shape[-1])
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape) * deviation).astype(np.float32))

    def ones(name: str, size: int) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    weight("token_embd", len(vocabulary), width, scale=0.5)
    weight("output", len(vocabulary), width)
    weight("per_layer_token_embd", len(vocabulary), PER_LAYER * LAYERS, scale=0.5)
    weight("per_layer_model_proj", PER_LAYER * LAYERS, width)
    weight("altup_proj", ALTUP - 1, width, width)
    weight("altup_unembd_proj", ALTUP - 1, width, width)
    ones("per_layer_proj_norm", PER_LAYER)
    ones("output_norm", width)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        norms = (
            "attn_norm",
            "post_attention_norm",
            "ffn_norm",
            "post_ffw_norm",
            "post_norm",
            "laurel_post_norm",
        )
        for norm in (*norms, "altup_correct_scale", "altup_router_norm"):
            ones(f"{block}.{norm}", width)
        ones(f"{block}.attn_q_norm", head)
        ones(f"{block}.attn_k_norm", head)
        weight(f"{block}.attn_q", heads * head, width)
        weight(f"{block}.attn_k", head, width)
        weight(f"{block}.attn_v", head, width)
        weight(f"{block}.attn_output", width, heads * head)
        weight(f"{block}.ffn_gate", feed, width)
        weight(f"{block}.ffn_up", feed, width)
        weight(f"{block}.ffn_down", width, feed)
        weight(f"{block}.inp_gate", PER_LAYER, width)
        weight(f"{block}.proj", width, PER_LAYER)
        weight(f"{block}.altup_correct_coef", ALTUP, ALTUP)
        weight(f"{block}.altup_predict_coef", ALTUP * ALTUP, ALTUP)
        weight(f"{block}.altup_router", ALTUP, width)
        weight(f"{block}.laurel_l", RANK, width)
        weight(f"{block}.laurel_r", width, RANK)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _ordinary() -> list[tuple[str, int]]:
    return [*((text, NORMAL) for text in CHARACTERS), *((f"<0x{byte:02X}>", BYTE) for byte in range(256))]


def _add_tokenizer(writer: gguf.GGUFWriter, vocabulary: list[tuple[str, int]], space_prefix: bool) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in vocabulary])
    writer.add_token_types([kind for _, kind in vocabulary])
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(space_prefix)
    writer.add_chat_template(GEMMA3_TEMPLATE)
