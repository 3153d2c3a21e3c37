"""What a call must go on with is found, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine.decoding.forced import ForcedSpans
from agent.engine.decoding.sampling import CallGrammar
from agent.engine.port import ToolSpec
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.decoding.test_loop import TOOLS


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("family", ["caller", "llama"])
def test_forced_characters_are_the_only_ones_the_grammar_takes(
    family: str, seed: int, request: pytest.FixtureRequest
):
    """Along a call made by chance: each token that the vocabulary has and the grammar takes begins the forced span,
    or goes on from it."""
    loaded: Loaded = request.getfixturevalue(family)
    vocabulary = loaded.vocabulary
    grammar = CallGrammar(vocabulary, loaded.dialect.grammar(TOOLS))
    spans = ForcedSpans(vocabulary, grammar)
    attempt = grammar.begin()
    chance = np.random.default_rng(seed)
    tokens: list[int] = []
    while not tokens or loaded.dialect.call_state(tokens) != "complete":
        everything = np.arange(vocabulary.size)
        allowed = everything[attempt.allowed(everything)]
        assert np.array_equal(attempt.everything_allowed(), allowed)
        allowed = np.array(sorted(set(allowed.tolist()) - loaded.dialect.never(tokens)))
        forced = spans.after(attempt)
        if forced:
            spelt = b"".join(map(vocabulary.piece, forced))
            pieces = [vocabulary.piece(int(token)) for token in allowed]
            assert all(spelt.startswith(piece) or piece.startswith(spelt) for piece in pieces)
        for token in forced or [int(chance.choice(_closing(loaded, allowed)))]:
            assert attempt.allows(token)
            attempt.accept(token)
            tokens.append(token)
    assert loaded.dialect.parse_call(tokens)[0] in ("read_file", "now")


def _closing(loaded: Loaded, allowed: np.ndarray) -> np.ndarray:
    """Of the allowed tokens those that close something, if any, half of the time."""
    closing = [token for token in allowed if loaded.vocabulary.piece(int(token)) in (b'"', b"}", b'<|"|>')]
    return np.array(closing) if closing and len(allowed) % 2 else allowed


def test_gemma_a_call_is_forced_from_the_first_letters_of_its_name_to_its_first_value(caller: Loaded):
    grammar = CallGrammar(caller.vocabulary, caller.dialect.grammar(TOOLS))
    spans = ForcedSpans(caller.vocabulary, grammar)

    def forced_after(call: str) -> str:
        attempt = grammar.begin()
        for token in caller.vocabulary.frame(call):
            assert attempt.allows(token)
            attempt.accept(token)
        return caller.spelt(spans.after(attempt))

    assert forced_after("<|tool_call>") == "call"  # the colon is left: a longer token may begin with it
    assert forced_after("<|tool_call>call:") == ""
    assert forced_after("<|tool_call>call:r") == "ead_file"  # then a brace, and "lines" or "path"
    assert forced_after("<|tool_call>call:n") == "ow{}<tool_call|>"
    assert forced_after("<|tool_call>call:read_file{p") == 'ath:<|"|>'
    assert forced_after('<|tool_call>call:read_file{path:<|"|>x') == ""
    assert forced_after('<|tool_call>call:read_file{path:<|"|>x<|"|>') == "}<tool_call|>"


def test_a_schema_that_requires_itself_forces_only_so_much(caller: Loaded):
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}, "required": ["next"]}
    grammar = CallGrammar(
        caller.vocabulary, caller.dialect.grammar((ToolSpec("t", "", {**node, "$defs": {"N": node}}),))
    )
    attempt = grammar.begin()
    for token in caller.vocabulary.frame("<|tool_call>"):
        assert attempt.allows(token)
        attempt.accept(token)
    assert 100 < len(ForcedSpans(caller.vocabulary, grammar).after(attempt)) < 1000
