"""A tool as chat templates expect it: OpenAI's function object, with a JSON schema that needs no looking up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.engine.port import ToolSpec

Schema = Mapping[str, Any]


def declaration(tool: ToolSpec) -> dict[str, object]:
    function = {"name": tool.name, "description": tool.description, "parameters": inlined(tool.parameters)}
    return {"type": "function", "function": function}


def inlined(schema: Schema) -> dict[str, Any]:
    """``schema`` with its definitions written out where they are used, and without what says nothing to a model
    (titles, *null* as an alternative, "no other keys"): templates know no ``$ref``, and every token counts."""
    return _Inliner(schema.get("$defs", {})).schema(schema, ())


class _Inliner:
    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def schema(self, node: Schema, within: tuple[str, ...]) -> dict[str, Any]:
        if "$ref" in node:
            return self._reference(node, within)
        node = _without_null(node)
        result: dict[str, Any] = {}
        for key, part in node.items():
            if key == "properties":
                result[key] = {name: self.schema(inner, within) for name, inner in part.items()}
            elif key in ("items", "additionalProperties") and isinstance(part, Mapping):
                result[key] = self.schema(part, within)
            elif key in ("anyOf", "oneOf", "allOf"):
                result[key] = [self.schema(inner, within) for inner in part]
            elif key not in ("title", "$defs", "additionalProperties", "default"):
                result[key] = part
        return result

    def _reference(self, node: Schema, within: tuple[str, ...]) -> dict[str, Any]:
        name = str(node["$ref"]).rsplit("/", 1)[-1]
        if name in within:
            return {"type": "object"}
        beside = {key: part for key, part in node.items() if key != "$ref"}
        return self.schema({**self._definitions.get(name, {}), **beside}, (*within, name))


def _without_null(node: Schema) -> Schema:
    """An optional value, ``anyOf: [X, null]``, is told as X: the model leaves the key out."""
    choices = node.get("anyOf", ())
    real = [choice for choice in choices if choice.get("type") != "null"]
    if len(real) != 1 or len(choices) == 1:
        return node
    beside = {key: part for key, part in node.items() if key != "anyOf"}
    return {**real[0], **beside}
