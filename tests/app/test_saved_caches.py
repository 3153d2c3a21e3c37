"""Files of what the engine has read: written when it is worth it, found again, and never too many of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.conversation import Conversation
from agent.engine.scripted import ScriptedEngine
from agent.errors import ModelError
from agent.events import Usage
from agent.messages import ModelMessage, Picture, ToolCall, ToolMessage, UserMessage
from agent.session import Sessions
from agent.storage import Storage
from agent.view import PICTURE_GONE
from app import saved_caches
from app.saved_caches import HALF_WRITTEN_SECONDS, MOST_DAYS, MOST_FILES, WORTH_TOKENS, SavedCaches


class Engine(ScriptedEngine):
    """Remembers what it saved and restored; a file that does not begin as it should is not taken."""

    def __init__(self) -> None:
        super().__init__([])
        self.saved: list[str] = []
        self.restored: list[str] = []

    def save(self, file: Path) -> None:
        super().save(file)
        self.saved.append(file.stem)

    def restore(self, file: Path) -> bool:
        self.restored.append(file.stem)
        return file.read_bytes() == b"scripted"


class Desk:
    """An engine, a folder and sessions."""

    def __init__(self, root: Path) -> None:
        self.storage = Storage(root / "deskhand.db")
        self.sessions = Sessions(self.storage)
        self.engine = Engine()
        self.folder = root / "cache" / "sessions"
        self.caches = SavedCaches(self.engine, self.folder, self.sessions.ids)

    def conversation(self) -> Conversation:
        return Conversation(self.sessions, self.sessions.create())

    def again(self, conversation: Conversation) -> Conversation:
        """The same one, as after a restart."""
        return Conversation(self.sessions, conversation.session)

    def use(self, conversation: Conversation, tokens: int) -> None:
        self.caches.turn_to(conversation)
        self.caches.follow(Usage(context_used=tokens, context_tokens=8192, decoded=1, tokens_per_second=1.0))

    def files(self) -> list[str]:
        return sorted(file.name for file in self.folder.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.storage.close()


def show_a_picture(conversation: Conversation) -> None:
    picture = Picture(width=1, height=1, rgb=b"abc")
    conversation.append(UserMessage(text="look"))
    conversation.append(ModelMessage(text="", call=ToolCall(id="1", name="look", arguments={})))
    conversation.append(ToolMessage(call_id="1", name="look", content="a window", pictures=(picture,)))


def test_what_was_read_of_a_long_session_is_saved_when_another_begins(desk: Desk) -> None:
    first, second = desk.conversation(), desk.conversation()
    desk.use(first, WORTH_TOKENS)
    desk.caches.turn_to(second)
    assert desk.engine.saved == [first.session]
    assert desk.folder.stat().st_mode & 0o077 == 0
    desk.caches.turn_to(first)
    assert desk.engine.restored == [first.session]


def test_a_short_session_is_not_worth_a_file(desk: Desk) -> None:
    desk.use(desk.conversation(), WORTH_TOKENS - 1)
    desk.caches.keep()
    assert desk.engine.saved == []


def test_what_was_not_changed_since_it_was_saved_is_not_saved_again(desk: Desk) -> None:
    desk.use(desk.conversation(), WORTH_TOKENS)
    desk.caches.keep()
    desk.caches.keep()
    assert len(desk.engine.saved) == 1


def test_going_on_with_the_same_session_restores_nothing(desk: Desk) -> None:
    conversation = desk.conversation()
    desk.use(conversation, WORTH_TOKENS)
    desk.use(conversation, WORTH_TOKENS)
    assert (desk.engine.saved, desk.engine.restored) == ([], [])


@pytest.mark.parametrize("damaged", [False, True])
def test_pictures_are_known_again_by_a_file_and_words_without_a_good_one(desk: Desk, damaged: bool) -> None:
    conversation = desk.conversation()
    show_a_picture(conversation)
    desk.use(conversation, WORTH_TOKENS)
    desk.caches.keep()
    if damaged:
        (desk.folder / f"{conversation.session}.kv").write_bytes(b"noise")
    desk.caches.lost()
    again = desk.again(conversation)
    desk.caches.turn_to(again)
    result = again.prompt("", ()).messages[-1]
    assert isinstance(result, ToolMessage)
    assert (PICTURE_GONE in result.content) == damaged
    assert bool(result.pictures) != damaged


def test_a_file_that_cannot_be_written_costs_nobody_anything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path) -> None:
        raise ModelError("The disk is full.")

    monkeypatch.setattr(desk.engine, "save", full)
    desk.use(desk.conversation(), WORTH_TOKENS)
    desk.caches.keep()
    desk.folder.rmdir()
    desk.folder.write_text("no folder")
    desk.use(desk.conversation(), WORTH_TOKENS)
    desk.caches.keep()
    assert desk.engine.saved == []
    assert desk.folder.read_text() == "no folder"


def test_after_another_model_was_loaded_nothing_is_held(desk: Desk) -> None:
    conversation = desk.conversation()
    desk.use(conversation, WORTH_TOKENS)
    desk.caches.lost()
    desk.caches.keep()
    assert desk.engine.saved == []


def age(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_files_go_with_their_session_when_they_are_old_and_when_they_are_half_written(desk: Desk) -> None:
    desk.folder.mkdir(parents=True)
    kept, old = desk.sessions.create(), desk.sessions.create()
    for name in (f"{kept}.kv", f"{old}.kv", "deleted.kv", "left.tmp", "being-written.tmp"):
        (desk.folder / name).write_bytes(b"x")
    age(desk.folder / f"{old}.kv", MOST_DAYS * 86_400 + 60)
    age(desk.folder / "left.tmp", HALF_WRITTEN_SECONDS + 60)
    desk.caches.tidy()
    assert desk.files() == sorted([f"{kept}.kv", "being-written.tmp"])


def test_there_are_never_too_many_or_too_large_files_and_the_newest_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.folder.mkdir(parents=True)
    sessions = [desk.sessions.create() for _ in range(MOST_FILES + 2)]
    for number, session in enumerate(sessions):
        (desk.folder / f"{session}.kv").write_bytes(b"x" * 10)
        age(desk.folder / f"{session}.kv", 1000 - number)
    desk.caches.tidy()
    assert desk.files() == sorted(f"{session}.kv" for session in sessions[2:])
    monkeypatch.setattr(saved_caches, "MOST_BYTES", 25)
    desk.caches.tidy()
    assert desk.files() == sorted(f"{session}.kv" for session in sessions[-2:])
