"""How calls are written is read off one rendered call."""

from __future__ import annotations

import pytest

from agent.engine.dialects.call_form import CallForm, Tags, learn

JSON = '{"akey7q": "avalue7q", "bkey7q": 417, "ckey7q": "cvalue7q"}'


def tagged(key: str, value: str, end: str) -> str:
    pairs = (("akey7q", "avalue7q"), ("bkey7q", "417"), ("ckey7q", "cvalue7q"))
    return "".join(f"{key}{name}{value}{word}{end}" for name, word in pairs)


@pytest.mark.parametrize(
    ("rendered", "form"),
    [
        (
            f'<tool_call>\n{{"name": "probe_name7q", "arguments": {JSON}}}\n</tool_call>',
            CallForm('<tool_call>\n{"name": "', '", "arguments": ', "}\n</tool_call>"),
        ),
        (
            f'{{"name": "probe_name7q", "parameters": {JSON}}}',
            CallForm('{"name": "', '", "parameters": ', "}"),
        ),
        (
            f'[TOOL_CALLS][{{"name": "probe_name7q", "arguments": {JSON}, "id": "000000000"}}]',
            CallForm('[TOOL_CALLS][{"name": "', '", "arguments": ', ', "id": "000000000"}]'),
        ),
        (f"[TOOL_CALLS]probe_name7q[ARGS]{JSON}", CallForm("[TOOL_CALLS]", "[ARGS]", "")),
        (f"<function=probe_name7q>{JSON}</function>", CallForm("<function=", ">", "</function>")),
        (
            f"<|calls|><|call|>function<|sep|>probe_name7q\n```json\n{JSON}\n```<|end|>",
            CallForm("<|calls|><|call|>function<|sep|>", "\n```json\n", "\n```<|end|>"),
        ),
        (
            "<tool_call>\n<function=probe_name7q>\n"
            + tagged("<parameter=", ">\n", "\n</parameter>\n")
            + "</function>\n</tool_call>",
            CallForm(
                "<tool_call>\n<function=",
                ">",
                "\n</function>\n</tool_call>",
                Tags("\n<parameter=", ">\n", "\n</parameter>"),
            ),
        ),
        (
            "<tool_call>probe_name7q\n"
            + tagged("<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>\n")
            + "</tool_call>",
            CallForm(
                "<tool_call>",
                "",
                "\n</tool_call>",
                Tags("\n<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>"),
            ),
        ),
        (
            '<invoke name="probe_name7q">' + tagged('<parameter name="', '">', "</parameter>") + "</invoke>",
            CallForm('<invoke name="', '">', "</invoke>", Tags('<parameter name="', '">', "</parameter>")),
        ),
    ],
)
def test_the_form_is_what_stands_around_name_and_arguments(rendered: str, form: CallForm):
    assert learn(rendered) == form


@pytest.mark.parametrize(
    "rendered",
    [
        "Sure!",
        f"probe_name7q\n{JSON}",  # nothing announces it
        "<|call|>[probe_name7q(akey7q='avalue7q', bkey7q=417, ckey7q='cvalue7q')]<|end|>",  # Python's form
        f'<call to="probe_name7q"><invoke name="probe_name7q">{JSON}</invoke></call>',  # the name twice
        '<invoke name="probe_name7q"><akey7q>avalue7q</akey7q><bkey7q>417</bkey7q><ckey7q>cvalue7q</ckey7q></invoke>',
        '<f name="probe_name7q">'
        '<p name="akey7q" string="true">avalue7q</p>'
        '<p name="bkey7q" string="false">417</p>'
        '<p name="ckey7q" string="true">cvalue7q</p></f>',
        "<tool_call>probe_name7q" + tagged("<k>", "</k>", "") + "</tool_call>",  # values without an end
    ],
)
def test_other_forms_are_not_taken_for_one_of_these(rendered: str):
    assert learn(rendered) is None


def test_a_call_in_pieces_marks_the_words_that_are_not_the_forms():
    form = CallForm("<c>", "|", "</c>", Tags("<k>", "=", "</k>"))
    pieces = list(form.pieces("open", {"b": "x", "A": [1, "é"]}))
    assert "".join(text for text, _ in pieces) == '<c>open|<k>A=[1, "é"]</k><k>b=x</k></c>'
    assert [text for text, own in pieces if not own] == ["open", "A", '[1, "é"]', "b", "x"]


def test_only_an_object_in_tags_can_be_written_without_them():
    def bare(rendered: str) -> CallForm | None:
        form = learn(rendered)
        assert form
        return form.bare

    assert bare(f'<c>\n{{"name": "probe_name7q", "args": {JSON}}}</c>') == CallForm(
        '{"name": "', '", "args": ', "}"
    )
    assert bare(f'{{"name": "probe_name7q", "args": {JSON}}}') is None
    assert bare(f'[C][{{"name": "probe_name7q", "args": {JSON}}}]') is None
    assert bare(f"<c>probe_name7q|{JSON}</c>") is None
