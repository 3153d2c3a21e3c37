from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.events import Outcome, SoundLevel, StepFinished, TaskFinished, TaskStarted, TextDelta
from agent.messages import (
    ModelMessage,
    Moment,
    Picture,
    Request,
    Sound,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from agent.session import Sessions
from agent.storage import Storage
from agent.view import View


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(tmp_path / "deskhand.db")
    yield storage
    storage.close()


@pytest.fixture
def sessions(storage: Storage) -> Sessions:
    return Sessions(storage)


def test_a_conversation_comes_back_as_it_was(sessions: Sessions) -> None:
    said = (
        UserMessage(text="read notes.txt", context="<screen>…</screen>"),
        ModelMessage(
            text="", call=ToolCall(id="1", name="read_file", arguments={"path": "notes.txt"}),
            tokens=(5, 6, 7), vocabulary="abc",
        ),
        ToolMessage(call_id="1", name="read_file", content="Buy milk\nCall Ada"),
        ModelMessage(text="It says: Buy milk."),
    )  # fmt: skip
    session = sessions.create()

    for message in said:
        sessions.append(session, message)

    assert sessions.messages(session) == said


def test_pixels_and_sounds_are_not_kept_but_their_digests_and_the_words_are(
    sessions: Sessions, tmp_path: Path
) -> None:
    session = sessions.create()
    picture = Picture(width=2, height=1, rgb=b"pixels")
    sound = Sound(pcm=b"loud", samples=1)
    asked = UserMessage(text="what is this?", context="window", pictures=(picture,), sounds=(sound,))
    looked = ToolMessage(call_id="1", name="look", content="a window", pictures=(picture,))

    sessions.append(session, asked)
    sessions.append(session, looked)

    kept = sessions.messages(session)
    assert kept == (
        asked.model_copy(update={"pictures": (picture.without_data(),), "sounds": (sound.without_data(),)}),
        looked.model_copy(update={"pictures": (picture.without_data(),)}),
    )
    assert isinstance(kept[1], ToolMessage)
    assert kept[1].pictures[0].key == picture.key
    on_disk = (tmp_path / "deskhand.db").read_bytes()
    assert not any(b64encode(data) in on_disk or data in on_disk for data in (picture.rgb, sound.pcm))


def test_what_the_model_is_shown_is_kept_with_the_session(sessions: Sessions) -> None:
    session = sessions.create()
    view = View(start=4, kept=(2,), summary="They asked for milk.", pictures_from=6)
    assert sessions.view(session) == View()

    sessions.set_view(session, view)

    assert sessions.view(session) == view
    with pytest.raises(StorageError, match="no longer there"):
        sessions.set_view("no such session", view)


def test_the_first_request_names_the_session(sessions: Sessions) -> None:
    session = sessions.create()

    sessions.append(session, UserMessage(text="please  read\nthe notes " + "and then " * 20))
    sessions.append(session, UserMessage(text="something else"))

    (summary,) = sessions.list()
    assert summary.title.startswith("please read the notes and then")
    assert summary.title.endswith("…")
    assert len(summary.title) <= 60
    assert summary.updated.tzinfo is not None
    assert summary.created <= summary.updated


def test_sessions_are_found_by_their_words_whatever_the_capitals(sessions: Sessions) -> None:
    taxes, milk, _unused = sessions.create(), sessions.create(), sessions.create()
    sessions.append(taxes, UserMessage(text="sum up my taxes"))
    sessions.append(taxes, ModelMessage(text="It is 50% of last year."))
    sessions.append(milk, UserMessage(text="buy milk"))

    assert [s.id for s in sessions.list()] == [milk, taxes]
    assert [s.id for s in sessions.list("TAXES")] == [taxes]
    assert [s.id for s in sessions.list("50% of")] == [taxes]
    assert sessions.list("100%") == ()
    assert [s.id for s in sessions.list(limit=1)] == [milk]


def test_events_are_kept_to_show_the_session_again_without_those_of_the_moment(sessions: Sessions) -> None:
    session = sessions.create()
    picture = Picture(width=1, height=1, rgb=b"\xff\0\1")
    moment = Moment(window="w", application="a", outline="o", thumbnail=b"\x89PNG\xff", picture=picture)
    request = Request(text="hi", moment=moment, sound=Sound.of(bytes(8)))
    started = TaskStarted(task="t", session=session, request=request)
    step = StepFinished(step="s", status="confirmed", evidence="24 bytes", content="wrote", seconds=0.1)
    finished = TaskFinished(task="t", outcome=Outcome(status="answered", answer="Hello."), seconds=1.0)

    for event in (started, TextDelta(text="Hel"), SoundLevel(level=0.5, speech=True), step, finished):
        sessions.log(session, event)

    shown = sessions.events(session)
    assert shown[1:] == (step, finished)
    first = shown[0]
    assert isinstance(first, TaskStarted)
    assert first.request.moment is not None
    assert first.request.moment.thumbnail == b"\x89PNG\xff"
    assert first.request.moment.picture is None
    assert first.request.sound is None


def test_a_session_can_be_renamed_and_deleted(sessions: Sessions, storage: Storage) -> None:
    session = sessions.create()
    sessions.append(session, UserMessage(text="hi"))

    sessions.rename(session, "Holiday")
    sessions.rename(session, "  ")
    assert [s.title for s in sessions.list()] == ["Holiday"]

    sessions.delete(session)
    assert sessions.list() == ()
    assert storage.call(lambda db: db.execute("SELECT COUNT(*) FROM message").fetchone()) == (0,)
    with pytest.raises(StorageError, match="no longer there"):
        sessions.append(session, UserMessage(text="hello?"))
