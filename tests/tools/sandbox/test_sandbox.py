"""What a program in the sandbox sees, and that nothing of it stays. (That it cannot get out: tests/test_escapes.py.)"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from agent.cancel import Cancel
from tools.sandbox import demonstration, limits, sandbox
from tools.sandbox.demonstration import shown_to_hold
from tools.sandbox.limits import control_groups
from tools.sandbox.output import KEPT_BYTES, Output, collect
from tools.sandbox.sandbox import View, bubblewrap, laid_apart, started

needs_bubblewrap = pytest.mark.skipif(bubblewrap() is None, reason="needs bubblewrap")


@pytest.fixture
def view(tmp_path: Path) -> View:
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return View(home=tmp_path / "home", work=tmp_path / "work")


def said(command: str, view: View, seconds: float = 20.0) -> Output:
    with started(("/usr/bin/bash", "-c", command), view) as program:
        assert program.process.stdout is not None
        running = program.process
        return collect(running.stdout, lambda: running.poll() is None, Cancel(), seconds, view.work)  # type: ignore[arg-type]


@needs_bubblewrap
def test_the_forbidden_is_shown_to_fail(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()

    assert shown_to_hold(tmp_path / "scratch", tmp_path / "work") == ""
    assert list((tmp_path / "scratch").iterdir()) == []


def test_without_bubblewrap_there_is_no_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "bubblewrap", lambda: None)

    assert shown_to_hold(tmp_path, tmp_path) == "bubblewrap is not installed"


@needs_bubblewrap
@pytest.mark.parametrize(
    ("leak", "told"),
    [
        (["--bind", "/tmp", "/tmp"], "a program in it can"),
        (["--share-net"], "a program in it can use the network"),
        (["--setenv", "DESKHAND_SECRET", "x"], "a program in it can see our environment"),
    ],
)
def test_a_sandbox_that_leaks_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: list[str], told: str
) -> None:
    (tmp_path / "work").mkdir()
    honest = sandbox.arguments
    monkeypatch.setattr(sandbox, "arguments", lambda view, info: [*honest(view, info), *leak])

    assert shown_to_hold(tmp_path / "scratch", tmp_path / "work").startswith(told)


@needs_bubblewrap
def test_programs_that_do_not_start_have_shown_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(sandbox, "arguments", lambda view, info: ["--no-such-option"])

    assert "programs do not run in it here" in shown_to_hold(tmp_path / "scratch", tmp_path / "work")


@needs_bubblewrap
def test_changes_are_laid_apart_and_the_scratch_folder_is_gone_afterwards(tmp_path: Path, view: View) -> None:
    (view.work / "a.txt").write_text("old")

    with laid_apart(tmp_path / "scratch") as apart:
        here = View(home=view.home, work=view.work, apart=apart)
        output = said("echo new > a.txt; cat a.txt; mkdir shut; touch shut/in; chmod 000 shut", here)
        assert (apart / "upper" / "a.txt").read_text() == "new\n"

    assert output.text == "new\n"
    assert (view.work / "a.txt").read_text() == "old"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_was_left_behind_is_removed_a_day_later(tmp_path: Path) -> None:
    for name in ("changes-old", "changes-new"):
        (tmp_path / name / "work" / "shut").mkdir(parents=True)
        (tmp_path / name / "work" / "shut").chmod(0)
    os.utime(tmp_path / "changes-old", (1, 1))

    with laid_apart(tmp_path):
        assert not (tmp_path / "changes-old").exists()
    assert (tmp_path / "changes-new").exists()


@needs_bubblewrap
@pytest.mark.parametrize(
    "name",
    ["with:colon", "with,comma", "with space", "with\\backslash", "with'quote", "with\nline", "ünïcode"],
)
def test_a_workspace_may_be_called_anything(tmp_path: Path, name: str) -> None:
    work = tmp_path / name
    work.mkdir()
    (work / "a.txt").write_text("here")

    with laid_apart(tmp_path / "scratch") as apart:
        output = said("cat a.txt; echo x > b; pwd", View(home=tmp_path / "home", work=work, apart=apart))
        assert (apart / "upper" / "b").exists()

    assert output.text.startswith("here")


@needs_bubblewrap
def test_what_it_must_not_read_is_empty(view: View) -> None:
    (view.work / "key").write_text("secret")
    (view.work / "keys").mkdir()
    (view.work / "keys" / "one").write_text("secret")
    hidden = (view.work / "key", view.work / "keys")

    output = said(
        "cat key; ls keys; echo x > key; echo x > keys/two; true", View(view.home, view.work, hidden=hidden)
    )

    assert "secret" not in output.text
    assert "one" not in output.text
    assert (view.work / "key").read_text() == "secret"
    assert not (view.work / "keys" / "two").exists()


@needs_bubblewrap
def test_a_server_gets_the_network_and_the_folders_that_it_is_given(tmp_path: Path, view: View) -> None:
    for name in ("readable", "writable"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    readable, writable = tmp_path / "readable", tmp_path / "writable"
    given = View(view.home, view.work, readable=(readable,), writable=(writable,), network=True)

    output = said(
        f"cat {readable}/a.txt {writable}/a.txt; echo x > {readable}/b; echo x > {writable}/b", given
    )

    assert output.text.startswith("readablewritable")
    assert not (readable / "b").exists()
    assert (writable / "b").exists()


@needs_bubblewrap
def test_with_the_network_the_abstract_sockets_of_the_desktop_stay_out_of_reach(view: View) -> None:
    if not has_scopes():
        pytest.skip("this kernel's Landlock does not know of sockets")
    name = f"sandbox-test-{os.getpid()}"
    script = f"import socket; socket.socket(socket.AF_UNIX).connect(chr(0) + {name!r}); print('reached')"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()

        output = said(f"/usr/bin/python3 -c {shlex.quote(script)}", View(view.home, view.work, network=True))

    assert "reached" not in output.text
    assert "not permitted" in output.text


def has_scopes() -> bool:
    version = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return version >= 6


@needs_bubblewrap
def test_secrets_in_the_environment_are_in_no_ones_process_list(view: View) -> None:
    given = View(view.home, view.work, environment={"KEY": "a-secret-key"})

    with started(("/usr/bin/sleep", "5"), given):
        commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]

    assert not any("a-secret-key" in command for command in commands)


@needs_bubblewrap
def test_nothing_runs_on_when_the_block_ends(view: View) -> None:
    name = f"sleeper-{os.getpid()}"
    command = f"(exec -a {name} sleep 60) & (setsid bash -c 'exec -a {name} sleep 60' &) ; sleep 60"
    with started(("/usr/bin/bash", "-c", command), view):
        wait_for(lambda: len(called(name)) == 2)

    assert called(name) == []


@needs_bubblewrap
def test_a_child_ends_with_its_parent(tmp_path: Path, view: View) -> None:
    """Whoever is killed cannot tidy up."""
    name = f"orphan-{os.getpid()}"
    script = f"""
