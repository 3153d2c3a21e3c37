"""The journal on real files: what undo restores, what it leaves alone, what a crash or a full disk leaves behind."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import StorageError
from agent.journal import Journal
from agent.processes import Process
from agent.snapshot import Contents, named, storable
from agent.storage import MIGRATIONS, Storage
from agent.tool import Effect


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(tmp_path / "data" / "deskhand.db")
    yield storage
    storage.close()


@pytest.fixture
def journal(storage: Storage, tmp_path: Path) -> Journal:
    return Journal(storage, tmp_path / "data" / "contents")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def step(
    journal: Journal, change: Callable[[], object], *paths: Path, task: str = "task", title: str = "Write"
) -> None:
    entry = journal.prepare(task, "step", title, Effect("write", changes=paths, undo="restores the old text"))
    change()
    journal.done(entry)


def test_undo_restores_bytes_mode_and_time(journal: Journal, work: Path) -> None:
    file = work / "notes.txt"
    file.write_bytes(b"old\x00\xff")
    file.chmod(0o640)
    os.utime(file, ns=(1_000_000_000, 1_000_000_000))

    step(journal, lambda: (file.write_bytes(b"new"), file.chmod(0o600)), file, title="Write **notes.txt**")
    assert journal.changes("task") == ("Write notes.txt (undo restores the old text)",)
    assert journal.last_undoable() == "task"
    lines = journal.undo("task")

    assert [(line.text, line.restored) for line in lines] == [
        ("Write notes.txt: undone, restores the old text", True)
    ]
    assert file.read_bytes() == b"old\x00\xff"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_mtime_ns == 1_000_000_000
    assert journal.last_undoable() is None
    assert journal.undo("task") == ()


def test_undo_goes_backwards_through_the_steps(journal: Journal, work: Path) -> None:
    a, b = work / "a.txt", work / "b.txt"
    a.write_text("one")
    step(journal, lambda: a.write_text("two"), a)
    step(journal, lambda: a.rename(b), a, b)
    step(journal, lambda: b.write_text("three"), b)

    assert all(line.restored for line in journal.undo("task"))

    assert a.read_text() == "one"
    assert not b.exists()


def test_a_removed_folder_comes_back_with_everything_in_it(journal: Journal, work: Path) -> None:
    folder = work / "Archive"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "a.txt").write_text("a")
    (folder / "link").symlink_to("2026/a.txt")
    (folder / "2026").chmod(0o750)

    step(journal, lambda: folder.rename(work.parent / "trash"), folder)
    journal.undo("task")

    assert (folder / "2026" / "a.txt").read_text() == "a"
    assert (folder / "link").readlink() == Path("2026/a.txt")
    assert stat.S_IMODE((folder / "2026").stat().st_mode) == 0o750


def test_a_new_file_in_a_new_folder_leaves_with_its_folder(journal: Journal, work: Path) -> None:
    folder, file = work / "New", work / "New" / "a.txt"

    step(journal, lambda: (folder.mkdir(), file.write_text("a")), folder, file)
    journal.undo("task")

    assert not folder.exists()


def test_what_somebody_else_changed_since_is_left_alone_unless_forced(journal: Journal, work: Path) -> None:
    mine, theirs = work / "mine.txt", work / "theirs.txt"
    mine.write_text("1")
    theirs.write_text("1")
    step(journal, lambda: mine.write_text("2"), mine)
    step(journal, lambda: theirs.write_text("2"), theirs)
    theirs.write_text("the person's own work")

    lines = journal.undo("task")

    assert [line.restored for line in lines] == [False, True]
    assert "changed by somebody else" in lines[0].text
    assert theirs.read_text() == "the person's own work"
    assert mine.read_text() == "1"
    assert journal.undo("task", force=True)[0].restored
    assert theirs.read_text() == "1"


def test_a_new_folder_that_the_person_has_since_used_stays(journal: Journal, work: Path) -> None:
    folder = work / "New"
    step(journal, folder.mkdir, folder)
    (folder / "theirs.txt").write_text("kept")

    assert not journal.undo("task")[0].restored

    assert (folder / "theirs.txt").read_text() == "kept"


def test_a_step_that_changed_nothing_is_nothing_to_undo(journal: Journal, work: Path) -> None:
    entry = journal.prepare(
        "task", "s", "Write", Effect("write", changes=(work / "a.txt",), undo="removes it")
    )
    journal.failed(entry)

    assert journal.changes("task") == ()
    assert journal.last_undoable() is None


def test_a_failed_step_that_changed_something_can_be_undone(journal: Journal, work: Path) -> None:
    file = work / "a.txt"
    entry = journal.prepare("task", "s", "Write", Effect("write", changes=(file,), undo="removes it"))
    file.write_text("half")
    journal.failed(entry)

    assert journal.undo("task")[0].restored
    assert not file.exists()


def test_contents_that_went_bad_are_never_restored(journal: Journal, work: Path, tmp_path: Path) -> None:
    file = work / "a.txt"
    file.write_text("old")
    step(journal, lambda: file.write_text("new"), file)
    for kept in (tmp_path / "data" / "contents").rglob("*"):
        if kept.is_file():
            kept.write_text("rotten")

    with pytest.raises(StorageError, match="missing or damaged"):
        journal.undo("task")

    assert file.read_text() == "new"


def test_more_than_can_be_kept_is_refused_before_anything_happens(journal: Journal, work: Path) -> None:
    huge = work / "film.mkv"
    with huge.open("wb") as file:
        file.truncate(600 << 20)  # sparse: it takes no room

    with pytest.raises(StorageError, match="600 MiB at once"):
        journal.prepare("task", "s", "Trash", Effect("write", changes=(huge,), undo="brings it back"))


def test_a_pipe_cannot_be_brought_back_and_is_refused(journal: Journal, work: Path) -> None:
    os.mkfifo(work / "pipe")

    with pytest.raises(StorageError, match="no file and no folder"):
        journal.prepare(
            "task", "s", "Trash", Effect("write", changes=(work / "pipe",), undo="brings it back")
        )


def test_without_a_journal_row_there_is_no_step(journal: Journal, storage: Storage, work: Path) -> None:
    storage.call(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())  # SQLite's own full disk
    many = tuple(work / f"{number:0200}" for number in range(2000))

    with pytest.raises(StorageError, match="disk is full"):
        journal.prepare("task", "s", "Write", Effect("write", changes=many, undo="removes them"))


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A real file system of 256 KiB."""
    place = Path(tempfile.mkdtemp(prefix="small-disk-"))
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True
    ).returncode:
        place.rmdir()
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", place], check=True)
    place.rmdir()


