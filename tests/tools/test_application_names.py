"""Applications as people call them, over real entries in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.application_names import candidates, find_application, why_not
from tools.desktop.entries import DesktopEntries

ENTRIES = {
    "org.gnome.Calculator": "Name=Calculator\nName[de]=Taschenrechner\nKeywords=arithmetic;\n"
    "Keywords[de]=Rechner;\nExec=one\nCategories=Calculator;",
    "galculator": "Name=Galculator\nGenericName=Calculator\nExec=two\nCategories=Calculator;",
    "libreoffice-calc": "Name=LibreOffice Calc\nGenericName=Spreadsheet\nGenericName[de]=Tabellenkalkulation\n"
    "Keywords=Microsoft Excel;\nExec=office --calc %U\nCategories=Office;Spreadsheet;\n"
    "MimeType=application/vnd.oasis.opendocument.spreadsheet;",
    "libreoffice-writer": "Name=LibreOffice Writer\nGenericName=Word Processor\nExec=office --writer %U\n"
    "Categories=Office;WordProcessor;\nMimeType=application/vnd.oasis.opendocument.text;text/plain;a/b;",
    "firefox-esr": "Name=Firefox ESR\nGenericName=Web Browser\nGenericName[de]=Webbrowser\nExec=firefox %u\n"
    "Categories=Network;WebBrowser;\nMimeType=x-scheme-handler/https;",
    "chromium": "Name=Chromium Web Browser\nGenericName=Web Browser\nGenericName[de]=Webbrowser\nExec=chromium %U\n"
    "Categories=Network;WebBrowser;\nMimeType=x-scheme-handler/https;",
    "thunar": "Name=Thunar File Manager\nGenericName=File Manager\nKeywords=explorer;browser;\nExec=thunar %U\n"
    "Categories=FileManager;\nMimeType=inode/directory;",
    "thunar-bulk-rename": "Name=Bulk Rename\nExec=thunar --bulk %F",
    "mousepad": "Name=Mousepad\nGenericName=Text Editor\nExec=one %U\nCategories=TextEditor;\nMimeType=text/plain;",
    "xterm": "Name=XTerm\nExec=one\nCategories=TerminalEmulator;",
    "uxterm": "Name=UXTerm\nExec=two\nCategories=TerminalEmulator;",
    "cafe": "Name=Café Münster\nExec=one",
}


@pytest.fixture
def applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DesktopEntries:
    folder = tmp_path / "applications"
    folder.mkdir()
    for id, lines in ENTRIES.items():
        (folder / f"{id}.desktop").write_text(f"[Desktop Entry]\nType=Application\n{lines}\n", "utf-8")
    for program in ("one", "two", "office", "firefox", "chromium", "thunar"):
        made = tmp_path / "bin" / program
        made.parent.mkdir(exist_ok=True)
        made.write_text("#!/bin/sh\n")
        made.chmod(0o755)
    config = tmp_path / "config"
    config.mkdir()
    (config / "mimeapps.list").write_text(
        "[Default Applications]\nx-scheme-handler/https=chromium.desktop;\n"
    )
    (config / "xdg-terminals.list").write_text("xterm.desktop\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "XDG_CURRENT_DESKTOP"):
        monkeypatch.delenv(name, raising=False)
    return DesktopEntries()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Calculator", "Calculator"),
        ("the calculator", "Calculator"),
        ("galculator", "Galculator"),
        ("libre office calc", "LibreOffice Calc"),
        ("Libre-Office Calc", "LibreOffice Calc"),
        ("calc", "LibreOffice Calc"),
        ("spreadsheet", "LibreOffice Calc"),
        ("excel", "LibreOffice Calc"),
        ("Tabellenkalkulation", "LibreOffice Calc"),
        ("the word processor", "LibreOffice Writer"),
        ("the browser", "Chromium Web Browser"),
        ("my web browser", "Chromium Web Browser"),
        ("browser", "Chromium Web Browser"),
        ("Webbrowser", "Chromium Web Browser"),
        ("firefox", "Firefox ESR"),
        ("fire fox", "Firefox ESR"),
        ("the file manager", "Thunar File Manager"),
        ("explorer", "Thunar File Manager"),
        ("thunar", "Thunar File Manager"),
        ("the editor", "Mousepad"),
        ("mousepda", "Mousepad"),
        ("the terminal", "XTerm"),
        ("cafe munster", "Café Münster"),
        ("Taschenrechner", "Calculator"),
    ],
)
def test_an_application_is_found_as_people_call_it(
    applications: DesktopEntries, said: str, name: str
) -> None:
    found = find_application(applications, said)

    assert found is not None, why_not(applications, said)
    assert found.name == name


def test_a_name_that_could_be_several_is_asked_back(applications: DesktopEntries) -> None:
    assert find_application(applications, "libreoffice") is None
    assert why_not(applications, "libreoffice") == (
        '"libreoffice" could be several applications; say which one: '
        '"LibreOffice Calc" or "LibreOffice Writer"'
    )


@pytest.mark.parametrize("said", ["", "the", "Fotoshop", "Chrome", "?!", "the app"])
def test_what_is_no_application_is_none(applications: DesktopEntries, said: str) -> None:
    assert candidates(applications, said) == []
    assert why_not(applications, said).startswith(f'no application called "{said}"')


def test_names_are_those_of_the_persons_language(
    applications: DesktopEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "de_AT.UTF-8")

    found = [find_application(applications, said) for said in ("Rechner", "Taschenrechner", "der Browser")]

    assert [each and each.name for each in found] == [
        "Taschenrechner",
        "Taschenrechner",
        "Chromium Web Browser",
    ]
