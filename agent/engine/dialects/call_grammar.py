"""A :class:`~agent.engine.dialects.call_form.CallForm` on one vocabulary: its grammar, and reading what it allowed.

A form that was learnt is held to the letter, which also lets the engine decode its fixed parts in one batch. Where the
model was not trained on the form, or nothing but the form itself announces the call (``lenient``), it may set white
space as it likes, as it may within JSON arguments.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.engine.declaration import inlined
from agent.engine.decoding.grammar import GrammarBuilder, Schema, Spelling, literal
from agent.engine.dialects.call_form import CallForm, Tags
from agent.engine.dialects.contract import CallSyntaxError
from agent.engine.port import ToolSpec
from agent.engine.vocabulary import Vocabulary

JSON = Spelling(
    string=r'"\"" character* "\""',
    nonempty=r'"\"" character+ "\""',
    counted=lambda fewest, most: (rf'"\"" character{{{fewest},{most}}} "\""', {}),
    text=lambda text: literal(json.dumps(text, ensure_ascii=False)),
    key=lambda key: literal(json.dumps(key, ensure_ascii=False)),
    any_key=r'"\"" character* "\""',
    comma='space "," space',
    colon='space ":" space',
    braces=('"{" space', 'space "}"'),
    brackets=('"[" space', 'space "]"'),
    rules={
        "space": r"[ \t\n]{0,8}",
        "character": r'[^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" escaped)',
        "escaped": "[0-9a-cA-CeEfF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}",  # no half surrogates
    },
)


class FormGrammar:
    """The form as GBNF, with control tokens as tokens and not as their letters, and as a parser."""

    def __init__(self, form: CallForm, vocabulary: Vocabulary, lenient: bool) -> None:
        self._form = form
        self._expression = self._flexible if lenient else self._exact
        self._vocabulary = vocabulary
        self._texts: Mapping[str, Mapping[str, Schema]] = {}
        follows = (
            "(?=" + (rf"{re.escape(form.tags.key)}|{_pattern(form.after)}$" if form.tags else r"\{") + ")"
        )
        name = r"(?P<name>[^\"<>{}\s]+?)"
        self._begins = _compact(form.before)
        self._head = re.compile(_pattern(form.before.lstrip()) + name + _pattern(form.between) + follows)
        self._tail = re.compile(_pattern(form.after))
        first = vocabulary.runs(form.before.lstrip())[0]
        opening = vocabulary.text(first) if isinstance(first, int) else form.opening
        self._opening = re.compile(_pattern(opening))
        self.last = form.after.rstrip()[-1:] or "}"
        """The character that a call ends with."""

    def may_begin(self, piece: str) -> bool:
        """Whether ``piece``, without the white space around it, agrees with how a call begins."""
        piece = _compact(piece)
        return self._begins.startswith(piece) or piece.startswith(self._begins)

    def begun(self, text: str) -> bool:
        """Whether nothing but a call can come of ``text``, which the grammar allowed."""
        return bool(self._opening.match(text))

    def gbnf(self, tools: Sequence[ToolSpec], builder: GrammarBuilder, prefix: str) -> str:
        """The expression for a call of any of ``tools``; helper rules are named after ``prefix``."""
        form = self._form
        if form.tags:
            return self._tagged(tools, builder, prefix, form.tags)
        calls = (
            f"{literal(tool.name)} {self._expression(form.between)} "
            f"{builder.arguments(tool.parameters, f'{prefix}-{index}')}"
            for index, tool in enumerate(tools)
        )
        return (
            f"{self._expression(form.before.lstrip())} ({' | '.join(calls)}) {self._expression(form.after)}"
        )

    def parse(self, text: str) -> tuple[str, dict[str, Any]]:
        """The name and the arguments of a call, spelt out to its end. Raises CallSyntaxError."""
        head = self._head.match(text)
        if not head:
            raise CallSyntaxError(text)
        try:
            arguments, end = self._arguments(head["name"], text, head.end())
        except ValueError as error:
            raise CallSyntaxError(text) from error
        if not self._tail.fullmatch(text, end):
            raise CallSyntaxError(text)
        return head["name"], arguments

    def _arguments(self, name: str, text: str, at: int) -> tuple[dict[str, Any], int]:
        tags = self._form.tags
        if not tags:
            return json.JSONDecoder().raw_decode(text, at)
        arguments: dict[str, Any] = {}
        while text.startswith(tags.key, at):
            at += len(tags.key)
            middle = text.index(tags.value, at)
            key, at = text[at:middle], middle + len(tags.value)
            if schema := self._texts.get(name, {}).get(key):
                end = text.index(tags.end, at)
                arguments[key] = _read(text[at:end], schema)
            else:
                arguments[key], end = json.JSONDecoder().raw_decode(text, at)
            at = text.index(tags.end, end) + len(tags.end)
        return arguments, at

    def _tagged(self, tools: Sequence[ToolSpec], builder: GrammarBuilder, prefix: str, tags: Tags) -> str:
        self._texts = {tool.name: _text_arguments(tool) for tool in tools}
        builder.add(text_without(tags.end))
        calls: list[str] = []
        for index, tool in enumerate(tools):
            required = tool.parameters.get("required", ())
            call = [literal(tool.name), self._exact(self._form.between)]
            for place, key in enumerate(sorted(tool.parameters.get("properties", {}), key=str.lower)):
                if text := self._texts[tool.name].get(key):
                    value = _text(text, tags.end)
                else:
                    value = builder.value(tool.parameters, key, f"{prefix}-{index}-{place}")
                before, between, after = map(self._exact, (tags.key, tags.value, tags.end))
                pair = f"{before} {literal(key)} {between} ({value}) {after}"
                call.append(pair if key in required else f"({pair})?")
            calls.append(" ".join(call))
        before, after = self._exact(self._form.before.lstrip()), self._exact(self._form.after)
        return f"{before} ({' | '.join(calls)}) {after}"

    def _exact(self, text: str) -> str:
        """GBNF for ``text``, its control tokens as tokens."""
        runs = self._vocabulary.runs(text)
        return " ".join(f"<[{run}]>" if isinstance(run, int) else literal(run) for run in runs)

    def _flexible(self, text: str) -> str:
        """The same with any white space where the text has some and around the punctuation of JSON."""
        parts: list[str] = []
        for run in self._vocabulary.runs(text):
            if isinstance(run, int):
                parts.append(f"<[{run}]>")
                continue
            for part in _PARTS.findall(run):
                parts += ["space"] if part.isspace() else _spaced(literal(part), part)
        return " ".join(
            part for part, after in itertools.pairwise([*parts, ""]) if part != "space" or part != after
        )


def _compact(text: str) -> str:
    return "".join(text.split())


_PARTS = re.compile(r"\s+|[{}\[\]:,]|[^\s{}\[\]:,]+")


def _spaced(expression: str, part: str) -> list[str]:
    return ["space", expression, "space"] if part in "{}[]:," else [expression]


def _pattern(text: str) -> str:
    """A regular expression for what :meth:`FormGrammar._flexible` allows."""
    parts = (
        r"\s*" if part.isspace() else rf"\s*{re.escape(part)}\s*" if part in "{}[]:," else re.escape(part)
        for part in _PARTS.findall(text)
    )
    return "".join(parts)


def _text_arguments(tool: ToolSpec) -> dict[str, Schema]:
    """The arguments of ``tool`` that may be strings, with their schemas."""
    arguments: Mapping[str, Schema] = inlined(tool.parameters).get("properties", {})
    return {key: schema for key, schema in arguments.items() if any(map(_is_text, _choices(schema)))}


def _choices(schema: Schema) -> Sequence[Schema]:
    """What ``schema`` allows, taken apart."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{"type": kind} for kind in kinds]
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return [{"const": value} for value in values] or schema.get("anyOf") or schema.get("oneOf") or [schema]


