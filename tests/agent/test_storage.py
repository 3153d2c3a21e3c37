import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.storage import Storage


def names(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT text FROM memory ORDER BY id")]


def add(storage: Storage, text: str) -> None:
    storage.call(lambda db: db.execute("INSERT INTO memory (text, created) VALUES (?, 0)", (text,)))


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "new" / "deskhand.db")
    add(storage, "the car is in row 4")
    storage.close()

    again = Storage(tmp_path / "new" / "deskhand.db")

    assert again.call(names) == ["the car is in row 4"]
    assert again.set_aside is None
    again.close()


def test_commits_are_made_for_good_without_a_write_ahead_log(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")

    journal = storage.call(lambda db: db.execute("PRAGMA journal_mode").fetchone())
    synchronous = storage.call(lambda db: db.execute("PRAGMA synchronous").fetchone())

    assert (journal, synchronous) == (("delete",), (2,))
    assert stat.S_IMODE((tmp_path / "deskhand.db").stat().st_mode) == 0o600
    storage.close()


def test_all_work_runs_on_one_thread_whoever_calls(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")
    seen: list[str] = []

    def work() -> None:
        storage.call(lambda _: seen.append(threading.current_thread().name))

    callers = [threading.Thread(target=work) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert seen == ["storage"] * 8
    storage.close()


def test_an_error_in_the_work_undoes_it_and_reaches_the_caller(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")

    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO memory (text, created) VALUES ('half', 0)")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        storage.call(work)

    assert storage.call(names) == []
    storage.close()


def test_a_database_of_garbage_is_kept_aside_and_a_fresh_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "deskhand.db"
    path.write_bytes(b"this is no database" * 400)

    storage = Storage(path)

    assert storage.set_aside is not None
    assert storage.set_aside.read_bytes() == b"this is no database" * 400
    assert stat.S_IMODE(storage.set_aside.stat().st_mode) == 0o400
    add(storage, "fresh")
    assert storage.call(names) == ["fresh"]
    storage.close()


def test_a_database_that_is_damaged_while_it_is_open_says_so_and_goes_on_afresh(tmp_path: Path) -> None:
    path = tmp_path / "deskhand.db"
    storage = Storage(path)
    for number in range(200):
        add(storage, f"{number} " + "x" * 500)
    with path.open("r+b") as file:  # what a dying disk does: every page after the first is noise
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    storage.call(lambda db: db.execute("PRAGMA shrink_memory"))

    with pytest.raises(StorageError, match=r"damaged.*read-only"):
        storage.call(names)

    assert storage.set_aside is not None
    assert storage.call(names) == []
    storage.close()


def test_a_full_disk_is_told_kindly_and_what_was_saved_stays(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")
    add(storage, "saved before")
    storage.call(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())  # SQLite's own full disk

    with pytest.raises(StorageError, match="disk is full"):
        add(storage, "x" * 1_000_000)

    assert storage.call(names) == ["saved before"]
    storage.close()


def test_a_database_in_use_by_another_program_is_told_kindly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.storage._BUSY_SECONDS", 0.05)
    storage = Storage(tmp_path / "deskhand.db")
    other = sqlite3.connect(tmp_path / "deskhand.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StorageError, match="Another program"):
        add(storage, "x")

    other.execute("ROLLBACK")
    add(storage, "afterwards")
    assert storage.call(names) == ["afterwards"]
    other.close()
    storage.close()


def test_a_folder_that_cannot_be_made_is_told_kindly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(StorageError, match="cannot be used"):
        Storage(tmp_path / "file" / "deskhand.db")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "deskhand.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    before = path.read_bytes()

    with pytest.raises(StorageError, match="newer Deskhand"):
        Storage(path)

    assert path.read_bytes() == before


def test_a_closed_database_refuses_work(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")
    storage.close()
    storage.close()

    with pytest.raises(StorageError, match="closed"):
        storage.call(names)


def test_what_was_deleted_is_overwritten_in_the_file(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")
    add(storage, "a secret sentence")
    assert b"a secret sentence" in (tmp_path / "deskhand.db").read_bytes()

    storage.call(lambda db: db.execute("DELETE FROM memory"))

    assert b"a secret sentence" not in (tmp_path / "deskhand.db").read_bytes()
    storage.close()


def test_a_database_that_cannot_even_be_moved_aside_leaves_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "deskhand.db"
    storage = Storage(path)
    for number in range(200):
        add(storage, f"{number} " + "x" * 500)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    storage.call(lambda db: db.execute("PRAGMA shrink_memory"))
    tmp_path.rename(tmp_path.with_name("moved-away"))

    with pytest.raises(StorageError, match="cannot be used"):
        storage.call(names)

    with pytest.raises(StorageError, match="closed"):
        storage.call(names)
    storage.close()
