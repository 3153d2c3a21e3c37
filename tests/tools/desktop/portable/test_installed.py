"""What is installed on Windows and macOS, and how it is started, with real folders and a stand-in for the system."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.errors import DesktopError
from tools.desktop.portable.installed import Bundles, StartMenu


@pytest.fixture
def start_menu(tmp_path: Path) -> Path:
    for name in ("Notepad", "Accessories/Paint", "Google Chrome"):
        file = tmp_path / f"{name}.lnk"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, told in (
        ("TextEdit", {"CFBundleIdentifier": "com.apple.TextEdit", "CFBundleExecutable": "TextEdit"}),
        ("Utilities/Terminal", {"CFBundleName": "Terminal", "CFBundleDisplayName": "Command Line"}),
        ("Google Chrome", {}),
    ):
        contents = tmp_path / f"{name}.app" / "Contents"
        contents.mkdir(parents=True)
        (contents / "Info.plist").write_bytes(plistlib.dumps(told))
    (tmp_path / "Google Chrome.app" / "Contents" / "Info.plist").write_bytes(b"broken")
    return tmp_path


class Shell:
    def __init__(self, works: bool = True) -> None:
        self.works, self.opened = works, list[tuple[str, str]]()

    def __call__(self, file: str, arguments: str) -> bool:
        self.opened.append((Path(file).name, arguments))
        return self.works


def test_the_start_menu_lists_its_shortcuts_by_name(start_menu: Path) -> None:
    assert [each.name for each in StartMenu((start_menu,)).list()] == ["Google Chrome", "Notepad", "Paint"]


def test_a_shortcut_is_opened_with_its_document_and_the_switch_it_needs(start_menu: Path) -> None:
    shell = Shell()
    menu = StartMenu((start_menu,), shell)
    chrome, notepad, _ = menu.list()
    menu.start(notepad)
    menu.start(notepad, Path("two words.txt"))
    menu.start(chrome, Path("page.html"))
    assert shell.opened == [
        ("Notepad.lnk", ""),
        ("Notepad.lnk", '"two words.txt"'),
        ("Google Chrome.lnk", '--force-renderer-accessibility "page.html"'),
    ]


def test_a_document_without_an_application_goes_to_the_one_that_windows_has_for_it(start_menu: Path) -> None:
    shell = Shell()
    menu = StartMenu((start_menu,), shell)
    chosen = menu.default_for("application/pdf")
    assert chosen is not None
    menu.start(chosen, Path("report.pdf"))
    assert shell.opened == [("report.pdf", "")]
    assert menu.default_for("x-nobody/ever-heard-of-it") is None


def test_what_windows_does_not_open_is_said(start_menu: Path) -> None:
    menu = StartMenu((start_menu,), Shell(works=False))
    with pytest.raises(DesktopError, match="Notepad could not be started"):
        menu.start(menu.list()[1])


def test_bundles_are_listed_by_name_and_known_by_their_other_names(folder: Path) -> None:
    bundles = {each.name: each for each in Bundles((folder,)).list()}
    assert list(bundles) == ["Google Chrome", "Terminal", "TextEdit"]
    assert bundles["Terminal"].names == ("Command Line",)
    assert bundles["TextEdit"].id == "com.apple.TextEdit"


def test_a_bundle_is_started_by_open_with_its_document_and_switch(folder: Path) -> None:
    run: list[Sequence[str]] = []
    bundles = Bundles((folder,), lambda command: run.append(command) or 0)
    chrome, _, editor = bundles.list()
    bundles.start(editor, Path("/notes.txt"))
    bundles.start(chrome)
    chosen = bundles.default_for("application/pdf")
    assert chosen is not None
    bundles.start(chosen, Path("/report.pdf"))
    assert run == [
        ["open", "-a", str(folder / "TextEdit.app"), "/notes.txt"],
        ["open", "-a", str(folder / "Google Chrome.app"), "--args", "--force-renderer-accessibility"],
        ["open", "/report.pdf"],
    ]


def test_a_bundle_that_does_not_start_is_said(folder: Path) -> None:
    bundles = Bundles((folder,), lambda command: 1)
    with pytest.raises(DesktopError, match="Terminal could not be started"):
        bundles.start(bundles.list()[1])
