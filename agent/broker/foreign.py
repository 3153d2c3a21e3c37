"""Tools that are not ours, such as those of an MCP server: do the arguments fit the schema, and what would the call do?

The effect is worked out from the arguments and from what the *person* says the tool does; without a word from them it
is one that leaves the machine. What the server says of itself (descriptions, "read-only" hints) is never used. Every
argument decides something (a recipient, an amount, a record) unless it is named like the text of a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote

from agent.broker.policy import Policy
from agent.tool import Effect, Target

Does = Literal["read", "write", "run", "send", "erase"]
"""read: tells something. write: changes what the tool keeps. run: runs a program. send: leaves the machine. erase:
cannot be undone."""

_VERBS: dict[Does, Literal["look", "run", "send", "erase"]] = {
    "read": "look",
    "write": "run",
    "run": "run",
    "send": "send",
    "erase": "erase",
}
_CONTENT = frozenset(
    ("body", "content", "contents", "text", "message", "description", "subject", "title", "summary", "note", "notes",
     "comment", "caption", "agenda")
)  # fmt: skip
_PATHS = frozenset(("path", "paths", "file", "files", "filename", "filepath", "folder", "directory", "dir"))
_ADDRESSES = frozenset(
    ("url", "urls", "uri", "uris", "link", "links", "href", "host", "hostname", "domain", "site", "website",
     "endpoint")
)  # fmt: skip
"""What is called so is an address, with ``https://`` or without."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?|\d\d:\d\d(:\d\d)?")
_DEEPEST = 8
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def misfit(schema: Mapping[str, object], value: object, at: str = "", depth: int = 0) -> str:
    """Why ``value`` does not fit the JSON Schema ``schema``, in a few words; empty when it does.

    Looks at types, properties, required and unknown names, enumerations and items. A name that the schema does not
    list does not fit unless the schema says so. What else a schema may say is the server's to check.
    """
    where = at or "the arguments"
    if depth > _DEEPEST:
        return f"{where}: nested too deeply"
    if "enum" in schema and value not in cast("list[object]", schema["enum"]):
        return f"{where}: not one of the values allowed"
    if (kinds := schema.get("type")) is not None and not _is_a(value, kinds):
        return f"{where}: not of the type {kinds}"
    if isinstance(value, dict):
        return _misfit_in_object(schema, cast("dict[str, object]", value), at, depth)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        found = (misfit(items, each, f"{at}[{n}]", depth + 1) for n, each in enumerate(value))
        return next(filter(None, found), "")
    return ""


def _misfit_in_object(schema: Mapping[str, object], value: dict[str, object], at: str, depth: int) -> str:
    properties = schema.get("properties")
    known = cast("dict[str, object]", properties) if isinstance(properties, dict) else {}
    for name in cast("list[str]", schema.get("required") or []):
        if name not in value:
            return f"{_below(at, name)}: missing"
    for name, each in value.items():
        inner = known.get(name)
        if isinstance(inner, dict):
            if why := misfit(inner, each, _below(at, name), depth + 1):
                return why
        elif (known or schema.get("additionalProperties") is False) and not schema.get(
            "additionalProperties"
        ):
            return f"{_below(at, name)}: not an argument of this tool"
    return ""


def _is_a(value: object, kinds: object) -> bool:
    names = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, _TYPES.get(str(name), (object,))) for name in names)


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def effect_of(name: str, arguments: Mapping[str, object], does: Does, policy: Policy) -> Effect:
    """What calling the foreign tool ``name`` would do. A tool that reads, but is given an address, sends."""
    targets = tuple(_targets(dict(arguments), "", does, policy))
    addressed = does == "read" and any(target.kind == "url" for target in targets)
    return Effect("send" if addressed else _VERBS[does], targets, question=f"Let {name} do this?")


def _targets(value: object, label: str, does: Does, policy: Policy, depth: int = 0) -> Iterator[Target]:
    if isinstance(value, dict | list) and depth <= _DEEPEST:
        pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
        for name, each in pairs:
            yield from _targets(each, _below(label, name) if name else label, does, policy, depth + 1)
    elif isinstance(value, str) and value.strip():
        yield _target_of_text(value, label, does, policy)
    elif isinstance(value, bool):  # free, but the person sees it: "permanently: yes"
        yield Target("text", label, "yes" if value else "no")
    elif not isinstance(value, str | None):
        yield Target("value", label, str(value))


def _target_of_text(value: str, label: str, does: Does, policy: Policy) -> Target:
    words = {word.casefold() for word in _WORDS.findall(label.rpartition(".")[2])}
    plain = value.strip()  # as most servers would
    named = bool(words & _PATHS) and "id" not in words and "://" not in value
    if named or plain.casefold().startswith(("/", "~", "file:")) or ".." in plain.split("/"):
        return Target("path", label, str(_path(plain, policy)), said=value)
    written = "://" in (plain.split()[0] if words & _CONTENT else plain)
    if written or plain.casefold().startswith(("http:", "https:")) or words & _ADDRESSES:
        return Target("url", label, value)
    if _MOMENT.fullmatch(value.strip()) or (words & _CONTENT and does != "run"):
        return Target("text", label, value)
    return Target("value", label, value)


def _path(text: str, policy: Policy) -> Path:
    plain, is_address = re.subn("^file:(//(localhost(?=/))?)?", "", text, flags=re.IGNORECASE)
    plain = (unquote(plain) if is_address else plain).replace("\0", "�")
    if plain == "~" or plain.startswith("~/"):
        return policy.home / plain[2:].lstrip("/")
    return policy.workspace / plain
