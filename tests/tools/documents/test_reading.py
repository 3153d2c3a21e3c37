"""Documents made by real libraries, read in a real child process."""

from __future__ import annotations

import io
import shutil

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.tools.documents import made
from tests.tools.documents.conftest import Read, Troubled


def test_a_pdf_is_its_pages(read: Read) -> None:
    seen = read(made.pdf("Hello\nAda", "The end"))

    assert (seen.about, seen.text, seen.left) == (
        "PDF, 2 pages", "page 1:\nHello\nAda\npage 2:\nThe end", "",
    )  # fmt: skip


def test_reading_a_pdf_begins_at_the_page_that_is_asked_for(read: Read, trouble: Troubled) -> None:
    three = made.pdf("one", "two", "three")

    assert read(three, "page=2").text == "page 2:\ntwo\npage 3:\nthree"
    assert trouble(three, "page=4") == '"it" has no page 4: it has 3 pages'


def test_what_is_left_out_of_a_pdf_can_be_read_from_where_it_says(read: Read) -> None:
    pages = made.pdf(
        *("\n".join(f"page {page} line {line}" for line in range(1, 11)) for page in range(1, 5))
    )
    whole = read(pages).text.splitlines()

    seen, place, pieces = [], "", 0
    while pieces == 0 or place:
        part = read(pages, place, longest=160)
        again = part.text.splitlines()
        seen += again[1:] if "line=" in place else again  # the page's own line stands above each part of it
        place, pieces = part.at, pieces + 1

    assert pieces > 3
    assert seen == whole


def test_what_is_left_out_is_said(read: Read) -> None:
    pages = made.pdf("a" * 50, "b" * 50 + "\n" + "c" * 50, "d")

    assert read(pages, longest=70).told("x.pdf").splitlines()[-1] == '(+2 more pages, from "x.pdf#page=2")'
    assert (
        read(pages, longest=140).told("x.pdf").splitlines()[-1]
        == '(+the rest of page 2 and 1 more page, from "x.pdf#page=2&line=2")'
    )
    assert read(made.long_word(30), longest=50).left == "+26 more lines"


def test_a_word_document_keeps_its_headings_lists_and_tables(read: Read) -> None:
    seen = read(made.word())

    assert seen.about == "Word document, 4 paragraphs, 1 table"
    assert seen.text.splitlines() == [
        "# Minutes",
        "Present were Ada and Grace.",
        "- Order paper",
        "table 1:",
        "Who | What",
        "Ada | 报告",
        "The end.",
    ]


def test_reading_text_begins_at_the_line_that_is_asked_for(read: Read) -> None:
    assert read(made.long_word(12), "line=11").text == "paragraph 11\nparagraph 12"
    assert read(b"one\ntwo\nthree", "line=2").text == "two\nthree"


def test_a_presentation_is_its_slides_with_notes_and_tables(read: Read) -> None:
    seen = read(made.slides())

    assert seen.about == "presentation, 2 slides"
    assert seen.text.splitlines() == [
        "slide 1:", "Plans", "More tests", "Less code", "notes: Speak slowly", "slide 2:", "Numbers", "Tests | 42",
    ]  # fmt: skip
    assert read(made.slides(), "slide=2").text.startswith("slide 2:")


def test_a_spreadsheet_is_its_cells_where_they_are(read: Read) -> None:
    seen = read(made.spreadsheet())

    assert seen.about == 'spreadsheet, sheets "Prices", "My Orders"'
    assert seen.text.splitlines() == [
        'sheet "Prices":',
        "row | A | B | C | D",
        "1 | Item | Price | Since | Sold",
        "2 | Milk | 1.2 | 2026-11-21 | TRUE",
        "4 | Bread | 0.3 | 2026-11-21 14:05 | FALSE",
        "6 |  | =SUM(B2:B4)",
        'sheet "My Orders":',
        "row | A | B | C",
        "3 |  |  | far away",
    ]


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("Prices!B2:C4", ["row | B | C", "2 | 1.2 | 2026-11-21", "4 | 0.3 | 2026-11-21 14:05"]),
        ("b4", ["row | B", "4 | 0.3"]),
        ("'my orders'!C1:C", ["row | C", "3 | far away"]),
        ("My Orders", ["row | A | B | C", "3 |  |  | far away"]),
        ("Prices!X50:Z60", ["(empty)"]),
    ],
)
def test_cells_are_asked_for_as_spreadsheets_name_them(read: Read, place: str, lines: list[str]) -> None:
    assert read(made.spreadsheet(), place).text.splitlines()[1:] == lines


def test_a_computed_value_stands_before_its_formula(read: Read) -> None:
    cell = b'<c r="A1"><f>6*7</f><v>42</v></c>'
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<sheetData><row r="1">' + cell + b"</row></sheetData></worksheet>"
    )

    assert "1 | 42 (=6*7)" in read(made.rezipped(made.spreadsheet(), sheet1_xml=sheet)).text


def test_a_long_spreadsheet_goes_on_in_the_row_that_it_says(read: Read) -> None:
    book = made.long_spreadsheet(500)

    first = read(book, longest=400)
    second = read(book, first.at, longest=400)

    last_row = int(first.text.splitlines()[-1].split(" | ")[0])
    assert first.left == "+the rest of sheet 1"
    assert first.at == f"Sheet!A{last_row + 1}:C"
    assert (
        second.text.splitlines()[2]
        == f"{last_row + 1} | item {last_row + 1} | {last_row + 1} | {2 * last_row + 2}"
    )


