"""How everyone else writes: turns, calls and results as the file's own chat template has them.

Where the template renders no call, or in a way that is no :class:`~agent.engine.dialects.call_form.CallForm`, calls
take our form and the model is told of it and of the tools after the system text. Results are the template's tool
turns or, when it has none, turns of the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from agent.engine.declaration import declaration
from agent.engine.decoding.grammar import GrammarBuilder
from agent.engine.dialects.call_form import NAME, OURS
from agent.engine.dialects.call_grammar import JSON, FormGrammar
from agent.engine.dialects.contract import CallState, CallSyntaxError, Place
from agent.engine.dialects.conversation import Conversation, Opening
from agent.engine.dialects.frame import ChatTemplate, Frame
from agent.engine.port import Prompt, ToolSpec
from agent.engine.script import Script
from agent.engine.vocabulary import Vocabulary
from agent.messages import ToolCall, ToolMessage

HOW_TO_CALL = "\n\nTo use a tool, answer with nothing but "
HEAD = 24
"""Tokens within which a call shows that it is one."""


class Generic:
    """The :class:`~agent.engine.dialects.contract.Dialect` of everyone who has none of their own."""

    name: Literal["gemma4", "generic"] = "generic"
    thought_named = False

    def __init__(
        self, vocabulary: Vocabulary, template: ChatTemplate, fingerprint: str, place: Place
    ) -> None:
        self._vocabulary = vocabulary
        self.template_lists_tools = template.seams.form is not None
        self._form = form = template.seams.form or OURS
        untagged = form.before.lstrip().startswith("{")
        self._grammars = [FormGrammar(form, vocabulary, lenient=form is OURS or untagged)]
        if form.bare:
            self._grammars.append(FormGrammar(form.bare, vocabulary, lenient=True))
        self._thought_text = template.seams.thought
        self.thought_open, self.thought_close = map(vocabulary.mark, self._thought_text)
        ours = {run for text, own in form.pieces("", {}) if own for run in vocabulary.runs(text)}
        self._never_in_call = vocabulary.control - ours
        self._never = self._never_in_call - vocabulary.ends - {self.thought_open, self.thought_close}
        self._conversation = Conversation(template, vocabulary, fingerprint, self, place)

    def prompt(self, prompt: Prompt) -> Script:
        return self._conversation.script(prompt)

    def begins_in_thought(self, prompt: Prompt) -> bool:
        return self._conversation.opening(prompt).rstrip().endswith(self._thought_text[0])

    def grammar(self, tools: Sequence[ToolSpec]) -> str:
        builder = GrammarBuilder(JSON)
        forms = [
            grammar.gbnf(tools, builder, f"tool-{index}") for index, grammar in enumerate(self._grammars)
        ]
        return builder.text(f"space ({' | '.join(forms)})")

    def never(self, call: Sequence[int]) -> frozenset[int]:
        return self._never_in_call if call else self._never

    def may_start_call(self, token: int, nothing_said: bool, thinking: bool) -> bool:
        if thinking:
            return False
        piece = self._vocabulary.piece(token).decode("utf-8", "replace").strip()
        if not (nothing_said or piece.startswith("<") or token in self._vocabulary.marks):
            return False  # words may hold braces
        return bool(piece) and any(grammar.may_begin(piece) for grammar in self._grammars)

    def call_state(self, tokens: Sequence[int]) -> CallState:
        """Looks at the first tokens and the last; all of them are read only when the last may end the call."""
        head = self._text(tokens[:HEAD])
        if not any(grammar.begun(head) for grammar in self._grammars):
            return "maybe"
        last = self._text(tokens[-1:])
        if not any(last.endswith(grammar.last) for grammar in self._grammars):
            return "call"
        try:
            self.parse_call(tokens)
        except CallSyntaxError:
            return "call"
        return "complete"

    def parse_call(self, tokens: Sequence[int]) -> tuple[str, dict[str, Any]]:
        text = self._text(tokens)
        begun = next((grammar for grammar in self._grammars if grammar.begun(text)), self._grammars[0])
        return begun.parse(text)

    def _text(self, tokens: Sequence[int]) -> str:
        return b"".join(map(self._vocabulary.piece, tokens)).decode("utf-8", "replace").strip()

    def spell_call(self, call: ToolCall) -> Sequence[int]:
        return list(self._spelt(self._form.pieces(call.name, call.arguments)))

    def _spelt(self, pieces: Iterable[tuple[str, bool]]) -> Iterator[int]:
        """Pieces as tokens: those of the form may hold control tokens; words on both sides of a seam that does not
        are tokenised together, as the model would have written them."""
        words = ""
        for text, own in pieces:
            for run in self._vocabulary.runs(text) if own else [text]:
                if isinstance(run, str):
                    words += run
                else:
                    yield from (*self._vocabulary.plain(words), run)
                    words = ""
        yield from self._vocabulary.plain(words)

    def spell_result(self, result: ToolMessage, frame: Frame) -> Sequence[int]:
        seams, content = frame.seams, result.content
        if seams.quotes_results:
            content = json.dumps(content, ensure_ascii=False)[1:-1]
        first, *others = (seams.call_to_result or seams.model_to_user).split(NAME)
        named = (piece for part in others for piece in ((result.name, False), (part, True)))
        return list(self._spelt([(first, True), *named, (content, False)]))

    def after_result(self, frame: Frame) -> Opening:
        seams = frame.seams
        if seams.call_to_result:
            return Opening(seams.result_to_model, seams.result_to_past, seams.result_to_call)
        return Opening(seams.user_to_model, seams.user_to_past, seams.user_to_call)

    def tell_of_tools(self, prompt: Prompt, frame: Frame) -> Sequence[int]:
        if not prompt.tools or frame.lists_tools:
            return ()
        how = self._vocabulary.frame(f"{HOW_TO_CALL}{self._form.example.strip()}\n")
        lines = (json.dumps(declaration(tool)["function"], ensure_ascii=False) for tool in prompt.tools)
        return (*how, *self._vocabulary.plain("\n".join(lines)))
