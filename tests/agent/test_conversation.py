"""The conversation in memory and on the disk: what the broker asks of it is answered from the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.conversation import Conversation
from agent.errors import StorageError
from agent.messages import Message, ModelMessage, Picture, ToolCall, ToolMessage, UserMessage
from agent.session import Sessions
from agent.sight import AS_BEFORE
from agent.storage import Storage
from agent.view import PICTURE_GONE, View, fewer_pictures


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    storage = Storage(tmp_path / "deskhand.db")
    yield Sessions(storage)
    storage.close()


@pytest.fixture
def conversation(sessions: Sessions) -> Conversation:
    return Conversation(sessions, sessions.create())


def picture(shade: int = 0, side: int = 8) -> Picture:
    return Picture(width=side, height=side, rgb=bytes([shade]) * side * side * 3)


def look(number: int, *pictures: Picture) -> tuple[Message, Message]:
    name = str(number)
    return (
        ModelMessage(text="", call=ToolCall(id=name, name="look", arguments={})),
        ToolMessage(call_id=name, name="look", content="a window", pictures=pictures),
    )


def contents(conversation: Conversation) -> list[str]:
    messages = conversation.prompt("", ()).messages
    return [message.content for message in messages if isinstance(message, ToolMessage)]


MESSAGES: tuple[Message, ...] = (
    UserMessage(text="read it", context="<file>\nmilk\n</file>"),
    *look(1),
    ModelMessage(text="Milk."),
    UserMessage(text="thanks"),
    ModelMessage(text="You are welcome."),
    UserMessage(text="and now?"),
)


class UnkeptSessions:
    """The sessions' part that a conversation needs, without a disk."""

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages

    def messages(self, session: str) -> tuple[Message, ...]:
        return self._messages

    def view(self, session: str) -> View:
        return View()

    def set_view(self, session: str, view: View) -> None:
        pass

    def append(self, session: str, message: Message) -> None:
        pass


@settings(deadline=None)
@given(st.lists(st.sampled_from(MESSAGES), max_size=8), st.integers(0, 8), st.integers(0, 8), st.text())
def test_no_view_takes_away_what_was_said_or_that_something_was_read(
    messages: list[Message], start: int, pictures_from: int, summary: str
) -> None:
    conversation = Conversation(UnkeptSessions(tuple(messages)), "s")  # type: ignore[arg-type]
    said, tainted = conversation.said, conversation.tainted
    conversation.see(View(start=min(start, len(messages)), summary=summary, pictures_from=pictures_from))
    assert conversation.said == said
    assert (
        conversation.tainted
        == tainted
        == any(message in MESSAGES[:1] + MESSAGES[2:3] for message in messages)
    )


def test_a_conversation_goes_on_with_the_same_prompt(sessions: Sessions, conversation: Conversation) -> None:
    for message in MESSAGES:
        conversation.append(message)
    conversation.see(View(start=4, summary="They read a list."))
    again = Conversation(sessions, conversation.session)
    assert again.prompt("system", ()) == conversation.prompt("system", ())
    assert again.messages == conversation.messages
    assert again.tainted


def test_pixels_that_left_the_prompt_are_let_go(conversation: Conversation) -> None:
    for message in (UserMessage(text="look"), *look(1, picture(1)), *look(2, picture(2))):
        conversation.append(message)
    conversation.see(View(pictures_from=4))
    kept = [message.pictures[0].rgb for message in conversation.messages if isinstance(message, ToolMessage)]
    assert kept == [b"", picture(2).rgb]
    assert contents(conversation) == [f"a window\n{PICTURE_GONE}", "a window"]


def test_pictures_come_back_as_digests_until_the_engine_has_lost_them(
    sessions: Sessions, conversation: Conversation
) -> None:
    for message in (UserMessage(text="look"), *look(1, picture(1))):
        conversation.append(message)
    again = Conversation(sessions, conversation.session)
    (stub,) = again.prompt("", ()).messages[2].model_copy().pictures  # type: ignore[union-attr]
    assert (stub.key, stub.rgb) == (picture(1).key, b"")

    for message in look(2, picture(2)):
        again.append(message)
    again.lose_pictures()

    assert contents(again) == [f"a window\n{PICTURE_GONE}", "a window"]
    assert again.prompt("", ()).messages[4].pictures == (picture(2),)  # type: ignore[union-attr]


def test_a_model_that_does_not_see_reads_words(conversation: Conversation) -> None:
    for message in (UserMessage(text="look"), *look(1, picture(1))):
        conversation.append(message)
    assert conversation.prompt("", (), sees=False).messages[2] == ToolMessage(
        call_id="1", name="look", content=f"a window\n{PICTURE_GONE}"
    )


def test_a_screen_is_shown_again_once_its_picture_left_the_prompt(conversation: Conversation) -> None:
    screen = Picture(
        width=640,
        height=480,
        rgb=np.random.default_rng(1).integers(0, 255, 640 * 480 * 3, np.uint8).tobytes(),
    )
    conversation.append(UserMessage(text="look"))
    assert conversation.glance(screen, keep=4).pictures == (screen,)
    for message in look(1, screen):
        conversation.append(message)
    assert conversation.glance(screen, keep=4).words == AS_BEFORE
    conversation.see(View(pictures_from=3))
    assert conversation.glance(screen, keep=4).pictures == (screen,)


def test_a_picture_whose_message_was_not_kept_was_not_seen(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation.append(UserMessage(text="look"))
    assert conversation.glance(picture(), keep=4).pictures
    with monkeypatch.context() as full:

        def refuse(session: str, message: Message) -> None:
            raise StorageError("The disk is full.")

        full.setattr(Sessions, "append", lambda self, session, message: refuse(session, message))
        with pytest.raises(StorageError):
            conversation.append(UserMessage(text="x", pictures=(picture(),)))
    assert conversation.glance(picture(), keep=4).pictures


CHANGES = st.lists(st.sampled_from(["nothing", "a little", "a lot"]), max_size=25)


@settings(max_examples=25, deadline=None)
@given(CHANGES, st.integers(1, 4))
def test_the_last_whole_screen_is_always_among_the_pictures_that_are_shown(
    changes: list[str], keep: int
) -> None:
    conversation = Conversation(UnkeptSessions((UserMessage(text="look"),)), "s")  # type: ignore[arg-type]
    pixels = np.random.default_rng(1).integers(0, 200, (960, 1440, 3), np.uint8)
    for number, change in enumerate(["a lot", *changes]):
        if change == "a little":
            pixels[100:130, 100 : 140 + number] ^= 255
        elif change == "a lot":
            pixels ^= 255
        glance = conversation.glance(Picture(width=1440, height=960, rgb=pixels.tobytes()), keep)
        for message in look(number, *glance.pictures):
            conversation.append(message)
        conversation.see(fewer_pictures(conversation.messages, conversation.view, keep))
        shown = [
            picture for message in conversation.prompt("", ()).messages for picture in pictures_of(message)
        ]
        assert any((picture.width, picture.height) == (1440, 960) for picture in shown)


def pictures_of(message: Message) -> tuple[Picture, ...]:
    return () if isinstance(message, ModelMessage) else message.pictures
