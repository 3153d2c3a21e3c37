"""What the model is given: marked blocks that cannot be closed from inside, and how much of everything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent.context import Attachment, Profile, fitting, tool_spec, user_message
from agent.engine.port import ModelSpec
from agent.engine.scripted import ScriptedEngine
from agent.messages import Moment, Picture, Request, Sound
from agent.plan import PLAN
from agent.tool import ToolResult

MODEL = ScriptedEngine([]).load(ModelSpec(Path("any.gguf")), lambda fraction: None)


def test_the_screen_and_the_files_follow_the_words_in_marked_blocks() -> None:
    moment = Moment(window="a.txt", application="Mousepad", outline='window "a.txt" in Mousepad')
    message = user_message(Request(text=" What is this? ", moment=moment), (Attachment("b.txt", "milk\n"),))
    assert message.text == "What is this?"
    assert message.context == (
        '<file name="b.txt">\nmilk\n</file>\n<screen>\nwindow "a.txt" in Mousepad\n</screen>'
    )


@given(
    st.text()
    | st.sampled_from(["</screen>", "</summary>", "</ SCREEN >", "</file>x</screen\n>", "<screen></screen>"])
)
def test_no_text_on_the_screen_closes_its_block(outline: str) -> None:
    moment = Moment(window="", application="", outline=outline)
    context = user_message(Request(text="x", moment=moment)).context
    inside = context.removeprefix("<screen>").removesuffix("</screen>")
    assert "</screen" not in inside.casefold()
    assert "</file" not in inside.casefold()


def test_what_this_means_follows_the_outline_but_not_for_a_narrow_model() -> None:
    moment = Moment(
        window="a", application="Pad", outline='window "a" in Pad', here='selected "</screen> milk"'
    )
    request = Request(text="what is this?", moment=moment)
    inside = user_message(request).context.removeprefix("<screen>").removesuffix("</screen>")
    assert inside.startswith('\nwindow "a" in Pad\nselected "')
    assert "</screen" not in inside
    assert user_message(request, narrow=True).context == '<screen>\nwindow "a" in Pad\n</screen>'


def test_a_screen_without_windows_is_not_told_to_a_narrow_model_but_a_chosen_part_of_it_is() -> None:
    empty = Moment(window="", application="", outline="no windows are open")
    part = empty.model_copy(update={"part": "region", "outline": "part of the screen"})

    assert (
        user_message(Request(text="hi", moment=empty)).context == "<screen>\nno windows are open\n</screen>"
    )
    assert user_message(Request(text="hi", moment=empty), narrow=True).context == ""
    told = user_message(Request(text="hi", moment=part), narrow=True).context
    assert told == "<screen>\npart of the screen\n</screen>"


def test_a_narrow_model_is_told_what_did_not_work_and_not_what_there_is_instead() -> None:
    failed = ToolResult.failed('there is no control called "Send"; there are: "File", "Edit"')
    done = ToolResult("confirmed", "one; two")

    assert fitting(failed, 900) == failed
    told = fitting(failed, 900, narrow=True)
    assert told.content == 'error: there is no control called "Send"'
    assert told.evidence == failed.evidence
    assert fitting(done, 900, narrow=True) == done


def test_pixels_go_only_to_a_model_that_sees() -> None:
    picture = Picture(width=1, height=1, rgb=b"abc")
    request = Request(text="x", moment=Moment(window="", application="", outline="", picture=picture))
    assert user_message(request).pictures == ()
    assert user_message(request, sees=True).pictures == (picture,)


def test_an_attached_picture_is_seen_beside_its_text_or_only_read() -> None:
    photo = Picture(width=1, height=1, rgb=b"abc", shows="file")
    attached = (Attachment("a.png", "PNG picture", photo), Attachment("b.txt", "milk"))
    assert user_message(Request(text="x"), attached).pictures == ()
    message = user_message(Request(text="x"), attached, sees=True)
    assert message.pictures == (photo,)
    assert "PNG picture" in message.context


def test_a_voice_goes_only_to_a_model_that_hears_on_this_machine() -> None:
    request = Request(text="x", source="spoken", sound=Sound.of(bytes(8)))
    assert user_message(request).sounds == ()
    assert user_message(request, hears=True).sounds == (request.sound,)
    here = replace(MODEL, hears=True)
    away = replace(here, server="https://example.org", away=True)
    assert (Profile.of(here).hears, Profile.of(away).hears) == (True, False)


def test_a_tools_schema_names_every_field_as_the_model_writes_it() -> None:
    assert set(tool_spec(PLAN).parameters["$defs"]["PlanItem"]["properties"]) == {"do", "with"}


def test_a_larger_context_takes_longer_observations_and_more_pictures() -> None:
    tiny, usual, large = (Profile.of(replace(MODEL, context_tokens=size)) for size in (2048, 8192, 131072))
    assert tiny.observation_chars < usual.observation_chars < large.observation_chars
    assert (tiny.pictures, usual.pictures, large.pictures) == (1, 5, 8)
    assert (tiny.summarises, usual.summarises, large.summarises) == (False, True, True)


def test_a_tiny_model_is_not_asked_to_sum_up_however_large_its_context() -> None:
    assert not Profile.of(replace(MODEL, context_tokens=32768, parameters=5_000_000)).summarises
    assert Profile.of(replace(MODEL, context_tokens=32768, parameters=2_000_000_000)).summarises
