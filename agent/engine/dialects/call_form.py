"""How a model was trained to write a call, read off a call that its own template has rendered.

Every form here is three texts around a name and its arguments:

    <tool_call>\\n{"name": "NAME", "arguments": ARGUMENTS}\\n</tool_call>          Hermes, Qwen 3
    {"name": "NAME", "parameters": ARGUMENTS}                                     Llama 3
    [TOOL_CALLS][{"name": "NAME", "arguments": ARGUMENTS, "id": "000000000"}]     Mistral
    <tool_call>\\n<function=NAME>\\n<parameter=KEY>\\nVALUE\\n</parameter>\\n…        Qwen 3.5

Arguments are a JSON object or stand between :class:`Tags`: there strings are bare text that ends at the closing tag,
and everything else is JSON.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NAME = "probe_name7q"
ARGUMENTS: Mapping[str, str | int] = {"akey7q": "avalue7q", "bkey7q": 417, "ckey7q": "cvalue7q"}
LAST_ARGUMENT = "cvalue7q"
CALL_ID = "000000000"
"""Nine characters, which Mistral's templates insist on. A form with an id in it always has this one."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What stands before a key, between it and its value, and after the value."""

    key: str
    value: str
    end: str


@dataclass(frozen=True, slots=True)
class CallForm:
    """The texts before a call's name, between name and arguments, and after them. No ``tags``: a JSON object."""

    before: str
    between: str
    after: str
    tags: Tags | None = None

    @property
    def opening(self) -> str:
        """The part of ``before`` after which it can be nothing but a call: the tag, or the whole of it."""
        tag = re.match(r"(.*?\S)\s*\[?\s*\{", self.before, re.DOTALL)
        return (tag[1] if tag else self.before).strip().removesuffix('"')

    @property
    def example(self) -> str:
        """The form for a model to read."""
        tags = self.tags
        arguments = f"{tags.key}…{tags.value}…{tags.end}" if tags else "{…}"
        return f"{self.before}…{self.between}{arguments}{self.after}"

    @property
    def bare(self) -> CallForm | None:
        """The JSON object without its tags, which small models like to leave out; None when that is no form."""
        found = re.fullmatch(r'.*[^\s\[]\s*(\{\s*"\w+"\s*:\s*")', self.before, re.DOTALL)
        if not found or self.tags or not self.after.lstrip().startswith("}"):
            return None
        return CallForm(found[1], self.between, "}")

    def pieces(self, name: str, arguments: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
        """A call in pieces, each with whether it is the form's own and may hold control tokens."""
        yield self.before, True
        yield name, False
        yield self.between, True
        arguments = _ordered(arguments)
        if self.tags:
            for key, value in arguments.items():
                yield self.tags.key, True
                yield key, False
                yield self.tags.value, True
                yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), False
                yield self.tags.end, True
        else:
            yield json.dumps(arguments, ensure_ascii=False), False
        yield self.after, True


OURS = CallForm('<tool_call>{"name": "', '", "arguments": ', "}</tool_call>")
"""The commonest form, for models whose template renders no call."""


def _ordered(value: Any) -> Any:
    """A JSON value with the keys of its objects in the grammar's order."""
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=str.lower)}
    if isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    return value


def learn(text: str) -> CallForm | None:
    """The form of a rendered call of NAME with ARGUMENTS, where ``text`` ends with the call. None for a form that
    is not of this kind (Python's, for one), or that nothing announces."""
    before, found, rest = text.partition(NAME)
    if not found or not before.strip() or NAME in rest:
        return None
    pairs = (rf'"{key}"\s*:\s*{json.dumps(value)}' for key, value in ARGUMENTS.items())
    whole = re.search(r"\{\s*" + r"\s*,\s*".join(pairs) + r"\s*\}", rest)
    if whole:
        return CallForm(before, rest[: whole.start()], rest[whole.end() :].rstrip())
    return _tagged(before, rest.rstrip())


def _tagged(before: str, rest: str) -> CallForm | None:
    """The form whose arguments follow the name in tags. The texts between two arguments are told apart by what
    comes before the first: ``end + key`` stands there, and ``key`` alone here."""
    texts: list[str] = []
    for word in (word for pair in ARGUMENTS.items() for word in pair):
        text, found, rest = rest.partition(str(word))
        if not found:
            return None
        texts.append(text)
    first, value, second, *others = texts
    if others != [value, second, value] or not value.strip() or value.rstrip().endswith('"'):
        return None
    key = common_beginning(first[::-1], second[::-1])[::-1]
    key = re.sub(r"^[^<\s]+", "", key)  # from the beginning of a tag
    end = second.removesuffix(key)
    if not key.strip() or not end.strip() or not rest.startswith(end):
        return None
    return CallForm(before, first.removesuffix(key), rest.removeprefix(end), Tags(key, value, end))


def common_beginning(one: str, other: str) -> str:
    """The longest text that both begin with."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(letter for letter, _ in same)
