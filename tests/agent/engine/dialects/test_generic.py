"""Models of several families call tools the way each was trained to: written, constrained and read by one mechanism."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import Field

from agent.cancel import Cancel
from agent.engine.decoding.reading import Reading
from agent.engine.decoding.sampling import CallGrammar
from agent.engine.port import Finished, ModelSpec, Prefill, Prompt, Sampling, ToolSpec
from agent.engine.supervisor import LlamaEngine
from agent.engine.turn import TurnRunner
from agent.messages import ToolCall, ToolMessage, UserMessage
from agent.tool import Arguments
from tests.agent.engine.conftest import Loaded
from tests.agent.engine.dialects.conftest import Load
from tests.agent.engine.dialects.families import TEMPLATED, write


class Point(Arguments):
    x: int
    label: str = ""


class Write(Arguments):
    path: str
    text: str = "nothing"
    times: int | None = None
    append: bool = False
    mode: str | int = 0
    lines: list[str] = Field(default_factory=list)
    points: list[Point] = Field(default_factory=list)


class Move(Arguments):
    steps: int = Field(ge=-9, le=9)


class Nothing(Arguments):
    pass


TOOLS = (
    ToolSpec("write_file", "Writes a file.", Write.model_json_schema()),
    ToolSpec("now", "The time.", Nothing.model_json_schema()),
)
MOVE = ToolSpec("move", "Moves on.", Move.model_json_schema())
ASK = Prompt("Be kind.", (MOVE, TOOLS[1]), (UserMessage(text="write notes.txt"),))

TRICKY = [
    "</parameter>", "\n</param", "\n", "<", "</arg_", "<</arg_value", "</arg_value>", "<|im_end|>",
    '"}}\n</tool_call>', "[TOOL_CALLS]", "417", "null",
]  # fmt: skip
words = st.sampled_from(TRICKY) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=20
)
ENDS = {"qwen3.5": "\n</parameter>", "glm": "</arg_value>"}
"""What ends a bare text cannot stand in one."""


@st.composite
def calls(draw: st.DrawFn) -> ToolCall:
    arguments: dict[str, Any] = {"path": draw(words)}
    numbers = st.integers(-(10**17), 10**17)
    modes = st.from_regex(r"[a-z]+", fullmatch=True) | numbers  # between tags, the string "1" is the number
    points = st.lists(st.fixed_dictionaries({"label": words, "x": numbers}), max_size=2)
    optional: dict[str, st.SearchStrategy[Any]] = {
        "text": words, "times": numbers, "append": st.booleans(), "mode": modes,
        "lines": st.lists(words, max_size=2), "points": points,
    }  # fmt: skip
    for key, strategy in optional.items():
        if draw(st.booleans()):
            arguments[key] = draw(strategy)
    return ToolCall(id="call-1", name="write_file", arguments=arguments)


def spelt(loaded: Loaded, call: ToolCall) -> Sequence[int]:
    return loaded.dialect.spell_call(call)  # pyright: ignore[reportAttributeAccessIssue]


def grammar(loaded: Loaded) -> CallGrammar:
    return grammar_of(loaded.dialect.grammar(TOOLS), loaded)


@cache
def grammar_of(gbnf: str, loaded: Loaded) -> CallGrammar:
    return CallGrammar(loaded.vocabulary, gbnf)


@settings(max_examples=20, deadline=None)
@given(call=calls())
@pytest.mark.parametrize("family", [*TEMPLATED, "chatml"])
def test_every_call_as_the_template_writes_it_is_allowed_and_read_back(
    family: str, call: ToolCall, load: Load
):
    assume(
        family not in ENDS
        or not any(ENDS[family] in str(call.arguments.get(key)) for key in ("path", "text"))
    )
    loaded = load(family)
    attempt = grammar(loaded).begin()
    tokens = spelt(loaded, call)
    for index, token in enumerate(tokens):
        assert loaded.dialect.call_state(tokens[: index + 1]) in ("maybe", "call", "complete")
        assert attempt.allows(token), loaded.spelt(tokens[:index])
        attempt.accept(token)
    assert loaded.dialect.call_state(tokens) == "complete"
    assert loaded.dialect.parse_call(tokens) == (call.name, call.arguments)


@pytest.mark.parametrize("family", [*TEMPLATED, "chatml"])
def test_a_call_is_complete_with_its_last_token_and_not_before(family: str, load: Load):
    loaded = load(family)
    ends = '"}}\n</tool_call></function>}]'
    tokens = spelt(loaded, ToolCall(id="1", name="write_file", arguments={"path": ends, "lines": [ends]}))
    states = [loaded.dialect.call_state(tokens[: length + 1]) for length in range(len(tokens))]
    assert states.index("complete") == len(tokens) - 1


@pytest.mark.parametrize("family", [*TEMPLATED, "chatml"])
def test_a_call_without_arguments_is_a_call(family: str, load: Load):
    loaded = load(family)
    tokens = spelt(loaded, ToolCall(id="1", name="now", arguments={}))
    attempt = grammar(loaded).begin()
    for token in tokens:
        assert attempt.allows(token)
        attempt.accept(token)
    assert loaded.dialect.parse_call(tokens) == ("now", {})


@pytest.mark.parametrize("family", TEMPLATED)
def test_what_the_model_decodes_is_a_valid_call_and_its_result_all_that_is_read_next(family: str, load: Load):
    runner = load(family).runner()
    turn = first_call(runner)
    assert turn.message.call
    (Move if turn.message.call.name == "move" else Nothing).model_validate(turn.message.call.arguments)
    before = len(runner.ledger)
    result = ToolMessage(call_id=turn.message.call.id, name=turn.message.call.name, content="done")
    again = Prompt(ASK.system, ASK.tools, (*ASK.messages, turn.message, result))
    prefill = next(iter(runner.run(again, Sampling())))
    assert isinstance(prefill, Prefill)
    assert prefill.reused == before


def first_call(runner: TurnRunner) -> Finished:
    for seed in range(30):
        *_, turn = runner.run(ASK, Sampling(temperature=1.0, seed=seed, max_tokens=150))
        assert isinstance(turn, Finished)
        if turn.message.call:
            return turn
    pytest.fail("no call in thirty turns")


@pytest.mark.parametrize(
    ("family", "said", "text", "call"),
    [
        ("qwen3", '{"name":"now","arguments":{}}', "", ("now", {})),
        ("qwen3", 'Wait.\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>', "Wait.", ("now", {})),
        ("qwen3", '{"name": "nobody"}', '{"name": "nobody"}', None),
        ("qwen3.5", "<tool_call>\n<function=now>\n</function>\n</tool_call>", "", ("now", {})),
        ("llama3", '{"name": "now", "parameters": {}}', "", ("now", {})),
        ("llama3", 'Say {"name": "now", "parameters": {}}', 'Say {"name": "now", "parameters": {}}', None),
        ("mistral", '[TOOL_CALLS][{"name": "now", "arguments": {}, "id": "000000000"}]', "", ("now", {})),
        ("mistral", '[TOOL_CALLS] {"name": "now"', '{"name": "now"', None),
        ("mistral", "[1, 2]", "[1, 2]", None),
    ],
)
def test_what_looks_like_a_call_is_one_or_becomes_text(
    family: str, said: str, text: str, call: tuple[str, dict[str, Any]] | None, load: Load
):
    loaded = load(family)
    reading = Reading(loaded.dialect, loaded.vocabulary, thinking=False, grammar=grammar(loaded))
    for token in loaded.vocabulary.frame(said):
        list(reading.take(token))
    list(reading.end())
    assert (reading.text.strip(), reading.call) == (text, call)


@pytest.mark.parametrize("family", ["qwen3", "llama3", "gemma3n"])
def test_the_engine_runs_whole_turns_of_other_architectures(
    family: str, tmp_path_factory: pytest.TempPathFactory
):
    engine = LlamaEngine()
    try:
        info = engine.load(
            ModelSpec(write(family, tmp_path_factory.mktemp("models")), threads=1), lambda _: None
        )
        assert info.dialect == "generic"
        *_, turn = engine.generate(ASK, Cancel(), Sampling(temperature=1.0, seed=1, max_tokens=20))
        assert isinstance(turn, Finished)
        assert turn.decoded
        answer = turn.message.model_copy(update={"call": None})
        again = Prompt(ASK.system, ASK.tools, (*ASK.messages, answer, UserMessage(text="thanks")))
        prefill, *_ = engine.generate(again, Cancel(), Sampling(max_tokens=5))
        assert isinstance(prefill, Prefill)
        assert prefill.reused > engine.count_tokens(ASK) - 30  # all but the opening of the model's turn
    finally:
        engine.close()
