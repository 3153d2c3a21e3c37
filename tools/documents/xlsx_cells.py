"""Cells of an Excel file (.xlsx, .xlsm), written into its XML; every other part is handed on as it is.

A library that reads a workbook and writes it anew loses what it does not know: pictures, charts, form controls,
conditional formats of later versions. Here only the cells that are written change, and beside them what must: the
values of formulas that are no longer right go, so that whoever opens the file computes them, and a date gets a format
that shows it as one. Elements and their order: ECMA-376, part 1, 18.3 and 18.8. Child side.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from zipfile import ZipFile

from openpyxl.formula.translate import Translator

from tools.documents import formulas
from tools.documents.cell_values import Value
from tools.documents.formulas import Area
from tools.documents.packages import Element, child, element
from tools.documents.parts import DAMAGED, Trouble
from tools.documents.position import Cells, column_letters, column_number
from tools.documents.written import Order, Written, refuse_overlap, sheet_asked_for, written_to
from tools.documents.xlsx_book import STYLES, Book, Sheet, cells_of, compute_when_opened, drop_chain, edges
from tools.documents.xlsx_styles import Styles, stored

_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def write(archive: ZipFile, order: Order) -> Written:
    """Raises Trouble when the cells cannot be written without losing something."""
    book = Book(archive)
    sheet = book.sheets[sheet_asked_for([each.name for each in book.sheets], order.sheet)]
    grid = _Grid(book, sheet)
    target = written_to(order, grid.last_filled_row)
    grid.refuse_what_would_break(target)
    checked = [
        [_checked(value, book) for value in row] for row in order.values_for(target)
    ]  # all of them before anything is changed
    grid.unshare(target)
    formulas_change = grid.has_formulas(target) or any(v.kind == "formula" for row in checked for v in row)
    for row, values in enumerate(checked, target.first_row):
        grid.put(row, target.first_column, values)
    grid.finish(target)
    outdated = _forget_outdated(book, Area(sheet.name.casefold(), *edges(target)))
    book.keep(sheet.part)
    if formulas_change:
        drop_chain(book)
    if formulas_change or outdated:
        compute_when_opened(book)
    return Written(book.bytes(), sheet.name, target, outdated)


def _checked(value: Value, book: Book) -> Value:
    if value.kind != "formula":
        return value
    return Value(
        kind="formula", text=formulas.checked(value.text, [sheet.name for sheet in book.sheets], book.names)
    )


class _Grid:
    """The rows and cells of one sheet. A file may leave out their addresses; here all of them have one."""

    def __init__(self, book: Book, sheet: Sheet) -> None:
        self._book, self._sheet, self._n = book, sheet, book.namespace
        self._root = book.tree(sheet.part)
        data = self._root.find(f"{self._n}sheetData")
        if data is None:
            raise Trouble(DAMAGED)
        self._data = data
        self._rows = _addressed(data, self._n)
        self._numbers = list(self._rows)
        styles = book.tree(STYLES) if book.has(STYLES) else None
        self._styles = Styles(styles) if styles is not None else None

    @property
    def last_filled_row(self) -> int:
        filled = (
            number for number in reversed(self._numbers) if any(len(cell) for cell in self._rows[number])
        )
        return next(filled, 0)

    def refuse_what_would_break(self, target: Cells) -> None:
        if self._root.find(f"{self._n}sheetProtection") is not None:
            raise Trouble(
                f'has its sheet "{self._sheet.name}" protected; unprotect it in its application first'
            )
        for merged in self._root.iter(f"{self._n}mergeCell"):
            area = cells_of(merged.get("ref", ""))
            if area:
                corner = (area.first_row, area.first_column)
                refuse_overlap(target, area, "merged cells", but=corner)
        for formula in self._root.iter(f"{self._n}f"):
            area = cells_of(formula.get("ref", "")) if formula.get("t") in ("array", "dataTable") else None
            if area and area != target:
                single = (area.first_row, area.first_column) == (area.last_row, area.last_column)
                refuse_overlap(
                    target,
                    area,
                    "one formula for several cells",
                    but=(area.first_row, area.first_column) if single else None,
                )
        for kind, table in self._book.links(self._sheet.part).values():
            if kind in ("table", "pivotTable") and self._book.has(table):
                self._refuse_table(kind, self._book.tree(table), target)

    def _refuse_table(self, kind: str, table: Element, target: Cells) -> None:
        if kind == "pivotTable":
            location = table.find(f"{self._n}location")
            area = cells_of(location.get("ref", "")) if location is not None else None
            if area:
                refuse_overlap(target, area, "a pivot table")
            return
        area = cells_of(table.get("ref", ""))
        if area and table.get("headerRowCount") != "0":
            heading = Cells(area.first_column, area.first_row, area.last_column, area.first_row)
            refuse_overlap(target, heading, f'the headings of the table "{table.get("displayName", "")}"')

    def has_formulas(self, target: Cells) -> bool:
        return any(cell.find(f"{self._n}f") is not None for cell in self._cells_in(target))

    def unshare(self, target: Cells) -> None:
        """Give every cell that has its formula from a cell of ``target`` one of its own."""
        sources: dict[str, tuple[str, str]] = {}
        for cell in self._cells_in(target):
            formula = cell.find(f"{self._n}f")
            if formula is not None and formula.get("t") == "shared" and formula.text:
                sources[formula.get("si", "")] = (formula.text, cell.get("r", ""))
        if not sources:
            return
        for formula in self._data.iter(f"{self._n}f"):
            if formula.get("t") == "shared" and formula.get("si") in sources:
                text, origin = sources[formula.get("si", "")]
                at = _cell_around(formula, self._n).get("r", "")
                formula.text = Translator("=" + text, origin).translate_formula(at)[1:]
                for name in ("t", "si", "ref"):
                    formula.attrib.pop(name, None)

    def put(self, number: int, first_column: int, values: list[Value]) -> None:
        row = self._row(number)
        row.attrib.pop("spans", None)
        cells = {_column(cell): cell for cell in _cells_of_row(row, self._n)}
        for column, value in enumerate(values, first_column):
            cell = cells.get(column)
            if cell is None:
                if value.kind == "empty":
                    continue
                cell = element(f"{self._n}c", {"r": f"{column_letters(column)}{number}"})
                style = (
                    row.get("s") if row.get("customFormat") in ("1", "true") else self._column_style(column)
                )
                if style:
                    cell.set("s", style)
                row.insert(sum(other < column for other in cells), cell)
                cells[column] = cell
            self._fill(cell, value)

    def finish(self, target: Cells) -> None:
        """What the sheet says of its own size."""
        dimension = self._root.find(f"{self._n}dimension")
        area = cells_of(dimension.get("ref", "")) if dimension is not None else None
        if dimension is not None and area:
            ends = max(area.last_column, target.last_column), max(area.last_row, target.last_row)
            starts = min(area.first_column, target.first_column), min(area.first_row, target.first_row)
            first, last = (f"{column_letters(column)}{row}" for column, row in (starts, ends))
            dimension.set("ref", f"{first}:{last}")

    def _fill(self, cell: Element, value: Value) -> None:
        for each in list(cell):
            cell.remove(each)
        for name in ("t", "cm", "vm", "ph"):
            cell.attrib.pop(name, None)
        cell.text = None
        if self._styles is not None and self._styles.suit(cell, value):
            self._book.keep(STYLES)
        match value.kind:
            case "empty":
                pass
            case "text":
                cell.set("t", "inlineStr")
                inline = child(child(cell, f"{self._n}is"), f"{self._n}t", value.text)
                inline.set(_XML_SPACE, "preserve")
            case "formula":
                child(cell, f"{self._n}f", formulas.in_excel(value.text))
            case _:
                if value.kind == "truth":
                    cell.set("t", "b")
                child(cell, f"{self._n}v", stored(value, self._book.day_zero))

    def _row(self, number: int) -> Element:
        if number not in self._rows:
            row = element(f"{self._n}row", {"r": str(number)})
            after = bisect_left(self._numbers, number)
            if after == len(self._numbers):
                self._data.append(row)
            else:
                self._rows[self._numbers[after]].addprevious(row)
            insort(self._numbers, number)
            self._rows[number] = row
        return self._rows[number]

    def _cells_in(self, target: Cells) -> Iterator[Element]:
        for number in range(target.first_row, target.last_row + 1):
            row = self._rows.get(number)
            for cell in _cells_of_row(row, self._n) if row is not None else ():
                if target.first_column <= _column(cell) <= target.last_column:
                    yield cell

    def _column_style(self, column: int) -> str | None:
        for columns in self._root.iter(f"{self._n}col"):
            if int(columns.get("min", "0")) <= column <= int(columns.get("max", "0")):
                return columns.get("style")
        return None


def _forget_outdated(book: Book, changed: Area) -> int:
    """Take away the values of formulas that depend on what was ``changed``; how many there are."""
    cells: list[tuple[Element, str]] = []
    known: list[tuple[Area, tuple[Area, ...] | None]] = []
    for sheet in book.sheets:
        masters: dict[str, tuple[str, str]] = {}
        for formula in book.tree(sheet.part).iter(f"{book.namespace}f"):
            cell = _cell_around(formula, book.namespace)
            at = cell.get("r", "")
            here = cells_of(at)
            if here is None:
                raise Trouble(DAMAGED)
            cells.append((cell, sheet.part))
            text = _own_formula(formula, at, masters)
            refers = formulas.areas("=" + text, sheet.name) if text else None
            known.append((Area(sheet.name.casefold(), *edges(here)), refers))
    outdated = formulas.stale(known, [changed])
    for index in outdated:
        cell, name = cells[index]
        for value in cell.findall(f"{book.namespace}v"):
            cell.remove(value)
        cell.attrib.pop("t", None)
        book.keep(name)
    return sum(not known[index][0].meets(changed) for index in outdated)


def _cell_around(formula: Element, namespace: str) -> Element:
    """The cell of a formula, with its address."""
    cell = formula.getparent()
    row = cell.getparent() if cell is not None else None
    if cell is None or row is None:
        raise Trouble(DAMAGED)
    if not cell.get("r"):
        data = row.getparent()
        if data is not None and not row.get("r"):
            _addressed(data, namespace)
        _cells_of_row(row, namespace)
    return cell


def _own_formula(formula: Element, at: str, masters: dict[str, tuple[str, str]]) -> str:
    if formula.get("t") in ("array", "dataTable"):
        return ""
    if formula.get("t") != "shared":
        return formula.text or ""
    id = formula.get("si", "")
    if formula.text:
        masters[id] = (formula.text, at)
        return formula.text
    if id not in masters:
        return ""
    text, origin = masters[id]
    return Translator("=" + text, origin).translate_formula(at)[1:]


def _addressed(data: Element, namespace: str) -> dict[int, Element]:
    """The rows by number. Raises Trouble when they are not in their order."""
    rows: dict[int, Element] = {}
    last = 0
    for row in data.iterchildren(f"{namespace}row"):
        number = int(row.get("r") or last + 1)
        if number <= last:
            raise Trouble(DAMAGED)
        last = number
        row.set("r", str(number))
        rows[number] = row
    return rows


def _cells_of_row(row: Element, namespace: str) -> list[Element]:
    """The cells of a row, each with its address. Raises Trouble when they are not in their order."""
    cells = list(row.iterchildren(f"{namespace}c"))
    last = 0
    for cell in cells:
        column = _column(cell) if cell.get("r") else last + 1
        if column <= last:
            raise Trouble(DAMAGED)
        last = column
        cell.set("r", f"{column_letters(column)}{row.get('r')}")
    return cells


def _column(cell: Element) -> int:
    letters = cell.get("r", "").replace("$", "").rstrip("0123456789")
    if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
        raise Trouble(DAMAGED)
    return column_number(letters)
