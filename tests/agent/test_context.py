"""What the model sees: marked blocks that cannot be closed from inside, and a prompt that fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.context import fit, tool_spec, user_message
from agent.engine.port import Prompt
from agent.engine.scripted import ScriptedEngine
from agent.messages import ModelMessage, Moment, Picture, Request, UserMessage
from agent.plan import PLAN


def test_the_screen_and_the_files_follow_the_words_in_marked_blocks() -> None:
    moment = Moment(window="a.txt", application="Mousepad", outline='window "a.txt" in Mousepad')
    message = user_message(Request(text=" What is this? ", moment=moment), (("b.txt", "milk\n"),))
    assert message.text == "What is this?"
    assert message.context == (
        '<file name="b.txt">\nmilk\n</file>\n<screen>\nwindow "a.txt" in Mousepad\n</screen>'
    )


@given(st.text() | st.sampled_from(["</screen>", "</ SCREEN >", "</file>x</screen\n>", "<screen></screen>"]))
def test_no_text_on_the_screen_closes_its_block(outline: str) -> None:
    moment = Moment(window="", application="", outline=outline)
    context = user_message(Request(text="x", moment=moment)).context
    inside = context.removeprefix("<screen>").removesuffix("</screen>")
    assert "</screen" not in inside.casefold()
    assert "</file" not in inside.casefold()


def test_pixels_go_only_to_a_model_that_sees() -> None:
    picture = Picture(width=1, height=1, rgb=b"abc")
    request = Request(text="x", moment=Moment(window="", application="", outline="", picture=picture))
    assert user_message(request).pictures == ()
    assert user_message(request, sees=True).pictures == (picture,)


def test_a_tools_schema_names_every_field_as_the_model_writes_it() -> None:
    assert set(tool_spec(PLAN).parameters["$defs"]["PlanItem"]["properties"]) == {"do", "with"}


def conversation(exchanges: int, words: int) -> Prompt:
    messages = []
    for number in range(exchanges):
        messages += [UserMessage(text=f"question {number} " + "word " * words), ModelMessage(text="answer")]
    return Prompt("system", (), (*messages[:-1],))


def test_a_conversation_that_fits_is_left_alone() -> None:
    prompt = conversation(exchanges=3, words=10)
    assert fit(ScriptedEngine([]), prompt, 1000, max_tokens=100) == (prompt, 0)


def test_a_long_conversation_loses_its_oldest_exchanges_and_frees_half_the_room_at_once() -> None:
    prompt = conversation(exchanges=20, words=50)
    engine = ScriptedEngine([])
    shorter, left_out = fit(engine, prompt, 600, max_tokens=100)
    assert engine.count_tokens(shorter) <= 250
    assert left_out == len(prompt.messages) - len(shorter.messages)
    assert shorter.messages == prompt.messages[left_out:]
    assert isinstance(shorter.messages[0], UserMessage)


def test_the_latest_request_always_stays() -> None:
    prompt = conversation(exchanges=2, words=5000)
    shorter, _ = fit(ScriptedEngine([]), prompt, 600, max_tokens=100)
    assert shorter.messages == prompt.messages[-1:]
