import os
import resource
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agent.tool import Tool
from tests.tools.context import Context
from tests.tools.files.conftest import Call
from tools import files
from tools.files import Workspace
from tools.files.workspace import PathError


def test_a_file_is_written_and_read_back(call: Call, docs: Path) -> None:
    result = call("write_file", path="notes.txt", text="Buy milk\nCall Ada\nRent 12")

    assert (result.status, result.content) == ("confirmed", 'wrote "notes.txt", 25 bytes')
    assert result.evidence == '25 bytes, "Buy milk Call Ada Rent 12"'
    assert (docs / "notes.txt").read_text() == "Buy milk\nCall Ada\nRent 12"


def test_writing_again_keeps_the_mode_and_leaves_nothing_beside_it(call: Call, docs: Path) -> None:
    (docs / "a.txt").write_text("old")
    (docs / "a.txt").chmod(0o600)

    call("write_file", path="a.txt", text="new")

    assert stat.S_IMODE((docs / "a.txt").stat().st_mode) == 0o600
    assert os.listdir(docs) == ["a.txt"]


def test_missing_folders_are_made_and_stand_among_the_changes(
    tools: dict[str, Tool], call: Call, docs: Path
) -> None:
    write = tools["write_file"]

    effect = write.effect(write.arguments(path="New/2026/a.txt", text="x"))

    assert effect.changes == (docs / "New", docs / "New" / "2026", docs / "New" / "2026" / "a.txt")
    assert effect.undo == "removes the new file"
    assert call("write_file", path="New/2026/a.txt", text="x").status == "confirmed"


def test_what_is_added_begins_on_a_line_of_its_own(call: Call, docs: Path) -> None:
    (docs / "list.txt").write_text("milk")

    result = call("append_file", path="list", text="bread\n")

    assert result.content == 'added 7 bytes to "list.txt"'
    assert (docs / "list.txt").read_text() == "milk\nbread\n"
    assert call("append_file", path="new.txt", text="first").content == 'added 5 bytes to "new.txt"'


def test_a_file_is_moved_into_a_folder_or_to_a_new_path(call: Call, docs: Path) -> None:
    (docs / "Archive").mkdir()
    (docs / "a.txt").write_text("a")

    assert call("move_file", path="a.txt", to="archive").content == 'moved "a.txt" to "Archive/a.txt"'
    assert call("move_file", path="Archive/a.txt", to="b.txt").content == 'moved "Archive/a.txt" to "b.txt"'
    assert call("move_file", path="b.txt", to="Fresh").content == 'moved "b.txt" to "Fresh/b.txt"'
    assert (docs / "Fresh" / "b.txt").read_text() == "a"


def test_a_file_is_renamed_and_keeps_its_ending(call: Call, docs: Path) -> None:
    (docs / "a.txt").touch()

    assert call("rename_file", path="a.txt", to="b").content == 'renamed "a.txt" to "b.txt"'


def test_a_copy_has_the_same_bytes_and_mode(call: Call, docs: Path) -> None:
    (docs / "a.bin").write_bytes(os.urandom(5000))
    (docs / "a.bin").chmod(0o640)

    result = call("copy_file", path="a.bin", to="b.bin")

    assert (result.content, result.evidence) == ('copied "a.bin" to "b.bin"', "5000 bytes, the same in both")
    assert (docs / "b.bin").read_bytes() == (docs / "a.bin").read_bytes()
    assert stat.S_IMODE((docs / "b.bin").stat().st_mode) == 0o640


def test_a_folder_is_copied_whole(call: Call, docs: Path) -> None:
    (docs / "A" / "B").mkdir(parents=True)
    (docs / "A" / "B" / "c.txt").write_text("c")

    assert call("copy_file", path="A", to="Z").evidence == "2 of 2 entries are in the copy"
    assert (docs / "Z" / "B" / "c.txt").read_text() == "c"
    assert call("copy_file", path="A", to="A/B").content == "error: a folder cannot be copied into itself"


@pytest.mark.parametrize("tool", ["move_file", "copy_file", "rename_file"])
def test_nothing_is_overwritten(call: Call, docs: Path, tool: str) -> None:
    (docs / "a.txt").write_text("a")
    (docs / "b.txt").write_text("b")

    assert call(tool, path="a.txt", to="b.txt").content.startswith(
        'error: there is already something called "b.txt"'
    )
    assert ((docs / "a.txt").read_text(), (docs / "b.txt").read_text()) == ("a", "b")


def test_trash_and_folders_say_what_they_did(call: Call, docs: Path, home: Path) -> None:
    (docs / "a.txt").touch()

    assert call("trash_file", path="a.txt").content == 'moved "a.txt" to the trash'
    assert (home / "trashed-a.txt").exists()
    assert call("make_folder", path="Invoices").content == 'made the folder "Invoices"'
    assert call("make_folder", path="Invoices").status == "suspected_noop"
    assert call("trash_file", path="nothing").content == 'error: there is no "nothing"'


_TRASH = """
import sys
from pathlib import Path
from tools.files.changing import send_to_trash
send_to_trash(Path(sys.argv[1]))
"""


