"""Formats of an OpenDocument spreadsheet's cells: one that shows a value as what it is, otherwise like the one the cell
had (OpenDocument 1.3, part 3, 16.29). Child side."""

from __future__ import annotations

from tools.documents.cell_values import Kind, Value
from tools.documents.packages import Element, child, element, twin

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
_STYLE, _NUMBER = f"{_OASIS}style:1.0}}", f"{_OASIS}datastyle:1.0}}"
_TABLE, _OFFICE = f"{_OASIS}table:1.0}}", f"{_OASIS}office:1.0}}"
_NAME, _OF_CELL, _OF_DATA = f"{_STYLE}name", f"{_TABLE}style-name", f"{_STYLE}data-style-name"
_DATE = ("year", "-", "month", "-", "day")
_CLOCK = ("hours", ":", "minutes")
_PARTS: dict[Kind, tuple[str, tuple[str, ...]]] = {
    "date": ("date-style", _DATE),
    "moment": ("date-style", (*_DATE, " ", *_CLOCK)),
    "time": ("time-style", _CLOCK),
    "percent": ("percentage-style", ("number", "%")),
    "truth": ("boolean-style", ("boolean",)),
    "number": ("number-style", ("number",)),
}
_PLAIN = frozenset(("number-style", "currency-style", "percentage-style", "text-style", ""))
"""What shows a number well enough; it need not be given another format."""
_SHOWN = frozenset(("year", "month", "day", "hours", "minutes", "number", "boolean"))


class Styles:
    """The automatic styles of ``content.xml``."""

    def __init__(self, root: Element) -> None:
        found = root.find(f"{_OFFICE}automatic-styles")
        if found is None:
            found = element(f"{_OFFICE}automatic-styles")
            root.insert(_index_of_body(root), found)
        self._root = found
        self._made: dict[tuple[str, Kind], str] = {}

    def suit(self, cell: Element, value: Value, inherited: str) -> None:
        """Give ``cell`` a style that shows ``value``. ``inherited`` is the style it has from its row or column."""
        had = cell.get(_OF_CELL) or inherited
        style = self._named(f"{_STYLE}style", had)
        data = self._named(None, style.get(_OF_DATA, "")) if style is not None else None
        if value.kind not in _PARTS or _suits(data, value.kind):
            return
        if (had, value.kind) not in self._made:
            self._made[had, value.kind] = self._make(style, had, value.kind)
        cell.set(_OF_CELL, self._made[had, value.kind])

    def _make(self, style: Element | None, had: str, kind: Kind) -> str:
        tag, parts = _PARTS[kind]
        data = child(self._root, f"{_NUMBER}{tag}")
        data.set(_NAME, self._free("number"))
        for part in parts:
            shown = child(data, f"{_NUMBER}{part if part in _SHOWN else 'text'}")
            if part not in _SHOWN:
                shown.text = part
            elif part == "number":
                shown.set(f"{_NUMBER}min-integer-digits", "1")
            elif part != "boolean":
                shown.set(f"{_NUMBER}style", "long")
        made = (
            twin(style) if style is not None else element(f"{_STYLE}style", {f"{_STYLE}family": "table-cell"})
        )
        if style is None and had:
            made.set(f"{_STYLE}parent-style-name", had)  # one of those that have a name in the application
        made.set(_NAME, self._free("cell"))
        made.set(_OF_DATA, data.get(_NAME, ""))
        self._root.append(made)
        return made.get(_NAME, "")

    def _free(self, word: str) -> str:
        taken = {each.get(_NAME) for each in self._root}
        return next(name for number in range(1, len(taken) + 2) if (name := f"{word}-{number}") not in taken)

    def _named(self, tag: str | None, name: str) -> Element | None:
        for each in self._root:
            right = each.tag == tag if tag else isinstance(each.tag, str) and each.tag.startswith(_NUMBER)
            if right and name and each.get(_NAME) == name:
                return each
        return None


def _suits(data: Element | None, kind: Kind) -> bool:
    tag = data.tag.rpartition("}")[2] if data is not None else ""
    if kind == "number":
        return tag in _PLAIN
    if tag != _PARTS[kind][0]:
        return False
    clock = data is not None and data.find(f"{_NUMBER}hours") is not None
    return clock == (kind == "moment") if kind in ("date", "moment") else True


def _index_of_body(root: Element) -> int:
    return next(index for index, each in enumerate(root) if each.tag == f"{_OFFICE}body")
