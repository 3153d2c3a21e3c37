"""Schemas made by chance, as pydantic writes them: what the grammar allows is valid, and what is valid it allows.

Two kinds of strings stand apart in Gemma's form, where the quote's token has a spelling of its own in characters: no
string holds that spelling, and one that must not be empty is not just its beginning. Left to the tool's own check are
patterns, lengths beyond 64, bounds of fractions, and constants that end like the quote begins.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from agent.engine.decoding.sampling import CallAttempt, CallGrammar, Chooser
from agent.engine.dialects import gemma4
from agent.engine.port import Sampling, ToolSpec
from agent.messages import ToolCall
from agent.tool import Arguments
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.decoding.test_grammar import (
    json_call,
    refused_at,
    sorted_deeply,
    spelt_by_gemma,
    text,
)

MARK = gemma4.STRING_MARK
HALF_MARKS = {MARK[:size] for size in range(len(MARK) + 1)}


@dataclass(frozen=True, slots=True)
class Kind:
    """A field's annotation, and values that are valid for it."""

    annotation: Any
    values: st.SearchStrategy[Any]


letters = st.text("abcxyz", min_size=1, max_size=4)
keys = st.from_regex(r"[a-zA-Z][a-z_]{0,4}", fullmatch=True).filter(
    lambda key: not key.startswith("model") and not key.endswith("_") and key not in RESERVED
)
RESERVED = frozenset(dir(Arguments)) | {
    "def",
    "del",
    "for",
    "if",
    "in",
    "is",
    "not",
    "or",
    "and",
    "as",
    "pass",
    "try",
}


@st.composite
def bounded_strings(draw: st.DrawFn) -> Kind:
    fewest = draw(st.integers(0, 1))
    most = draw(st.integers(1, 6) | st.sampled_from([64, 65]))
    halves = HALF_MARKS if fewest else set()
    values = text.filter(lambda value: fewest <= len(value) <= most and value not in halves)
    return Kind(Annotated[str, Field(min_length=fewest, max_length=most)], values)


@st.composite
def bounded_integers(draw: st.DrawFn) -> Kind:
    low = draw(st.none() | st.integers(-500, 500))
    high = draw(st.none() | st.integers(low if low is not None else -500, 1000))
    values = st.integers(low if low is not None else -(10**17), high if high is not None else 10**17)
    return Kind(Annotated[int, Field(ge=low, le=high)], values)


@st.composite
def literals(draw: st.DrawFn) -> Kind:
    choices = draw(
        st.lists(letters | st.integers(-9, 99) | st.just("é "), min_size=1, max_size=4, unique_by=repr)
    )
    return Kind(Literal[tuple(choices)], st.sampled_from(choices))


simple = st.one_of(
    st.just(Kind(bool, st.booleans())),
    st.just(Kind(str, text)),
    st.just(Kind(Annotated[str, Field(min_length=1)], text.filter(lambda value: value not in HALF_MARKS))),
    bounded_strings(),
    bounded_integers(),
    literals(),
)


@st.composite
def lists(draw: st.DrawFn, items: st.SearchStrategy[Kind]) -> Kind:
    item = draw(items)
    fewest = draw(st.integers(0, 2))
    most = draw(st.none() | st.integers(fewest, 3))
    values = st.lists(item.values, min_size=fewest, max_size=3 if most is None else most)
    return Kind(Annotated[list[item.annotation], Field(min_length=fewest, max_length=most)], values)


@st.composite
def models(draw: st.DrawFn, kinds: st.SearchStrategy[Kind]) -> Kind:
    required, optional, fields = {}, {}, {}
    for key in draw(st.lists(keys, max_size=4, unique_by=str.lower)):
        kind = draw(kinds)
        if draw(st.booleans()):
            required[key], fields[key] = kind.values, (kind.annotation, ...)
        else:
            optional[key], fields[key] = kind.values | st.none(), (kind.annotation | None, None)
    model = create_model("Model", __base__=Arguments, **fields)
    return Kind(model, st.fixed_dictionaries(required, optional=optional))