def test_a_full_disk_stops_the_step_before_it_runs(storage: Storage, work: Path, small_disk: Path) -> None:
    journal = Journal(storage, small_disk / "contents")
    file = work / "big.bin"
    file.write_bytes(os.urandom(400_000))

    with pytest.raises(StorageError, match=r"could not be backed up.*not touched"):
        journal.prepare("task", "s", "Write", Effect("write", changes=(file,), undo="restores it"))

    assert not [path for path in (small_disk / "contents").rglob("*") if path.is_file()]
    assert journal.uncertain() == ()


_CRASH = """
import os, sys, signal
from pathlib import Path
from agent.journal import Journal
from agent.storage import Storage
from agent.tool import Effect
data, file, happens = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "after"
journal = Journal(Storage(data / "deskhand.db"), data / "contents")
journal.prepare("task", "step", "Write **a.txt**", Effect("write", changes=(file,), undo="restores the old text"))
if happens:
    file.write_text("new")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("killed", ["before", "after"])
def test_a_step_killed_before_it_was_done_is_uncertain(tmp_path: Path, work: Path, killed: str) -> None:
    file = work / "a.txt"
    file.write_text("old")
    child = subprocess.run([sys.executable, "-c", _CRASH, tmp_path / "data", file, killed], timeout=60)
    assert child.returncode == -signal.SIGKILL

    storage = Storage(tmp_path / "data" / "deskhand.db")
    journal = Journal(storage, tmp_path / "data" / "contents")
    (uncertain,) = journal.uncertain()

    assert uncertain.entry.title == "Write **a.txt**"
    assert uncertain.changed is (killed == "after")
    assert journal.undo("task") == ()
    journal.done(uncertain.entry) if uncertain.changed else journal.failed(uncertain.entry)
    assert journal.uncertain() == ()
    assert [line.restored for line in journal.undo("task")] == ([True] if killed == "after" else [])
    assert file.read_text() == "old"
    storage.close()


_AT_WORK = """
import sys
from pathlib import Path
from agent.journal import Journal
from agent.storage import Storage
from agent.tool import Effect
data, file = Path(sys.argv[1]), Path(sys.argv[2])
journal = Journal(Storage(data / "deskhand.db"), data / "contents")
entry = journal.prepare("task", "step", "Write", Effect("write", changes=(file,), undo="restores the old text"))
file.write_text("new")
print("prepared", flush=True)
if sys.stdin.readline():
    journal.done(entry)
