"""The switches of applications, and whose a window is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools.desktop.launching import CHROMIUM_SWITCH, ID, Launch, accessible, exists, new_id, program_of
from tools.desktop.port import Bounds, Window


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ("chromium --new", f"chromium {CHROMIUM_SWITCH} --new"),
        (f"chromium {CHROMIUM_SWITCH}", f"chromium {CHROMIUM_SWITCH}"),
        ("mousepad", "mousepad"),
        ("env A=1 -u B google-chrome-stable", f"env A=1 -u B google-chrome-stable {CHROMIUM_SWITCH}"),
        ("flatpak run --branch=stable com.google.Chrome @@u @@",
         f"flatpak run --branch=stable com.google.Chrome {CHROMIUM_SWITCH} @@u @@"),
        ("flatpak run --arch=x com.visualstudio.code", f"flatpak run --arch=x com.visualstudio.code {CHROMIUM_SWITCH}"),
        ("flatpak run org.gnome.Calculator", "flatpak run org.gnome.Calculator"),
        ("flatpak run org.libreoffice.LibreOffice --calc",
         "flatpak run --env=SAL_USE_VCLPLUGIN=gtk3 org.libreoffice.LibreOffice --calc"),
        ("snap run chromium", f"snap run chromium {CHROMIUM_SWITCH}"),
        ("/snap/bin/code --x", f"/snap/bin/code {CHROMIUM_SWITCH} --x"),
        ("env", "env"),
        ("flatpak run", "flatpak run"),
        ("flatpak", "flatpak"),
    ],
)  # fmt: skip
def test_a_command_gets_the_switches_that_its_accessibility_needs(command: str, started: str) -> None:
    assert accessible(command.split())[0] == tuple(started.split())


def test_what_is_made_with_chromium_is_known_by_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "opt/share/notes/bin/notes"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert accessible((str(program),))[0] == (str(program),)
    (tmp_path / "opt/share/notes/resources.pak").touch()

    assert accessible((str(program),))[0] == (str(program), CHROMIUM_SWITCH)


def test_libreoffice_and_qt_are_told_by_their_environment() -> None:
    assert accessible(("libreoffice", "--calc"))[1]["SAL_USE_VCLPLUGIN"] == "gtk3"
    assert "SAL_USE_VCLPLUGIN" not in accessible(("mousepad",))[1]
    assert accessible(("mousepad",))[1]["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] == "1"


def test_a_program_made_with_gtk_2_gets_its_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "old"
    program.write_bytes(b"\x7fELF\0\0libgtk-x11-2.0.so.0\0")
    program.chmod(0o755)
    monkeypatch.setenv("GTK_MODULES", "canberra-gtk-module:gail")

    assert accessible((str(program),))[1]["GTK_MODULES"] == "canberra-gtk-module:gail:atk-bridge"


@pytest.mark.parametrize(
    ("command", "program"),
    [("/usr/bin/thunar --x", "thunar"), ("env A=b thunar", "thunar"), ("flatpak run --x org.a.B", "org.a.B"),
     ("env flatpak run org.a.B", "org.a.B"), ("snap run code.url", "code.url")],
)  # fmt: skip
def test_the_program_is_what_really_runs(command: str, program: str) -> None:
    assert program_of(command.split()) == program


def test_whether_there_is_a_program_is_asked_of_what_really_runs() -> None:
    assert exists(("env", "A=b", "sh"))
    assert not exists(("env", "A=b", "no-such-program"))


def window(pid: int) -> Window:
    return Window(1, "t", "A", "a", pid, Bounds(0, 0, 1, 1))


def test_a_window_is_of_what_was_started_also_when_a_grandchild_shows_it() -> None:
    id = new_id()
    shell = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"], env=os.environ | {ID: id}, stdout=subprocess.PIPE, text=True
    )
    assert shell.stdout is not None
    grandchild = int(shell.stdout.readline())
    try:
        assert Launch(id, shell.pid).owns(window(grandchild))
        assert Launch("another", shell.pid).owns(window(grandchild))  # by its parents
        assert not Launch("another", 0).owns(window(grandchild))
        assert not Launch(id, shell.pid).owns(window(0))
    finally:
        os.kill(grandchild, 9)
        shell.wait()
        shell.stdout.close()
    assert not Launch(id, shell.pid).owns(window(grandchild))
