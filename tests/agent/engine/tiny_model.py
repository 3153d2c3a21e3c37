"""Tiny GGUF files with random weights, for tests that run real llama.cpp: what they say means nothing, how they say
it is exactly what the large ones do.

``write_gemma`` has Gemma 4's architecture (sliding and full layers, per-layer embeddings, shared KV), its control
tokens and a chat template in its form; ``write_llama`` has neither and speaks the generic dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6

WINDOW = 32
CONTEXT = 2048

CHARACTERS = (
    "▁\nabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'\"()[]{}<>|/\\_-+*=%#@&~^$`é"
)
MERGES = [
    "t h",
    "th e",
    "▁ t",
    "i n",
    "▁ a",
    "e r",
    "o u",
    "< |",
    "| >",
    "c a",
    "ca l",
    "cal l",
    "t o",
    "o l",
]

GEMMA_CONTROL = [
    "<pad>", "<eos>", "<bos>", "<unk>", "<|tool>", "<tool|>", "<|think|>", "<|turn>", "<turn|>", "<|image|>",
]  # fmt: skip
GEMMA_MARKS = [
    "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", '<|"|>', "<|channel>", "<channel|>",
]  # fmt: skip

MEDIA_MARKS = ["<|image>", "<image|>", "<|audio>", "<audio|>"]

GEMMA_TEMPLATE = """\
{{- bos_token -}}
{%- if messages[0].role == 'system' or tools -%}
<|turn>system
{% if messages[0].role == 'system' %}{{ messages[0].content | trim }}{% endif %}
{%- for tool in tools or [] -%}
{%- set function = tool.function -%}
<|tool>declaration:{{ function.name }}{description:<|"|>{{ function.description }}<|"|>,parameters:{properties:{
{%- for key, value in function.parameters.properties | dictsort -%}
{{ ',' if not loop.first }}{{ key }}:{type:<|"|>{{ value.type | upper }}<|"|>}
{%- endfor -%} }}}<tool|>
{%- endfor -%}
<turn|>
{% endif -%}
{%- for message in messages if message.role in ['user', 'assistant'] -%}
<|turn>{{ 'model' if message.role == 'assistant' else 'user' }}
{{ message.content | trim }}<turn|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|turn>model
{% if not enable_thinking %}<|channel>thought
<channel|>{% endif %}
{%- endif -%}
"""

CHATML_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}
"""