def test_a_sheet_that_is_not_there_is_said_with_those_that_are(trouble: Troubled) -> None:
    assert (
        trouble(made.spreadsheet(), "Costs!A1")
        == '"it" has no sheet "Costs": it has sheets "Prices", "My Orders"'
    )


@pytest.mark.parametrize(
    "text", ["Item,Price\nMilk,1.20\n", "Item;Price\nMilk;1.20\n", "Item\tPrice\nMilk\t1.20\n"]
)
def test_cells_of_a_csv_are_asked_for_in_the_same_way(read: Read, text: str) -> None:
    assert read(text.encode(), "B2").text == "row | B\n2 | 1.20"


def test_a_web_page_is_what_a_person_reads_of_it(read: Read) -> None:
    page = (
        b"<!DOCTYPE html><html><head><title>Shop &amp; Co</title><style>p {}</style><script>steal()</script></head>"
        b"<body><h1>Prices</h1><p>Fresh\n <b>milk</b></p><ul><li>one<li>two</ul>"
        b"<table><tr><th>Item<th>Price<tr><td>Milk<td>1.20</table><img alt='a cow'></body></html>"
    )

    seen = read(page)

    assert seen.about == 'web page, "Shop & Co", its text without the source'
    assert seen.text.splitlines() == [
        "# Prices", "Fresh milk", "- one", "- two", "Item | Price", "Milk | 1.20", "[picture: a cow]",
    ]  # fmt: skip
    assert "steal()" in read(page, "source").text


def test_opendocument_text_is_read(read: Read) -> None:
    body = (
        "<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        "<text:h text:outline-level='2'>Minutes</text:h><text:p>One<text:tab/>two<text:span> three</text:span></text:p>"
        "<text:list><text:list-item><text:p>point</text:p></text:list-item></text:list>"
        "<table:table table:name='T'><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table></office:text>"
    )

    seen = read(made.opendocument("text", body))

    assert seen.text.splitlines() == ["## Minutes", "One two three", "- point", "a | b"]


def test_opendocument_cells_stand_where_repetition_puts_them(read: Read) -> None:
    body = (
        "<office:spreadsheet><table:table table:name='Prices'>"
        "<table:table-row table:number-rows-repeated='4'><table:table-cell/></table:table-row>"
        "<table:table-row><table:table-cell table:number-columns-repeated='2'/>"
        "<table:table-cell table:formula='of:=6*7'><text:p>42</text:p></table:table-cell></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048571'><table:table-cell/></table:table-row>"
        "</table:table></office:spreadsheet>"
    )

    seen = read(made.opendocument("spreadsheet", body))

    assert seen.text == 'sheet "Prices":\nrow | A | B | C\n5 |  |  | 42 (=6*7)'


def test_opendocument_slides_are_read(read: Read) -> None:
    body = (
        "<office:presentation><draw:page><text:p>Plans</text:p></draw:page>"
        "<draw:page><text:p>Ends</text:p></draw:page></office:presentation>"
    )

    assert read(made.opendocument("presentation", body), "slide=2").text == "slide 2:\nEnds"


def test_archives_are_listed(read: Read) -> None:
    files = {"a/notes.txt": b"hello", "b\nc.txt": b""}

    assert read(made.zipped(files)).text.splitlines() == ["a/notes.txt, 5 bytes", "b c.txt, 0 bytes"]
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        assert read(made.tarred(files, mode)).text.splitlines() == [
            "a/notes.txt, 5 bytes",
            "b c.txt, 0 bytes",
        ]


def test_a_sound_is_told_by_its_length(read: Read) -> None:
    assert read(made.sound(61.0)).about.startswith("WAV sound, 1:01 long, 8000 Hz, mono")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_picture_is_told_by_its_size(read: Read, format: str) -> None:
    assert read(made.picture(format)).about == f"{format} picture, 40 x 30 pixels"


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="text in pictures is read by tesseract")
@pytest.mark.parametrize("format", ["PNG", "PDF"])
def test_the_text_in_a_picture_and_on_a_scanned_page_is_read(read: Read, format: str) -> None:
    scan = Image.new("RGB", (800, 300), "white")
    ImageDraw.Draw(scan).text((60, 100), "Invoice 4711", fill="black", font=ImageFont.load_default(60))
    saved = io.BytesIO()
    scan.save(saved, format)

    assert read(saved.getvalue()).text.splitlines()[-1] == "Invoice 4711"


def test_what_cannot_be_seen_is_left_out_of_the_text(read: Read) -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")

    assert read(f"a{hidden}\u202eb\x07c".encode(), "line=1").text == "abc"


def test_a_scan_of_several_pages_says_how_to_have_the_others_read(read: Read) -> None:
    saved = io.BytesIO()
    page = Image.new("RGB", (200, 100), "white")
    page.save(saved, "PDF", save_all=True, append_images=[page])

    assert read(saved.getvalue()).text.splitlines()[:4] == [
        "page 1:", "(no text here)", "page 2:", '(no text here; "#page=2" looks at it as a picture)',
    ]  # fmt: skip
