"""From the tools' JSON schemas to a GBNF grammar, so that a malformed call cannot be decoded.

How a dialect writes values is a :class:`Spelling`; the structure is the same for all. Keys come in dictionary order.
Enforced: types, enums and constants, integer bounds, required and optional keys, item counts, non-empty strings,
strings of at most 64 characters, ``$ref`` and unions. Left to the tool's own check: patterns, formats, other lengths of
strings, bounds of fractions. Integers have at most 18 digits. Syntax: ``grammars/README.md`` of llama.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

DIGITS = 18
LARGEST = 10**DIGITS - 1

COUNTED = 64
"""Characters of a string that are counted at most: each takes a few rules, and a grammar is copied for every call."""

NUMBER = f'"-"? ("0" | [1-9] [0-9]{{0,{DIGITS - 1}}}) ("." [0-9]{{1,{DIGITS}}})? ([eE] [-+]? [0-9]{{1,2}})?'


class BadGrammar(ValueError):
    """There is no such grammar; a fault of ours or an impossible schema."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a dialect writes values, in GBNF expressions. ``rules`` are the helper rules that those need."""

    string: str
    nonempty: str
    counted: Callable[[int, int], tuple[str, Mapping[str, str]]]
    """A string of at least and at most so many characters, and the rules that takes."""
    text: Callable[[str], str]
    """The expression for exactly this string, with its quotes."""
    key: Callable[[str], str]
    """The expression for exactly this key of an object."""
    any_key: str
    comma: str
    colon: str
    braces: tuple[str, str]
    brackets: tuple[str, str]
    rules: Mapping[str, str]


def literal(text: str) -> str:
    """A GBNF string that matches ``text`` exactly."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c if c >= " " else f"\\x{ord(c):02X}") for c in text) + '"'


class GrammarBuilder:
    """Collects rules; :meth:`arguments` turns one tool's schema into an expression."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        self._rules: dict[str, str] = dict(spelling.rules)

    def arguments(self, schema: Schema, prefix: str) -> str:
        """The expression for the arguments object of a tool; its rules are named after ``prefix``."""
        return _Converter(self._spelling, self._rules, prefix, schema.get("$defs", {})).object(schema)

    def value(self, schema: Schema, key: str, prefix: str) -> str:
        """The expression for the value of one argument; its rules are named after ``prefix``."""
        converter = _Converter(self._spelling, self._rules, prefix, schema.get("$defs", {}))
        return converter.value(schema["properties"][key])

    def add(self, rules: Mapping[str, str]) -> None:
        """Helper rules for what surrounds the arguments."""
        self._rules.update(rules)

    def text(self, root: str) -> str:
        """The whole grammar, starting with ``root``."""
        lines = [f"root ::= {root}", *(f"{name} ::= {body}" for name, body in self._rules.items())]
        return "\n".join(lines) + "\n"


