"""The common way of writing calls, for any chat model: a JSON object between ``<tool_call>`` tags, or on its own.

    <tool_call>{"name": "read_file", "arguments": {"path": "notes.txt"}}</tool_call>

Results are the template's tool turns or, when it has none, turns of the person. A template that does not list the
tools gets them listed after the system text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from agent.engine.declaration import declaration
from agent.engine.dialects.contract import CallState, CallSyntaxError, Place
from agent.engine.dialects.conversation import Conversation
from agent.engine.dialects.frame import ChatTemplate, Frame
from agent.engine.grammar import GrammarBuilder, Spelling, literal
from agent.engine.port import Prompt, ToolSpec
from agent.engine.script import Script
from agent.engine.vocabulary import Vocabulary
from agent.messages import ToolCall, ToolMessage

CALL_OPEN, CALL_CLOSE = "<tool_call>", "</tool_call>"
THOUGHT_OPEN, THOUGHT_CLOSE = "<think>", "</think>"
HOW_TO_CALL = "\n\nTo use a tool, answer with nothing but "
EXAMPLE = '{"name": "…", "arguments": {…}}'


class Generic:
    """The :class:`~agent.engine.dialects.contract.Dialect` of everyone who has none of their own."""

    name: Literal["gemma4", "generic"] = "generic"
    thought_named = False

    def __init__(
        self, vocabulary: Vocabulary, template: ChatTemplate, fingerprint: str, place: Place
    ) -> None:
        self._vocabulary = vocabulary
        self.thought_open, self.thought_close = vocabulary.mark(THOUGHT_OPEN), vocabulary.mark(THOUGHT_CLOSE)
        ours = (CALL_OPEN, CALL_CLOSE, THOUGHT_OPEN, THOUGHT_CLOSE)
        self._never_in_call = vocabulary.control - {vocabulary.mark(mark) for mark in ours}
        self._never = self._never_in_call - vocabulary.ends
        self._conversation = Conversation(
            template,
            vocabulary,
            fingerprint,
            self._spell_call,
            self._spell_result,
            self._tell_of_tools,
            place,
        )

    def prompt(self, prompt: Prompt) -> Script:
        return self._conversation.script(prompt)

    def begins_in_thought(self, prompt: Prompt) -> bool:
        return self._conversation.frame(prompt).user_to_model.rstrip().endswith(THOUGHT_OPEN)

    def grammar(self, tools: Sequence[ToolSpec]) -> str:
        builder = GrammarBuilder(JSON)
        calls = [
            f"{literal(json.dumps(tool.name))} {JSON.comma} {literal(json.dumps('arguments'))} {JSON.colon} "
            f"{builder.arguments(tool.parameters, f'tool-{index}')}"
            for index, tool in enumerate(tools)
        ]
        before, after = JSON.braces
        call = f"{before} {literal(json.dumps('name'))} {JSON.colon} ({' | '.join(calls)}) {after}"
        tagged = f"{literal(CALL_OPEN)} space ({call}) space {literal(CALL_CLOSE)}"
        return builder.text(f"space ({tagged} | {call})")

    def never(self, call: Sequence[int]) -> frozenset[int]:
        return self._never_in_call if call else self._never

    def may_start_call(self, token: int, nothing_said: bool, thinking: bool) -> bool:
        if thinking:
            return False
        piece = self._vocabulary.piece(token).decode("utf-8", "replace").strip()
        if piece.startswith("<"):
            return CALL_OPEN.startswith(piece) or piece.startswith(CALL_OPEN)
        return nothing_said and piece.startswith("{")

    def call_state(self, tokens: Sequence[int]) -> CallState:
        text = self._text(tokens)
        if text.startswith(CALL_OPEN):
            return "complete" if text.endswith(CALL_CLOSE) else "call"
        if not re.match(r'\{\s*"name"\s*:', text):
            return "maybe"
        if not text.endswith("}"):
            return "call"
        try:
            json.loads(text)
        except ValueError:
            return "call"
        return "complete"

    def parse_call(self, tokens: Sequence[int]) -> tuple[str, dict[str, Any]]:
        return parse_call(self._text(tokens))

    def _text(self, tokens: Sequence[int]) -> str:
        return b"".join(map(self._vocabulary.piece, tokens)).decode("utf-8", "replace").strip()

    def _spell_call(self, call: ToolCall) -> Sequence[int]:
        open_, close = self._vocabulary.frame(CALL_OPEN), self._vocabulary.frame(CALL_CLOSE)
        return (*open_, *self._vocabulary.plain(raw_call(call)), *close)

    def _spell_result(self, result: ToolMessage, frame: Frame) -> Sequence[int]:
        before, after = frame.call_to_result, frame.result_to_model
        if not before:
            before, after = frame.model_to_user, frame.user_to_model
        vocabulary = self._vocabulary
        return (*vocabulary.frame(before), *vocabulary.plain(result.content), *vocabulary.frame(after))

    def _tell_of_tools(self, prompt: Prompt, frame: Frame) -> Sequence[int]:
        if not prompt.tools or frame.lists_tools:
            return ()
        how = self._vocabulary.frame(f"{HOW_TO_CALL}{CALL_OPEN}{EXAMPLE}{CALL_CLOSE}\n")
        lines = (json.dumps(declaration(tool)["function"], ensure_ascii=False) for tool in prompt.tools)
        return (*how, *self._vocabulary.plain("\n".join(lines)))


def raw_call(call: ToolCall) -> str:
    arguments = dict(sorted(call.arguments.items()))
    return json.dumps({"name": call.name, "arguments": arguments}, ensure_ascii=False)


def parse_call(text: str) -> tuple[str, dict[str, Any]]:
    """A call's JSON, with or without its tags. Raises CallSyntaxError."""
    try:
        call = json.loads(text.removeprefix(CALL_OPEN).removesuffix(CALL_CLOSE))
        name, arguments = call["name"], call["arguments"]
    except (ValueError, KeyError, TypeError) as error:
        raise CallSyntaxError(text) from error
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise CallSyntaxError(text)
    return name, arguments


JSON = Spelling(
    string=r'"\"" character* "\""',
    nonempty=r'"\"" character+ "\""',
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
