"""Titles that the model gives a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.conversation import Conversation
from agent.engine.port import Prompt
from agent.engine.scripted import ScriptedEngine
from agent.errors import EngineDied, ModelError
from agent.events import Event, SessionTitled
from agent.messages import ModelMessage, UserMessage
from agent.session import Sessions
from agent.storage import Storage
from app.titles import MOST_CHARACTERS, Titles, plain_title


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    storage = Storage(tmp_path / "deskhand.db")
    yield Sessions(storage)
    storage.close()


def entitle(sessions: Sessions, engine: ScriptedEngine) -> list[Event]:
    conversation = Conversation(sessions, sessions.create())
    conversation.append(UserMessage(text="what do I have to buy"))
    conversation.append(ModelMessage(text="Milk."))
    told: list[Event] = []
    Titles(engine, sessions, told.append).entitle(conversation, conversation.prompt("", ()), Cancel())
    return told


def titles(sessions: Sessions) -> list[str]:
    return [summary.title for summary in sessions.list()]


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Shopping list", "Shopping list"),
        ('"Shopping list."', "Shopping list"),
        ("\n**Title: Shopping list**\nIt is short.", "Shopping list"),
        ("„Einkaufen“", "Einkaufen"),
        ("", ""),
        ("...", ""),
        ("x" * (MOST_CHARACTERS + 1), ""),
        ("\x1b]52;c;aGk=", ""),
    ],
)
def test_a_title_is_a_few_plain_words(answer: str, title: str) -> None:
    assert plain_title(answer) == title


def test_the_models_title_takes_the_place_of_the_first_words(sessions: Sessions) -> None:
    (told,) = entitle(sessions, ScriptedEngine(["Shopping list"]))
    assert isinstance(told, SessionTitled)
    assert titles(sessions) == [told.title] == ["Shopping list"]


def test_without_a_usable_title_the_first_words_stay(sessions: Sessions) -> None:
    assert entitle(sessions, ScriptedEngine([""])) == []
    assert titles(sessions) == ["what do I have to buy"]


class Asked(ScriptedEngine):
    """Is stopped, or fails, when it is asked."""

    def __init__(self, error: ModelError | None = None) -> None:
        super().__init__([])
        self.error = error

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        if self.error is not None:
            raise self.error
        cancel.request()
        return "Shop"


def test_a_title_that_was_cut_short_by_a_request_is_dropped(sessions: Sessions) -> None:
    conversation = Conversation(sessions, sessions.create())
    conversation.append(UserMessage(text="what do I have to buy"))
    titles_of = Titles(Asked(), sessions, lambda event: None)
    titles_of.entitle(conversation, conversation.prompt("", ()), Cancel())
    assert titles(sessions) == ["what do I have to buy"]


def test_a_model_that_cannot_answer_beside_is_no_error_but_its_death_is(sessions: Sessions) -> None:
    assert entitle(sessions, Asked(ModelError("It does not fit."))) == []
    with pytest.raises(EngineDied):
        entitle(sessions, Asked(EngineDied("It died.")))
