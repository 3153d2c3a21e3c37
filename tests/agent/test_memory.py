import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import memory as memory_module
from agent.memory import Memory
from agent.storage import Storage


@pytest.fixture(params=["full text index", "counted words"])
def memory(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Memory]:
    if request.param == "counted words":
        monkeypatch.setattr(
            memory_module, "_INDEX", "CREATE VIRTUAL TABLE temp.memory_words USING nosuchmodule(text)"
        )
    storage = Storage(tmp_path / "deskhand.db")
    yield Memory(storage)
    storage.close()


def test_what_was_remembered_is_found_by_its_words(memory: Memory) -> None:
    memory.remember("the car is in row 4")
    memory.remember("Ada's birthday is on 10 December")

    assert memory.recall("where is my car") == ("the car is in row 4",)
    assert memory.recall("BIRTHDAY") == ("Ada's birthday is on 10 December",)
    assert memory.recall("bicycle") == ()


def test_without_a_word_to_look_for_the_newest_come_first(memory: Memory) -> None:
    for number in range(8):
        memory.remember(f"thing {number}")

    assert memory.recall("what is it", limit=2) == ("thing 7", "thing 6")


def test_forgetting_erases_only_the_best_match(memory: Memory) -> None:
    memory.remember("the red car is in row 4")
    memory.remember("the red bicycle is in the cellar")

    assert memory.forget("the red car") == ("the red car is in row 4",)
    assert memory.recall("red") == ("the red bicycle is in the cellar",)
    assert memory.forget("boat") == ()


@settings(max_examples=60, deadline=None)
@given(query=st.text(max_size=40))
def test_no_query_upsets_the_search(tmp_path_factory: pytest.TempPathFactory, query: str) -> None:
    storage = Storage(tmp_path_factory.mktemp("memory") / "deskhand.db")
    memory = Memory(storage)
    memory.remember("the car is in row 4")

    assert set(memory.recall(query)) <= {"the car is in row 4"}
    storage.close()


def test_the_search_index_is_in_this_sqlite() -> None:
    assert "ENABLE_FTS5" in {row[0] for row in sqlite3.connect(":memory:").execute("PRAGMA compile_options")}
