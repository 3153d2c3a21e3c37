"""What a command changed is put in place as it left it, or not at all: folders, links, disks, however deep."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from agent.journal import Journal
from tests.tools.commands.stage import Kept, needs_bubblewrap, run, tree
from tests.tools.context import Context
from tools.commands import Commands
from tools.commands.commands import CommandError
from tools.sandbox import changes
from tools.sandbox.sandbox import SandboxError, laid_apart


@needs_bubblewrap
def test_a_folder_is_not_removed_with_what_somebody_else_changed_in_it_meanwhile(
    shell: Commands, work: Path
) -> None:
    note = work / "folder" / "below" / "note"
    note.parent.mkdir(parents=True)
    note.write_text("before")

    def another() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not list(shell.scratch.glob("changes-*/upper/begun")):
            time.sleep(0.01)
        note.write_text("by somebody else")

    thread = threading.Thread(target=another)
    thread.start()
    result = run(shell, "rm -r folder; touch begun; sleep 1.5")
    thread.join()

    assert note.read_text() == "by somebody else"
    assert "not kept: folder: somebody else changed it meanwhile" in result.content


@needs_bubblewrap
def test_what_was_in_a_folder_that_was_made_anew_is_gone_from_the_folders_in_it_too(
    shell: Commands, work: Path
) -> None:
    (work / "build" / "out" / "deep").mkdir(parents=True)
    (work / "build" / "out" / "deep" / "old").write_text("old")

    run(shell, "rm -r build; mkdir -p build/out/deep; echo new > build/out/deep/new")

    assert [path.name for path in work.rglob("*") if path.is_file()] == ["new"]


@needs_bubblewrap
@pytest.mark.parametrize("instead", ["ln -s other folder", "echo text > folder", "mkfifo folder"])
def test_a_folder_that_holds_protected_files_does_not_give_way_to_something_else(
    shell: Commands, work: Path, instead: str
) -> None:
    (work / "folder" / ".git").mkdir(parents=True)
    (work / "folder" / ".git" / "config").write_text("text")

    result = run(shell, f"rm -r folder; {instead}")

    assert result.status == "partial"
    assert (work / "folder" / ".git" / "config").read_text() == "text"


@needs_bubblewrap
def test_a_file_or_a_link_takes_the_place_of_a_folder_and_undo_brings_it_back(
    shell: Commands, work: Path, journal: Journal
) -> None:
    for name in ("one", "two"):
        (work / name / "below").mkdir(parents=True)
        (work / name / "below" / "text").write_text("text")
    before = tree(work)
    context = Kept(journal)

    result = run(shell, "rm -r one two; echo text > one; ln -s one two", context)
    journal.done(context.entries[0])

    assert (result.status, (work / "two").read_text()) == ("confirmed", "text\n")
    assert journal.undo("task")[0].restored
    assert tree(work) == before


@needs_bubblewrap
@pytest.mark.parametrize("depth", [60, 1500])
def test_folders_too_deep_for_undo_are_not_kept_and_nothing_is_left_over(
    shell: Commands, work: Path, depth: int
) -> None:
    with pytest.raises(CommandError, match="more than could be undone"):
        run(shell, f"mkdir -p $(printf d/%.0s {{1..{depth}}})")

    assert not list(work.iterdir())
    assert not list(shell.scratch.iterdir())


@needs_bubblewrap
def test_what_a_command_shut_is_removed_after_a_stop_as_well(shell: Commands) -> None:
    context = Context()
    threading.Timer(1.0, context.cancel.request).start()

    result = run(shell, "mkdir -p shut/in; ln -s . shut/link; chmod 0 shut/in shut; sleep 60", context)

    assert result.status == "failed"
    assert not list(shell.scratch.iterdir())


@needs_bubblewrap
def test_another_disk_in_the_workspace_is_left_as_it_is(
    shell: Commands, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = work / "folder" / "my disk"
    disk.mkdir(parents=True)
    (disk / "film").write_text("film")
    monkeypatch.setattr(changes, "_mounted_below", lambda folder: (disk,))

    result = run(shell, "rm -r folder; mkdir -p 'folder/my disk'; echo x > 'folder/my disk/film'; touch made")

    assert (disk / "film").read_text() == "film"
    assert "folder/my disk/film: another disk is mounted there" in result.content
    assert (work / "made").exists()


def test_a_scratch_folder_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(SandboxError, match="not yours alone"), laid_apart(tmp_path / "open"):
        pass


@needs_bubblewrap
def test_links_that_lead_out_together_are_not_kept(shell: Commands, work: Path) -> None:
    (work / "d" / "e").mkdir(parents=True)
    (work / "pkg").mkdir()

    result = run(
        shell, "rmdir d/e; ln -s .. d/e; ln -s d/e/../.. up; ln -s ../pkg d/pkg; ln -s /usr/bin/env env"
    )

    assert not (work / "up").is_symlink()
    assert "up: a link that leads out" in result.content
    assert (work / "d" / "pkg").resolve() == work / "pkg"
    assert (work / "env").is_symlink()
