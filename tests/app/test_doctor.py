"""The doctor says what this machine can do, and never hangs on what it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.errors import DesktopError
from app import doctor
from app.doctor import (
    Finding,
    check_desktop,
    check_disk,
    check_display,
    check_memory,
    check_model,
    check_sandbox,
    check_server,
    check_servers,
    report,
    run_checks,
)
from app.models.catalogue import GB
from app.settings import Places, Settings
from tests.agent.engine.odd_server import OddServer
from tests.agent.engine.tiny_model import write_gemma
from tests.tools.desktop.wayland.portal_stand_in import PortalStandIn, message_bus_of_its_own
from tests.virtual_desktop import virtual_desktop
from tests.virtual_sound import VirtualSound
from tools.sandbox.sandbox import bubblewrap


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(config=tmp_path / "c", data=tmp_path / "d", state=tmp_path / "s", cache=tmp_path / "k")


def fails() -> Finding:
    raise DesktopError("There is no screen.", "Turn one on.")


def test_a_check_that_fails_is_a_finding_with_its_remedy() -> None:
    assert run_checks({"display": fails}) == (
        Finding("display", "problem", "There is no screen.", "Turn one on."),
    )


def test_a_check_that_hangs_does_not_hang_the_doctor() -> None:
    never = threading.Event()

    def hangs() -> Finding:
        never.wait()
        return Finding("bus", "ok", "")

    stuck, fine = run_checks({"bus": hangs, "disk": lambda: Finding("disk", "ok", "fine")}, limit=0.2)
    never.set()
    assert (stuck.name, stuck.state, fine.says) == ("bus", "problem", "fine")
    assert "did not answer" in stuck.says


def test_a_report_of_lines_says_what_to_do_and_ends_with_1_on_a_problem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    findings = (
        Finding("disk", "ok", "81 GB free"),
        Finding("display", "problem", "no screen", "Turn one on."),
    )
    assert report(findings, as_json=False) == 1
    assert capsys.readouterr().out.splitlines() == [
        "✓ disk           81 GB free",
        "✗ display        no screen",
        "                 → Turn one on.",
    ]


def test_a_warning_is_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([Finding("memory", "warning", "little", "Close something.")], as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "type": "check", "name": "memory", "state": "warning", "says": "little", "remedy": "Close something.",
    }  # fmt: skip


def test_a_model_that_is_cut_off_is_found_before_it_is_loaded(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    (finding,) = run_checks({"model": lambda: check_model(Settings(model=str(path)), places)})
    assert finding.state == "problem"
    assert finding.remedy


def test_the_model_is_told_with_what_it_would_be_given(
    tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    gemma_file = write_gemma(tmp_path / "gemma.gguf")
    finding = check_model(Settings(model=str(gemma_file)), places)
    assert finding.state == "ok"
    assert "2,048 tokens of context on one core; needs about" in finding.says
    monkeypatch.setattr("agent.engine.fit.machine.psutil.virtual_memory", NoMemory)
    finding = check_model(Settings(model=str(gemma_file)), places)
    assert finding.state == "warning"
    assert "of memory, and 1 MB are free" in finding.says


class NoMemory:
    available, total = 1_000_000, 8 * GB


def test_a_model_larger_than_the_free_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available, total = 4 * GB, 8 * GB

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    assert check_memory(Settings(model="gemma-4-26b-a4b")).state == "warning"
    assert check_memory(Settings(model="")).state == "ok"


def test_a_full_disk_is_a_warning_even_before_the_data_folder_exists(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_disk(places).state in ("ok", "warning")
    monkeypatch.setattr(doctor, "DISK_GB", 1e9)
    assert check_disk(places).state == "warning"


def examine(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    result = subprocess.run(
        [sys.executable, "-m", "app", "doctor", "--json"],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}


@pytest.mark.e2e
def test_a_screen_with_a_window_on_it_is_found_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Milk")
    with virtual_desktop() as desktop:
        desktop.start("mousepad", str(tmp_path / "notes.txt"))
        code = (
            "import time; from tools.desktop import connect; here = connect(); end = time.monotonic() + 30\n"
            "while not here.windows.list() and time.monotonic() < end: time.sleep(0.1)"
        )
        subprocess.run([sys.executable, "-c", code], env=dict(desktop.env), check=True, timeout=60)
        checks = examine(desktop.env)
    assert checks["display"]["says"].endswith("1920×1080")
    assert checks["accessibility"]["state"] == "ok", checks["accessibility"]
    assert "notes.txt" in checks["accessibility"]["says"]


@pytest.mark.sound
def test_what_is_said_to_the_microphone_is_heard(tmp_path: Path) -> None:
    with VirtualSound() as sound:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "doctor", "--json"],
            env=os.environ | sound.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert "say something" in process.stderr.readline()
        sound.say("good morning")
        out, _ = process.communicate(timeout=120)
    checks = {row["name"]: row for row in map(json.loads, out.splitlines())}
    assert checks["microphone"]["state"] == "ok", checks["microphone"]
    assert "morning" in checks["microphone"]["says"].lower()


def test_without_a_microphone_it_says_so(tmp_path: Path) -> None:
    # The only device there is leads to a sound server that is not running.
    (tmp_path / "asound.conf").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    checks = examine(
        os.environ | {"PULSE_SERVER": "unix:/nowhere", "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}
    )
    assert checks["microphone"]["state"] == "problem"
    assert "microphone" in checks["microphone"]["says"].lower()
    assert checks["microphone"]["remedy"]


def test_a_server_is_asked_which_models_it_has() -> None:
    models = {"/v1/models": {"data": [{"id": "gemma-4-31b", "max_model_len": 65536}, {"id": "tiny"}]}}
    with OddServer(pages=models) as server:
        finding = check_server(Settings(server=server.url))
        assert check_memory(Settings(server=server.url)).state == "ok"
    assert (finding.name, finding.state) == ("model", "ok")
    assert finding.says.startswith("gemma-4-31b on 127.0.0.1:")
    assert finding.says.endswith("65,536 tokens, does not see pictures; also tiny")
    gone = run_checks({"model": lambda: check_server(Settings(server=server.url))})[0]
    assert (gone.state, bool(gone.remedy)) == ("problem", True)
    assert "cannot be reached" in gone.says


@pytest.fixture
def wayland(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Wayland session with an X display beside it, as is usual, and a message bus of its own: its address."""
    with message_bus_of_its_own() as address:
        monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


