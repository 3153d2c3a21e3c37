"""The frame is learnt from the file's own template, whatever that is made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.engine.declaration import inlined
from agent.engine.dialects.call_form import CallForm
from agent.engine.dialects.frame import ChatTemplate
from agent.engine.dialects.sandbox import UnusableTemplate
from agent.engine.port import ToolSpec
from agent.tool import Arguments
from tests.agent.engine.tiny_model import CHATML_TEMPLATE, GEMMA_TEMPLATE


class Focus(Arguments):
    title: str
    exact: bool | None = None


FOCUS = ToolSpec("focus_window", "Bring a window to the front.", Focus.model_json_schema())


def template(source: str, thinking: bool = False) -> ChatTemplate:
    return ChatTemplate(source, "<bos>", "<eos>", thinking)


def test_gemma_thinking_off_adds_the_empty_channel_to_each_model_turn():
    assert template(GEMMA_TEMPLATE).seams.user_to_model.endswith("<|channel>thought\n<channel|>")
    assert template(GEMMA_TEMPLATE, thinking=True).seams.user_to_model.endswith("<|turn>model\n")


def test_gemma_declares_the_tools_in_the_system_turn():
    frame = template(GEMMA_TEMPLATE).frame(True, (FOCUS,))
    assert frame.lists_tools
    assert frame.before_system == "<bos><|turn>system\n"
    assert frame.after_system.startswith("<|tool>declaration:focus_window{")
    assert frame.after_system.endswith("<tool|><turn|>\n<|turn>user\n")


def test_a_template_that_ignores_tools_is_noticed():
    frame = template(CHATML_TEMPLATE).frame(True, (FOCUS,))
    assert not frame.lists_tools
    assert frame.seams.call_to_result == "<|im_end|>\n<|im_start|>tool\n"


def test_no_system_role_puts_its_text_before_the_first_words():
    source = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    frame = template(source).frame(True, ())
    assert (frame.before_system, frame.after_system) == ("[user]", "\n\n")


def test_no_template_means_chatml():
    assert template("").seams.user_to_model == "<|im_end|>\n<|im_start|>assistant\n"


def test_a_training_mark_in_the_template_means_nothing():
    source = (
        "{% for m in messages %}|{{ m.role }}|{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    )
    assert template(source).seams.model_to_user == "|user|"


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}",  # no Jinja
        "{{ nothing.at.all }}",
        "{{ messages[0].content }}",  # the rest is dropped
        "{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",  # out of the sandbox
        "{% for m in messages %}{{ 1 / 0 }}{% endfor %}",
    ],
)
def test_a_template_that_cannot_be_used_says_so(source: str):
    with pytest.raises(UnusableTemplate):
        template(source).frame(True, ())


def test_declarations_need_no_looking_up():
    schema = {
        "$defs": {"Step": {"title": "Step", "type": "object", "properties": {"title": {"type": "string"}}}},
        "properties": {
            "steps": {"items": {"$ref": "#/$defs/Step"}, "title": "Steps", "type": "array"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Note"},
        },
        "title": "Plan",
        "type": "object",
        "additionalProperties": False,
    }
    assert inlined(schema) == {
        "properties": {
            "steps": {
                "items": {"type": "object", "properties": {"title": {"type": "string"}}},
                "type": "array",
            },
            "note": {"type": "string"},
        },
        "type": "object",
    }


CALLS = (
    "{% for m in messages %}|{{ m.role }}|"
    "{% if m.reasoning_content %}[THINK]{{ m.reasoning_content }}[/THINK]{% endif %}"
    "{{ m.content | tojson if m.role == 'tool' else m.content }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function | tojson }}</call>{% endfor %}<end>{% endfor %}"
    "{% if add_generation_prompt %}|assistant|{% endif %}"
)


def test_the_seams_around_a_call_and_its_result_are_learnt():
    seams = ChatTemplate(CALLS, "", "", thinking=False, ends=["<end>"]).seams
    assert seams.form == CallForm('<call>{"name": "', '", "arguments": ', "}</call>")
    assert (seams.call_to_result, seams.result_to_model) == ('<end>|tool|"', '"<end>|assistant|')
    assert seams.quotes_results


def test_the_marks_of_a_thought_are_learnt():
    assert ChatTemplate(CALLS, "", "", thinking=False).seams.thought == ("[THINK]", "[/THINK]")
    assert ChatTemplate(CHATML_TEMPLATE, "", "", thinking=False).seams.thought == ("<think>", "</think>")


def test_a_call_ends_before_the_end_of_the_turn_even_where_that_depends_on_it():
    source = CALLS.replace("<end>", "{{ '<calls>' if m.tool_calls else '<end>' }}")
    assert ChatTemplate(source, "", "", thinking=False, ends=["<end>", "<calls>"]).seams == replace(
        ChatTemplate(CALLS, "", "", thinking=False, ends=["<end>"]).seams, call_to_result='<calls>|tool|"'
    )


def test_a_template_that_takes_tools_for_granted_gets_an_empty_list():
    source = "{% for tool in tools %}{{ tool.function.name }}{% endfor %}" + CALLS
    assert ChatTemplate(source, "", "", thinking=False).frame(True, ()).before_system == "|system|"


def test_tools_that_a_template_shows_again_with_each_question_stay_at_the_first():
    source = (
        "{% for m in messages %}{% if m.role == 'user' and tools and loop.last %}{{ tools | tojson }}{% endif %}"
        "|{{ m.role }}|{{ m.content }}{% endfor %}{% if add_generation_prompt %}|assistant|{% endif %}"
    )
    frame = template(source).frame(True, (FOCUS,))
    assert frame.lists_tools
    assert frame.seams.model_to_user == "|user|"