def test_the_real_trash_takes_a_file(docs: Path, home: Path, tmp_path: Path) -> None:
    (docs / "a.txt").write_text("a")
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(home)}

    subprocess.run([sys.executable, "-c", _TRASH, docs / "a.txt"], env=environment, check=True, timeout=60)

    assert not (docs / "a.txt").exists()
    assert (tmp_path / "data" / "Trash" / "files" / "a.txt").read_text() == "a"


@pytest.mark.parametrize("path", [".", "~", "/"])
def test_the_folder_with_everything_in_it_is_not_moved(call: Call, docs: Path, path: str) -> None:
    assert call("trash_file", path=path).content.startswith("refused: ")
    assert docs.is_dir()


def test_a_full_disk_leaves_the_old_text_whole(small_disk: Path, home: Path) -> None:
    (small_disk / "notes.txt").write_text("old")
    tools = {
        tool.name: tool
        for tool in files.tools(Workspace(small_disk, home), lambda path, context: NotImplemented)
    }
    write = tools["write_file"]

    result = write.run(write.arguments(path="notes.txt", text="x" * 200_000), Context())

    assert result.content == (
        'error: the disk is full, so "notes.txt" was not written; what was there before is intact'
    )
    assert (small_disk / "notes.txt").read_text() == "old"
    assert os.listdir(small_disk) == ["notes.txt"]


def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(call: Call, docs: Path) -> None:
    (docs / "notes.txt").write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        result = call("write_file", path="notes.txt", text="x" * 50_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "the disk is full" in result.content
    assert (docs / "notes.txt").read_text() == "old"


def test_a_link_swapped_in_after_the_decision_is_not_written_through(
    tools: dict[str, Tool], docs: Path, home: Path
) -> None:
    (docs / "Sub").mkdir()
    (home / "autostart").mkdir()
    write = tools["write_file"]
    arguments = write.arguments(path="Sub/a.txt", text="x")
    write.effect(arguments)

    (docs / "Sub").rmdir()
    (docs / "Sub").symlink_to(home / "autostart")
    result = write.run(arguments, Context())

    assert result.content.startswith("refused: ")
    assert os.listdir(home / "autostart") == []


def test_a_hard_link_and_a_pipe_are_not_written_to(call: Call, docs: Path, home: Path) -> None:
    (home / ".bashrc").write_text("old")
    os.link(home / ".bashrc", docs / "a.txt")
    os.mkfifo(docs / "pipe")

    assert call("write_file", path="a.txt", text="x").status == "refused"
    assert call("append_file", path="a.txt", text="x").status == "refused"
    assert call("write_file", path="pipe", text="x").status == "refused"
    assert (home / ".bashrc").read_text() == "old"


LONG = "x" * 300
EVERY = [
    ("write_file", {"path": LONG, "text": "x"}),
    ("append_file", {"path": LONG, "text": "x"}),
    ("move_file", {"path": "a.txt", "to": LONG}),
    ("move_file", {"path": LONG, "to": "a.txt"}),
    ("copy_file", {"path": "a.txt", "to": LONG}),
    ("rename_file", {"path": "a.txt", "to": LONG}),
    ("trash_file", {"path": LONG}),
    ("make_folder", {"path": LONG}),
    ("make_folder", {"path": f"New/{LONG}/b"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given"), EVERY)
def test_a_name_that_no_file_can_have_is_said_kindly(
    tools: dict[str, Tool], docs: Path, name: str, given: dict[str, str]
) -> None:
    (docs / "a.txt").write_text("kept")
    tool = tools[name]
    arguments = tool.arguments(**given)

    try:
        tool.effect(arguments)
    except PathError as trouble:
        said = trouble.what
    else:
        said = tool.run(arguments, Context()).content
    result = tool.run(arguments, Context())

    assert "the name is too long" in said
    assert (result.status, result.content) == ("failed", "error: the name is too long")
    assert (docs / "a.txt").read_text() == "kept"


_NO_ENTRY = """
import os, sys
from pathlib import Path
from tools import files
from tools.files import Workspace
from tools.files.workspace import PathError
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
docs = Path(sys.argv[1])
tools = {tool.name: tool for tool in files.tools(Workspace(docs, docs.parent), None)}
for name, given in (("write_file", {"text": "x"}), ("append_file", {"text": "x"}), ("trash_file", {})):
    try:
        tools[name].effect(tools[name].arguments(path="locked/a.txt", **given))
    except PathError as trouble:
        print(trouble.what)
"""


def test_a_folder_that_may_not_be_entered_is_said_kindly() -> None:
    if os.getuid() != 0:
        pytest.skip("becoming somebody else needs root")
    with tempfile.TemporaryDirectory() as place:
        docs = Path(place, "Documents")
        (docs / "locked").mkdir(parents=True)
        (docs / "locked").chmod(0o700)
        Path(place).chmod(0o755)

        child = subprocess.run(
            [sys.executable, "-c", _NO_ENTRY, docs], capture_output=True, text=True, timeout=60, check=True
        )

    assert child.stdout.splitlines() == ['you have no permission for "locked/a.txt"; nothing was changed'] * 3
