"""Tokens are read as words, thoughts and a call, and told as soon as they are certain."""

from __future__ import annotations

import pytest

from agent.engine.decoding.reading import Reading
from agent.engine.decoding.sampling import CallGrammar
from agent.engine.port import Piece
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.test_turn import TOOLS


def test_thoughts_are_told_apart_from_words(gemma: Loaded):
    reading = Reading(gemma.dialect, gemma.vocabulary, thinking=False)
    pieces: list[Piece] = []
    for token in gemma.vocabulary.frame("<|channel>thought\nhmm é\n<channel|>Hello"):
        pieces += reading.take(token)
    assert (reading.thought, reading.text) == ("hmm é\n", "Hello")
    assert "".join(piece.text for piece in pieces if piece.thought) == "hmm é\n"


def test_a_character_of_several_tokens_is_told_whole(gemma: Loaded):
    reading = Reading(gemma.dialect, gemma.vocabulary, thinking=False)
    pieces: list[Piece] = []
    for token in gemma.vocabulary.plain("a✓b"):
        pieces += reading.take(token)
    assert [piece.text for piece in pieces] == ["a", "✓", "b"]


def test_an_unfinished_call_is_dropped_with_its_tokens(caller: Loaded):
    grammar = CallGrammar(caller.vocabulary, caller.dialect.grammar(TOOLS))
    reading = Reading(caller.dialect, caller.vocabulary, False, grammar)
    tokens = caller.vocabulary.frame('Wait.<|tool_call>call:read_file{path:<|"|>no')
    pieces = [piece for token in tokens for piece in reading.take(token)]
    pieces += reading.end()
    assert "".join(piece.text for piece in pieces) == reading.text == "Wait."
    assert caller.spelt(reading.tokens) == "Wait."


@pytest.mark.parametrize(
    ("said", "text", "call"),
    [
        ('{"name": "now", "arguments": {}}', "", ("now", {})),
        ('\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>', "", ("now", {})),
        ('Sure. <tool_call>{"name": "now", "arguments": {}}</tool_call>', "Sure. ", ("now", {})),
        ('{"a": 1} is JSON', '{"a": 1} is JSON', None),
        ("1 < 2 and <b>bold</b>", "1 < 2 and <b>bold</b>", None),
        ("<tool_box>", "<tool_box>", None),
        ("<tool", "<tool", None),
    ],
)
def test_generic_what_looks_like_a_call_is_one_or_becomes_text(
    llama: Loaded, said: str, text: str, call: tuple[str, dict[str, str]] | None
):
    grammar = CallGrammar(llama.vocabulary, llama.dialect.grammar(TOOLS))
    reading = Reading(llama.dialect, llama.vocabulary, False, grammar)
    pieces: list[Piece] = []
    for token in llama.vocabulary.plain(said):
        pieces += reading.take(token)
    pieces += reading.end()
    assert reading.call == call
    assert "".join(piece.text for piece in pieces).strip() == reading.text.strip() == text.strip()
