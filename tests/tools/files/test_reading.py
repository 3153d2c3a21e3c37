import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tool import Tool
from tests.tools.context import Context
from tests.tools.files.conftest import Call
from tools.files.text import decode, excerpt, shortened


def test_a_text_is_read_whole_with_its_size_as_evidence(call: Call, docs: Path) -> None:
    (docs / "notes.txt").write_text("Buy milk\nCall Ada\n")

    result = call("read_file", path="notes.txt")

    assert (result.status, result.content, result.evidence) == (
        "confirmed", "Buy milk\nCall Ada\n", '18 bytes, "Buy milk Call Ada"',
    )  # fmt: skip


def test_an_empty_file_says_so(call: Call, docs: Path) -> None:
    (docs / "empty.txt").touch()

    assert call("read_file", path="empty.txt").content == "(empty)"


def test_a_long_text_ends_with_how_many_lines_are_left(call: Call, docs: Path) -> None:
    (docs / "long.txt").write_text("".join(f"line {number}\n" for number in range(320)))

    lines = call("read_file", path="long.txt").content.splitlines()

    assert lines[0] == "line 0"
    assert lines[-2:] == ["line 199", "(+120 more lines)"]


def test_a_huge_file_is_counted_but_not_held(call: Call, docs: Path) -> None:
    (docs / "huge.log").write_bytes(b"x" * 99 + b"\n" + (b"y" * 99 + b"\n") * 99_999)

    content = call("read_file", path="huge.log").content

    assert len(content) < 20_000
    kept = content.count("\n")
    assert content.endswith(f"(+{100_000 - kept} more lines)")


def test_one_endless_line_is_cut(call: Call, docs: Path) -> None:
    (docs / "line.txt").write_text("x" * 50_000)

    assert call("read_file", path="line.txt").content == "x" * 8_000 + "…"


def test_bytes_are_not_text(call: Call, docs: Path) -> None:
    (docs / "photo.txt").write_bytes(b"\x7fELF\0\0\0")

    assert call("read_file", path="photo.txt").content == 'error: "photo.txt" is not a text file'


@pytest.mark.parametrize("data", ["é".encode("cp1252"), "é".encode("utf-16"), b"\xef\xbb\xbf\xc3\xa9"])
def test_text_is_read_in_the_codes_that_files_are_in(call: Call, docs: Path, data: bytes) -> None:
    (docs / "a.txt").write_bytes(data)

    assert call("read_file", path="a.txt").content == "é"


def test_what_is_not_there_is_said(call: Call, docs: Path) -> None:
    assert call("read_file", path="tax.txt").content == 'error: there is no "tax.txt"'
    assert call("list_folder", path="Nowhere").content == 'error: there is no "Nowhere"'
    (docs / "Folder").mkdir()
    assert call("read_file", path="Folder").content == 'error: "Folder" is a folder'


@pytest.mark.parametrize(
    "asked", ["shopping", "Shopping.TXT", "SHOPPING", "./shopping.txt", "archive/../shopping"]
)
def test_a_loosely_written_name_finds_the_one_file_it_can_mean(call: Call, docs: Path, asked: str) -> None:
    (docs / "Archive").mkdir()
    (docs / "shopping.txt").write_text("milk")

    assert call("read_file", path=asked).content == "milk"


def test_a_name_that_could_mean_two_files_means_neither(call: Call, docs: Path) -> None:
    (docs / "shopping.txt").touch()
    (docs / "shopping.md").touch()

    assert call("read_file", path="shopping").content == 'error: there is no "shopping"'


def test_a_folder_is_listed_folders_marked_hidden_names_left_out(call: Call, docs: Path) -> None:
    for name in ("b.txt", "A.txt", ".hidden"):
        (docs / name).touch()
    (docs / "Invoices").mkdir()

    assert call("list_folder", path=".").content == "A.txt\nb.txt\nInvoices/"
    assert call("list_folder", path="invoices").content == "(empty)"


