"""A workspace in a home folder, a shell for it, and a journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.broker import Policy
from agent.broker.places import Places as Floors
from agent.journal import Journal
from agent.storage import Storage
from tools.commands import Commands


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "home" / "Documents").mkdir(parents=True)
    return tmp_path / "home" / "Documents"


@pytest.fixture
def shell(tmp_path: Path, work: Path) -> Commands:
    floors = Floors(Policy("workspace", work, tmp_path / "home"))
    return Commands(
        work, tmp_path / "home", tmp_path / "scratch", floors.kept_from_commands, floors.hidden_in
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    storage = Storage(tmp_path / "deskhand.db")
    yield Journal(storage, tmp_path / "journal")
    storage.close()
