"""Cells of an OpenDocument spreadsheet (.ods), written into its ``content.xml``; all other parts are handed on as they
are.

Rows and cells that repeat are taken apart where a cell of theirs is written. The values of formulas that are no longer
right go, so that whoever opens the file computes them. Elements: OpenDocument 1.3, part 3, 9. Child side.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from itertools import pairwise
from zipfile import ZipFile

from tools.documents import formulas
from tools.documents.cell_values import Value
from tools.documents.formulas import Area
from tools.documents.ods_styles import Styles
from tools.documents.packages import Element, child, element, parsed, replaced, serialised, twin
from tools.documents.parts import DAMAGED, PASSWORD, Trouble
from tools.documents.position import Cells
from tools.documents.written import Order, Written, refuse_overlap, sheet_asked_for, written_to

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT = f"{_OASIS}table:1.0}}", f"{_OASIS}office:1.0}}", f"{_OASIS}text:1.0}}"
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
_OPEN_FORMULA = "urn:oasis:names:tc:opendocument:xmlns:of:1.2"
_CONTENT = "content.xml"
_ROW, _CELL, _COVERED = f"{_TABLE}table-row", f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"
_ROWS_REPEATED, _COLUMNS_REPEATED = f"{_TABLE}number-rows-repeated", f"{_TABLE}number-columns-repeated"
_FORMULA, _DEFAULT_STYLE = f"{_TABLE}formula", f"{_TABLE}default-cell-style-name"
_ROW_GROUPS = tuple(f"{_TABLE}{name}" for name in ("table-header-rows", "table-row-group", "table-rows"))
_MOST_REPEATED = 1 << 24


def write(archive: ZipFile, order: Order) -> Written:
    """Raises Trouble when the cells cannot be written without losing something."""
    names = archive.namelist()
    if "META-INF/documentsignatures.xml" in names:
        raise Trouble("is signed; a change would break the signature, so make it in its application")
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise Trouble(PASSWORD)
    root = parsed(archive, _CONTENT)
    book = root.find(f"{_OFFICE}body/{_OFFICE}spreadsheet")
    if book is None:
        raise Trouble("is no spreadsheet")
    sheets = [_Sheet(table) for table in book.iterchildren(f"{_TABLE}table")]
    sheet = sheets[sheet_asked_for([each.name for each in sheets], order.sheet)]
    target = written_to(order, sheet.last_filled_row)
    sheet.refuse_what_would_break(target)
    ranges = [each.get(f"{_TABLE}name", "") for each in book.iter(f"{_TABLE}named-range")]
    checked = [
        [_checked(value, sheets, ranges) for value in row] for row in order.values_for(target)
    ]  # all of them before anything is changed
    styles = Styles(root)
    for row, values in enumerate(checked, target.first_row):
        sheet.put(row, target.first_column, values, styles)
    outdated = _forget_outdated(sheets, Area(sheet.name.casefold(), *_edges(target)))
    return Written(replaced(archive, {_CONTENT: serialised(root)}), sheet.name, target, outdated)


def _checked(value: Value, sheets: list[_Sheet], ranges: list[str]) -> Value:
    if value.kind != "formula":
        return value
    return Value(kind="formula", text=formulas.checked(value.text, [sheet.name for sheet in sheets], ranges))


class _Sheet:
    """One table. Rows and cells are found by number, whether they repeat or not."""

    def __init__(self, table: Element) -> None:
        self._table = table
        self.name = table.get(f"{_TABLE}name", "")
        self._rows = list(_rows_below(table))
        self._starts: list[int] = []
        """The number of the first row that each element stands for."""
        self._end = 1
        for row in self._rows:
            self._starts.append(self._end)
            self._end += _repeated(row, _ROWS_REPEATED)

    @property
    def last_filled_row(self) -> int:
        for start, row in zip(reversed(self._starts), reversed(self._rows), strict=True):
            if any(_holds_something(cell) for cell in row.iterchildren(_CELL)):
                return start + _repeated(row, _ROWS_REPEATED) - 1
        return 0

    def formulas(self) -> Iterator[tuple[Cells, Element]]:
        """Every formula and where it stands; one that repeats covers several cells."""
        found = self._table.xpath(".//*[@table:formula]", namespaces={"table": _TABLE[1:-1]})
        yield from self._placed(cell for cell in found if cell.tag in (_CELL, _COVERED))

    def _placed(self, cells: Iterable[Element]) -> Iterator[tuple[Cells, Element]]:
        """Each of ``cells`` with the place that it has, or the places if it repeats."""
        starts = dict(zip(self._rows, self._starts, strict=True))
        for cell in cells:
            row = cell.getparent()
            if row not in starts:
                continue  # a table in a cell
            start, below = starts[row], starts[row] + _repeated(row, _ROWS_REPEATED) - 1
            column = next(column for column, each in _cells(row) if each is cell)
            yield Cells(column, start, column + _repeated(cell, _COLUMNS_REPEATED) - 1, below), cell

    def refuse_what_would_break(self, target: Cells) -> None:
        if self._table.get(f"{_TABLE}protected") == "true":
            raise Trouble(f'has its sheet "{self.name}" protected; unprotect it in its application first')
        for cells, cell in self.formulas():
            wide, high = (
                int(cell.get(f"{_TABLE}number-matrix-{side}-spanned", "1")) for side in ("columns", "rows")
            )
            right, below = cells.first_column + wide - 1, cells.first_row + high - 1
            area = Cells(cells.first_column, cells.first_row, right, below)
            if wide * high > 1 and area != target:
                refuse_overlap(target, area, "one formula for several cells")
        for area, _ in self._placed(self._table.iter(_COVERED)):
            refuse_overlap(target, area, "merged cells")

    def put(self, number: int, first_column: int, values: list[Value], styles: Styles) -> None:
        if number >= self._end and all(value.kind == "empty" for value in values):
            return
        row = self._row(number)
        for column, value in enumerate(values, first_column):
            cell = _cell(row, column, value.kind != "empty")
            if cell is not None:
                styles.suit(cell, value, row.get(_DEFAULT_STYLE) or self._column_style(column))
                _fill(cell, value)

    def _column_style(self, column: int) -> str:
        last = 0
        for columns in self._table.iter(f"{_TABLE}table-column"):
            last += _repeated(columns, _COLUMNS_REPEATED)
            if column <= last:
                return columns.get(_DEFAULT_STYLE, "")
        return ""

    def _row(self, number: int) -> Element:
        """The element of that row alone."""
        if number >= self._end:
            return self._appended(number)
        index = bisect_right(self._starts, number) - 1
        start, row = self._starts[index], self._rows[index]
        parts = _taken_apart(row, number - start, _ROWS_REPEATED)
        self._rows[index : index + 1] = parts
        at = start
        starts = []
        for part in parts:
            starts.append(at)
            at += _repeated(part, _ROWS_REPEATED)
        self._starts[index : index + 1] = starts
        return parts[starts.index(number)]

    def _appended(self, number: int) -> Element:
        if number > self._end:
            gap = element(_ROW)
            child(gap, _CELL)
            self._append(gap, number - self._end)
        row = element(_ROW)
        child(row, _CELL)
        self._append(row, 1)
        return row

    def _append(self, row: Element, repeated: int) -> None:
        _repeat(row, repeated, _ROWS_REPEATED)
        children = list(self._table)
        rows = (_ROW, *_ROW_GROUPS)
        after = [each for each in children if each.tag in (*rows, *_COLUMNS)]
        if after:
            after[-1].addnext(row)
        else:
            self._table.append(row)
        self._rows.append(row)
        self._starts.append(self._end)
        self._end += repeated


_COLUMNS = tuple(
    f"{_TABLE}{name}"
    for name in ("table-column", "table-columns", "table-header-columns", "table-column-group")
)


def _rows_below(parent: Element) -> Iterator[Element]:
    for each in parent.iterchildren(_ROW, *_ROW_GROUPS):
        if each.tag == _ROW:
            yield each
        else:
            yield from _rows_below(each)


def _cells(row: Element) -> Iterator[tuple[int, Element]]:
    column = 1
    for cell in row.iterchildren(_CELL, _COVERED):
        yield column, cell
        column += _repeated(cell, _COLUMNS_REPEATED)


def _cell(row: Element, column: int, needed: bool) -> Element | None:
    """The element of that cell alone; None when there is none and it is not ``needed``."""
    end = 1
    for start, cell in list(_cells(row)):
        end = start + _repeated(cell, _COLUMNS_REPEATED)
        if column < end:
            parts = _taken_apart(cell, column - start, _COLUMNS_REPEATED)
            return parts[min(1, column - start)]
    if not needed:
        return None
    if column > end:
        _repeat(child(row, _CELL), column - end, _COLUMNS_REPEATED)
    return child(row, _CELL)


def _taken_apart(original: Element, index: int, attribute: str) -> list[Element]:
    """``original`` as up to three elements: what repeats before the one at ``index``, that one, what repeats after."""
    count = _repeated(original, attribute)
    parts = [original]
    for before in (index, index + 1):
        if 0 < before < count:
            rest = twin(original)
            parts[-1].addnext(rest)
            parts.append(rest)
    bounds = sorted({0, index, index + 1, count} & set(range(count + 1)))
    for part, (start, end) in zip(parts, pairwise(bounds), strict=True):
        _repeat(part, end - start, attribute)
    return parts


def _fill(cell: Element, value: Value) -> None:
    _empty(cell)
    cell.attrib.pop(_FORMULA, None)
    for name in ("number-matrix-columns-spanned", "number-matrix-rows-spanned"):
        cell.attrib.pop(_TABLE + name, None)
    match value.kind:
        case "empty":
            return
        case "formula":
            known = _OPEN_FORMULA in cell.nsmap.values()
            cell.set(_FORMULA, "of:" * known + formulas.in_opendocument(value.text))
            return
        case "text":
            kind, attributes = "string", {}
        case "number":
            kind, attributes = "float", {"value": value.text}
        case "percent":
            kind, attributes = "percentage", {"value": value.text}
        case "truth":
            kind, attributes = "boolean", {"boolean-value": value.text.casefold()}
        case "date" | "moment":
            kind, attributes = "date", {"date-value": _moment(value.text)}
        case "time":
            clock = time.fromisoformat(value.text)
            kind, attributes = "time", {"time-value": f"{clock:PT%HH%MM%SS}"}
    for name, text in ({"value-type": kind} | attributes).items():
        cell.set(_OFFICE + name, text)
    if _CALC in cell.nsmap.values():
        cell.set(f"{{{_CALC}}}value-type", kind)
    paragraph = element(f"{_TEXT}p")
    paragraph.text = value.shown("ods")
    cell.insert(0, paragraph)


def _moment(text: str) -> str:
    """As office:date-value has it: a time of day with its seconds."""
    return datetime.fromisoformat(text).isoformat() if " " in text else text


def _empty(cell: Element) -> None:
    """Take away the value; comments and pictures stay."""
    for each in [each for each in cell if isinstance(each.tag, str) and each.tag.startswith(_TEXT)]:
        cell.remove(each)
    for name in [name for name in cell.attrib if name.startswith((_OFFICE, f"{{{_CALC}}}"))]:
        cell.attrib.pop(name)


def _forget_outdated(sheets: list[_Sheet], changed: Area) -> int:
    """Take away the values of formulas that depend on what was ``changed``; how many there are."""
    cells: list[Element] = []
    known: list[tuple[Area, tuple[Area, ...] | None]] = []
    for sheet in sheets:
        for where, cell in sheet.formulas():
            text = formulas.from_opendocument(cell.get(_FORMULA, "").partition("=")[2])
            spanned = cell.get(f"{_TABLE}number-matrix-columns-spanned")
            refers = None if spanned else formulas.areas("=" + text, sheet.name)
            cells.append(cell)
            known.append((Area(sheet.name.casefold(), *_edges(where)), refers))
    outdated = formulas.stale(known, [changed])
    for index in outdated:
        _empty(cells[index])
    return sum(not known[index][0].meets(changed) for index in outdated)


def _holds_something(cell: Element) -> bool:
    return bool(cell.get(f"{_OFFICE}value-type") or cell.get(_FORMULA))


def _repeated(part: Element, attribute: str) -> int:
    text = part.get(attribute, "1")
    if not text.isdecimal() or not 0 < int(text) <= _MOST_REPEATED:
        raise Trouble(DAMAGED)
    return int(text)


def _repeat(part: Element, times: int, attribute: str) -> None:
    part.attrib.pop(attribute, None)
    if times > 1:
        part.set(attribute, str(times))


def _edges(cells: Cells) -> tuple[int, int, int, int]:
    return cells.first_column, cells.first_row, cells.last_column, cells.last_row
