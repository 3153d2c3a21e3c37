"""Desktop entries, word by word, and hostile ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.desktop.entries import DesktopEntries
from tools.desktop.entry import Command, command_of, entry_of, languages, localised, text_of, texts_of

MAIN = "[Desktop Entry]\n"


@pytest.mark.parametrize(
    ("exec", "words", "opening"),
    [
        ("editor %F", ("editor",), ("editor", "%f")),
        ("editor", ("editor",), ()),
        ('"/opt/My App/run" --file=%u', ("/opt/My App/run",), ("/opt/My App/run", "--file=%f")),
        ("app %i %c --new %k", ("app", "--new"), ()),
        ("app 100%% %f", ("app", "100%"), ("app", "100%", "%f")),
        (r'sh -c "echo \\$HOME"', ("sh", "-c", "echo $HOME"), ()),
        ("app --flag %x", ("app", "--flag", ""), ()),
        ("flatpak run --file-forwarding org.A @@u %U @@", ("flatpak", "run", "--file-forwarding", "org.A", "@@u", "@@"),
         ("flatpak", "run", "--file-forwarding", "org.A", "@@u", "%f", "@@")),
    ],
)  # fmt: skip
def test_a_command_is_taken_apart_as_the_specification_says(
    exec: str, words: tuple[str, ...], opening: tuple[str, ...]
) -> None:
    assert command_of(exec) == Command(words, opening)


@pytest.mark.parametrize("exec", ["", "  ", '"unclosed', "%f", "a\0b", "x " * 100, '""'])
def test_a_command_that_cannot_be_run_is_none(exec: str) -> None:
    assert command_of(exec) is None


def test_only_the_main_group_counts_and_the_first_of_two_keys() -> None:
    data = f"# c\n[Other]\nName=No\n{MAIN}Name = Yes \nName=Second\nName[de]=Ja\nbroken\n[Desktop Action x]\nExec=evil"

    assert entry_of(data.encode()) == {"Name": "Yes", "Name[de]": "Ja"}
    assert entry_of(b"\xef\xbb\xbf[Desktop Entry]\nName=With a mark") == {"Name": "With a mark"}
    assert entry_of(b"no group") is None
    assert entry_of(MAIN.encode() + b"#" * (2 << 20)) is None


def test_names_are_one_line_without_hidden_signs() -> None:
    assert text_of(r"Two\nlines\s\sand\ta tab\\") == "Two lines and a tab\\"
    assert text_of("\u202eevil\u200b\x07 name") == "evil name"
    assert len(text_of("x" * 9_999)) == 200
    assert texts_of(r"a;b\;c;;d") == ("a", "b;c", "d")


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"LANG": "de_AT.UTF-8"}, ("de_AT", "de")),
        ({"LANG": "sr_RS.UTF-8@latin"}, ("sr_RS@latin", "sr_RS", "sr@latin", "sr")),
        ({"LANG": "de_DE", "LC_MESSAGES": "fr_FR"}, ("fr_FR", "fr")),
        ({"LANG": "de_DE", "LC_ALL": "C.UTF-8", "LANGUAGE": "fr"}, ()),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "pt_BR:en"}, ("pt_BR", "pt", "en", "de_DE", "de")),
        ({}, ()),
    ],
)
def test_languages_are_those_of_the_session(environment: dict[str, str], wanted: tuple[str, ...]) -> None:
    assert languages(environment) == wanted


def test_a_word_is_that_of_the_best_language_there_is() -> None:
    entry = {"Name": "Files", "Name[de]": "Dateien", "Name[de_AT]": "Datein"}

    assert localised(entry, "Name", ("de_AT", "de")) == "Datein"
    assert localised(entry, "Name", ("de_CH", "de")) == "Dateien"
    assert localised(entry, "Name", ("fr",)) == "Files"
    assert localised(entry, "Comment", ("fr",)) == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_none(data: bytes) -> None:
    entry = entry_of(b"[Desktop Entry]\n" + data)

    assert entry is not None
    assert all("\n" not in value for value in entry.values())


@given(st.text(max_size=80))
def test_any_words_are_a_command_or_none(exec: str) -> None:
    command = command_of(exec)

    assert command is None or (command.words[0] and "\0" not in "".join(command.words))


@given(st.text(max_size=300))
def test_any_name_is_one_line_that_can_be_shown(name: str) -> None:
    shown = text_of(name)

    assert len(shown) <= 200
    assert shown == " ".join(shown.split())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "applications").mkdir()
    monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path}:{tmp_path / 'system'}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    return tmp_path


def put(folder: Path, name: str, lines: str) -> None:
    (folder / "applications").mkdir(parents=True, exist_ok=True)
    (folder / "applications" / f"{name}.desktop").write_text(f"{MAIN}Type=Application\n{lines}\n")


@pytest.mark.parametrize(
    "lines",
    ["Name=N", "Name=N\nExec=", "Name=N\nExec=no-such-program-here", "Name=N\nExec=sh\nTryExec=/no/such",
     "Name=N\nExec=sh\nHidden=true", "Name=N\nExec=sh\nNoDisplay=true", 'Name=N\nExec="sh'],
)  # fmt: skip
def test_what_no_menu_shows_is_not_listed(here: Path, lines: str) -> None:
    put(here, "n", lines)

    assert DesktopEntries().list() == ()


def test_pipes_and_links_that_lead_nowhere_are_passed_by(here: Path) -> None:
    os.mkfifo(here / "applications/pipe.desktop")
    (here / "applications/gone.desktop").symlink_to("/no/such/file")
    (here / "applications/folder.desktop").mkdir()
    put(here, "n", "Name=N\nExec=sh")

    assert [each.name for each in DesktopEntries().list()] == ["N"]


def test_the_persons_own_file_counts_also_when_it_takes_the_application_away(here: Path) -> None:
    put(here / "system", "a", "Name=System\nExec=sh")
    put(here / "system", "b", "Name=There\nExec=sh")
    put(here / "own", "a", "Name=Mine\nExec=sh")
    put(here / "own", "b", "Hidden=true")

    assert [each.name for each in DesktopEntries().list()] == ["Mine"]


def test_an_entry_for_other_desktops_is_not_in_the_menu_here(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(here, "a", "Name=Gnome only\nExec=sh\nOnlyShowIn=GNOME;")
    put(here, "b", "Name=Not here\nExec=sh\nNotShowIn=XFCE;")
    put(here, "c", "Name=Everywhere\nExec=sh")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "XFCE")

    assert [each.name for each in DesktopEntries().list()] == ["Everywhere"]


def test_what_opens_a_type_may_be_in_no_menu(here: Path) -> None:
    put(here, "viewer", "Name=Viewer\nExec=sh %f\nNoDisplay=true\nMimeType=image/png;")
    put(here, "other", "Name=Other\nExec=sh %f\nMimeType=image/png;")
    (here / "config").mkdir()
    (here / "config/mimeapps.list").write_text(
        "[Default Applications]\nimage/png=gone.desktop;viewer.desktop;\n"
        "[Added Associations]\ntext/x=viewer.desktop\n[Removed Associations]\nimage/jpeg=other.desktop\n"
    )
    entries = DesktopEntries()

    assert [getattr(entries.default_for(mime), "name", None) for mime in ("image/png", "text/x", "image/jpeg")] == [
        "Viewer", "Viewer", None,
    ]  # fmt: skip
