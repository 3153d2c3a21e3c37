"""What a child is given, and what both sides believe that it has."""

from __future__ import annotations

import os
import socket

from agent.engine.port import Prompt
from agent.engine.shared import Given, handle, handles, mapped, media_of, memory, without_data
from agent.engine.wire import COMMAND, Count, Give, receive, receive_with_descriptor, send
from agent.messages import ModelMessage, Picture, ToolMessage, UserMessage
from tests.agent.engine.seeing import picture, sound

SHOWN, HEARD = picture(1), sound(4)
PROMPT = Prompt(
    "",
    (),
    (
        UserMessage(text="look and listen", pictures=(SHOWN,), sounds=(HEARD,)),
        ModelMessage(text="yes"),
        ToolMessage(call_id="call-1", name="look", content="", pictures=(picture(2), SHOWN)),
    ),
)
WORDS = Prompt("", (), (UserMessage(text="words alone"),))


def missing(given: Given, prompt: Prompt) -> list[str]:
    return [handle(media) for media, _ in given.missing(prompt)]


def test_everything_is_given_once():
    given = Given()
    assert missing(given, PROMPT) == [handle(SHOWN), handle(HEARD), handle(picture(2))]
    assert missing(given, PROMPT) == []


def test_a_picture_with_another_budget_is_given_again():
    given = Given()
    missing(given, PROMPT)
    larger = SHOWN.model_copy(update={"budget": 1120})
    prompt = Prompt("", (), (UserMessage(text="", pictures=(larger,)),))
    assert missing(given, prompt) == [handle(larger)]


def test_what_is_not_mentioned_is_forgotten():
    given = Given()
    missing(given, PROMPT)
    given.forget_all_but(WORDS)
    assert len(missing(given, PROMPT)) == 3


def test_media_without_data_are_not_given():
    assert missing(Given(), without_data(PROMPT)) == []


def test_a_prompt_travels_without_data_and_names_the_same():
    travelling = without_data(PROMPT)
    assert all(not (media.rgb if isinstance(media, Picture) else media.pcm) for media in media_of(travelling))
    assert handles(travelling) == handles(PROMPT)
    assert len(Count(prompt=travelling).model_dump_json()) < 3000


def test_memory_holds_what_was_put_into_it():
    with mapped(memory(SHOWN.rgb)) as data:
        assert bytes(data) == SHOWN.rgb


def test_a_descriptor_travels_with_its_frame_and_no_other():
    ours, theirs = socket.socketpair()
    descriptor = memory(HEARD.pcm)
    send(ours, Count(prompt=WORDS))
    send(ours, Give(media=HEARD.without_data()), descriptor)
    send(ours, Count(prompt=WORDS))
    os.close(descriptor)
    frames = [receive_with_descriptor(theirs) for _ in range(3)]
    ours.close()
    assert receive_with_descriptor(theirs) is None
    first, second, third = (frame for frame in frames if frame is not None)
    assert (first[1], third[1]) == (None, None)
    give = COMMAND.validate_json(second[0])
    assert isinstance(give, Give)
    assert give.media == HEARD.without_data()
    assert second[1] is not None
    with mapped(second[1]) as data:
        assert bytes(data) == HEARD.pcm


def test_a_parent_takes_no_descriptor_from_its_child():
    ours, theirs = socket.socketpair()
    descriptor = memory(b"anything")
    before = len(os.listdir("/proc/self/fd"))
    send(theirs, Give(media=SHOWN.without_data()), descriptor)
    assert receive(ours) is not None
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(descriptor)