class _Converter:
    """One schema and its definitions."""

    def __init__(
        self, spelling: Spelling, rules: dict[str, str], prefix: str, definitions: Mapping[str, Schema]
    ) -> None:
        self._spelling = spelling
        self._rules = rules
        self._prefix = prefix
        self._definitions = definitions
        self._count = 0

    def value(self, schema: Schema) -> str:
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        if "const" in schema:
            return self._constant(schema["const"])
        if "enum" in schema:
            return self._either([self._constant(choice) for choice in schema["enum"]])
        for union in ("anyOf", "oneOf", "allOf"):
            if union in schema:
                return self._either([self.value(choice) for choice in schema[union]])
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._either([self.value({**schema, "type": one}) for one in kind])
        return self._typed(kind, schema)

    def _typed(self, kind: str | None, schema: Schema) -> str:
        match kind:
            case "string":
                return self._string(schema.get("minLength", 0), schema.get("maxLength"))
            case "integer":
                return self._integer(schema)
            case "number":
                return f"({NUMBER})"
            case "boolean":
                return '("true" | "false")'
            case "null":
                return '"null"'
            case "array":
                return self._array(schema)
            case "object":
                return self.object(schema)
            case _:
                return self._anything()

    def _string(self, fewest: int, most: int | None) -> str:
        if most is None or most > COUNTED:
            return self._spelling.nonempty if fewest else self._spelling.string
        expression, rules = self._spelling.counted(fewest, most)
        self._rules.update(rules)
        return expression

    def object(self, schema: Schema) -> str:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        if not properties and isinstance(schema.get("additionalProperties"), Mapping | bool):
            free = schema["additionalProperties"]
            if free is not False:
                return self._dictionary(free if isinstance(free, Mapping) else {})
        before, after = self._spelling.braces
        return f"{before} {self._pairs(properties, frozenset(schema.get('required', ())))} {after}"

    def _pairs(self, properties: Mapping[str, Schema], required: frozenset[str]) -> str:
        """Pairs in key order. Two chains of rules, from the last key to the first: one for *nothing written yet*,
        one for *after a pair*, where a comma comes first."""
        first = after = '""'
        for key in sorted(properties, key=str.lower, reverse=True):
            pair = f"{self._spelling.key(key)} {self._spelling.colon} {self.value(properties[key])}"
            rest = self._rule(after)
            skip_first, skip_after = (
                ("", "") if key in required else (f" | {self._rule(first)}", f" | {rest}")
            )
            first = f"{pair} {rest}{skip_first}"
            after = f"{self._spelling.comma} {pair} {rest}{skip_after}"
        return self._rule(first)

    def _dictionary(self, values: Schema) -> str:
        before, after = self._spelling.braces
        pair = self._rule(f"{self._spelling.any_key} {self._spelling.colon} {self.value(values)}")
        return f"{before} ({pair} ({self._spelling.comma} {pair})*)? {after}"

    def _array(self, schema: Schema) -> str:
        before, after = self._spelling.brackets
        item = self._rule(self.value(schema.get("items", {})))
        fewest, most = schema.get("minItems", 0), schema.get("maxItems")
        if most == 0:
            return f"{before} {after}"
        more = f"{{{max(0, fewest - 1)},{'' if most is None else most - 1}}}"
        items = f"{item} ({self._spelling.comma} {item}){more}"
        return f"{before} {items if fewest else f'({items})?'} {after}"

    def _integer(self, schema: Schema) -> str:
        low, high = schema.get("minimum", -LARGEST), schema.get("maximum", LARGEST)
        low = max(low, schema.get("exclusiveMinimum", low - 1) + 1)
        high = min(high, schema.get("exclusiveMaximum", high + 1) - 1)
        return self._rule(integer_between(int(low), int(high)))

    def _constant(self, value: object) -> str:
        return self._spelling.text(value) if isinstance(value, str) else literal(json.dumps(value))

    def _reference(self, reference: str) -> str:
        name = reference.rsplit("/", 1)[-1]
        rule = f"{self._prefix}-def-{''.join(c if c.isalnum() else '-' for c in name)}"
        if rule not in self._rules:
            if name not in self._definitions:
                raise BadGrammar(f"{reference} is not defined")
            self._rules[rule] = ""  # a definition may refer to itself
            self._rules[rule] = self.value(self._definitions[name])
        return rule

    def _anything(self) -> str:
        if "anything" not in self._rules:
            self._rules["anything"] = ""
            array = self._array({})
            dictionary = self._dictionary({})
            simple = f'{self._spelling.string} | {NUMBER} | "true" | "false" | "null"'
            self._rules["anything"] = f"{simple} | {array} | {dictionary}"
        return "anything"

    def _either(self, choices: Sequence[str]) -> str:
        return f"({' | '.join(choices)})"

    def _rule(self, body: str) -> str:
        """A rule of its own for ``body``; its name."""
        self._count += 1
        name = f"{self._prefix}-{self._count}"
        self._rules[name] = body
        return name


def integer_between(low: int, high: int) -> str:
    """The expression for the decimal integers from ``low`` to ``high``, both included, without leading zeros."""
    if low > high:
        raise BadGrammar(f"no integer lies between {low} and {high}")
    parts: list[str] = []
    if low < 0:
        parts.append(f'"-" ({_natural_between(max(1, -high), -low)})')
    if high >= 0:
        parts.append(_natural_between(max(0, low), high))
    return " | ".join(parts)


def _natural_between(low: int, high: int) -> str:
    parts: list[str] = []
    for digits in range(len(str(low)), len(str(high)) + 1):
        smallest = max(low, 0 if digits == 1 else 10 ** (digits - 1))
        parts.append(_same_length(str(smallest), str(min(high, 10**digits - 1))))
    return " | ".join(parts)


def _same_length(low: str, high: str) -> str:
    """The numbers from ``low`` to ``high``, two strings of equally many digits."""
    if not low:
        return '""'
    rest = len(low) - 1
    if set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        return _digit(low[0], high[0]) + (f" [0-9]{{{rest}}}" if rest else "")
    if low[0] == high[0]:
        return f"{literal(low[0])} ({_same_length(low[1:], high[1:])})"
    parts = [f"{literal(low[0])} ({_same_length(low[1:], '9' * rest)})"]
    if int(high[0]) - int(low[0]) > 1:
        parts.append(f"{_digit(str(int(low[0]) + 1), str(int(high[0]) - 1))} [0-9]{{{rest}}}")
    parts.append(f"{literal(high[0])} ({_same_length('0' * rest, high[1:])})")
    return " | ".join(parts)


def _digit(low: str, high: str) -> str:
    return literal(low) if low == high else f"[{low}-{high}]"