def _is_text(choice: Schema) -> bool:
    return isinstance(choice["const"], str) if "const" in choice else choice.get("type") == "string"


def _text(schema: Schema, end: str) -> str:
    """The expression for an argument that may be a string. When it may also be something else, any text will do:
    nothing in it says which it is."""
    constants = [choice["const"] for choice in _choices(schema) if "const" in choice]
    if constants and len(constants) == len(_choices(schema)):
        return " | ".join(
            literal(_written(constant)) for constant in constants if end not in _written(constant)
        )
    return "text" if schema.get("minLength", 0) else "text-0"


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(text: str, schema: Schema) -> object:
    """The value of an argument that may be a string."""
    if all(map(_is_text, _choices(schema))):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, str) else value


def text_without(end: str) -> dict[str, str]:
    """GBNF rules for any text in which ``end`` does not occur: ``text-0``, and ``text`` when it must not be empty.
    They are the automaton that looks for it (Knuth, Morris, Pratt), a rule for each state."""
    letters = sorted(set(end))
    rules: dict[str, str] = {}
    for state in range(len(end)):
        nexts = {letter: _overlap(end, end[:state] + letter) for letter in letters}
        far = "".join(_escaped(letter) for letter, at in nexts.items() if at)
        ways = [rf"[^\x00{far}] text-0"]
        ways += [f"{literal(letter)} text-{at}" for letter, at in nexts.items() if 0 < at < len(end)]
        if state == 0:
            rules["text"] = " | ".join(ways)
        rules[f"text-{state}"] = f"({' | '.join(ways)})?"
    return rules


def _overlap(pattern: str, text: str) -> int:
    """How many characters at the end of ``text`` begin ``pattern``."""
    return next(size for size in range(len(text), -1, -1) if pattern.startswith(text[len(text) - size :]))


def _escaped(letter: str) -> str:
    """``letter`` within the brackets of a GBNF class."""
    return f"\\x{ord(letter):02X}" if ord(letter) < 128 else letter