def test_on_wayland_the_doctor_says_what_cannot_be_done_there_and_what_can(wayland: str) -> None:
    (finding,) = run_checks({"desktop": check_desktop})
    assert finding.state == "warning"
    assert finding.says.startswith("Wayland. Wayland lets no program press keys or click for you")
    assert "bring another's window to the front" in finding.says
    assert finding.remedy == "An X11 (Xorg) session, chosen when you log in, can all of it."


def test_on_wayland_the_display_is_what_the_portal_pictures(wayland: str, tmp_path: Path) -> None:
    (missing,) = run_checks({"display": check_display})
    assert missing.state == "warning"
    assert missing.remedy.startswith("Install xdg-desktop-portal")
    portal = PortalStandIn(wayland, tmp_path)
    try:
        (there,) = run_checks({"display": check_display})
    finally:
        portal.stop()
    assert there == Finding("display", "ok", "Wayland; its portal takes pictures of the screen (version 2)")
    assert portal.written == []


def test_without_a_screen_the_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_SESSION_TYPE", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    display, desktop = run_checks({"display": check_display, "desktop": check_desktop})
    assert (display.state, desktop.state) == ("problem", "problem")
    assert display.says == desktop.says
    assert display.says.startswith("There is no screen to work on")


def test_the_sandbox_is_tried_and_without_it_the_doctor_says_what_that_means(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    settings = Settings(workspace=tmp_path / "work")
    if bubblewrap() is not None:
        assert check_sandbox(settings, places).state == "ok"

    monkeypatch.setattr("tools.sandbox.demonstration.bubblewrap", lambda: None)

    finding = check_sandbox(settings, places)
    assert finding.state == "warning"
    assert finding.says == "There is no sandbox (bubblewrap is not installed); every command asks"


def test_servers_are_told_of_without_starting_them_or_making_a_database(places: Places) -> None:
    assert check_servers(places).says == "none in mcp.json"
    assert not places.data.exists()

    places.config.mkdir(parents=True, exist_ok=True)
    (places.config / "mcp.json").write_text('{"mcpServers": {"a": {"command": "false"}}}')
    assert check_servers(places).says == "1 in mcp.json, 0 tools of them allowed"
    (places.config / "mcp.json").write_text("{")
    assert check_servers(places).state == "warning"
