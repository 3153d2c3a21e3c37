"""What a server says of a tool, and what of that a model is told: short, bounded, without anything but plain words.

The schema is reduced to what the grammar can hold and a small model can use. Whatever else the server's own schema
demands, the server checks itself. A tool that cannot be told of within the bounds is not offered, and that is said.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel, ConfigDict

Schema = dict[str, object]

MOST_DESCRIPTION = 140
MOST_HINT = 70
_MOST_NAME = 48
_MOST_PROPERTIES = 16
_MOST_PARTS = 80
_DEEPEST = 5
_LONGEST_ENUM = 30
_LARGEST = 10**15
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_TYPES = frozenset(("string", "integer", "number", "boolean", "null", "array", "object"))
_QUOTES = str.maketrans("<>|", "‹›¦")


class Declared(BaseModel):
    """A tool as its server lists it, whole."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str = ""
    schema_: dict[str, object] = {}

    @property
    def digest(self) -> str:
        """The SHA-256 of all of it."""
        told = json.dumps(self.model_dump(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(told.encode()).hexdigest()


class TooMuch(ValueError):
    """Why a tool cannot be told of to a model, in a few words."""


def plain(text: str, longest: int) -> str:
    """``text`` in one line, without signs that are not seen or that may spell a control token."""
    shown = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign for sign in unicodedata.normalize("NFC", text)
    )
    line = " ".join(shown.translate(_QUOTES).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def tool_name(server: str, tool: str, taken: frozenset[str]) -> str:
    """``server_tool`` as every dialect and API can write it, and as no other tool is called."""
    whole = re.sub(r"[^A-Za-z0-9_]+", "_", f"{server}_{tool}").strip("_") or "tool"
    name, attempt = whole, 0
    while len(name) > _MOST_NAME or name in taken:
        told = hashlib.sha256(f"{server}\0{tool}\0{attempt}".encode()).hexdigest()
        name, attempt = f"{whole[: _MOST_NAME - 7]}_{told[:6]}", attempt + 1
    return name


def reduced(schema: Mapping[str, object]) -> Schema:
    """The schema of an object as a model is told of it. Raises TooMuch."""
    definitions = {**_mapping(schema.get("definitions")), **_mapping(schema.get("$defs"))}
    found = _Reducer(definitions).part({"type": "object", **schema}, 0)
    if found.get("type") != "object":
        raise TooMuch("its arguments are no object")
    return found


class _Reducer:
    def __init__(self, definitions: Mapping[str, object]) -> None:
        self._definitions = definitions
        self._parts = 0

    def part(self, node: object, depth: int) -> Schema:
        self._parts += 1
        if depth > _DEEPEST or self._parts > _MOST_PARTS:
            raise TooMuch("its arguments are too many or too deep")
        schema = _mapping(node)
        if "$ref" in schema:
            return self.part(self._definitions.get(str(schema["$ref"]).rsplit("/", 1)[-1], {}), depth + 1)
        found: Schema = {}
        if isinstance(hint := schema.get("description"), str) and depth:
            found["description"] = plain(hint, MOST_HINT)
        if choices := _choices(schema):
            return {**found, "enum": choices}
        for union in ("anyOf", "oneOf"):
            if isinstance(options := schema.get(union), list) and options:
                return {**found, "anyOf": [self.part(option, depth + 1) for option in options[:4]]}
        return {**found, **self._typed(schema, depth)}

    def _typed(self, schema: Mapping[str, object], depth: int) -> Schema:
        kind = schema.get("type")
        if not isinstance(kind, list | str | None):
            return {}
        if isinstance(kind, list):
            kinds = [each for each in kind if isinstance(each, str) and each in _TYPES]
            return (
                {"anyOf": [self.part({**schema, "type": each}, depth + 1) for each in kinds]} if kinds else {}
            )
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema, depth)
        if kind == "array":
            return {"type": "array", "items": self.part(schema.get("items", {}), depth + 1)}
        if kind in ("integer", "number"):
            return {"type": kind, **_bounds(schema)}
        return {"type": kind} if kind in _TYPES else {}

    def _object(self, schema: Mapping[str, object], depth: int) -> Schema:
        properties = _mapping(schema.get("properties"))
        listed = schema.get("required")
        required = list(dict.fromkeys(each for each in _texts(listed) if each in properties))
        if len(properties) > _MOST_PROPERTIES:
            properties = {name: part for name, part in properties.items() if name in required}
        for name in properties:
            if not _PROPERTY.fullmatch(name):
                raise TooMuch("an argument of it has an odd name")
        if len(properties) > _MOST_PROPERTIES:
            raise TooMuch("its arguments are too many or too deep")
        told = {name: self.part(part, depth + 1) for name, part in properties.items()}
        return {"type": "object", "properties": told, "required": required, "additionalProperties": False}


def _choices(schema: Mapping[str, object]) -> list[object]:
    given = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(given, list) or not given:
        return []
    if len(given) > _LONGEST_ENUM:
        raise TooMuch("it has too many choices")
    for choice in given:
        odd = isinstance(choice, str) and (len(choice) > 60 or choice != plain(choice, 60))
        if odd or not isinstance(choice, str | int | float | bool | None):
            raise TooMuch("a choice of it is no plain word")
    return given


def _bounds(schema: Mapping[str, object]) -> Schema:
    if schema.get("type") != "integer":
        return {}
    found: Schema = {}
    for name in ("minimum", "maximum"):
        value = schema.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
            found[name] = value
    low, high = found.get("minimum"), found.get("maximum")
    return {} if isinstance(low, int) and isinstance(high, int) and low > high else found


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
