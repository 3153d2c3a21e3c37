"""What a server says of a tool is cut down to something that a grammar and a small model can hold, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.broker.foreign import effect_of, misfit
from agent.broker.policy import Policy
from agent.engine.decoding.grammar import GrammarBuilder
from agent.engine.dialects.call_grammar import JSON
from tools.mcp.declarations import MOST_DESCRIPTION, Declared, TooMuch, plain, reduced, tool_name
from tools.mcp.servers import ForeignArguments


def test_a_usual_schema_keeps_what_matters() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "title": "Args",
        "properties": {
            "path": {
                "type": "string",
                "description": "Where to.\nNot too far.",
                "pattern": "(a+)+$",
                "minLength": 1,
            },
            "kind": {"enum": ["a", "b"]},
            "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
            "where": {"$ref": "#/$defs/Place"},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10**9},
        },
        "required": ["path", "missing"],
        "$defs": {"Place": {"type": "object", "properties": {"x": {"type": "number"}}}},
    }

    assert reduced(schema) == {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "Where to. Not too far."},
            "kind": {"enum": ["a", "b"]},
            "count": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, {"type": "null"}]},
            "where": {
                "type": "object", "properties": {"x": {"type": "number"}}, "required": [],
                "additionalProperties": False,
            },
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["path"],
        "additionalProperties": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"properties": {"a": {"enum": [str(n) for n in range(10_000)]}}},
        {"properties": {"a": {"enum": ["<|tool_call>"]}}},
        {"properties": {"a\nb": {"type": "string"}}},
        {"properties": {'x"}': {"type": "string"}}},
        {
            "properties": {str(n): {"type": "string"} for n in range(500)},
            "required": [str(n) for n in range(500)],
        },
        {
            "properties": {f"a{n}": {"type": "string"} for n in range(50)},
            "required": [f"a{n}" for n in range(50)],
        },
    ],
)
def test_what_no_model_can_be_told_of_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(TooMuch):
        reduced(schema)


def test_of_too_many_arguments_those_that_must_be_there_stay() -> None:
    schema = {"properties": {f"a{n}": {"type": "string"} for n in range(50)}, "required": ["a3", "a7"]}

    properties = reduced(schema)["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == {"a3", "a7"}


KEYWORDS = ("type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "$ref", "$defs",
            "description", "minimum", "maximum", "additionalProperties")  # fmt: skip
NAMES = st.sampled_from(
    ["a", "b", "c1", "string", "object", "array", "integer", "null", "#/$defs/a", "", "\n"]
)
ANY_JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), NAMES, st.text(max_size=5)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(NAMES, st.sampled_from(KEYWORDS)), inner, max_size=5),
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(schema=st.dictionaries(st.one_of(NAMES, st.sampled_from(KEYWORDS)), ANY_JSON, max_size=6))
def test_whatever_a_server_calls_a_schema_becomes_one_that_a_grammar_can_hold_or_is_refused(
    schema: dict[str, Any],
) -> None:
    try:
        told = reduced(schema)
    except TooMuch:
        return

    builder = GrammarBuilder(JSON)
    assert builder.arguments(told, "tool-0")
    assert reduced(told) == told
    assert misfit(told, {"unknown": 1})
    json.dumps(told)


@given(text=st.text(max_size=400), longest=st.integers(2, 200))
def test_plain_text_is_one_line_without_anything_that_could_steer(text: str, longest: int) -> None:
    line = plain(text, longest)

    assert len(line) <= longest
    assert not set(line) & set("<>|\n\r\t\x1b\u202e\u200b\x00")
    assert plain(line, longest) == line


@given(server=st.text("abcXYZ019_-", min_size=1, max_size=40), tool=st.text(max_size=200))
def test_a_name_fits_every_dialect_and_is_nobody_elses(server: str, tool: str) -> None:
    name = tool_name(server, tool, frozenset())

    assert name.isascii()
    assert name.replace("_", "").isalnum()
    assert len(name) <= 48
    assert tool_name(server, tool, frozenset({name})) != name


def test_the_hash_is_of_name_description_and_schema() -> None:
    one = Declared(name="a", description="b", schema_={"type": "object"})
    others = [
        Declared(name="A", description="b", schema_={"type": "object"}),
        Declared(name="a", description="b ", schema_={"type": "object"}),
        Declared(name="a", description="b", schema_={"type": "object", "x": 1}),
    ]

    assert len({each.digest for each in (one, *others)}) == 4
    assert Declared.model_validate_json(one.model_dump_json()).digest == one.digest


def test_arguments_without_fields_are_kept_as_they_were_given() -> None:
    schema = {"type": "object", "properties": {"copy": {"type": "string"}, "model_dump": {"type": "array"}}}
    made = type("Made", (ForeignArguments,), {"described": schema})

    assert made.model_validate({"copy": "x", "model_dump": [1]}).given == {"copy": "x", "model_dump": [1]}
    assert MOST_DESCRIPTION < 200


def test_the_person_is_shown_every_switch_of_a_call() -> None:
    policy = Policy("ask", Path("/home/ada/work"), Path("/home/ada"))

    effect = effect_of("files: drop", {"name": "a", "how": {"permanently": True}}, "erase", policy)

    assert [(target.label, target.value) for target in effect.targets] == [
        ("name", "a"),
        ("how.permanently", "yes"),
    ]
