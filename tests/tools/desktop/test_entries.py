"""Desktop entries, read from a folder of real files."""

from pathlib import Path

import pytest

from tools.applications import application_for, find_application
from tools.desktop.entries import DesktopEntries

EDITOR = """[Desktop Entry]
Type=Application
Name=Mousepad
Name[de]=Mauspad
GenericName=Text Editor
Keywords=text;write;
Exec=sh -c "mousepad" %U
MimeType=text/plain;
Categories=Utility;TextEditor;
StartupWMClass=Mousepad
"""
CALCULATOR = """[Desktop Entry]
Type=Application
Name=Calculator
Exec=gnome-calculator
Categories=GNOME;Calculator;
"""


OFFICE = """[Desktop Entry]
Type=Application
Name=Letters
Exec=letters
MimeType=application/rtf;text/plain;text/rtf;
"""
FILES = """[Desktop Entry]
Type=Application
Name=Zebra Files
Exec=zebra %U
MimeType=inode/directory;
"""
RENAMER = """[Desktop Entry]
Type=Application
Name=Bulk Rename
Exec=zebra --bulk-rename %F
"""


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DesktopEntries:
    folder = tmp_path / "applications"
    folder.mkdir()
    (folder / "org.xfce.mousepad.desktop").write_text(EDITOR)
    (folder / "org.gnome.Calculator.desktop").write_text(CALCULATOR)
    (folder / "hidden.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=No\nExec=no\nNoDisplay=true\n"
    )
    (folder / "broken.desktop").write_text("not an entry")
    (folder / "gone.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=G\nExec=g\nTryExec=/no/such\n"
    )
    for program in ("mousepad", "gnome-calculator", "letters", "zebra"):
        made = tmp_path / "bin" / program
        made.parent.mkdir(exist_ok=True)
        made.write_text("#!/bin/sh\n")
        made.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return DesktopEntries()


def test_only_what_a_menu_would_show_is_listed(entries: DesktopEntries) -> None:
    assert [each.name for each in entries.list()] == ["Calculator", "Mousepad"]


def test_field_codes_are_not_part_of_the_command(entries: DesktopEntries) -> None:
    assert entries.list()[1].command == ("sh", "-c", "mousepad")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mousepad", "Mousepad"),
        ("mousepad", "Mousepad"),
        ("Mauspad", "Mousepad"),
        ("the text editor", "Mousepad"),
        ("the editor", "Mousepad"),
        ("Notepad", "Mousepad"),
        ("mousepda", "Mousepad"),
        ("the calculator", "Calculator"),
        ("Calculator app", "Calculator"),
        ("gnome-calculator", "Calculator"),
    ],
)
def test_an_application_is_found_as_people_call_it(entries: DesktopEntries, said: str, name: str) -> None:
    found = find_application(entries, said)
    assert found is not None
    assert found.name == name


def test_an_application_that_is_not_there_is_not_guessed(entries: DesktopEntries) -> None:
    assert find_application(entries, "Fotoshop") is None


def test_a_text_file_of_any_kind_opens_in_the_editor(entries: DesktopEntries, tmp_path: Path) -> None:
    for name in ("notes.txt", "table.csv", "README"):
        found = application_for(entries, tmp_path / name)
        assert found is not None
        assert found.name == "Mousepad"


def test_a_text_file_opens_in_the_editor_although_the_office_opens_it_too(
    entries: DesktopEntries, tmp_path: Path
) -> None:
    (tmp_path / "applications/letters.desktop").write_text(OFFICE)
    found = application_for(entries, tmp_path / "notes.txt")
    assert found is not None
    assert found.name == "Mousepad"


def test_of_two_entries_for_one_program_the_one_called_after_it_names_its_windows(
    entries: DesktopEntries, tmp_path: Path
) -> None:
    (tmp_path / "applications/zebra.desktop").write_text(FILES)
    (tmp_path / "applications/zebra-bulk-rename.desktop").write_text(RENAMER)
    assert entries.name_of("zebra") == "Zebra Files"


def test_the_persons_choice_of_application_is_followed(entries: DesktopEntries, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "mimeapps.list").write_text(
        "[Default Applications]\ntext/plain=org.gnome.Calculator.desktop;\n"
    )
    chosen = entries.default_for("text/plain")
    assert chosen is not None
    assert chosen.name == "Calculator"


def test_a_window_class_is_turned_into_the_applications_name(entries: DesktopEntries) -> None:
    assert entries.name_of("mousepad") == "Mousepad"
    assert entries.name_of("org.gnome.calculator") == "Calculator"
    assert entries.name_of("some.unknown-thing") == "Unknown Thing"


def test_a_terminal_of_the_systems_that_no_menu_has_is_the_terminal(
    entries: DesktopEntries, tmp_path: Path
) -> None:
    (tmp_path / "applications" / "another.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=Another\nExec=letters\nCategories=TerminalEmulator;\n"
    )
    program = tmp_path / "bin" / "lxterm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "bin" / "x-terminal-emulator").symlink_to(program)

    found = find_application(entries, "the terminal")

    assert found is not None
    assert found.name == "lxterm"
    assert found.command == (str(tmp_path / "bin" / "x-terminal-emulator"),)
