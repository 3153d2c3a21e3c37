"""``deskhand permissions``: what was answered with "always" is listed and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.broker import Grant, Grants
from agent.storage import Storage
from app import cli
from app.settings import Places
from tests.app.scripted_assistant import ScriptedAssistant


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "cache")


@pytest.fixture
def storage(places: Places) -> Storage:
    places.data.mkdir()
    return Storage(places.data / "deskhand.db")


def run(places: Places, *arguments: str) -> int:
    surroundings = cli.Surroundings(
        build=lambda settings, places: ScriptedAssistant([]), places=lambda: places, read=lambda prompt: ""
    )
    return cli.run(["permissions", *arguments], surroundings)


def test_where_nothing_was_permitted_that_is_said_and_nothing_is_made(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(places) == 0
    assert run(places, "withdraw", "1") == 1
    assert run(places, "list", "--json") == 0
    assert 'Nothing was answered with "always".\nThere is no permission 1.' in capsys.readouterr().out
    assert not places.data.exists()


def test_the_permissions_are_listed_one_a_line(
    places: Places, storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    Grants(storage).add(Grant("write_file", "folder", "/home/ada/Documents\x1b[2J"))
    Grants(storage).add(Grant("type_text", "application", "Mousepad"))

    assert run(places) == 0
    assert capsys.readouterr().out.splitlines() == [
        r"  1  write file in /home/ada/Documents\x1b[2J",
        "  2  type text with Mousepad",
    ]
    assert run(places, "list", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[1] == {
        "type": "permission",
        "id": 2,
        "tool": "type_text",
        "kind": "application",
        "value": "Mousepad",
    }
    storage.close()


def test_a_permission_that_is_withdrawn_is_gone_for_a_deskhand_that_runs(
    places: Places, storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    running = Grants(storage)
    running.add(Grant("type_text", "application", "Mousepad"))

    assert run(places, "withdraw", "1") == 0
    assert running.list() == ()
    assert "Withdrawn: 1." in capsys.readouterr().out
    assert run(places, "withdraw", "1", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {"type": "withdrawn", "id": 1, "withdrawn": False}
    assert run(places, "withdraw", "first") == 2
    storage.close()
