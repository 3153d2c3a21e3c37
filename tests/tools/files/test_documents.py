"""Documents through read_file, and as attachments."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agent.cancel import Cancel
from agent.tool import Tool
from tests.tools.documents import made
from tests.tools.files.conftest import Call
from tools.files.attachment import MOST_PICTURE_TOKENS, attachment
from tools.files.workspace import PathError


def test_read_file_reads_a_document_whatever_it_is_called(call: Call, docs: Path) -> None:
    (docs / "report.txt").write_bytes(made.pdf("Hello", "The end"))

    result = call("read_file", path="report.txt")

    assert (result.status, result.content, result.evidence) == (
        "confirmed", "PDF, 2 pages\npage 1:\nHello\npage 2:\nThe end", "PDF, 2 pages",
    )  # fmt: skip


def test_a_place_in_a_document_follows_its_path(call: Call, docs: Path) -> None:
    (docs / "report.pdf").write_bytes(made.pdf("Hello", "The end"))
    (docs / "prices.csv").write_text("Item,Price\nMilk,1.20\n")

    assert call("read_file", path="Report#page=2").content == "PDF, 2 pages\npage 2:\nThe end"
    assert call("read_file", path="prices.csv#B2").content == "table, 2 rows\nrow | B\n2 | 1.20"
    assert call("read_file", path="prices.csv").content == "Item,Price\nMilk,1.20\n"
    assert (
        call("read_file", path="report.pdf#page=9").content
        == 'error: "report.pdf" has no page 9: it has 2 pages'
    )
    assert "places are page=3" in call("read_file", path="report.pdf#chapter=9").content


def test_the_effect_is_about_the_file_without_the_place(tools: dict[str, Tool], docs: Path) -> None:
    (docs / "report.pdf").write_bytes(made.pdf("Hello"))
    read_file = tools["read_file"]

    (target,) = read_file.effect(read_file.arguments(path="report.pdf#page=1")).targets

    assert (target.value, target.said) == (str(docs / "report.pdf"), "report.pdf")


def test_a_sign_in_a_name_is_no_place(call: Call, docs: Path) -> None:
    (docs / "song in c#.txt").write_text("la")
    (docs / "song in c#.txt#page=1").write_text("la la")

    assert call("read_file", path="song in c#.txt").content == "la"
    assert call("read_file", path="song in c#.txt#page=1").content == "la la"
    assert call("read_file", path="#none.txt").content == 'error: there is no "#none.txt"'


def test_what_is_left_out_is_asked_for_by_the_path_that_is_told(call: Call, docs: Path) -> None:
    (docs / "Reports").mkdir()
    (docs / "Reports" / "long.pdf").write_bytes(made.pdf(*[("x" * 80 + "\n") * 60] * 3))

    told = call("read_file", path="Reports/long.pdf").content.splitlines()[-1]
    path = told.split('"')[1]

    assert path.startswith("Reports/long.pdf#page=2")
    assert call("read_file", path=path).content.startswith("PDF, 3 pages\npage 2:\n")


def test_a_broken_document_is_an_error_in_a_sentence(call: Call, docs: Path) -> None:
    (docs / "report.pdf").write_bytes(b"%PDF-1.7\nand no more")

    assert (
        call("read_file", path="report.pdf").content
        == 'error: "report.pdf" seems to be damaged and cannot be read'
    )


def test_an_attached_document_is_read_within_its_budget(docs: Path) -> None:
    (docs / "minutes.docx").write_bytes(made.long_word(50))

    text = attachment(docs / "minutes.docx", 100, Cancel()).text

    assert text.splitlines()[:2] == ["Word document, 50 paragraphs", "paragraph 1"]
    assert text.splitlines()[-1] == '(+42 more lines, from "minutes.docx#line=9")'


def test_an_attached_text_is_its_beginning(docs: Path) -> None:
    (docs / "notes.txt").write_text("Buy milk")

    assert attachment(docs / "notes.txt", 100, Cancel()).text == "Buy milk"
    assert attachment(docs / "notes.txt", 3, Cancel()).text == "Buy…"


def test_an_attachment_that_cannot_be_read_says_so(docs: Path) -> None:
    (docs / "core").write_bytes(b"\x7fELF\0\0")

    with pytest.raises(PathError, match="of a kind that cannot be read"):
        attachment(docs / "core", 100, Cancel())


def test_an_attachment_is_not_read_after_a_stop(docs: Path) -> None:
    (docs / "report.pdf").write_bytes(made.pdf("Hello"))
    cancel = Cancel()
    cancel.request()

    assert attachment(docs / "report.pdf", 100, cancel).text == ""


def test_an_attached_picture_is_a_picture_beside_its_text(docs: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (60, 100, 3), np.uint8)
    Image.fromarray(pixels).save(docs / "noise.png")

    seen = attachment(docs / "noise.png", 500, Cancel())

    assert seen.text.startswith("PNG picture, 100 x 60 pixels")
    assert seen.picture is not None
    assert (seen.picture.rgb, seen.picture.shows) == (pixels.tobytes(), "file")
    assert (seen.picture.label, seen.picture.budget) == ("noise.png:", 6)


def test_a_large_picture_is_shown_within_its_budget(docs: Path) -> None:
    Image.new("RGB", (3000, 2000), "white").save(docs / "white.jpg")
    picture = attachment(docs / "white.jpg", 500, Cancel()).picture
    assert picture is not None
    assert picture.budget == MOST_PICTURE_TOKENS
