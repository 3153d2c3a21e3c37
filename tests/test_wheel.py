"""The wheel: what is in it, and that it starts where it is installed."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPLICATION_ID = "org.deskhand.Deskhand"


def uv() -> str:
    """The uv that ./dev found or fetched."""
    found = shutil.which("uv") or str(ROOT / "build/uv/bin/uv")
    if not os.access(found, os.X_OK):
        pytest.skip("uv is not here; ./dev setup gets it")
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([uv(), "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel in it. What Deskhand depends on is borrowed from this environment, so that
    nothing is downloaded or compiled a second time; Deskhand itself is not."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    subprocess.run([uv(), "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], check=True)
    ours = Path(sysconfig.get_path("purelib"))
    theirs = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    borrowed = [path for path in ours.iterdir() if "deskhand" not in path.name and path.suffix != ".pth"]
    for path in borrowed:
        target = theirs / path.name
        if not target.exists():
            target.symlink_to(path)
    return folder


def test_the_wheel_holds_our_four_packages_and_nothing_else_at_the_top(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.partition("/")[0] for name in names}
    version = "deskhand-0.1.0"
    assert top == {"app", "agent", "tools", "assets", f"{version}.dist-info", f"{version}.data"}


def test_the_wheel_carries_its_data_and_no_rubbish(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"assets/models.toml", "assets/prompts/system.md"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".bak", ".orig"))]
    assert not [name for name in names if name.startswith(("tests/", "packaging/", "docs/"))]


def test_the_wheel_is_small_enough_to_send(wheel: Path) -> None:
    assert wheel.stat().st_size < 15_000_000


def test_the_wheel_installs_and_starts_from_another_folder(installed: Path, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    # A folder that happens to have the names of our packages must not be taken for them.
    for name in ("app", "agent", "tools", "assets"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong package')")

    def deskhand(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed / "bin/deskhand", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert deskhand("--version").stdout == "deskhand, version 0.1.0\n"
    doctor = deskhand("doctor", "--json")
    checks = {row["name"]: row for row in map(json.loads, doctor.stdout.splitlines())}
    assert set(checks) == {
        "display", "accessibility", "desktop", "microphone", "speech", "engine", "model", "memory", "disk",
        "sandbox", "servers",
    }  # fmt: skip
    assert checks["engine"]["state"] == "ok", checks["engine"]
    assert checks["display"]["state"] == "problem"
    assert doctor.returncode == 1, doctor.stderr


def test_installing_puts_it_into_the_desktop_s_menu(installed: Path) -> None:
    share = installed / "share"
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(share / f"applications/{APPLICATION_ID}.desktop", "utf-8")
    assert entry["Desktop Entry"]["Exec"] == "deskhand"
    assert entry["Desktop Entry"]["Icon"] == APPLICATION_ID
    assert (share / f"icons/hicolor/scalable/apps/{APPLICATION_ID}.svg").is_file()
    about = ElementTree.parse(share / f"metainfo/{APPLICATION_ID}.metainfo.xml").getroot()
    assert about.findtext("id") == APPLICATION_ID
    assert about.findtext("launchable") == f"{APPLICATION_ID}.desktop"
    assert about.find("releases/release").attrib["version"] == "0.1.0"  # type: ignore[union-attr]


def test_the_application_id_is_the_window_s_too() -> None:
    code = "from app.qt.icons import APPLICATION_ID; print(APPLICATION_ID)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == APPLICATION_ID
