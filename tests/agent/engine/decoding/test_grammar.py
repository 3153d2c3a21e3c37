"""A malformed call cannot be decoded, and every call that a schema allows can."""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

from agent.engine.decoding.grammar import BadGrammar, integer_between
from agent.engine.decoding.sampling import CallAttempt, CallGrammar, Chooser
from agent.engine.dialects import gemma4
from agent.engine.dialects.contract import CallSyntaxError
from agent.engine.port import Sampling, ToolSpec
from agent.messages import ToolCall
from agent.tool import Arguments
from tests.agent.engine.conftest import Loaded


def json_call(call: ToolCall) -> str:
    """A call in the generic dialect's own form, without its tags."""
    return json.dumps(
        {"name": call.name, "arguments": dict(sorted(call.arguments.items()))}, ensure_ascii=False
    )


class Step(Arguments):
    do: Literal["open_app", "type_text"]
    about: str = Field(default="", max_length=100)


class Nested(Arguments):
    name: str = Field(min_length=1)
    steps: list[Step] = Field(min_length=1, max_length=3)
    Extra: dict[str, int] = Field(default_factory=dict)


class Everything(Arguments):
    flag: bool
    count: int = Field(ge=-12, le=250)
    ratio: float | None = None
    kind: Literal["a", 'b "quoted"', "c\nd", "<", 3] = "a"
    words: list[str] = Field(default_factory=list)
    inner: Nested | None = None


class Nothing(Arguments):
    pass


TOOLS: dict[str, type[Arguments]] = {"everything": Everything, "nested": Nested, "nothing": Nothing}
SPECS = tuple(ToolSpec(name, "A tool.", kind.model_json_schema()) for name, kind in TOOLS.items())

# Without NUL and without the mark itself, neither of which a call can hold.
text = st.text(st.characters(codec="utf-8", exclude_characters="\0▁"), max_size=12).filter(
    lambda value: '<|"|>' not in value
)
steps = st.builds(
    lambda do, about: {"do": do, "about": about}, st.sampled_from(["open_app", "type_text"]), text
)
nested = st.fixed_dictionaries(
    {
        "name": text.filter(lambda value: value not in ("", "<", "<|", '<|"', '<|"|')),
        "steps": st.lists(steps, min_size=1, max_size=3),
    },
    optional={
        "Extra": st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), st.integers(-999, 10**17))
    },
)
everything = st.fixed_dictionaries(
    {"flag": st.booleans(), "count": st.integers(-12, 250)},
    optional={
        "ratio": st.none()
        | st.floats(-1e90, 1e90, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-90),
        "kind": st.sampled_from(["a", 'b "quoted"', "c\nd", "<", 3]),
        "words": st.lists(text, max_size=3),
        "inner": st.none() | nested,
    },
)
calls = st.one_of(
    st.builds(lambda a: ToolCall(id="1", name="everything", arguments=a), everything),
    st.builds(lambda a: ToolCall(id="1", name="nested", arguments=a), nested),
    st.just(ToolCall(id="1", name="nothing", arguments={})),
)


def grammar_of(loaded: Loaded, tools: tuple[ToolSpec, ...] = SPECS) -> CallGrammar:
    return CallGrammar(loaded.vocabulary, loaded.dialect.grammar(tools))


def refused_at(attempt: CallAttempt, tokens: list[int]) -> int | None:
    """Where the grammar says no; None when it takes all of them."""
    for index, token in enumerate(tokens):
        if not attempt.allows(token):
            return index
        attempt.accept(token)
    return None


def spelt_by_gemma(loaded: Loaded, call: ToolCall) -> list[int]:
    raw = gemma4.raw_call(call)
    quote = loaded.vocabulary.mark('<|"|>')
    open_, close = loaded.vocabulary.mark("<|tool_call>"), loaded.vocabulary.mark("<tool_call|>")
    assert quote is not None
    assert open_ is not None
    assert close is not None
    tokens = [open_]
    for index, part in enumerate(raw.split("\0")):
        tokens += [quote, *loaded.vocabulary.plain(part)] if index else loaded.vocabulary.plain(part)
    return [*tokens, close]


@settings(max_examples=80, deadline=None)
@given(call=calls)
def test_gemma_every_call_the_schema_allows_is_accepted_and_read_back_identically(
    gemma: Loaded, call: ToolCall
):
    tokens = spelt_by_gemma(gemma, call)
    assert refused_at(grammar_of(gemma).begin(), tokens) is None, gemma.spelt(tokens)
    assert gemma.dialect.parse_call(tokens) == (call.name, call.arguments)


@settings(max_examples=80, deadline=None)
@given(call=calls)
def test_generic_every_call_the_schema_allows_is_accepted_and_read_back_identically(
    llama: Loaded, call: ToolCall
):
    ordered = ToolCall(id="1", name=call.name, arguments=sorted_deeply(call.arguments))
    tagged = f"<tool_call>\n{json_call(ordered)}\n</tool_call>"
    for spelling in (json_call(ordered), tagged):
        tokens = list(llama.vocabulary.plain(spelling))
        assert refused_at(grammar_of(llama).begin(), tokens) is None, spelling
        assert llama.dialect.call_state(tokens) == "complete"
        assert llama.dialect.parse_call(tokens) == (call.name, call.arguments)