def write_gemma(
    path: Path,
    seed: int = 0,
    layers: int = 4,
    eager: Mapping[str, float] | None = None,
    media: bool = False,
    width: int = 64,
) -> Path:
    """A Gemma 4 of a few hundred kilobytes, its last layers sharing the KV of earlier ones.

    ``media`` adds the tokens around pictures and sound; ``width`` 1536 makes mtmd read pictures causally, as it does
    for E2B (any other but 2560 makes it read them with attention in both directions).

    ``eager`` makes tokens come more often: the factor by which their row of the output matrix is enlarged.
    """
    head, heads, feed, per_layer = 32, 2, 96, 16
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "gemma4")
    writer.add_name("Tiny Gemma")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_key_length_swa(head)
    writer.add_value_length_swa(head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_rope_freq_base_swa(10_000.0)
    writer.add_rope_dimension_count(head)
    writer.add_rope_dimension_count_swa(head)
    writer.add_sliding_window(WINDOW)
    writer.add_sliding_window_pattern([layer % 2 == 0 for layer in range(layers)])
    writer.add_shared_kv_layers(2)
    writer.add_embedding_length_per_layer_input(per_layer)
    writer.add_final_logit_softcapping(30.0)
    vocabulary = _gemma_vocabulary(MEDIA_MARKS if media else [])
    _add_tokenizer(writer, "gemma4", vocabulary, GEMMA_TEMPLATE)

    def weight(name: str, *shape: int, scale: float | None = None) -> None:
        deviation = scale if scale is not None else 1.5 / np.sqrt(shape[-1])
        values = (random.standard_normal(shape) * deviation).astype(np.float32)
        if name == "output":
            for text, factor in (eager or {}).items():
                values[texts.index(text)] *= factor
        writer.add_tensor(f"{name}.weight", values)

    def ones(name: str, size: int) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    tokens = len(vocabulary)
    texts = [text for text, _ in vocabulary]
    weight("token_embd", tokens, width, scale=0.5)
    weight("output", tokens, width)
    weight("per_layer_token_embd", tokens, per_layer * layers, scale=0.5)
    weight("per_layer_model_proj", per_layer * layers, width)
    ones("per_layer_proj_norm", per_layer)
    ones("output_norm", width)
    ones("rope_freqs", head // 2)
    for layer in range(layers):
        block = f"blk.{layer}"
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "post_norm"):
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
        weight(f"{block}.inp_gate", per_layer, width)
        weight(f"{block}.proj", width, per_layer)
        ones(f"{block}.layer_output_scale", 1)
    return _finish(writer, path)


def write_drafter(path: Path, seed: int = 0, backbone: int = 64) -> Path:
    """A ``gemma4-assistant`` for :func:`write_gemma`; ``backbone`` is the width of the model that it drafts for."""
    width, head, heads, feed, layers = 32, 32, 2, 64, 2
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "gemma4-assistant")
    writer.add_name("Tiny Drafter")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_embedding_length_out(backbone)
    writer.add_nextn_predict_layers(layers)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_key_length_swa(head)
    writer.add_value_length_swa(head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_rope_freq_base_swa(10_000.0)
    writer.add_rope_dimension_count(head)
    writer.add_rope_dimension_count_swa(head)
    writer.add_sliding_window(WINDOW)
    writer.add_sliding_window_pattern([True, False])
    vocabulary = _gemma_vocabulary([])
    _add_tokenizer(writer, "gemma4", vocabulary, "")

    def weight(name: str, *shape: int) -> None:
        deviation = 1.5 / np.sqrt(shape[-1])
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape) * deviation).astype(np.float32))

    def ones(name: str, size: int) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    weight("token_embd", len(vocabulary), width)
    weight("nextn.pre_projection", width, 2 * backbone)
    weight("nextn.post_projection", backbone, width)
    ones("output_norm", width)
    ones("rope_freqs", head // 2)
    for layer in range(layers):
        block = f"blk.{layer}"
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            ones(f"{block}.{norm}", width)
        ones(f"{block}.attn_q_norm", head)
        weight(f"{block}.attn_q", heads * head, width)
        weight(f"{block}.attn_output", width, heads * head)
        weight(f"{block}.ffn_gate", feed, width)
        weight(f"{block}.ffn_up", feed, width)
        weight(f"{block}.ffn_down", width, feed)
        ones(f"{block}.layer_output_scale", 1)
    return _finish(writer, path)


def write_llama(path: Path, seed: int = 0, template: str = CHATML_TEMPLATE, layers: int = 2) -> Path:
    """A model of the llama architecture with ChatML turns and no control token for calls."""
    width, head, heads, feed = 64, 32, 2, 96
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny Llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(head)
    vocabulary = _llama_vocabulary()
    _add_tokenizer(writer, "gemma4", vocabulary, template)

    def weight(name: str, *shape: int) -> None:
        deviation = 1.5 / np.sqrt(shape[-1])
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape) * deviation).astype(np.float32))

    def ones(name: str, size: int) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    weight("token_embd", len(vocabulary), width)
    weight("output", len(vocabulary), width)
    ones("output_norm", width)
    for layer in range(layers):
        block = f"blk.{layer}"
        ones(f"{block}.attn_norm", width)
        ones(f"{block}.ffn_norm", width)
        weight(f"{block}.attn_q", heads * head, width)
        weight(f"{block}.attn_k", head, width)
        weight(f"{block}.attn_v", head, width)
        weight(f"{block}.attn_output", width, heads * head)
        weight(f"{block}.ffn_gate", feed, width)
        weight(f"{block}.ffn_up", feed, width)
        weight(f"{block}.ffn_down", width, feed)
    return _finish(writer, path)


def _gemma_vocabulary(media_marks: list[str]) -> list[tuple[str, int]]:
    control = [(text, UNKNOWN if text == "<unk>" else CONTROL) for text in GEMMA_CONTROL]
    marks = [(text, USER_DEFINED) for text in GEMMA_MARKS]
    return [*control, *marks, *_ordinary(), *((text, CONTROL) for text in media_marks)]


def _llama_vocabulary() -> list[tuple[str, int]]:
    control = ["<pad>", "<eos>", "<bos>", "<unk>", "<|im_start|>", "<|im_end|>"]
    return [(text, UNKNOWN if text == "<unk>" else CONTROL) for text in control] + _ordinary()


def _ordinary() -> list[tuple[str, int]]:
    merged = dict.fromkeys(merge.replace(" ", "") for merge in MERGES)
    texts = dict.fromkeys([*CHARACTERS, *merged])
    return [*((text, NORMAL) for text in texts), *((f"<0x{byte:02X}>", BYTE) for byte in range(256))]


def _add_tokenizer(
    writer: gguf.GGUFWriter, model: str, vocabulary: list[tuple[str, int]], template: str
) -> None:
    writer.add_tokenizer_model(model)
    writer.add_token_list([text for text, _ in vocabulary])
    writer.add_token_types([kind for _, kind in vocabulary])
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_token_merges(MERGES)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    if template:
        writer.add_chat_template(template)


def _finish(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
