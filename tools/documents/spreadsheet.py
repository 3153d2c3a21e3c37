"""Spreadsheets (.xlsx): values as they were last computed, and after them the formulas they came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import BinaryIO

import openpyxl
from openpyxl.workbook.workbook import Workbook

from tools.documents.formulas import from_excel
from tools.documents.parts import Document, Line
from tools.documents.position import Cells, Position
from tools.documents.table import Row, moment_text, sheet_names, sheets_asked_for, table_lines, time_text


def read(file: BinaryIO, position: Position) -> Document:
    # A read-only workbook streams its rows, and holds either the values or the formulas.
    values = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    formulas = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
    names = [sheet.title for sheet in values.worksheets]
    asked = sheets_asked_for(names, position)
    lines = _lines(values, formulas, asked, position.cells)
    return Document("spreadsheet", sheet_names(names), lines, "sheet", asked.stop)


def _lines(values: Workbook, formulas: Workbook, asked: range, cells: Cells | None) -> Iterator[Line]:
    for index in asked:
        sheet = values.worksheets[index]
        hidden = "" if sheet.sheet_state == "visible" else " (hidden)"
        yield Line(f'sheet "{sheet.title}"{hidden}:', sheet.title, index + 1, first=True)
        rows = _rows(values, formulas, index, cells)
        yield from table_lines(sheet.title, index + 1, rows, cells)


def _rows(values: Workbook, formulas: Workbook, index: int, cells: Cells | None) -> Iterator[Row]:
    first, last = (cells.first_row, cells.last_row or None) if cells else (1, None)
    rows = []
    for workbook in (values, formulas):
        sheet = workbook.worksheets[index]
        sheet.reset_dimensions()  # what a file says of its own size is often wrong
        rows.append(sheet.iter_rows(min_row=first, max_row=last, values_only=True))
    for number, (row, made_of) in enumerate(zip(*rows, strict=False), first):
        yield number, [_text(value, formula) for value, formula in zip(row, made_of, strict=False)]


def _text(value: object, formula: object) -> str:
    shown = _shown(value)
    if isinstance(formula, str) and formula.startswith("=") and formula != value:
        formula = from_excel(formula)
        return f"{shown} ({formula})" if shown else formula
    return shown


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return f"{value:.15g}"
        case datetime():
            return moment_text(value)
        case time():
            return time_text(value)
        case _:
            return str(value)