def _deeper(kinds: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    return st.one_of(lists(kinds), models(kinds), kinds.map(_by_name))


def _by_name(kind: Kind) -> Kind:
    return Kind(dict[str, kind.annotation], st.dictionaries(letters, kind.values, max_size=2))


tools = models(st.recursive(simple, _deeper, max_leaves=5))
FAMILIES = pytest.mark.parametrize("family", ["gemma", "llama"])
THOROUGH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def grammar_for(loaded: Loaded, kind: Kind) -> CallGrammar:
    spec = ToolSpec("tool", "A tool.", kind.annotation.model_json_schema())
    return CallGrammar(loaded.vocabulary, loaded.dialect.grammar((spec,)))


@FAMILIES
@THOROUGH
@given(kind=tools, data=st.data())
def test_every_valid_call_is_accepted_token_by_token_and_read_back(
    family: str, kind: Kind, data: st.DataObject, request: pytest.FixtureRequest
):
    loaded: Loaded = request.getfixturevalue(family)
    arguments = data.draw(kind.values)
    if family == "gemma":
        tokens = spelt_by_gemma(loaded, ToolCall(id="1", name="tool", arguments=arguments))
    else:
        written = json.dumps({"name": "tool", "arguments": sorted_deeply(arguments)}, ensure_ascii=False)
        tokens = list(loaded.vocabulary.plain(f"<tool_call>{written}</tool_call>"))
    assert refused_at(grammar_for(loaded, kind).begin(), tokens) is None, loaded.spelt(tokens)
    assert loaded.dialect.parse_call(tokens) == ("tool", arguments)


@FAMILIES
@THOROUGH
@given(kind=tools, seed=st.integers(0, 2**32))
def test_whatever_is_sampled_the_call_is_valid(
    family: str, kind: Kind, seed: int, request: pytest.FixtureRequest
):
    loaded: Loaded = request.getfixturevalue(family)
    tokens = sampled(loaded, grammar_for(loaded, kind).begin(), seed)
    name, arguments = loaded.dialect.parse_call(tokens)
    assert name == "tool"
    # llama.cpp takes bytes that are no UTF-8 for one character, and reading them gives several of these
    assume("\N{REPLACEMENT CHARACTER}" not in str(arguments))
    kind.annotation.model_validate(arguments)


def sampled(loaded: Loaded, attempt: CallAttempt, seed: int) -> list[int]:
    """A call by chance, with closing tokens made likely so that it ends."""
    random = np.random.default_rng(seed)
    chooser = Chooser(Sampling(temperature=1.0, top_k=1000, top_p=1.0, seed=seed))
    likely = [*loaded.vocabulary.plain('"}]"}]'), *filter(None, [loaded.vocabulary.mark(MARK)])]
    tokens: list[int] = []
    while not tokens or loaded.dialect.call_state(tokens) != "complete":
        assert len(tokens) < 3000
        logits = random.normal(size=loaded.vocabulary.size).astype(np.float32)
        logits[likely] += 5
        never = np.array(sorted(loaded.dialect.never(tokens)), dtype=np.int64)
        token = chooser.choose(logits, never, attempt)
        attempt.accept(token)
        tokens.append(token)
    return tokens


@pytest.mark.parametrize("constant", ["a<", "<", "<|", "<b>", "a<b", '<|"|>', 'x<|"|', ""])
def test_gemma_a_constant_like_the_quote_cannot_end_the_process(gemma: Loaded, constant: str):
    """llama.cpp would take the quote's token for the rest of the constant, and abort on it."""
    fields: dict[str, Any] = {"it": (Literal[constant], ...)}
    kind = Kind(create_model("Model", __base__=Arguments, **fields), st.nothing())
    for seed in range(5):
        tokens = sampled(gemma, grammar_for(gemma, kind).begin(), seed)
        assert list(gemma.dialect.parse_call(tokens)[1]) == ["it"]


@FAMILIES
@settings(max_examples=60, deadline=None)
@given(most=st.integers(1, 12), written=st.text('<|">a', max_size=14))
def test_a_string_is_taken_up_to_its_greatest_length(
    family: str, most: int, written: str, request: pytest.FixtureRequest
):
    loaded: Loaded = request.getfixturevalue(family)
    assume(MARK not in written)
    fields: dict[str, Any] = {"it": (Annotated[str, Field(max_length=most)], ...)}
    kind = Kind(create_model("Model", __base__=Arguments, **fields), st.nothing())
    call = ToolCall(id="1", name="tool", arguments={"it": written})
    tokens = (
        spelt_by_gemma(loaded, call) if family == "gemma" else list(loaded.vocabulary.plain(json_call(call)))
    )
    assert (refused_at(grammar_for(loaded, kind).begin(), tokens) is None) == (len(written) <= most)
