"""``./dev``, the one script: what it says, and what it does on a machine where things are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def dev(*arguments: str, root: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "dev", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing has been set up."""
    for name in ("dev", "uv.lock", "pyproject.toml", "packaging/llama/lean.cmake"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_help_names_every_command() -> None:
    result = dev("--help")
    assert result.returncode == 0
    for command in ("setup", "run", "demo", "test", "check", "bench", "pocket"):
        assert f"./dev {command}" in result.stdout


def test_a_command_that_does_not_exist_is_told_with_those_that_do() -> None:
    result = dev("tset")
    assert result.returncode == 2
    assert "setup, run, demo, test" in result.stdout


def test_without_apt_what_is_missing_is_listed_by_name_and_nothing_is_tried(
    checkout: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = dev("setup", root=checkout, PATH=str(empty))
    assert result.returncode == 1
    assert "to compile llama.cpp        g++ cmake make" in result.stdout
    assert "espeak-ng" in result.stdout
    assert "this system has no apt-get" in result.stderr
    assert not (checkout / ".venv").exists()


def set_up(checkout: Path) -> None:
    """Have ``checkout`` look as if ./dev setup had been there."""
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    code = (
        "import importlib.machinery, importlib.util, sys;"
        "loader = importlib.machinery.SourceFileLoader('dev', sys.argv[1]);"
        "dev = importlib.util.module_from_spec(importlib.util.spec_from_loader('dev', loader));"
        "loader.exec_module(dev); dev.os.makedirs(dev.BUILD, exist_ok=True);"
        "open(dev.STAMP, 'w').write(dev.fingerprint())"
    )
    subprocess.run([sys.executable, "-B", "-c", code, checkout / "dev"], check=True)


def test_a_set_up_checkout_is_recognised_and_a_changed_lock_file_is_too(checkout: Path) -> None:
    set_up(checkout)
    assert "Everything is set up" in dev("setup", root=checkout).stdout
    with (checkout / "uv.lock").open("a") as lock:
        lock.write("# changed\n")
    again = dev("setup", root=checkout, PATH="/nowhere")
    assert "System packages that are missing" in again.stdout


@pytest.mark.parametrize(
    ("command", "with_applications"),
    [
        (("test", "--version"), True),
        (("bench", "workflows", "--json"), True),
        (("bench", "desktop"), True),
        (("bench", "loop", "--json"), False),
        (("run", "--version"), False),
        (("demo", "--json"), False),
    ],
)
def test_only_what_needs_other_peoples_applications_brings_them(
    checkout: Path, tmp_path: Path, command: tuple[str, ...], with_applications: bool
) -> None:
    set_up(checkout)
    (checkout / "tests/bench").mkdir(parents=True)
    for name in ("workflows", "desktop", "loop"):
        (checkout / f"tests/bench/{name}.py").touch()
    result = dev(*command, root=checkout, PATH=str(tmp_path))
    assert ("their workflows are skipped: firefox-esr chromium" in result.stdout) is with_applications


def test_a_benchmark_that_does_not_exist_is_told() -> None:
    result = dev("bench", "no-such-thing")
    assert result.returncode == 2
    assert "There is no benchmark no-such-thing" in result.stdout


def test_continuous_integration_runs_the_same_tests() -> None:
    assert "exec ./dev test" in (ROOT / ".ci/run").read_text("utf-8")
    assert os.access(ROOT / ".ci/run", os.X_OK)
