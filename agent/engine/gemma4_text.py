"""Gemma 4's calls and values as text, without a vocabulary: ``call:NAME{key:<|"|>text<|"|>,n:3}``.

*Raw* text has a NUL where the ``<|"|>`` token stands, which no other token spells. No ``llama_cpp`` here: both sides of
the engine read calls.
"""

from __future__ import annotations

import json
import re
from typing import Any

from agent.messages import ToolCall

QUOTE = "\0"
STRING_MARK = '<|"|>'


class CallSyntaxError(ValueError):
    """Text that is no call."""


def raw_call(call: ToolCall) -> str:
    return f"call:{call.name}{raw_value(call.arguments)}"


def raw_value(value: object) -> str:
    """A JSON value in raw text."""
    if isinstance(value, str):
        return f"{QUOTE}{value.replace(QUOTE, '')}{QUOTE}"
    if isinstance(value, dict):
        pairs = (f"{key}:{raw_value(value[key])}" for key in sorted(value, key=str.lower))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(raw_value, value)) + "]"
    return json.dumps(value)


def parse_call(raw: str) -> tuple[str, dict[str, Any]]:
    """``call:NAME{…}`` as name and arguments. Raises CallSyntaxError."""
    found = re.match(r"call:([^{\0]+)(?=\{)", raw)
    if not found:
        raise CallSyntaxError(raw)
    value, end = _parse(raw, found.end())
    if end != len(raw) or not isinstance(value, dict):
        raise CallSyntaxError(raw)
    return found[1], value


_BARE = re.compile(r"[^,{}\[\]:\0]+")
_WORDS = {"true": True, "false": False, "null": None, "None": None}


def _parse(raw: str, at: int) -> tuple[Any, int]:
    """The value at ``at``, and where it ends."""
    match raw[at : at + 1]:
        case "\0":
            end = raw.find(QUOTE, at + 1)
            if end < 0:
                raise CallSyntaxError(raw)
            return raw[at + 1 : end], end + 1
        case "{":
            return _parse_object(raw, at + 1)
        case "[":
            return _parse_array(raw, at + 1)
        case _:
            return _parse_bare(raw, at)


def _parse_object(raw: str, at: int) -> tuple[dict[str, Any], int]:
    pairs: dict[str, Any] = {}
    while not raw.startswith("}", at):
        key = _BARE.match(raw, at)
        if not key or not raw.startswith(":", key.end()):
            raise CallSyntaxError(raw)
        pairs[key[0]], at = _parse(raw, key.end() + 1)
        at = _past_comma(raw, at, "}")
    return pairs, at + 1


def _parse_array(raw: str, at: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    while not raw.startswith("]", at):
        item, at = _parse(raw, at)
        items.append(item)
        at = _past_comma(raw, at, "]")
    return items, at + 1


def _past_comma(raw: str, at: int, closing: str) -> int:
    if raw.startswith(closing, at):
        return at
    if raw.startswith(",", at) and not raw.startswith(closing, at + 1):
        return at + 1
    raise CallSyntaxError(raw)


def _parse_bare(raw: str, at: int) -> tuple[Any, int]:
    found = _BARE.match(raw, at)
    if not found:
        raise CallSyntaxError(raw)
    if found[0] in _WORDS:
        return _WORDS[found[0]], found.end()
    try:
        return json.loads(found[0]), found.end()
    except ValueError as error:
        raise CallSyntaxError(raw) from error
