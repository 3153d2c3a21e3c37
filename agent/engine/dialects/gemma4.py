"""Gemma 4's way of writing: control tokens for turns, calls, results, strings and thoughts.

    <|tool_call>call:NAME{key:<|"|>text<|"|>,n:3}<tool_call|>                     keys in dictionary order
    <|tool_response>response:NAME{value:<|"|>…<|"|>}<tool_response|>               within the same model turn

Read from the chat template that the Gemma 4 files carry. *Raw* text is explained in
:mod:`agent.engine.gemma4_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from agent.engine.decoding.grammar import GrammarBuilder, Spelling, literal
from agent.engine.dialects.contract import CallState, Place
from agent.engine.dialects.conversation import Conversation, Opening
from agent.engine.dialects.frame import ChatTemplate, Frame
from agent.engine.gemma4_text import QUOTE, STRING_MARK, parse_call, raw_call, raw_value
from agent.engine.port import Prompt, ToolSpec
from agent.engine.script import Script
from agent.engine.vocabulary import Vocabulary
from agent.messages import ToolCall, ToolMessage

CALL_OPEN, CALL_CLOSE = "<|tool_call>", "<tool_call|>"
RESULT_OPEN, RESULT_CLOSE = "<|tool_response>", "<tool_response|>"
THOUGHT_OPEN, THOUGHT_CLOSE = "<|channel>", "<channel|>"
STRUCTURE = (CALL_OPEN, CALL_CLOSE, RESULT_OPEN, RESULT_CLOSE, STRING_MARK)


def speaks_gemma4(vocabulary: Vocabulary) -> bool:
    """The vocabulary has the control tokens that calls and results are made of."""
    return all(vocabulary.mark(mark) is not None for mark in STRUCTURE)


class Gemma4:
    """The :class:`~agent.engine.dialects.contract.Dialect` of Gemma 4."""

    name: Literal["gemma4", "generic"] = "gemma4"
    thought_named = True
    template_lists_tools = True

    def __init__(
        self, vocabulary: Vocabulary, template: ChatTemplate, fingerprint: str, place: Place
    ) -> None:
        self._vocabulary = vocabulary
        self._call_open, self._call_close = self._mark(CALL_OPEN), self._mark(CALL_CLOSE)
        self._result_open, self._result_close = self._mark(RESULT_OPEN), self._mark(RESULT_CLOSE)
        self._quote = self._mark(STRING_MARK)
        self.thought_open, self.thought_close = vocabulary.mark(THOUGHT_OPEN), vocabulary.mark(THOUGHT_CLOSE)
        structure = {self._mark(mark) for mark in STRUCTURE}
        thoughts = {mark for mark in (self.thought_open, self.thought_close) if mark is not None}
        self._never = (vocabulary.control | structure) - vocabulary.ends - {self._call_open}
        self._never_in_string = (vocabulary.control | structure | thoughts) - {self._quote}
        self._never_in_call = self._never_in_string - {self._call_close}
        self._conversation = Conversation(template, vocabulary, fingerprint, self, place)

    def prompt(self, prompt: Prompt) -> Script:
        return self._conversation.script(prompt)

    def begins_in_thought(self, prompt: Prompt) -> bool:
        return False

    def grammar(self, tools: Sequence[ToolSpec]) -> str:
        builder = GrammarBuilder(_spelling(self._quote))
        calls = [
            f"{literal(tool.name)} {builder.arguments(tool.parameters, f'tool-{index}')}"
            for index, tool in enumerate(tools)
        ]
        return builder.text(f'<[{self._call_open}]> "call:" ({" | ".join(calls)}) <[{self._call_close}]>')

    def never(self, call: Sequence[int]) -> frozenset[int]:
        if not call:
            return self._never
        within_string = call.count(self._quote) % 2
        return self._never_in_string if within_string else self._never_in_call

    def may_start_call(self, token: int, nothing_said: bool, thinking: bool) -> bool:
        return token == self._call_open

    def call_state(self, tokens: Sequence[int]) -> CallState:
        return "complete" if tokens[-1] == self._call_close else "call"

    def parse_call(self, tokens: Sequence[int]) -> tuple[str, dict[str, Any]]:
        pieces = (b"\0" if token == self._quote else self._vocabulary.piece(token) for token in tokens[1:-1])
        return parse_call(b"".join(pieces).decode("utf-8", "replace"))

    def _mark(self, text: str) -> int:
        token = self._vocabulary.mark(text)
        if token is None:
            raise LookupError(text)
        return token

    def spell_call(self, call: ToolCall) -> Sequence[int]:
        return (self._call_open, *self._raw(raw_call(call)), self._call_close)

    def spell_result(self, result: ToolMessage, frame: Frame) -> Sequence[int]:
        value = raw_value(result.content)
        body = self._raw(f"response:{result.name}{{value:{value}}}")
        return (self._result_open, *body, self._result_close)

    def after_result(self, frame: Frame) -> Opening:
        """Nothing: the model turn goes on."""
        return Opening("", "", "")

    def tell_of_tools(self, prompt: Prompt, frame: Frame) -> Sequence[int]:
        """The template lists the tools; a template that does not belongs to a model that knows them by heart."""
        return ()

    def _raw(self, text: str) -> Iterable[int]:
        """Raw text as tokens: each NUL is the quote's token, everything between is plain."""
        for index, part in enumerate(text.split(QUOTE)):
            if index:
                yield self._quote
            yield from self._vocabulary.plain(part)


