"""The tool ``run_command``: what it changes is put in place and can be undone; what is protected is left as it is."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.broker import Policy
from agent.broker.places import Places as Floors
from agent.errors import StorageError
from agent.journal import Journal
from agent.storage import Storage
from tests.tools.commands.stage import Kept, needs_bubblewrap, run, tree
from tests.tools.context import Context
from tools.commands import Commands, commands, tools
from tools.sandbox import changes


@needs_bubblewrap
def test_it_tells_the_exit_code_what_changed_and_the_output(shell: Commands, work: Path) -> None:
    (work / "a.txt").write_text("2\n1\n")

    result = run(shell, "sort -o a.txt a.txt; echo sorted; echo oops >&2; mkdir new; touch new/b")

    assert result.status == "confirmed"
    assert result.content == "exit code 0; changed a.txt, new, new/b\nsorted\noops"
    assert (work / "a.txt").read_text() == "1\n2\n"
    assert result.details["sandboxed"] is True


@needs_bubblewrap
def test_a_command_that_fails_is_told_with_its_code_and_keeps_what_it_did(
    shell: Commands, work: Path
) -> None:
    result = run(shell, "echo x > a.txt; echo no such thing >&2; exit 3")

    assert result.status == "failed"
    assert result.content == "error: exit code 3; changed a.txt\nno such thing"
    assert (work / "a.txt").exists()


@needs_bubblewrap
def test_before_images_are_kept_before_anything_changes_and_undo_restores_every_byte_and_mode(
    shell: Commands, work: Path, journal: Journal
) -> None:
    (work / "a.txt").write_text("old")
    (work / "run.sh").write_text("#!/bin/sh")
    (work / "run.sh").chmod(0o750)
    (work / "folder").mkdir()
    (work / "folder" / "b").write_text("b")
    (work / "link").symlink_to("a.txt")
    before = tree(work)
    context = Kept(journal)

    result = run(
        shell,
        "echo new > a.txt; chmod 600 run.sh; rm -r folder; mkdir folder; echo c > folder/c; rm link; ln -s run.sh link;"
        "mkdir -p deep/er; echo d > deep/er/d; cp -l a.txt second; mv run.sh moved.sh; echo file > was-none",
        context,
    )
    (entry,) = context.entries
    journal.done(entry)
    assert result.status == "confirmed", result.content
    assert (work / "deep" / "er" / "d").read_text() == "d\n"
    assert (work / "second").read_text() == "new\n"

    (line,) = journal.undo("task")

    assert line.restored, line.text
    assert tree(work) == before


@needs_bubblewrap
def test_nothing_changes_when_the_journal_cannot_be_written(shell: Commands, work: Path) -> None:
    class Full(Context):
        def keep(self, paths: tuple[Path, ...]) -> None:
            raise StorageError("The disk is full.")

    (work / "a.txt").write_text("old")

    with pytest.raises(StorageError):
        run(shell, "echo new > a.txt; touch b", Full())

    assert tree(work) == {"a.txt": (0o100644, "old")}


@needs_bubblewrap
def test_protected_places_stay_as_they_are_whether_they_exist_or_not(shell: Commands, work: Path) -> None:
    (work / ".git" / "hooks").mkdir(parents=True)
    (work / ".git" / "config").write_text("old")

    result = run(
        shell,
        "echo x > .git/hooks/pre-commit; echo x > .git/config; mkdir -p p/.vscode; echo x > mcp.json; echo x > ok",
    )

    assert result.status == "partial"
    assert "changed p, ok" in result.content or "changed ok, p" in result.content
    assert "not kept: .git/config: a place for settings that others run or trust" in result.content
    assert {name for name in tree(work) if "p/" in name or ".git/" in name} == {".git/config", ".git/hooks"}
    assert (work / ".git" / "config").read_text() == "old"
    assert not (work / "mcp.json").exists()


@needs_bubblewrap
def test_a_file_with_a_second_name_somewhere_else_is_left_as_it_is(
    shell: Commands, work: Path, tmp_path: Path
) -> None:
    (work / "a.txt").write_text("old")
    os.link(work / "a.txt", tmp_path / "elsewhere")

    result = run(shell, "echo new > a.txt; echo ok > b.txt")

    assert 'a.txt: "a.txt" has a second name somewhere else' in result.content
    assert (tmp_path / "elsewhere").read_text() == "old"
    assert (work / "b.txt").read_text() == "ok\n"


@needs_bubblewrap
def test_a_home_that_is_the_workspace_keeps_its_keys_and_start_up_files(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text("secret")
    floors = Floors(Policy("workspace", home, home))
    shell = Commands(home, home, home / ".cache" / "scratch", floors.kept_from_commands, floors.hidden_in)

    result = run(
        shell,
        "ls -A .ssh; cat .ssh/id_rsa; echo x >> .bashrc; mkdir -p .config/autostart; echo ok > a.txt; true",
    )

    assert "secret" not in result.content
    assert "id_rsa\n" not in result.content
    assert not (home / ".bashrc").exists()
    assert not (home / ".config" / "autostart").exists()
    assert (home / "a.txt").read_text() == "ok\n"


@needs_bubblewrap
def test_what_somebody_else_changed_meanwhile_is_left_as_they_have_it(shell: Commands, work: Path) -> None:
    (work / "a.txt").write_text("old")
    (work / "go").write_text("")

    def person() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not list(shell.scratch.glob("changes-*/upper/ready")):
            time.sleep(0.02)
        (work / "a.txt").write_text("theirs")

    assert shell.contained
    thread = threading.Thread(target=person)
    thread.start()
    result = run(shell, "echo ours > a.txt; touch ready; sleep 1")
    thread.join()

    assert (work / "a.txt").read_text() == "theirs"
    assert "a.txt: somebody else changed it meanwhile" in result.content


@needs_bubblewrap
@pytest.mark.parametrize("ended", ["stopped", "too slow"])
def test_a_command_that_does_not_end_by_itself_changes_nothing(
    shell: Commands, work: Path, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    assert shell.contained
    context = Context()
    if ended == "stopped":
        threading.Timer(0.7, context.cancel.request).start()
    else:
        monkeypatch.setattr(commands, "SECONDS", 0.7)

    result = run(shell, "echo x > a.txt; echo begun; sleep 60", context)

    assert result.status == "failed"
    assert "nothing it changed was kept" in result.content
    assert tree(work) == {}


@needs_bubblewrap
def test_a_fork_bomb_ends_with_its_command(shell: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell.contained
    monkeypatch.setattr(commands, "SECONDS", 2.0)
    before = len(psutil.pids())

    result = run(shell, "bomb() { bomb | bomb & }; bomb; sleep 60")

    assert "it took longer" in result.content or "exit code" in result.content
    assert len(psutil.pids()) < before + 100


@needs_bubblewrap
def test_more_changes_than_can_be_undone_are_not_kept(
    shell: Commands, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 10)
    (tool,) = tools(shell)

    with pytest.raises(commands.CommandError, match="more than could be undone"):
        tool.run(tool.arguments.model_validate({"command": "touch {1..20}"}), Context())

    assert tree(work) == {}


NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "l"])
ACTS = st.one_of(
    st.tuples(
        st.sampled_from(["echo 1 > {}", "echo 2 >> {}", "rm -rf {}", "mkdir -p {}", "chmod 700 {}"]),
        NAMES,
        NAMES,
    ),
    st.tuples(st.sampled_from(["mv {} {}", "cp -r {} {}", "ln -sf {} {}", "ln {} {}"]), NAMES, NAMES),
)


@needs_bubblewrap
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(ACTS, max_size=6), second=st.lists(ACTS, min_size=1, max_size=8))
def test_whatever_a_command_does_the_workspace_ends_as_without_a_sandbox_and_undo_takes_it_back(
    tmp_path_factory: pytest.TempPathFactory, first: list, second: list
) -> None:
    folder = tmp_path_factory.mktemp("any")
    storage = Storage(folder / "deskhand.db")
    journal = Journal(storage, folder / "journal")
    ours, plain = folder / "ours", folder / "plain"
    for place in (ours, plain):
        place.mkdir()
        os.chdir(place)
        os.system("{ " + script(first) + "; } 2>/dev/null")
    os.chdir("/")
    before = tree(ours)
    assert before == tree(plain)

    context = Kept(journal)
    shell = Commands(ours, folder / "home", folder / "scratch")
    shell.__dict__["no_sandbox"] = ""  # shown by the other tests
    (folder / "home").mkdir()
    result = run(shell, script(second), context)
    os.chdir(plain)
    os.system("{ " + script(second) + "; } 2>/dev/null")
    os.chdir("/")

    if not result.details["not_kept"]:
        assert tree(ours) == tree(plain)
    for entry in context.entries:
        journal.done(entry)
    journal.undo("task")
    storage.close()
    assert tree(ours) == before


def script(acts: list) -> str:
    return "; ".join(act.format(one, other) for act, one, other in acts) or "true"


# -- without a sandbox ------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(shell: Commands) -> Commands:
    shell.__dict__["no_sandbox"] = "bubblewrap is not installed"
    return shell


def test_without_a_sandbox_the_effect_says_so_and_that_there_is_no_undo(bare: Commands) -> None:
    (tool,) = tools(bare)
    effect = tool.effect(tool.arguments.model_validate({"command": "ls"}))

    assert (effect.contained, effect.undo) == (False, "")
    assert effect.question == "Run this command, outside of a sandbox?"


def test_without_a_sandbox_it_runs_as_it_is_and_claims_no_more_than_it_saw(
    bare: Commands, work: Path
) -> None:
    result = run(bare, "echo x > a.txt; echo done")

    assert result.status == "unverifiable"
    assert result.content == "exit code 0\ndone"
    assert (work / "a.txt").exists()


def test_without_a_sandbox_a_stop_leaves_no_process_not_even_a_daemon(bare: Commands) -> None:
    name = f"daemon-{os.getpid()}"
    context = Context()

    def when_it_runs() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and len(called(name)) < 2:
            time.sleep(0.02)
        context.cancel.request()

    thread = threading.Thread(target=when_it_runs)
    thread.start()
    result = run(
        bare,
        f"(setsid bash -c 'setsid bash -c \"exec -a {name} sleep 60\" &' &); exec -a {name} sleep 60",
        context,
    )
    thread.join()

    assert "it was stopped" in result.content
    assert called(name) == []


def test_without_a_sandbox_what_the_command_left_in_the_background_ends_with_it(bare: Commands) -> None:
    name = f"background-{os.getpid()}"

    result = run(bare, f"(setsid bash -c 'exec -a {name} sleep 60' &) ; echo over")

    assert result.content == "exit code 0\nover"
    assert called(name) == []


def called(name: str) -> list[int]:
    return [
        each.pid for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [""])[0] == name
    ]
