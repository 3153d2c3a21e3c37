"""Cells written into real files, and read with the reader of documents."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.drawing.image import Image as Drawing
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from tests.tools.documents import made
from tools.documents import csv_cells, new_books, ods_cells, opendocument, plain, spreadsheet, xlsx_cells
from tools.documents.cell_values import Format, block_of
from tools.documents.parts import Trouble
from tools.documents.position import column_letters, parse
from tools.documents.table import table_lines
from tools.documents.written import Order, Written, address

NEW: Mapping[Format, bytes] = {
    "xlsx": new_books.workbook("Prices"),
    "ods": new_books.spreadsheet("Prices"),
    "csv": b"",
}
CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Cn")), max_size=12) | st.sampled_from(
    ["", "5", "-1.50", "1e20", "15%", "007", "2026-11-21", "2026-11-21 14:05", "14:05", "true", "=1+2", "'=1", "a;b",
     'a"b', "a,b", " x ", "_x0041_", "<&>", "中文", "٣"]
)  # fmt: skip
BLOCKS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=4)
)


def written(data: bytes, format: Format, place: str, values: str) -> Written:
    where = parse(place)
    cells = where.cells
    edges = (cells.first_column, cells.first_row, cells.last_column, cells.last_row) if cells else None
    order = Order(format=format, rows=block_of(values, format), sheet=where.sheet, place=edges)
    if format == "csv":
        return csv_cells.write(io.BytesIO(data), order)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return (xlsx_cells if format == "xlsx" else ods_cells).write(archive, order)


def lines(data: bytes, format: Format, place: str = "") -> list[str]:
    read = {"xlsx": spreadsheet.read, "ods": opendocument.read, "csv": plain.read}[format]
    found = [line.text for line in read(io.BytesIO(data), parse(place)).lines]
    return found if format == "csv" else found[1:]


def grid(data: bytes, format: Format, place: str = "") -> dict[str, list[str]]:
    """Row numbers and what stands in them, without the line of letters."""
    return {line.split(" | ")[0]: line.split(" | ")[1:] for line in lines(data, format, place)[1:]}


def saved(change: Callable[[openpyxl.Workbook], object]) -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Prices"
    for row in (["Item", "Price"], ["Milk", 1], ["Bread", 2]):
        book.worksheets[0].append(row)
    change(book)
    return made.saved_by(book)


@pytest.mark.parametrize("format", NEW)
@settings(max_examples=60, deadline=None)
@given(block=BLOCKS, column=st.integers(1, 30), row=st.integers(1, 40))
def test_any_block_written_to_a_new_file_reads_back_the_same(
    format: Format, block: list[list[str]], column: int, row: int
) -> None:
    values = "\n".join(
        "\t".join([*cells, ""]) for cells in block
    )  # the tab at the end makes every line one of cells
    place = f"{column_letters(column)}{row}"
    rows = block_of(values, format)

    change = written(NEW[format], format, place, values)

    before = [""] * (column - 1)
    shown = ([*before, *(value.shown(format) for value in cells)] for cells in rows)
    expected = [line.text for line in table_lines("", 1, enumerate(shown, row), change.target)]
    assert lines(change.data, format, place_of(change)) == expected


def place_of(change: Written) -> str:
    return address(change.target, change.sheet)


@settings(max_examples=60, deadline=None)
@given(
    old=st.dictionaries(st.tuples(st.integers(1, 9), st.integers(1, 9)), st.integers(0, 99), max_size=20),
    column=st.integers(1, 9),
    row=st.integers(1, 9),
    block=st.lists(st.lists(st.integers(100, 200), min_size=2, max_size=2), min_size=1, max_size=3),
    format=st.sampled_from(["xlsx", "ods", "csv"]),
)
def test_every_other_cell_stays_as_it_is(
    old: dict[tuple[int, int], int], column: int, row: int, block: list[list[int]], format: Format
) -> None:
    data = NEW[format]
    for (down, across), number in old.items():
        data = written(data, format, f"{'ABCDEFGHI'[across - 1]}{down}", str(number)).data

    text = "\n".join("|".join(map(str, cells)) for cells in block)
    new = written(data, format, f"{'ABCDEFGHI'[column - 1]}{row}", text).data

    expected = {place: str(number) for place, number in old.items()}
    expected |= {
        (row + down, column + across): str(number)
        for down, cells in enumerate(block)
        for across, number in enumerate(cells)
    }
    found = {
        (int(number), across): text
        for number, cells in grid(new, format, "A1:Z").items()
        for across, text in enumerate(cells, 1)
        if text
    }
    assert found == expected


def with_everything(book: openpyxl.Workbook) -> None:
    sheet = book.worksheets[0]
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "E2")
    sheet.add_image(Drawing(io.BytesIO(made.picture())), "H2")
    sheet["A2"].font = Font(bold=True, color="FF0000")
    sheet["B2"].number_format = "0.00 €"
    sheet.column_dimensions["A"].width = 40
    sheet.conditional_formatting.add("B2:B3", CellIsRule("greaterThan", ["1"]))
    book.create_sheet("Other")["A1"] = "untouched"


def test_pictures_charts_macros_and_formats_are_kept_byte_for_byte() -> None:
    data = made.rezipped(saved(with_everything))
    packed = io.BytesIO(data)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macros")
        archive.writestr("xl/slicers/slicer1.xml", b"<slicer/>")
    before = parts(packed.getvalue())

    change = written(packed.getvalue(), "xlsx", "Prices!A2:B2", "Tea | 3")

    after = parts(change.data)
    differ = {name for name in before | after if before.get(name) != after.get(name)}
    assert differ == {"xl/worksheets/sheet1.xml"}
    sheet = openpyxl.load_workbook(io.BytesIO(change.data))["Prices"]
    assert (sheet["A2"].value, sheet["B2"].value) == ("Tea", 3)
    assert (sheet["A2"].font.bold, sheet["B2"].number_format) == (True, "0.00 €")
    assert sheet.column_dimensions["A"].width == 40


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_values_that_are_no_longer_right_go_and_others_stay() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f>A1*2</f><v>2</v></c><c r="C1"><f>B1+1</f><v>3</v></c>'
        b'<c r="D1"><f>Z9</f><v>0</v></c><c r="E1"><f>OFFSET(Z9,0,0)</f><v>0</v></c></row></sheetData></worksheet>'
    )

    change = written(made.rezipped(made.spreadsheet(), sheet1_xml=sheet), "xlsx", "Prices!A1", "5")

    assert change.outdated == 3
    assert grid(change.data, "xlsx", "Prices")["1"] == ["5", "=A1*2", "=B1+1", "0 (=Z9)", "=OFFSET(Z9,0,0)"]
    assert openpyxl.load_workbook(io.BytesIO(change.data)).calculation.fullCalcOnLoad


def test_a_formula_that_others_share_is_handed_on_to_them() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>2</v></c></row>'
        b'<row r="2"><c r="B2"><f t="shared" si="0"/><v>4</v></c></row>'
        b'<row r="3"><c r="B3"><f t="shared" si="0"/><v>6</v></c></row></sheetData></worksheet>'
    )

    change = written(made.rezipped(made.spreadsheet(), sheet1_xml=sheet), "xlsx", "Prices!B1", "7")

    assert [cells[1] for cells in grid(change.data, "xlsx", "Prices").values()] == [
        "7",
        "4 (=A2*2)",
        "6 (=A3*2)",
    ]


def protect(book: openpyxl.Workbook) -> None:
    book.worksheets[0].protection.sheet = True


def array(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["B2"] = ArrayFormula("B2:B3", "=A2:A3")


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (protect, 'has its sheet "Prices" protected'),
        (array, "has one formula for several cells at B2:B3"),
        (lambda book: book.worksheets[0].merge_cells("A3:C3"), "has merged cells at A3:C3"),
        (
            lambda book: book.worksheets[0].add_table(Table(displayName="T", ref="A1:B3")),
            "has the headings of the table",
        ),
    ],
)
def test_what_would_break_is_refused(prepare: Callable[[openpyxl.Workbook], object], why: str) -> None:
    with pytest.raises(Trouble, match=why):
        written(saved(prepare), "xlsx", "A1:C3", "x")


def test_a_signed_file_is_refused() -> None:
    signed = io.BytesIO(made.spreadsheet())
    with zipfile.ZipFile(signed, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", b"<a/>")

    with pytest.raises(Trouble, match="signed"):
        written(signed.getvalue(), "xlsx", "A1", "x")


REPEATED = (
    '<office:spreadsheet><table:table table:name="T"><table:table-column table:number-columns-repeated="9"/>'
    '<table:table-row table:number-rows-repeated="3"><table:table-cell office:value-type="string" '
    'table:number-columns-repeated="4"><text:p>x</text:p></table:table-cell></table:table-row>'
    '<table:table-row table:number-rows-repeated="1048573"><table:table-cell '
    'table:number-columns-repeated="16384"/></table:table-row></table:table></office:spreadsheet>'
)


def test_rows_and_cells_that_repeat_are_taken_apart() -> None:
    change = written(made.opendocument("spreadsheet", REPEATED), "ods", "T!B2", "here")

    assert grid(change.data, "ods") == {"1": ["x"] * 4, "2": ["x", "here", "x", "x"], "3": ["x"] * 4}


def test_rows_are_added_below_the_last_one_without_a_place() -> None:
    change = written(made.opendocument("spreadsheet", REPEATED), "ods", "T", "a | b\nc | d")

    assert (address(change.target), grid(change.data, "ods")["5"]) == ("A4:B5", ["c", "d"])
    assert address(written(made.spreadsheet(), "xlsx", "Prices", "a").target) == "A7"


def test_a_table_of_text_keeps_its_rows_byte_for_byte() -> None:
    data = 'Name;"Said, once"\r\n"Ada";  1,5\r\n\r\nGrace;"two\r\nlines"'.encode("utf-8-sig")

    change = written(data, "csv", "B2:C2", "2;5 | ü")

    assert change.data == 'Name;"Said, once"\r\nAda;"2;5";ü\r\n\r\nGrace;"two\r\nlines"'.encode("utf-8-sig")


def test_a_sign_that_an_old_code_lacks_is_refused() -> None:
    with pytest.raises(Trouble, match='no "中"'):
        written("a,b\nä,ö\n".encode("cp1252"), "csv", "A1", "中")


@pytest.mark.parametrize("format", ["xlsx", "ods"])
@pytest.mark.parametrize(
    "formula",
    ['=WEBSERVICE("http://x")', "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")', "=[1]Sheet!A1", "='file:///x'#A1",
     '=INDIRECT("a")', "=Other!A1", "=foo*2", "=SUM(A1", "=)", "=SUMME(A1)", "=A1#", "=XFE1", "=A1048577",
     "='[b.xlsx]Prices'!A1", '=RTD("a")', "=@A1", "=DDE(1,2,3)", "=SUM(A1:INDEX(B:B,2))"],
)  # fmt: skip
def test_formulas_that_reach_out_or_are_not_known_are_refused(format: Format, formula: str) -> None:
    with pytest.raises(Trouble):
        written(NEW[format], format, "B2", formula)


@pytest.mark.parametrize("format", ["xlsx", "ods"])
@pytest.mark.parametrize(
    "formula",
    ["=SUM(B2:B4,$C$1)*-1", '=IF(Prices!A1>1,"a;b","c")', "=TEXTJOIN(A1,B1)", "=A:A", "=1:1", "='Prices'!$A1%",
     "=AVERAGE(A1:B2)/COUNTA(A1:A9)", "=CEILING(A1,2)", '=CONCAT("[.A1]",A2)'],
)  # fmt: skip
def test_formulas_are_read_as_they_were_written(format: Format, formula: str) -> None:
    change = written(NEW[format], format, "D9", formula)

    assert grid(change.data, format)["9"][-1] == formula


@given(st.text(max_size=30), st.text(alphabet="AB12$!':()=,;\"[]{}#|.", max_size=20))
def test_no_formula_ends_in_a_crash(text: str, made_of_signs: str) -> None:
    for formula in ("=" + text, "=" + made_of_signs):
        try:
            change = written(NEW["xlsx"], "xlsx", "B2", formula)
        except Trouble:
            continue
        assert change.data.startswith(b"PK")