import sys
from pathlib import Path
from tools.sandbox.sandbox import View, started
view = View(Path({str(view.home)!r}), Path({str(view.work)!r}))
with started(("/usr/bin/bash", "-c", "exec -a {name} sleep 60"), view):
    sys.stdin.read()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    wait_for(lambda: bool(called(name)))
    parent.kill()
    parent.wait()

    wait_for(lambda: not called(name))


def called(name: str) -> list[int]:
    return [
        each.pid for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [""])[0] == name
    ]


def wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def test_of_a_gigabyte_the_beginning_and_the_end_are_kept(tmp_path: Path) -> None:
    shell = "echo first; head -c 1000000000 /dev/zero; echo; echo last"
    with subprocess.Popen(["bash", "-c", shell], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = collect(process.stdout, lambda: process.poll() is None, Cancel(), 60, tmp_path)

    assert output.text.startswith("first")
    assert output.text.endswith("last\n")
    assert "more bytes)" in output.text
    assert len(output.text) < 3 * KEPT_BYTES


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (rb"\e[31mred\e[0m", "[31mred[0m"),
        (rb"\e]52;c;aGk=\a", "]52;c;aGk="),
        (rb"10%\r50%\r100%\n", "100%\n"),
        (rb"a\r\nb\n", "a\nb\n"),
        (rb"\xff\xfe", "��"),
        (rb"a\tb", "a\tb"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(tmp_path: Path, printed: bytes, told: str) -> None:
    command = ["printf", "%b", printed.decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = collect(process.stdout, lambda: process.poll() is None, Cancel(), 20, tmp_path)

    assert output.text == told


def test_a_stop_ends_reading(tmp_path: Path) -> None:
    cancel = Cancel()
    cancel.request()
    with subprocess.Popen(["sleep", "30"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = collect(process.stdout, lambda: process.poll() is None, cancel, 60, tmp_path)
        process.kill()

    assert output.ended == "stopped"


def test_control_groups_are_removed_and_missing_where_we_may_not(tmp_path: Path) -> None:
    with control_groups(64, root=tmp_path / "nothing here") as groups:
        assert groups == ()
    (tmp_path / "pids" / "deskhand-old").mkdir(parents=True)
    os.utime(tmp_path / "pids" / "deskhand-old", (1, 1))
    with control_groups(64, root=tmp_path) as groups:
        (procs,) = groups
        assert Path(procs).parent.joinpath("pids.max").read_text() == "64"
        Path(procs).parent.joinpath("pids.max").unlink()
    assert list((tmp_path / "pids").iterdir()) == []


@needs_bubblewrap
@pytest.mark.skipif(os.getuid() != 0, reason="only root's processes are not counted by the kernel")
def test_root_without_a_control_group_has_no_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(limits, "control_groups", lambda processes: contextlib.nullcontext(()))

    told = shown_to_hold(tmp_path / "scratch", tmp_path / "work")

    assert told == "a program in it can start programs without end"


def test_with_one_tree_of_control_groups_the_nearest_that_is_ours_is_taken(tmp_path: Path) -> None:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::")), "/")
    above = (tmp_path / own.lstrip("/")).parent if own != "/" else tmp_path
    above.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cgroup.controllers").touch()
    (above / "cgroup.subtree_control").write_text("memory pids\n")
    (above / "cgroup.procs").touch()

    with control_groups(64, root=tmp_path) as groups:
        made = [Path(group).parent for group in groups]
        assert [(group / "pids.max").read_text() for group in made] == (["64"] if own != "/" else [])
        assert [(group / "memory.max").exists() for group in made] == ([True] if own != "/" else [])
