"""A tiny GGUF of Gemma 3n's architecture (AltUp, LAuReL, layers that share their KV) with random weights.

llama.cpp lets the layers from the twentieth on share, so there are 21 of them, each as small as can be.
"""

from __future__ import annotations

from pathlib import Path

from tests.agent.engine.random_gguf import RandomGguf, Sizes
from tests.agent.engine.tiny_model import (
    BYTE,
    CHARACTERS,
    CONTROL,
    GEMMA_NORMS,
    NORMAL,
    UNKNOWN,
    WINDOW,
)

LAYERS = 21
ALTUP, PER_LAYER, RANK = 4, 256, 64
"""Fixed in llama.cpp (``llama-hparams.h``): copies of the residual stream, width per layer, rank of LAuReL."""

NORMS = ("post_norm", "laurel_post_norm", "altup_correct_scale", "altup_router_norm")

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
    sizes = Sizes()
    width = sizes.width
    writer = RandomGguf(path, "gemma3n", "Tiny Gemma 3n", seed, sizes, LAYERS)
    writer.add_head_sizes()
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(WINDOW)
    vocabulary = [*MARKS.items(), *_ordinary()]
    writer.add_tokenizer_model("llama")
    writer.add_tokens(vocabulary)
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_sentence_marks(space_prefix)
    writer.add_chat_template(GEMMA3_TEMPLATE)
    writer.weight("token_embd", len(vocabulary), width, scale=0.5)
    writer.weight("output", len(vocabulary), width)
    writer.weight("per_layer_token_embd", len(vocabulary), PER_LAYER * LAYERS, scale=0.5)
    writer.weight("per_layer_model_proj", PER_LAYER * LAYERS, width)
    writer.weight("altup_proj", ALTUP - 1, width, width)
    writer.weight("altup_unembd_proj", ALTUP - 1, width, width)
    writer.ones(PER_LAYER, "per_layer_proj_norm")
    writer.ones(width, "output_norm")
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        writer.ones(width, *(f"{block}.{norm}" for norm in (*GEMMA_NORMS, *NORMS)))
        writer.attention(block, norms=True)
        writer.feed_forward(block)
        writer.weight(f"{block}.inp_gate", PER_LAYER, width)
        writer.weight(f"{block}.proj", width, PER_LAYER)
        writer.weight(f"{block}.altup_correct_coef", ALTUP, ALTUP)
        writer.weight(f"{block}.altup_predict_coef", ALTUP * ALTUP, ALTUP)
        writer.weight(f"{block}.altup_router", ALTUP, width)
        writer.weight(f"{block}.laurel_l", RANK, width)
        writer.weight(f"{block}.laurel_r", width, RANK)
    return writer.finish()


def _ordinary() -> list[tuple[str, int]]:
    return [*((text, NORMAL) for text in CHARACTERS), *((f"<0x{byte:02X}>", BYTE) for byte in range(256))]
