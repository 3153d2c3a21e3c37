"""A tiny GGUF of Qwen 3's architecture with random weights, and chat templates in the forms of several families.

The templates are short equivalents, written for these tests, of what real files carry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.agent.engine.random_gguf import RandomGguf, Sizes
from tests.agent.engine.tiny_model import CONTROL, NORMAL, USER_DEFINED

MERGES = ["t h", "i n", "Ġ t", "Ġt h", "c a", "l l", "ca ll", "t o", "o o", "to o", "too l"]
"""Of bytes as GPT-2's tokeniser spells them: a space is Ġ, a new line Ċ."""

QWEN_MARKS = {
    "<|endoftext|>": CONTROL,
    "<|im_end|>": CONTROL,
    "<|im_start|>": CONTROL,
    "<tool_call>": USER_DEFINED,
    "</tool_call>": USER_DEFINED,
    "<think>": USER_DEFINED,
    "</think>": USER_DEFINED,
}

_QWEN_TURNS = """\
{%- if tools or messages[0].role == 'system' -%}
<|im_start|>system
{% if messages[0].role == 'system' %}{{ messages[0].content + '\\n\\n' if tools else messages[0].content }}{% endif %}
{%- if tools -%}
# Tools
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}
{%- endif -%}
<|im_end|>
{% endif -%}
{%- set last = namespace(question=-1) -%}
{%- for message in messages if message.role == 'user' -%}
{%- set last.question = messages.index(message) -%}
{%- endfor -%}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role == 'tool' -%}
<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% else -%}
<|im_start|>{{ message.role }}
{% if message.reasoning_content and messages.index(message) > last.question -%}
<think>
{{ message.reasoning_content }}
</think>

{% endif -%}
{{ message.content }}
{%- for call in message.tool_calls or [] -%}
CALL
{%- endfor -%}
<|im_end|>
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if not enable_thinking %}<think>

</think>

{% endif %}
{%- endif -%}
"""

QWEN3_TEMPLATE = _QWEN_TURNS.replace(
    "CALL",
    """<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>""",
)

QWEN3_5_TEMPLATE = _QWEN_TURNS.replace(
    "{% if not enable_thinking %}<think>\n\n</think>\n\n{% endif %}",
    "<think>\n{% if not enable_thinking %}\n</think>\n\n{% endif %}",
).replace(
    "CALL",
    """<tool_call>
<function={{ call.function.name }}>
{% for key, value in call.function.arguments.items() -%}
<parameter={{ key }}>
{{ value if value is string else value | tojson }}
</parameter>
{% endfor -%}
</function>
</tool_call>""",
)

GLM_MARKS = {
    **QWEN_MARKS,
    "<arg_key>": USER_DEFINED,
    "</arg_key>": USER_DEFINED,
    "<arg_value>": USER_DEFINED,
    "</arg_value>": USER_DEFINED,
}

GLM_TEMPLATE = _QWEN_TURNS.replace(
    "CALL",
    """<tool_call>{{ call.function.name }}
{% for key, value in call.function.arguments.items() -%}
<arg_key>{{ key }}</arg_key>
<arg_value>{{ value if value is string else value | tojson }}</arg_value>
{% endfor -%}
</tool_call>""",
)
"""Tags that are tokens."""

NAMED_RESULTS_TEMPLATE = QWEN3_TEMPLATE.replace(
    "<tool_response>\n{{", "<tool_response>\n{{ message.name }}: {{"
)
"""Some families name the tool with its result."""


def write_qwen(
    path: Path,
    seed: int = 0,
    template: str = QWEN3_TEMPLATE,
    marks: Mapping[str, int] = QWEN_MARKS,
    words: Sequence[str] = (),
    eager: Mapping[str, float] | None = None,
    layers: int = 2,
) -> Path:
    """A Qwen 3 of some hundred kilobytes. ``marks`` are its control and user-defined tokens: the second ends a
    turn; ``words`` are more ordinary tokens; ``eager`` as for ``write_gemma``."""
    sizes = Sizes()
    writer = RandomGguf(path, "qwen3", "Tiny Qwen", seed, sizes, layers)
    writer.add_head_sizes()
    writer.add_rope_dimension_count(sizes.head)
    vocabulary = [*marks.items(), *((_spelt(word), NORMAL) for word in words), *_ordinary()]
    texts = [text for text, _ in vocabulary]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_tokens(vocabulary)
    writer.add_token_merges(MERGES)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)
    louder = {
        texts.index(text if text in marks else _spelt(text)): factor for text, factor in (eager or {}).items()
    }
    writer.weight("token_embd", len(vocabulary), sizes.width)
    writer.weight("output", len(vocabulary), sizes.width, louder=louder)
    writer.ones(sizes.width, "output_norm")
    for layer in range(layers):
        block = f"blk.{layer}"
        writer.ones(sizes.width, f"{block}.attn_norm", f"{block}.ffn_norm")
        writer.attention(block, norms=True)
        writer.feed_forward(block)
    return writer.finish()


