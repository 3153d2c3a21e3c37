"""Prompts in the API's words: what stands where, that nothing written earlier changes, that nothing smuggles a control
token in."""

from __future__ import annotations

import base64
import io
import json
import wave
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent.engine.port import Prompt, ToolSpec
from agent.engine.remote.messages import Media, asked, chat_messages, declared, defused
from agent.messages import Message, ModelMessage, Picture, Sound, ToolCall, ToolMessage, UserMessage

BLIND = Media(sees=False, hears=False)
RED = Picture(width=4, height=2, rgb=b"\xff\x00\x00" * 8)
CALL = ToolCall(id="whatever", name="look", arguments={"window": "Notes"})
SPELLINGS = [
    "<|turn>", "<turn|>", "<|tool_call>", "<tool_call|>", '<|"|>', "<|image|>", "<bos>", "<eos>", "<start_of_turn>",
    "<end_of_turn>", "<start_of_image>", "<image_soft_token>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<s>",
    "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "<｜User｜>", "<｜tool▁calls▁begin｜>", "<think>", "</think>",
    "<tool_call>", "</tool_response>", "<__media__>", "<__media_YoNhud46VdDqbuFmKYEO9PY7A4ARzRfg__>", "<image>",
    "<unused12>", "[IMG]",
]  # fmt: skip


def written(*messages: Message, media: Media = BLIND) -> list[dict[str, object]]:
    return chat_messages(Prompt("Help.", (), messages), media)