def test_files_are_found_by_part_of_a_name_or_a_pattern(call: Call, docs: Path) -> None:
    (docs / "Old" / ".git").mkdir(parents=True)
    for name in ("Tax-2025.pdf", "Old/tax.txt", "Old/.git/tax", ".tax"):
        (docs / name).touch()

    assert call("find_files", name="tax").content == "Tax-2025.pdf\nOld/tax.txt"
    assert call("find_files", name="*.PDF").content == "Tax-2025.pdf"
    assert call("find_files", name="old/*").content == "Old/tax.txt"
    assert call("find_files", name="rent").content == 'no file matches "rent"'


def test_a_name_with_a_line_break_cannot_pass_for_two(call: Call, docs: Path) -> None:
    (docs / "a\nerror: b").touch()

    assert call("list_folder", path=".").content == "a error: b"


@pytest.mark.timeout(20)
def test_a_pipe_is_refused_without_waiting_for_it(call: Call, docs: Path) -> None:
    os.mkfifo(docs / "pipe.txt")

    assert call("read_file", path="pipe.txt").content == 'refused: "pipe.txt" is not an ordinary file'


def test_a_device_and_a_hard_link_are_refused(call: Call, docs: Path, home: Path) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("secret")
    os.link(home / ".ssh" / "id", docs / "innocent.txt")

    assert call("read_file", path="innocent.txt").content.startswith(
        'refused: "innocent.txt" has a second name'
    )
    assert call("read_file", path="/dev/zero").content == 'refused: "zero" is not an ordinary file'


def test_a_link_swapped_in_after_the_decision_is_refused(
    tools: dict[str, Tool], docs: Path, home: Path
) -> None:
    (home / "secret").write_text("secret")
    (docs / "Sub").mkdir()
    (docs / "Sub" / "notes.txt").write_text("harmless")
    (home / "Other").mkdir()
    (home / "Other" / "notes.txt").write_text("secret")
    read = tools["read_file"]
    arguments = read.arguments(path="Sub/notes.txt")
    read.effect(arguments)

    (docs / "Sub" / "notes.txt").unlink()
    (docs / "Sub" / "notes.txt").symlink_to(home / "secret")
    assert read.run(arguments, Context()).content.startswith("refused: ")

    (docs / "Sub").rename(docs / "Away")
    (docs / "Sub").symlink_to(home / "Other")
    assert read.run(arguments, Context()).content.startswith("refused: ")


def test_a_link_that_stood_there_before_is_shown_as_what_it_leads_to(
    tools: dict[str, Tool], docs: Path, home: Path
) -> None:
    (home / "real.txt").write_text("x")
    (docs / "link.txt").symlink_to(home / "real.txt")
    read = tools["read_file"]

    (target,) = read.effect(read.arguments(path="link.txt")).targets

    assert (target.value, target.said) == (str(home / "real.txt"), "link.txt")


def test_a_document_is_opened_but_a_program_is_not(call: Call, docs: Path, opened: list[Path]) -> None:
    (docs / "letter.odt").touch()
    (docs / "evil.desktop").touch()
    (docs / "evil.txt").write_text("#!/bin/sh\n")
    (docs / "tool").touch(mode=0o755)

    assert call("open_file", path="letter.odt").status == "confirmed"
    for name in ("evil.desktop", "evil.txt", "tool"):
        assert call("open_file", path=name).content == f'refused: "{name}" is a program, not a document'
    assert opened == [docs / "letter.odt"]


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_text_or_not_and_never_an_error(data: bytes) -> None:
    text = decode(data)

    assert text is None or isinstance(shortened(text) + excerpt(text), str)


@given(text=st.text(max_size=400))
def test_what_was_written_as_text_is_read_as_the_same_text(text: str) -> None:
    data = text.encode("utf-8", errors="ignore")

    if "\0" not in text and not data.startswith(b"\xef\xbb\xbf"):
        assert decode(data) == data.decode()
