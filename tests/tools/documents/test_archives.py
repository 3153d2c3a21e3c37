"""A file inside an archive: read like any other, by the child that its own kind has."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from tests.tools.documents import made
from tests.tools.documents.conftest import Read, Troubled

FILES = {
    "2026/invoice.pdf": made.pdf("Total: 42 euros", "Thank you"),
    "2026/prices.xlsx": made.spreadsheet(),
    "notes.txt": b"one\ntwo\nthree",
    "a#b.txt": b"a mark in a name",
    "inner.zip": made.zipped({"deep.txt": b"deep down"}),
}
ARCHIVES = {"zip": made.zipped(FILES), "tar": made.tarred(FILES, "w"), "tar.gz": made.tarred(FILES)}


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize(
    ("place", "about", "text"),
    [
        ("notes.txt", "notes.txt in it: text, 3 lines", "one\ntwo\nthree"),
        ("NOTES.TXT#line=3", "notes.txt in it: text, 3 lines", "three"),
        ("a#b.txt", "a#b.txt in it: text, 1 lines", "a mark in a name"),
        ("invoice.pdf#page=2", "2026/invoice.pdf in it: PDF, 2 pages", "page 2:\nThank you"),
        ("2026/prices.xlsx#Prices!B2", None, 'sheet "Prices":\nrow | B\n2 | 1.2'),
        ("inner.zip#deep.txt", "inner.zip in it: deep.txt in it: text, 1 lines", "deep down"),
    ],
)
def test_a_file_in_an_archive_is_read(
    read: Read, kind: str, place: str, about: str | None, text: str
) -> None:
    seen = read(ARCHIVES[kind], place)

    assert seen.text == text
    assert about is None or seen.about == about


def test_what_is_left_out_of_it_can_be_asked_for(read: Read) -> None:
    data = made.zipped({"long.txt": b"\n".join(b"line %d" % number for number in range(1, 100))})

    seen = read(data, "long.txt", longest=30)

    assert seen.told("a.zip").endswith('from "a.zip#long.txt#line=5")')
    assert read(data, f"{seen.at}", longest=30).text.startswith("line 5\n")


def test_a_folder_in_a_zip_is_listed(read: Read) -> None:
    names = [line.partition(",")[0] for line in read(ARCHIVES["zip"], "2026").text.splitlines()]

    assert names == ["2026/invoice.pdf", "2026/prices.xlsx"]


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_file_that_is_not_in_it_is_said(trouble: Troubled, kind: str) -> None:
    assert trouble(ARCHIVES[kind], "nothing.txt") == '"it" has no "nothing.txt" in it'


def test_names_that_lead_out_of_an_archive_lead_nowhere(read: Read) -> None:
    data = made.zipped({"../../etc/passwd": b"only a name", "/etc/hostname": b"another"})

    assert read(data, "../../etc/passwd").text == "only a name"
    assert read(data, "/etc/hostname").text == "another"


def test_links_in_an_archive_are_not_followed(trouble: Troubled) -> None:
    saved = io.BytesIO()
    with tarfile.open(fileobj=saved, mode="w") as archive:
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)

    assert trouble(saved.getvalue(), "link.txt") == '"it" has no file in "link.txt": it is a link or a device'


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_unpacks_to_too_much_is_not_unpacked(trouble: Troubled, compression: int) -> None:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", compression) as archive, archive.open("bomb", "w") as part:
        for _ in range(40):
            part.write(bytes(1 << 20))

    assert "more than 15 MB" in trouble(saved.getvalue(), "bomb")


def test_archives_in_archives_end_somewhere(trouble: Troubled) -> None:
    data = b"at last"
    for _ in range(6):
        data = made.zipped({"a": data})

    assert "too many archives" in trouble(data, "a#a#a#a#a#a")


def test_an_endless_archive_is_given_up(trouble: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.documents.reader.DEADLINE_SECONDS", 0.5)

    assert trouble(made.endless_tar(), "something") == '"it" takes too long to read'
