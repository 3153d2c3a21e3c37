"""Conversations as data, and their rendering in Gemma 4's form with the loss mask.

The form is that of Gemma 4's own chat template, with two differences that the exported template shares: the system
text and the tool declarations are left out (the model has learnt the tools), and so is the empty thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokenizer import Tokenizer

DECIDING = 4.0
DECIDING_TOKENS = 12
QUOTE = '<|"|>'


@dataclass(frozen=True, slots=True)
class User:
    """What the person said; ``context`` is what was read for them and stands after the words."""

    text: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What the tool of the call just before returned."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """The model's words, which end its turn."""

    text: str


Turn = User | Call | Result | Say
Task = tuple[Turn, ...]
"""One request and all that follows, up to the model's closing words. May hold several requests (a follow-up)."""


def value_text(value: Any) -> str:
    """A value as Gemma 4 writes it: quoted strings, bare keys in alphabetical order, no spaces."""
    if isinstance(value, str):
        return f"{QUOTE}{value}{QUOTE}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ",".join(value_text(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{value_text(value[key])}" for key in sorted(value)) + "}"
    return str(value)


def call_text(call: Call) -> str:
    return f"<|tool_call>call:{call.name}{value_text(call.arguments)}<tool_call|>"


def user_text(user: User) -> str:
    return f"{user.text}\n{user.context}" if user.context else user.text


def render(turns: Sequence[Turn], tokenizer: Tokenizer) -> tuple[list[int], list[float]]:
    """Token ids of a whole chat, and for each how much it counts in training: 0 for what the model only reads.

    What to do is decided in the model's first turn after a request, and that turn is short beside the texts that are
    copied later; so it counts more.
    """
    ids: list[int] = [tokenizer.bos]
    weights: list[float] = [0.0]

    def add(text: str, weight: float = 0.0, first: float = 0.0) -> None:
        new = tokenizer.encode(text)
        ids.extend(new)
        weights.extend(first if first and index < DECIDING_TOKENS else weight for index in range(len(new)))

    in_model_turn = False
    name = ""
    for turn in turns:
        decides = 0.0 if in_model_turn else DECIDING
        match turn:
            case User():
                add(f"<|turn>user\n{user_text(turn)}<turn|>\n")
            case Call(name=called):
                if not in_model_turn:
                    add("<|turn>model\n")
                add(call_text(turn) + "<|tool_response>", decides or 1.0)
                in_model_turn, name = True, called
            case Result(text=text):
                add(f"response:{name}{value_text({'value': text})}<tool_response|>")
            case Say(text=text):
                if not in_model_turn:
                    add("<|turn>model\n")
                add(f"{text}<turn|>", 1.0, decides)
                add("\n")
                in_model_turn = False
    return ids, weights


TEMPLATE = """\
{#- no system text -#}
{%- macro value(v) -%}
{%- if v is string -%}<|"|>{{ v }}<|"|>
{%- elif v is boolean -%}{{ 'true' if v else 'false' }}
{%- elif v is mapping -%}{
{%- for k, x in v | dictsort -%}{{ k }}:{{ value(x) }}{% if not loop.last %},{% endif %}{%- endfor -%}
}
{%- elif v is sequence -%}[
{%- for x in v -%}{{ value(x) }}{% if not loop.last %},{% endif %}{%- endfor -%}
]
{%- else -%}{{ v }}
{%- endif -%}
{%- endmacro -%}
{%- macro text(content) -%}
{%- if content is string -%}{{ content }}
{%- elif content -%}
{%- for part in content -%}{%- if part['type'] == 'text' -%}{{ part['text'] }}{%- endif -%}{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{{- bos_token -}}
{%- set ns = namespace(open=false, name='') -%}
{%- for message in messages -%}
{%- if message['role'] == 'user' -%}
{{- '<|turn>user\\n' -}}{{- text(message['content']) | trim -}}{{- '<turn|>\\n' -}}
{%- set ns.open = false -%}
{%- elif message['role'] in ['assistant', 'model'] -%}
{%- if not ns.open -%}{{- '<|turn>model\\n' -}}{%- endif -%}
{%- set ns.open = true -%}
{%- if message['tool_calls'] -%}
{%- for call in message['tool_calls'] -%}
{%- set ns.name = call['function']['name'] -%}
{{- '<|tool_call>call:' + ns.name -}}{{- value(call['function']['arguments']) -}}{{- '<tool_call|><|tool_response>' -}}
{%- endfor -%}
{%- else -%}
{{- text(message['content']) | trim -}}{{- '<turn|>\\n' -}}
{%- set ns.open = false -%}
{%- endif -%}
{%- elif message['role'] == 'tool' -%}
{{- 'response:' + (message['name'] or ns.name) + '{value:' -}}
{{- value(text(message['content'])) -}}{{- '}<tool_response|>' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt and not ns.open -%}{{- '<|turn>model\\n' -}}{%- endif -%}
"""
"""The chat template of the exported file. Unknown roles (system, developer) are left out, and so are tools."""