def sorted_deeply(node: Any) -> Any:
    """Keys in the order of the grammar."""
    if isinstance(node, dict):
        return {key: sorted_deeply(node[key]) for key in sorted(node, key=str.lower)}
    return [sorted_deeply(part) for part in node] if isinstance(node, list) else node


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("family", ["gemma", "llama"])
def test_whatever_a_random_sampler_does_the_call_is_valid(
    family: str, seed: int, request: pytest.FixtureRequest
):
    loaded: Loaded = request.getfixturevalue(family)
    tokens = random_call(loaded, seed)
    name, arguments = loaded.dialect.parse_call(tokens)
    if "kind" in arguments and arguments["kind"] != 3 and family == "gemma":
        arguments["kind"] = "a"  # constants that begin with "<" are left to the tool's own check
    assert TOOLS[name].model_validate(arguments)


def random_call(loaded: Loaded, seed: int) -> list[int]:
    """A call by chance alone, with closing tokens made likely so that it ends."""
    random = np.random.default_rng(seed)
    chooser = Chooser(Sampling(temperature=1.0, top_k=1000, top_p=1.0, seed=seed))
    attempt = grammar_of(loaded).begin()
    likely = [*loaded.vocabulary.plain('"}]"}]'), *filter(None, [loaded.vocabulary.mark('<|"|>')])]
    tokens: list[int] = []
    while not tokens or loaded.dialect.call_state(tokens) != "complete":
        assert len(tokens) < 2000
        logits = random.normal(size=loaded.vocabulary.size).astype(np.float32)
        logits[likely] += 5
        never = np.array(sorted(loaded.dialect.never(tokens)), dtype=np.int64)
        token = chooser.choose(logits, never, attempt)
        attempt.accept(token)
        tokens.append(token)
    return tokens


@pytest.mark.parametrize(
    "raw",
    [
        "call:everything{count:251,flag:true}",  # beyond the bound
        "call:everything{flag:true,count:3}",  # not in dictionary order
        "call:everything{count:3}",  # a required key is missing
        "call:nested{name:\0\0,steps:[]}",  # empty where it must not be
        "call:unknown{}",
        "call:nothing{a:1}",
    ],
)
def test_gemma_a_malformed_call_is_refused(gemma: Loaded, raw: str):
    quote = gemma.vocabulary.mark('<|"|>')
    tokens = [gemma.vocabulary.mark("<|tool_call>")]
    for index, part in enumerate(raw.split("\0")):
        tokens += [quote, *gemma.vocabulary.plain(part)] if index else gemma.vocabulary.plain(part)
    tokens.append(gemma.vocabulary.mark("<tool_call|>"))
    assert refused_at(grammar_of(gemma).begin(), tokens) is not None


def test_gemma_no_other_control_token_may_stand_in_a_call(gemma: Loaded):
    def allowed_after(call: str) -> set[str]:
        marks = gemma.vocabulary.marks - gemma.dialect.never(gemma.vocabulary.frame(call))
        return {gemma.vocabulary.text(token) for token in marks}

    assert allowed_after("<|tool_call>call:now{") == {'<|"|>', "<tool_call|>"}
    assert allowed_after('<|tool_call>call:look{window:<|"|>no') == {'<|"|>'}
    assert "<|tool_call>" in allowed_after("")
    assert not {'<|"|>', "<tool_call|>", "<|turn>", "<|image|>"} & allowed_after("")


@settings(max_examples=150, deadline=None)
@given(bounds=st.tuples(st.integers(-3000, 3000), st.integers(0, 3000)), value=st.integers(-7000, 7000))
def test_integer_bounds_are_exact(llama: Loaded, bounds: tuple[int, int], value: int):
    low, high = bounds[0], bounds[0] + bounds[1]
    grammar = CallGrammar(llama.vocabulary, f'root ::= ({integer_between(low, high)}) "."\n')
    taken = refused_at(grammar.begin(), list(llama.vocabulary.plain(f"{value}."))) is None
    assert taken == (low <= value <= high)


def test_a_grammar_that_llama_cannot_read_is_our_error(llama: Loaded):
    with pytest.raises(BadGrammar):
        CallGrammar(llama.vocabulary, "root ::= (")


@given(st.text(alphabet='call:x{}[],"\0 0123456789-.eE', max_size=30))
def test_the_parser_reads_a_call_or_says_that_it_is_none(raw: str):
    try:
        name, arguments = gemma4.parse_call(raw)
    except CallSyntaxError:
        return
    assert raw.startswith(f"call:{name}{{")
    assert isinstance(arguments, dict)


def test_a_recursive_schema_becomes_a_recursive_grammar(llama: Loaded):
    tree: dict[str, Any] = {
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
                "required": ["next"],
            }
        },
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/Node"}},
        "required": ["root"],
    }
    call = ToolCall(id="1", name="tree", arguments={"root": {"next": {"next": {"next": None}}}})
    grammar = grammar_of(llama, (ToolSpec("tree", "", tree),))
    assert refused_at(grammar.begin(), list(llama.vocabulary.plain(json_call(call)))) is None


@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), unique=True, max_size=5), data=st.data())
def test_any_mixture_of_required_and_optional_keys_is_told_apart(
    llama: Loaded, names: list[str], data: st.DataObject
):
    required = {name for name in names if data.draw(st.booleans(), label=f"{name} required")}
    given_ = {name: 1 for name in sorted(names) if data.draw(st.booleans(), label=f"{name} given")}
    fields: dict[str, Any] = {name: (int, ... if name in required else 1) for name in names}
    kind = create_model("Kind", __base__=Arguments, **fields)
    try:
        kind.model_validate(given_)
        valid = True
    except ValidationError:
        valid = False
    grammar = grammar_of(llama, (ToolSpec("t", "", kind.model_json_schema()),))
    call = ToolCall(id="1", name="t", arguments=given_)
    taken = refused_at(grammar.begin(), list(llama.vocabulary.plain(json_call(call)))) is None
    assert taken == valid
