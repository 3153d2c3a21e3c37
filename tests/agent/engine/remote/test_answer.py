"""What is streamed is put together the same, however it is cut into pieces."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine.gemma4_text import QUOTE, STRING_MARK, raw_call
from agent.engine.port import Piece
from agent.engine.remote.answer import CALL_CLOSE, CALL_OPEN, Answer, Unreadable, reason_of
from agent.engine.remote.link import complaint
from agent.messages import ToolCall
from tests.agent.engine.odd_server import Json, called, ended, words

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=4)


def taken(*events: Json | str, tools: bool = True) -> tuple[Answer, str]:
    """The answer that ``events`` make, and what of it was shown."""
    answer = Answer(tools)
    shown: list[str] = []
    for event in events:
        data = event if isinstance(event, str) else json.dumps(event)
        shown += [piece.text for piece in answer.take(data)]
    shown += [piece.text for piece in answer.end()]
    return answer, "".join(shown)


def cut(text: str, places: list[int]) -> list[str]:
    at = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(at)]


@given(ARGUMENTS, st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_a_call_in_many_pieces_is_the_same_call(arguments: Json, places: list[int], ascii_only: bool) -> None:
    text = json.dumps(arguments, ensure_ascii=ascii_only)
    pieces = [called(0, None, piece) for piece in cut(text, places)]
    answer, shown = taken(words("Now. "), called(0, "look"), *pieces, ended("tool_calls"))
    message = answer.message()
    assert message.call is not None
    assert (message.call.name, message.call.arguments, shown) == ("look", arguments, "Now. ")
    assert reason_of(answer, message) == "call"


def test_only_the_first_of_several_calls_counts() -> None:
    answer, _ = taken(
        called(0, "look", '{"window": '),
        called(1, "delete", '{"all": true}'),
        called(0, None, '"a"}'),
        ended("stop"),
    )
    call = answer.message().call
    assert call is not None
    assert (call.name, call.arguments) == ("look", {"window": "a"})


def test_ids_that_a_server_repeats_do_not_repeat_here() -> None:
    calls = [taken(called(0, "look", "{}", identifier="call_0"), ended())[0].message().call for _ in range(2)]
    assert calls[0] is not None
    assert calls[1] is not None
    assert calls[0].id != calls[1].id


@pytest.mark.parametrize("arguments", ["", "{}", None])
def test_a_call_without_arguments_has_none(arguments: str | None) -> None:
    function = {"name": "look", "arguments": arguments}
    answer, _ = taken({"choices": [{"delta": {"tool_calls": [{"function": function}]}}]}, ended())
    call = answer.message().call
    assert call is not None
    assert call.arguments == {}


@pytest.mark.parametrize("arguments", ["{", "[]", '"text"', '{"n": NaN}', "[" * 100_000, "{} {}"])
def test_arguments_that_are_no_object_are_unreadable(arguments: str) -> None:
    answer, _ = taken(called(0, "look", arguments), ended("tool_calls"))
    with pytest.raises(Unreadable, match="look"):
        answer.message()


def test_a_call_without_a_name_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="name"):
        taken(called(0, None, "{}"), ended("tool_calls"))[0].message()


def test_a_call_cut_off_by_the_limit_is_no_call() -> None:
    answer, _ = taken(called(0, "look", '{"window": "No'), ended("length"))
    message = answer.message()
    assert (message.call, reason_of(answer, message)) == (None, "length")


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters='\0<>|"'), max_size=8)
GEMMA_VALUES = st.recursive(
    st.booleans() | st.integers(-999, 999) | PLAIN, lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
KEYS = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)


@given(st.dictionaries(KEYS, GEMMA_VALUES, max_size=3), st.lists(st.integers(0, 10_000), max_size=12), PLAIN)
def test_gemma_s_own_call_is_found_in_text_however_it_is_cut(
    arguments: Json, places: list[int], before: str
) -> None:
    raw = raw_call(ToolCall(id="", name="look", arguments=arguments)).replace(QUOTE, STRING_MARK)
    pieces = cut(f"{before}{CALL_OPEN}{raw}{CALL_CLOSE}", places)
    answer, shown = taken(*(words(piece) for piece in pieces), ended())
    call = answer.message().call
    assert call is not None
    assert (call.name, call.arguments, shown) == ("look", arguments, before)


@given(st.text(alphabet="<|tool_ca>x", max_size=30), st.lists(st.integers(0, 100), max_size=8))
def test_text_that_is_no_call_is_shown_whole(text: str, places: list[int]) -> None:
    if CALL_OPEN in text:
        return
    answer, shown = taken(*(words(piece) for piece in cut(text, places)), ended())
    assert shown == text == answer.message().text


def test_without_tools_nothing_is_a_call() -> None:
    text = f"{CALL_OPEN}call:look{{}}{CALL_CLOSE}"
    answer, shown = taken(words(text), called(0, "look", "{}"), ended(), tools=False)
    assert (shown, answer.message().call) == (text, None)


def test_the_end_of_the_stream_is_an_end_even_where_no_reason_is_given() -> None:
    answer, _ = taken(words("Hi"), "[DONE]")
    assert answer.reason == "stop"
    assert taken(words("Hi"))[0].reason == ""


def test_pieces_come_as_they_arrive() -> None:
    answer = Answer(tools=True)
    assert list(answer.take(json.dumps(words("a < b <|to")))) == [Piece("a < b ")]
    assert list(answer.take(json.dumps(words("day")))) == [Piece("<|today")]


@given(st.binary(max_size=400), st.sampled_from(["", "text/plain", "application/json", "text/html"]))
def test_a_complaint_is_one_short_line_of_plain_characters(data: bytes, kind: str) -> None:
    said = complaint(data, kind)
    assert len(said) <= 301
    assert said.isprintable()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"error": {"message": "no\\nroom"}}', "no room"),
        ('{"error": "broken"}', "broken"),
        ('{"detail": [{"msg": "x"}]}', '[{"msg": "x"}]'),
        ("plain words", "plain words"),
        ("<!DOCTYPE html><p>sorry", ""),
    ],
)
def test_a_complaint_is_found_in_the_usual_forms(body: str, told: str) -> None:
    assert complaint(body.encode(), "") == told
