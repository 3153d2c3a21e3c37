"""``deskhand stop`` ends what another Deskhand does, whatever its main thread is at."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.events import TaskStarted
from app import cli
from app.settings import Places
from app.stopping import StopListener, runtime_folder, stop_all
from tests.app.scripted_assistant import ScriptedAssistant


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return runtime_folder()


def run(tmp_path: Path, assistant: ScriptedAssistant, *arguments: str) -> int:
    places = Places(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "cache")
    surroundings = cli.Surroundings(build=lambda *_: assistant, places=lambda: places, read=lambda prompt: "")
    return cli.run(arguments, surroundings)


def test_a_task_ends_when_another_process_says_stop(tmp_path: Path, runtime: Path) -> None:
    assistant = ScriptedAssistant(["WAIT"])
    codes: list[int] = []
    other = threading.Thread(target=lambda: codes.append(run(tmp_path, ScriptedAssistant([]), "stop")))

    def say_stop(event: object) -> None:
        if isinstance(event, TaskStarted):
            other.start()

    assistant.subscribe(say_stop)

    assert run(tmp_path, assistant, "do", "work for an hour") == 130
    other.join(10)
    assert len(codes) == 1  # whether it got its answer: our listener may have closed before it was sent
    assert not list(runtime.glob("*.stop"))


HANGING = """
import ctypes, os, sys
from app.stopping import StopListener
StopListener(lambda: (print("stopped", flush=True), os._exit(0)))
print("listening", flush=True)
ctypes.CDLL(None).pause()  # the main thread never comes back
"""


def test_it_works_while_the_main_thread_hangs() -> None:
    with subprocess.Popen([sys.executable, "-c", HANGING], stdout=subprocess.PIPE, text=True) as hanging:
        assert hanging.stdout is not None
        assert hanging.stdout.readline() == "listening\n"
        stop_all()
        assert hanging.stdout.readline() == "stopped\n"


def test_nobody_there_is_said_and_what_a_dead_one_left_is_taken_away(
    tmp_path: Path, runtime: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(runtime / "1.stop"))

    assert run(tmp_path, ScriptedAssistant([]), "stop") == 1
    assert "No Deskhand is running." in capsys.readouterr().out
    assert list(runtime.iterdir()) == []


def test_only_the_word_stops(runtime: Path) -> None:
    heard: list[str] = []
    listener = StopListener(lambda: heard.append("stop"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.connect(str(runtime / f"{os.getpid()}.stop"))
        other.sendall(b"start")
        other.shutdown(socket.SHUT_WR)
        assert other.recv(16) == b""

    assert stop_all() == 1
    assert heard == ["stop"]
    listener.close()
    listener.close()
    assert stop_all() == 0


def test_a_folder_that_others_may_write_to_is_not_listened_in(runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o777)

    StopListener(lambda: None)

    assert list(runtime.iterdir()) == []