def _ordinary() -> list[tuple[str, int]]:
    """The 256 bytes and what the merges make of them."""
    texts = map(_letter, range(256))
    return [(text, NORMAL) for text in [*texts, *(merge.replace(" ", "") for merge in MERGES)]]


def _spelt(text: str) -> str:
    return "".join(map(_letter, text.encode()))


def _letter(byte: int) -> str:
    """GPT-2's letter for a byte: itself where that can be seen, and one from 256 on for each of the others."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return (
        chr(byte)
        if byte in seen
        else chr(256 + [other for other in range(256) if other not in seen].index(byte))
    )


LLAMA3_MARKS = {
    "<|end_of_text|>": CONTROL,
    "<|eot_id|>": CONTROL,
    "<|begin_of_text|>": CONTROL,
    "<|start_header_id|>": CONTROL,
    "<|end_header_id|>": CONTROL,
    "<|python_tag|>": CONTROL,
}

LLAMA3_TEMPLATE = """\
{{- '<|begin_of_text|>' -}}
{%- set head = '<|start_header_id|>' -%}
{%- if messages[0].role == 'system' -%}
{{ head }}system<|end_header_id|>

{{ messages[0].content | trim }}<|eot_id|>
{%- endif -%}
{%- for message in messages if message.role != 'system' -%}
{{ head }}{{ 'ipython' if message.role == 'tool' else message.role }}<|end_header_id|>

{% if message.role == 'user' and tools and message == (messages | selectattr('role', 'equalto', 'user') | first) -%}
Given these functions, answer with JSON for a function call: {"name": function name, "parameters": its arguments}.

{% for tool in tools %}{{ tool | tojson(indent=4) }}

{% endfor %}
{%- endif -%}
{%- if message.tool_calls -%}
{%- set call = message.tool_calls[0].function -%}
{"name": "{{ call.name }}", "parameters": {{ call.arguments | tojson }}}
{%- elif message.role == 'tool' -%}
{{ message.content | tojson }}
{%- else -%}
{{ message.content | trim }}
{%- endif -%}
<|eot_id|>
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ head }}assistant<|end_header_id|>

{% endif -%}
"""

MISTRAL_MARKS = {
    "<pad>": CONTROL,
    "</s>": CONTROL,
    "<s>": CONTROL,
    "[INST]": CONTROL,
    "[/INST]": CONTROL,
    "[TOOL_CALLS]": CONTROL,
    "[AVAILABLE_TOOLS]": CONTROL,
    "[/AVAILABLE_TOOLS]": CONTROL,
    "[TOOL_RESULTS]": CONTROL,
    "[/TOOL_RESULTS]": CONTROL,
}

MISTRAL_TEMPLATE = """\
{%- set system = messages[0].content if messages[0].role == 'system' else '' -%}
<s>
{%- for message in messages if message.role != 'system' -%}
{%- if message.role == 'user' -%}
{%- if tools and message == (messages | selectattr('role', 'equalto', 'user') | list | last) -%}
[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]
{%- endif -%}
[INST]{{ system + '\\n\\n' if loop.last and system else '' }}{{ message.content }}[/INST]
{%- elif message.tool_calls -%}
[TOOL_CALLS][
{%- for call in message.tool_calls -%}
{%- if call.id | length != 9 -%}{{ raise_exception('a call needs an id of nine letters') }}{%- endif -%}
{{ (call.function | tojson)[:-1] }}, "id": "{{ call.id }}"}
{%- endfor -%}
]</s>
{%- elif message.role == 'tool' -%}
[TOOL_RESULTS]{"content": {{ message.content }}, "call_id": "{{ message.tool_call_id }}"}[/TOOL_RESULTS]
{%- else -%}
{{ message.content }}</s>
{%- endif -%}
{%- endfor -%}
"""
