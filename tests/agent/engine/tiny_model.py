"""Tiny GGUF files with random weights, for tests that run real llama.cpp: what they say means nothing, how they say
it is exactly what the large ones do.

``write_gemma`` has Gemma 4's architecture (sliding and full layers, per-layer embeddings, shared KV), its control
tokens and a chat template in its form; ``write_llama`` has neither and speaks the generic dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.agent.engine.random_gguf import CONTEXT as CONTEXT
from tests.agent.engine.random_gguf import RandomGguf, Sizes

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6

WINDOW = 32
HEAD = Sizes().head
GEMMA_NORMS = ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")

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
    per_layer = 16
    writer = RandomGguf(path, "gemma4", "Tiny Gemma", seed, Sizes(width=width), layers)
    _add_sliding(writer, [layer % 2 == 0 for layer in range(layers)])
    writer.add_shared_kv_layers(2)
    writer.add_embedding_length_per_layer_input(per_layer)
    writer.add_final_logit_softcapping(30.0)
    vocabulary = _gemma_vocabulary(MEDIA_MARKS if media else [])
    _add_tokenizer(writer, vocabulary, GEMMA_TEMPLATE)
    tokens, texts = len(vocabulary), [text for text, _ in vocabulary]
    louder = {texts.index(text): factor for text, factor in (eager or {}).items()}
    writer.weight("token_embd", tokens, width, scale=0.5)
    writer.weight("output", tokens, width, louder=louder)
    writer.weight("per_layer_token_embd", tokens, per_layer * layers, scale=0.5)
    writer.weight("per_layer_model_proj", per_layer * layers, width)
    writer.ones(per_layer, "per_layer_proj_norm")
    writer.ones(width, "output_norm")
    writer.ones(HEAD // 2, "rope_freqs")
    for layer in range(layers):
        block = f"blk.{layer}"
        writer.ones(width, *(f"{block}.{norm}" for norm in (*GEMMA_NORMS, "post_norm")))
        writer.attention(block, norms=True)
        writer.feed_forward(block)
        writer.weight(f"{block}.inp_gate", per_layer, width)
        writer.weight(f"{block}.proj", width, per_layer)
        writer.ones(1, f"{block}.layer_output_scale")
    return writer.finish()


def write_drafter(path: Path, seed: int = 0, backbone: int = 64) -> Path:
    """A ``gemma4-assistant`` for :func:`write_gemma`; ``backbone`` is the width of the model that it drafts for."""
    width, layers = 32, 2
    writer = RandomGguf(path, "gemma4-assistant", "Tiny Drafter", seed, Sizes(width=width, feed=64), layers)
    _add_sliding(writer, [True, False])
    writer.add_embedding_length_out(backbone)
    writer.add_nextn_predict_layers(layers)
    vocabulary = _gemma_vocabulary([])
    _add_tokenizer(writer, vocabulary, "")
    writer.weight("token_embd", len(vocabulary), width)
    writer.weight("nextn.pre_projection", width, 2 * backbone)
    writer.weight("nextn.post_projection", backbone, width)
    writer.ones(width, "output_norm")
    writer.ones(HEAD // 2, "rope_freqs")
    for layer in range(layers):
        block = f"blk.{layer}"
        writer.ones(width, *(f"{block}.{norm}" for norm in GEMMA_NORMS))
        writer.attention(block, norms=True, shared=True)
        writer.feed_forward(block)
        writer.ones(1, f"{block}.layer_output_scale")
    return writer.finish()


def write_llama(path: Path, seed: int = 0, template: str = CHATML_TEMPLATE, layers: int = 2) -> Path:
    """A model of the llama architecture with ChatML turns and no control token for calls."""
    sizes = Sizes()
    writer = RandomGguf(path, "llama", "Tiny Llama", seed, sizes, layers)
    writer.add_rope_dimension_count(sizes.head)
    vocabulary = _llama_vocabulary()
    _add_tokenizer(writer, vocabulary, template)
    writer.weight("token_embd", len(vocabulary), sizes.width)
    writer.weight("output", len(vocabulary), sizes.width)
    writer.ones(sizes.width, "output_norm")
    for layer in range(layers):
        block = f"blk.{layer}"
        writer.ones(sizes.width, f"{block}.attn_norm", f"{block}.ffn_norm")
        writer.attention(block, norms=False)
        writer.feed_forward(block)
    return writer.finish()


def write_lfm2(path: Path, seed: int = 0) -> Path:
    """A hybrid: two layers whose state cannot be taken back, two with attention; else as :func:`write_llama`."""
    sizes, kernel, kv_heads = Sizes(), 3, [0, 1, 0, 1]
    writer = RandomGguf(path, "lfm2", "Tiny LFM2", seed, sizes, len(kv_heads), kv_heads)
    writer.add_shortconv_l_cache(kernel)
    vocabulary = _llama_vocabulary()
    _add_tokenizer(writer, vocabulary, CHATML_TEMPLATE)
    writer.weight("token_embd", len(vocabulary), sizes.width)
    writer.ones(sizes.width, "token_embd_norm")
    for layer, heads in enumerate(kv_heads):
        block = f"blk.{layer}"
        writer.ones(sizes.width, f"{block}.attn_norm", f"{block}.ffn_norm")
        if heads:
            writer.attention(block, norms=True)
        else:
            writer.weight(f"{block}.shortconv.conv", sizes.width, kernel)
            writer.weight(f"{block}.shortconv.in_proj", 3 * sizes.width, sizes.width)
            writer.weight(f"{block}.shortconv.out_proj", sizes.width, sizes.width)
        writer.feed_forward(block)
    return writer.finish()


def _add_sliding(writer: RandomGguf, pattern: list[bool]) -> None:
    """Sliding layers like the full ones but for their RoPE base."""
    writer.add_head_sizes()
    writer.add_key_length_swa(HEAD)
    writer.add_value_length_swa(HEAD)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_rope_freq_base_swa(10_000.0)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_dimension_count_swa(HEAD)
    writer.add_sliding_window(WINDOW)
    writer.add_sliding_window_pattern(pattern)


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


def _add_tokenizer(writer: RandomGguf, vocabulary: list[tuple[str, int]], template: str) -> None:
    writer.add_tokenizer_model("gemma4")
    writer.add_tokens(vocabulary)
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_token_merges(MERGES)
    writer.add_sentence_marks()
    if template:
        writer.add_chat_template(template)
