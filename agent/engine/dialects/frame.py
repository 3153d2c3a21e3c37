"""What a model's own chat template puts around the words: learnt once, by rendering a probe conversation.

The file's Jinja template is rendered with unique placeholders for the words and split at them. After that no history
is ever rendered again: a conversation is ``head`` and then words and seams, each appended to the last, so the KV
cache always holds its beginning. The template is a stranger's program; it runs in jinja2's immutable sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agent.engine.declaration import declaration
from agent.engine.port import ToolSpec

PLAIN_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For files that carry no template: ChatML, which most of those were trained with."""

NO_SYSTEM = "{#- no system text -#}"
"""A template with this comment belongs to a model that was trained without a system text (the built-in one): it is
left out, not put before the person's first words as for templates that know no system role."""

SYSTEM, ASKED, SAID, ASKED_AGAIN, RESULT = "SYSTEM7Q", "ASKED7Q", "SAID7Q", "AGAIN7Q", "RESULT7Q"

Turn = Mapping[str, object]


class UnusableTemplate(Exception):
    """The template fails, or drops or repeats what it is given."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The texts between the words. All of them are the template's own and may hold control tokens."""

    before_system: str
    after_system: str
    """Up to the first words of the person; without a system text ``before_system`` is empty."""
    user_to_model: str
    model_to_user: str
    call_to_result: str
    """Empty when the template knows no tool role."""
    result_to_model: str
    lists_tools: bool
    """The template itself tells the model of the tools."""
    takes_system: bool = True
    """Whether the system text is written at all."""


class ChatTemplate:
    """A Jinja chat template and what it may use."""

    def __init__(self, source: str, bos: str, eos: str, thinking: bool) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        try:
            self._template = environment.from_string(source or PLAIN_TEMPLATE)
        except TemplateError as error:
            raise UnusableTemplate(str(error)) from error
        self._takes_system = NO_SYSTEM not in source
        self._variables = {"bos_token": bos, "eos_token": eos, "enable_thinking": thinking}

    def frame(self, system: bool, tools: Sequence[ToolSpec]) -> Frame:
        """Learn the frame for these tools. Raises UnusableTemplate."""
        try:
            return self._with_system(tools) if system else self._learn(False, tools)
        except UnusableTemplate:
            if not tools:
                raise
        return self.frame(system, ())  # it cannot show these tools: the dialect tells of them instead

    def _with_system(self, tools: Sequence[ToolSpec]) -> Frame:
        if not self._takes_system:
            return replace(self._learn(False, tools), takes_system=False)
        try:
            return self._learn(True, tools)
        except UnusableTemplate:  # no system role: its text goes before the person's first words
            bare = self._learn(False, tools)
            return replace(bare, before_system=bare.after_system, after_system="\n\n")

    def _learn(self, system: bool, tools: Sequence[ToolSpec]) -> Frame:
        declared = [declaration(tool) for tool in tools]
        start: list[Turn] = [{"role": "system", "content": SYSTEM}] if system else []
        start.append({"role": "user", "content": ASKED})
        talk: list[Turn] = [*start, {"role": "assistant", "content": SAID}]
        once = self._render(start, declared)
        twice = self._render([*talk, {"role": "user", "content": ASKED_AGAIN}], declared)
        head, user_to_model = _split(once, ASKED)
        before, after = _split(head, SYSTEM) if system else ("", head)
        _, model_to_user, last = _split(twice, SAID, ASKED_AGAIN)
        if last != user_to_model:
            raise UnusableTemplate("the second turn is framed unlike the first")
        to_result, to_model = self._result(talk, declared)
        lists_tools = bool(tools) and all(tool.name in head for tool in tools)
        return Frame(before, after, user_to_model, model_to_user, to_result, to_model, lists_tools)

    def _result(self, talk: list[Turn], declared: Sequence[Turn]) -> tuple[str, str]:
        """The seams around a tool's result; empty when the template has no tool role."""
        result = {"role": "tool", "name": "tool", "tool_call_id": "000000000", "content": RESULT}
        try:
            _, to_result, to_model = _split(self._render([*talk, result], declared), SAID, RESULT)
        except UnusableTemplate:
            return "", ""
        return to_result, to_model

    def _render(self, turns: list[Turn], tools: Sequence[Turn]) -> str:
        try:
            return self._template.render(
                messages=turns, tools=tools or None, add_generation_prompt=True, **self._variables
            )
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
            raise UnusableTemplate(f"{type(error).__name__}: {error}") from error


def _split(text: str, *placeholders: str) -> list[str]:
    """``text`` cut at each placeholder, which must stand in it once and in this order."""
    parts: list[str] = []
    for placeholder in placeholders:
        if text.count(placeholder) != 1:
            raise UnusableTemplate(f"{text.count(placeholder)} times {placeholder} in the rendered text")
        part, text = text.split(placeholder)
        parts.append(part)
    return [*parts, text]


class _Generation(Extension):
    """``{% generation %}`` marks what a trainer learns from; for reading it means nothing."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _to_json(value: object, indent: int | None = None, ensure_ascii: bool = False) -> str:
    """What Hugging Face's templates expect of ``tojson``: nothing escaped for HTML."""
    return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)