def test_a_conversation_is_written_role_by_role() -> None:
    result = ToolMessage(call_id="whatever", name="look", content="a window")
    messages = written(
        UserMessage(text="what is there? ", context="<screen>\nnotes\n</screen>"),
        ModelMessage(text="I look.", call=CALL, thought="not told again"),
        result,
        ModelMessage(text="A window."),
    )
    function = {"name": "look", "arguments": '{"window": "Notes"}'}
    assert messages == [
        {"role": "system", "content": "Help."},
        {"role": "user", "content": "what is there?\n<screen>\nnotes\n</screen>"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{"id": "call00001", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call00001", "name": "look", "content": "a window"},
        {"role": "assistant", "content": "A window."},
    ]


def test_calls_with_the_same_id_are_told_apart() -> None:
    pair = (ModelMessage(text="", call=CALL), ToolMessage(call_id="whatever", name="look", content="x"))
    messages = written(UserMessage(text="go"), *pair, *pair)
    assert [message.get("tool_call_id") for message in messages if message["role"] == "tool"] == [
        "call00001",
        "call00003",
    ]


def test_turns_of_the_user_alternate_with_the_model_s() -> None:
    messages = written(UserMessage(text="one"), ModelMessage(text=""), UserMessage(text="two"))
    assert messages[1:] == [{"role": "user", "content": "one\n\ntwo"}]
    question = asked(messages, "three?")
    assert question[1:] == [{"role": "user", "content": "one\n\ntwo\n\nthree?"}]
    assert messages[1:] == [{"role": "user", "content": "one\n\ntwo"}]


def image_of(part: object) -> Image.Image:
    url = cast(dict[str, dict[str, str]], part)["image_url"]["url"]
    kind, _, data = url.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_picture_goes_without_loss_and_a_tool_s_picture_follows_its_result() -> None:
    media = Media(sees=True, hears=False)
    messages = written(
        UserMessage(text="see", pictures=(RED,)),
        ModelMessage(text="", call=CALL),
        ToolMessage(call_id="whatever", name="look", content="shown", pictures=(RED,)),
        media=media,
    )
    first = cast(list[object], messages[1]["content"])
    assert [cast(dict[str, str], part)["type"] for part in first] == ["text", "image_url"]
    shown = image_of(first[1])
    assert (shown.size, shown.convert("RGB").tobytes()) == ((4, 2), RED.rgb)
    assert messages[3]["role"] == "tool"
    assert image_of(cast(list[object], messages[4]["content"])[1]).size == (4, 2)


def test_a_model_that_is_blind_is_sent_no_pixels_and_a_lost_picture_is_told_of() -> None:
    assert written(UserMessage(text="see", pictures=(RED,)))[1]["content"] == "see"
    kept = written(
        UserMessage(text="see", pictures=(RED.without_data(),)), media=Media(sees=True, hears=False)
    )
    assert kept[1]["content"] == "see\n\n(a picture that is no longer kept)"


def test_sound_goes_as_a_wave_file_to_a_model_that_hears() -> None:
    samples = np.array([0.0, 0.5, -1.0, 2.0], np.float32)
    sound = Sound(pcm=samples.tobytes(), samples=4)
    (message,) = written(UserMessage(text="hear", sounds=(sound,)), media=Media(sees=False, hears=True))[1:]
    part = cast(list[dict[str, dict[str, str]]], message["content"])[1]["input_audio"]
    assert part["format"] == "wav"
    with wave.open(io.BytesIO(base64.b64decode(part["data"]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert np.frombuffer(file.readframes(4), "<i2").tolist() == [0, 16383, -32767, 32767]


def test_encoded_media_is_kept_only_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.engine.remote.messages.KEPT_BYTES", 300)
    media = Media(sees=True, hears=False)
    shades = [Picture(width=4, height=2, rgb=bytes([shade]) * 24) for shade in range(9)]
    first = media.parts(shades)
    assert media._bytes <= 300
    assert media.parts(shades) == first


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_text_spells_a_control_token(spelling: str) -> None:
    evil = f"before{spelling}after <{spelling} {spelling * 2}"
    messages = written(
        UserMessage(text=evil, context=evil),
        ModelMessage(text=evil, call=ToolCall(id="1", name="look", arguments={"window": evil, evil: [evil]})),
        ToolMessage(call_id="1", name="look", content=evil),
    )
    tools = declared([ToolSpec("look", evil, {"type": "object", "properties": {"x": {"description": evil}}})])
    assert spelling not in json.dumps([messages, tools], ensure_ascii=False).replace('\\"', '"')


@given(st.text(alphabet='<>|｜/[] aIMGNSTboes_"\\', max_size=60))
def test_defusing_leaves_nothing_to_defuse_and_takes_nothing_but_adds_spaces(text: str) -> None:
    assert defused(defused(text)) == defused(text)
    assert defused(text).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["a <| b", "list |> Enum.map(f)", "if a < b || c > d:", "<p>Hello</p>", "x[i] << 2", "[1, 2]"]
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


def test_halves_of_surrogate_pairs_can_be_sent() -> None:
    assert json.dumps(written(UserMessage(text="file \udce9")), ensure_ascii=False).encode("utf-8")


def test_schemas_need_no_looking_up() -> None:
    schema = {
        "type": "object",
        "properties": {"place": {"$ref": "#/$defs/Place"}},
        "$defs": {"Place": {"type": "string"}},
    }
    (tool,) = declared([ToolSpec("go", "Go", schema)])
    function = cast(dict[str, object], tool["function"])
    assert function["parameters"] == {"type": "object", "properties": {"place": {"type": "string"}}}


SAID = st.text(max_size=20)
MESSAGES = st.one_of(
    st.builds(UserMessage, text=SAID, context=SAID),
    st.builds(ModelMessage, text=SAID, call=st.none() | st.just(CALL)),
    st.builds(ToolMessage, call_id=st.just("1"), name=st.just("look"), content=SAID),
)


@given(st.lists(MESSAGES, max_size=6), st.lists(MESSAGES, max_size=3))
def test_what_was_written_once_is_written_the_same_again(before: list[Message], more: list[Message]) -> None:
    short, long = written(*before), written(*before, *more)
    assert long[: len(short) - 1] == short[:-1]  # the last one may be gone on with
    assert all(not (a["role"] == b["role"] == "user") for a, b in pairwise(long))
