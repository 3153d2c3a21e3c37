"""Plain sentences, the built-in model, real applications: what came of them is checked outside the program."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.virtual_desktop import VirtualDesktop

pytestmark = pytest.mark.e2e

DESKHAND = Path(sys.executable).with_name("deskhand")
SHOPPING = "milk, bread and six eggs"


class Seat:
    """Somebody at the command line of a virtual desktop, with a workspace of their own."""

    def __init__(self, desktop: VirtualDesktop, folder: Path) -> None:
        self.workspace = folder / "Documents"
        self.workspace.mkdir()
        (self.workspace / "shopping.txt").write_text(SHOPPING)
        self._env = dict(desktop.env) | {
            "DESKHAND_WORKSPACE": str(self.workspace),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def say(self, *words: str, mode: str = "full", command: str = "do") -> list[dict[str, Any]]:
        """Run one request; the events it made."""
        ran = subprocess.run(
            [DESKHAND, command, "--json", "--mode", mode, *words],
            env=self._env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=150,
            check=False,
        )
        assert ran.returncode in (0, 1), ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def run(self, *arguments: str) -> str:
        ran = subprocess.run(
            [DESKHAND, *arguments], env=self._env, capture_output=True, text=True, timeout=60, check=True
        )
        return ran.stdout


@pytest.fixture
def seat(desktop: VirtualDesktop, tmp_path: Path) -> Iterator[Seat]:
    return Seat(desktop, tmp_path)


def outcome(events: list[dict[str, Any]]) -> dict[str, Any]:
    assert events[-1]["type"] == "task_finished"
    return events[-1]["outcome"]


def tools_used(events: list[dict[str, Any]]) -> list[str]:
    return [event["tool"] for event in events if event["type"] == "step_started"]


@pytest.mark.parametrize(
    "words", ["read shopping.txt", "what is in shopping.txt?", "Can you read me shopping.txt please"]
)
def test_a_file_is_read_to_the_person(seat: Seat, words: str) -> None:
    assert SHOPPING in outcome(seat.say(words))["answer"]


@pytest.mark.parametrize("words", ["what is 12.5 times 8", "work out 12.5 * 8"])
def test_a_sum_is_worked_out(seat: Seat, words: str) -> None:
    assert "100" in outcome(seat.say(words))["answer"]


@pytest.mark.parametrize("words", ["make a folder called Invoices", "create a new folder Invoices"])
def test_a_folder_is_made_and_undone(seat: Seat, words: str) -> None:
    assert outcome(seat.say(words))["status"] == "confirmed"
    assert (seat.workspace / "Invoices").is_dir()
    seat.run("undo")
    assert not (seat.workspace / "Invoices").exists()


@pytest.mark.parametrize(
    "words", ["rename shopping.txt to groceries.txt", "change the name of shopping.txt to groceries.txt"]
)
def test_a_file_is_renamed(seat: Seat, words: str) -> None:
    seat.say(words)
    assert (seat.workspace / "groceries.txt").read_text() == SHOPPING
    assert not (seat.workspace / "shopping.txt").exists()


def test_with_nobody_there_a_change_is_not_made(seat: Seat) -> None:
    events = seat.say("trash shopping.txt", mode="ask")
    assert outcome(events)["status"] == "refused"
    assert (seat.workspace / "shopping.txt").read_text() == SHOPPING


def test_an_application_is_opened_and_looked_at(seat: Seat) -> None:
    events = seat.say("open the calculator")
    assert tools_used(events) == ["open_app"]
    assert outcome(events)["status"] == "confirmed"
    assert "alculator" in outcome(seat.say("what is on my screen?"))["answer"]
    seat.say("close the calculator")


def test_an_application_that_does_not_exist_is_said_and_nothing_is_opened(seat: Seat) -> None:
    events = seat.say("open Blorptastic")
    assert outcome(events)["status"] == "failed"
    assert "Blorptastic" in outcome(events)["answer"]


@pytest.mark.parametrize(
    "words",
    [
        "read shopping.txt, type it into the text editor and save it as copy.txt",
        "Read shopping.txt and type it into the text editor and save it as copy.txt.",
    ],
)
def test_a_files_text_goes_through_the_editor_into_another_file(seat: Seat, words: str) -> None:
    events = seat.say(words)
    assert (seat.workspace / "copy.txt").read_text().rstrip("\n") == SHOPPING
    assert outcome(events)["status"] == "confirmed"
    assert any(event["type"] == "plan_made" for event in events)
    seat.say("close the text editor")


@pytest.mark.parametrize(
    "words", ["book me a flight to Rome", "write a poem about the sea", "hack my neighbour's wifi"]
)
def test_what_is_beyond_it_is_said_and_nothing_is_done(seat: Seat, words: str) -> None:
    events = seat.say(words)
    assert tools_used(events) == []
    assert "larger model" in outcome(events)["answer"]


def test_a_session_goes_on_where_it_was(seat: Seat) -> None:
    seat.say("read shopping.txt")
    listed = seat.run("sessions", "--json").splitlines()
    session = json.loads(listed[0])
    assert session["title"] == "read shopping.txt"
    again = seat.say("--session", session["id"], "what is 2 plus 2")
    assert "4" in outcome(again)["answer"]
    assert len(seat.run("sessions", "--json").splitlines()) == 1