"""


@pytest.mark.parametrize("ends", ["well", "killed"])
def test_a_step_of_another_deskhand_is_its_own_while_that_is_alive(
    tmp_path: Path, work: Path, ends: str
) -> None:
    file = work / "a.txt"
    file.write_text("old")
    other = subprocess.Popen(
        [sys.executable, "-c", _AT_WORK, tmp_path / "data", file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "prepared\n"
    storage = Storage(tmp_path / "data" / "deskhand.db")
    journal = Journal(storage, tmp_path / "data" / "contents")

    assert journal.uncertain() == ()

    if ends == "well":
        other.communicate("go on\n", timeout=60)
        assert journal.uncertain() == ()
        assert [line.restored for line in journal.undo("task")] == [True]
    else:
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has noticed yet
        (uncertain,) = journal.uncertain()
        assert uncertain.changed
        other.communicate(timeout=60)
        assert len(journal.uncertain()) == 1
    storage.close()


def test_a_process_with_the_number_of_a_former_one_is_not_taken_for_it() -> None:
    this = Process.this()

    assert this.alive
    assert not replace(this, started=this.started + "1").alive
    assert not Process(this.pid, "").alive
    assert not Process(0, "").alive


def test_names_that_are_no_text_are_undone_as_well(
    journal: Journal, work: Path, storage: Storage, tmp_path: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(work) + b"/caf\xe9 \xff"))
    odd.mkdir()
    (odd / os.fsdecode(b"\xe4.txt")).write_text("old")
    (odd / "link").symlink_to(os.fsdecode(b"\xe4.txt"))
    before = Contents(tmp_path / "none").look(odd)

    step(journal, lambda: odd.rename(work / "plain"), odd, work / "plain")
    again = Journal(storage, tmp_path / "data" / "contents")
    assert [line.restored for line in again.undo("task")] == [True]

    assert Contents(tmp_path / "none").look(odd).same(before)
    assert (odd / "link").read_text() == "old"
    assert not (work / "plain").exists()


def test_a_name_that_is_no_text_can_be_told(journal: Journal, work: Path) -> None:
    odd = work / os.fsdecode(b"caf\xe9.txt")
    odd.write_text("1")
    step(journal, lambda: odd.write_text("2"), odd)
    odd.write_text("theirs")

    (line,) = journal.undo("task")

    assert "“caf\ufffd.txt” was changed" in line.text


@given(st.binary(min_size=1).map(lambda data: os.fsdecode(data.replace(b"\0", b""))))
def test_any_name_can_be_stored_and_comes_back(name: str) -> None:
    assert storable(name).encode()[:0] == b""
    assert storable(name).encode().decode() == storable(name)
    assert named(storable(name)) == name


def test_a_database_of_before_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "deskhand.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"BEGIN; {MIGRATIONS[0]} PRAGMA user_version=1; COMMIT;")
        db.execute(
            "INSERT INTO journal (task, step, title, undo, state, run, at, before) "
            "VALUES ('t', 's', 'Write', 'restores it', 'prepared', 'r', 1.0, '{}')"
        )
        db.commit()
    storage = Storage(path)

    (uncertain,) = Journal(storage, tmp_path / "contents").uncertain()

    assert uncertain.entry.title == "Write"
    storage.close()


NAMES = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d", "d/e", "d/e/a"])
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["write", "move", "remove", "folder", "mode"]), NAMES, NAMES, st.binary(max_size=40)),
    max_size=12,
)  # fmt: skip


def perform(operation: str, first: Path, second: Path, data: bytes) -> None:
    """One change, as it comes: what is impossible (a file below a file, a folder into itself) fails and may fail."""
    try:
        match operation:
            case "write":
                first.write_bytes(data)
            case "move":
                first.rename(second)
            case "remove":
                first.unlink() if not first.is_dir() else first.rmdir()
            case "folder":
                first.mkdir()
            case "mode":
                first.chmod(0o500 if first.is_dir() else 0o440)
    except OSError:
        pass


@settings(max_examples=30, deadline=None)
@given(operations=OPERATIONS)
def test_any_sequence_of_changes_is_undone_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, str, str, bytes]]
) -> None:
    root = tmp_path_factory.mktemp("undo")
    work = root / "work"
    (work / "d").mkdir(parents=True)
    (work / "a").write_bytes(b"first")
    (work / "d" / "a").write_bytes(b"second")
    (work / "d" / "a").chmod(0o604)
    storage = Storage(root / "deskhand.db")
    journal, contents = Journal(storage, root / "contents"), Contents(root / "none")
    before = contents.look(work)

    for number, (operation, first, second, data) in enumerate(operations):
        paths = (work / first, work / second)
        effect = Effect("write", changes=tuple(dict.fromkeys(paths)), undo="restores it")
        entry = journal.prepare("task", str(number), operation, effect)
        perform(operation, *paths, data)
        journal.done(entry)
    lines = journal.undo("task")

    assert all(line.restored for line in lines), lines
    assert contents.look(work).same(before)
    storage.close()


def test_what_is_old_is_forgotten_with_what_was_kept_for_its_undo(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "deskhand.db")
    journal = Journal(storage, tmp_path / "contents")
    file = tmp_path / "notes.txt"
    moments = []
    for number, text in enumerate(["first", "second", "third"]):
        file.write_text(text)
        entry = journal.prepare(
            f"task {number}", "step", "Write", Effect("write", changes=(file,), undo="restores it")
        )
        file.write_text(f"{text} and more")
        if number < 2:
            journal.done(entry)
        moments.append(time.time())
    kept = {path.name: path for path in (tmp_path / "contents").glob("*/*")}
    for path in kept.values():
        os.utime(path, (0, 0))

    assert journal.forget(before=moments[0]) == len("first")
    assert not journal.undo("task 0")
    assert [line.restored for line in journal.undo("task 1", force=True)] == [True]
    assert file.read_text() == "second"

    journal.forget(before=time.time() + 1)  # the third is uncertain, and stays
    assert [
        path.read_text() for path in (tmp_path / "contents").glob("*/*") if path.stat().st_mtime == 0
    ] == ["third"]
    storage.close()


def test_folders_too_deep_to_be_kept_are_not_touched_and_spoil_no_other_undo(
    journal: Journal, work: Path
) -> None:
    (work / Path(*["a"] * 400)).mkdir(parents=True)
    note = work / "note"

    with pytest.raises(StorageError, match="too deep"):
        journal.prepare("task", "step", "Erase", Effect("write", changes=(work / "a",), undo="restores it"))
    step(journal, lambda: (work / "a").rename(work / "b"), work / "b")
    step(journal, lambda: note.write_text("new"), note, task="second")

    assert journal.last_undoable() == "second"
    assert journal.forget(before=0.0) == 0
    assert [line.restored for line in journal.undo("second")] == [True]
    assert not note.exists()


@pytest.mark.parametrize("when", ["while it ran", "afterwards"])
def test_a_folder_that_became_a_link_leads_undo_to_nobody_elses_files(
    journal: Journal, work: Path, tmp_path: Path, when: str
) -> None:
    mine = tmp_path / "elsewhere"
    mine.mkdir()
    (mine / "a").write_text("mine")
    (work / "folder").mkdir()
    made = work / "folder" / "a"

    def swap() -> None:
        (work / "folder").rename(tmp_path / "aside")
        (work / "folder").symlink_to(mine)

    step(journal, lambda: (made.write_text("mine"), swap() if when == "while it ran" else None), made)
    if when == "afterwards":
        swap()

    assert [line.restored for line in journal.undo("task", force=True)] in ([], [False])
    assert (mine / "a").read_text() == "mine"


def test_a_path_through_a_link_is_undone_where_it_led(journal: Journal, work: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(work)
    step(journal, lambda: (work / "a").write_text("new"), tmp_path / "link" / "a")

    assert [line.restored for line in journal.undo("task")] == [True]
    assert not (work / "a").exists()


def test_a_damaged_step_is_told_of(journal: Journal, work: Path, storage: Storage) -> None:
    step(journal, lambda: (work / "a").write_text("new"), work / "a")
    storage.call(lambda db: db.execute("UPDATE journal SET before = '{'"))

    with pytest.raises(StorageError, match="damaged"):
        journal.undo("task")
    with pytest.raises(StorageError, match="damaged"):
        journal.forget(before=0.0)
