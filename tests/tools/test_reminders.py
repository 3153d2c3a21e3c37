from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.memory import Memory
from agent.storage import Storage
from agent.tool import ToolResult
from tests.tools.context import Context
from tools import clock, memory, reminders
from tools.reminders import Reminders

NOW = datetime(2026, 11, 21, 14, 5).astimezone()
Call = Callable[..., ToolResult]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(tmp_path / "deskhand.db")
    yield storage
    storage.close()


@pytest.fixture
def call(storage: Storage) -> Call:
    every = (
        *reminders.tools(Reminders(storage), lambda: NOW),
        *memory.tools(Memory(storage)),
        *clock.tools(lambda: NOW),
    )
    tools = {tool.name: tool for tool in every}
    return lambda name, **given: tools[name].run(tools[name].arguments(**given), Context())


def test_the_time_is_told_in_words(call: Call) -> None:
    assert call("now").content == "Saturday, 21 November 2026, 14:05"


def test_a_reminder_is_set_listed_and_cancelled(call: Call) -> None:
    assert call("list_reminders").content == "no reminders"
    assert (
        call("set_reminder", text="call Ada", when="at 17:30").content
        == "I will remind you at 17:30: call Ada"
    )
    assert (
        call("set_reminder", text="rent", when="tomorrow at 9").content
        == "I will remind you tomorrow at 09:00: rent"
    )
    assert (
        call("set_reminder", text="dentist", when="on friday at 10").content
        == "I will remind you on Friday, 27 November at 10:00: dentist"
    )

    assert call("list_reminders").content == "17:30 call Ada\ntomorrow 09:00 rent\n27 November 10:00 dentist"
    assert call("cancel_reminder", text="ada").content == "cancelled: call Ada"
    assert call("cancel_reminder", text="ada").content == 'error: no reminder matches "ada"'
    assert call("list_reminders").content == "tomorrow 09:00 rent\n27 November 10:00 dentist"


def test_which_reminder_is_meant_must_be_clear(call: Call) -> None:
    call("set_reminder", text="call Ada", when="at 17:30")
    call("set_reminder", text="call Bob", when="at 18:30")

    assert call("cancel_reminder", text="call").content == "error: more than one matches: call Ada, call Bob"


def test_a_time_that_is_none_is_said(call: Call) -> None:
    result = call("set_reminder", text="x", when="someday")

    assert (result.status, result.content[:43]) == ("failed", 'error: "someday" is not a time I understand')


def test_what_is_due_comes_once_also_after_a_restart(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")
    Reminders(storage).add("late", NOW - timedelta(hours=3))
    Reminders(storage).add("now", NOW)
    Reminders(storage).add("later", NOW + timedelta(seconds=1))
    storage.close()

    storage = Storage(tmp_path / "deskhand.db")
    kept = Reminders(storage)

    assert [reminder.text for reminder in kept.due(NOW)] == ["late", "now"]
    assert kept.due(NOW) == ()
    assert [reminder.due for reminder in kept.list()] == [NOW + timedelta(seconds=1)]
    storage.close()


def test_something_is_remembered_recalled_and_forgotten(call: Call) -> None:
    assert call("remember", text="the car is in row 4").content == "remembered: the car is in row 4"
    assert call("recall", query="my car").content == "the car is in row 4"
    assert call("forget", query="car").content == "forgot: the car is in row 4"
    assert call("recall", query="car").content == 'nothing remembered about "car"'
    assert call("forget", query="car").status == "suspected_noop"