def _spelling(quote: int) -> Spelling:
    mark = f"<[{quote}]>"
    anything = f"{mark} text-0 {mark}"
    return Spelling(
        string=anything,
        nonempty=f"{mark} text {mark}",
        counted=lambda fewest, most: (
            f"{mark} {'text' if fewest else 'text-0'}-of-{most} {mark}",
            _counted_rules(most),
        ),
        text=lambda text: (
            anything if _ends_in_mark(text) else f"{mark} {literal(text) if text else ''} {mark}"
        ),
        key=literal,
        any_key="[A-Za-z0-9_.-]+",
        comma='","',
        colon='":"',
        braces=('"{"', '"}"'),
        brackets=('"["', '"]"'),
        rules=_TEXT_RULES,
    )


def _ends_in_mark(text: str) -> bool:
    """Whether a constant has the mark's characters in it, or the first of them at its end: for the reason below, such
    a one is left to the tool's own check."""
    return STRING_MARK in text or any(text.endswith(STRING_MARK[:size]) for size in range(1, 5))


# Any text that does not spell the mark <|"|> in ordinary characters: the automaton that looks for it, a rule a state.
# llama.cpp reads the mark's token both as a token and as its five characters, and this keeps the two apart. It also
# allows, and then aborts on, the mark's token where its first characters may stand and after them the mark; so a text
# that must not be empty follows those characters (begun-1 to begun-4) without being able to end among them.
_TEXT_RULES = {
    "text": r'[^<\x00] text-0 | "<" begun-1',
    "begun-1": r'[^<|\x00] text-0 | "<" text-1 | "|" begun-2',
    "begun-2": r'[^<"\x00] text-0 | "<" text-1 | "\"" begun-3',
    "begun-3": r'[^<|\x00] text-0 | "<" text-1 | "|" begun-4',
    "begun-4": r'[^<>\x00] text-0 | "<" text-1',
    "text-0": r'([^<\x00] text-0 | "<" text-1)?',
    "text-1": r'([^<|\x00] text-0 | "<" text-1 | "|" text-2)?',
    "text-2": r'([^<"\x00] text-0 | "<" text-1 | "\"" text-3)?',
    "text-3": r'([^<|\x00] text-0 | "<" text-1 | "|" text-4)?',
    "text-4": r'([^<>\x00] text-0 | "<" text-1)?',
}


def _counted_rules(most: int) -> dict[str, str]:
    """The same automaton for a text of at most ``most`` characters: a copy of its rules for each number that may still
    follow. At least one is told from none at all, and no more than that."""
    rules = {f"text-{state}-of-0": '""' for state in range(5)}
    for left in range(1, most + 1):
        for name, body in _TEXT_RULES.items():
            begins = re.fullmatch(r"text|begun-(\d)", name)
            if begins and left != most - int(begins[1] or 0):
                continue
            if left == 1:
                body = re.sub(r" \| \S+ begun-\d", "", body)
            rules[f"{name}-of-{left}"] = re.sub(r"(text|begun)-\d", rf"\g<0>-of-{left - 1}", body)
    return rules
