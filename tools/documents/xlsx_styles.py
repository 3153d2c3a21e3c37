"""Formats of an Excel file's cells: one that shows a value as what it is, otherwise like the one the cell had
(ECMA-376, part 1, 18.8). Child side."""

from __future__ import annotations

from datetime import datetime, time

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from tools.documents.cell_values import Value, canonical
from tools.documents.packages import Element, canonical_form, twin

_FORMATS = {"percent": 9, "date": 14, "time": 20, "moment": 22}
"""Built-in number formats: 0% (and 0.00%), the date, hours and minutes, both (18.8.30)."""
_DAY = 86_400


class Styles:
    """The part ``xl/styles.xml``."""

    def __init__(self, root: Element) -> None:
        self._root, self._n = root, root.tag.rpartition("}")[0] + "}"

    def suit(self, cell: Element, value: Value) -> bool:
        """Give ``cell`` a format that shows ``value``; whether the part has changed."""
        formats = self._root.find(f"{self._n}cellXfs")
        if formats is None or not len(formats):
            return False
        had = min(int(cell.get("s", "0")), len(formats) - 1)
        wanted = self._wanted(int(formats[had].get("numFmtId", "0")), value)
        if wanted is None:
            return False
        count = len(formats)
        cell.set("s", str(self._like(formats, had, wanted)))
        return len(formats) > count

    def _wanted(self, had: int, value: Value) -> int | None:
        """Another number format, or None when the one the cell has will do."""
        code = BUILTIN_FORMATS.get(had) or self._custom(had)
        shows_moments = is_date_format(code) or is_timedelta_format(code)
        if value.kind in ("date", "moment", "time"):
            return None if shows_moments and _suits(code, value) else _FORMATS[value.kind]
        if value.kind == "percent":
            whole = float(value.text) * 100 % 1 == 0
            return None if "%" in code else _FORMATS["percent"] + (not whole)
        return 0 if value.kind == "number" and shows_moments else None

    def _custom(self, id: int) -> str:
        found = self._root.iter(f"{self._n}numFmt")
        return next(
            (each.get("formatCode", "") for each in found if each.get("numFmtId") == str(id)), "General"
        )

    def _like(self, formats: Element, had: int, wanted: int) -> int:
        made = twin(formats[had])
        made.set("numFmtId", str(wanted))
        made.set("applyNumberFormat", "1")
        same = canonical_form(made)
        for index, each in enumerate(formats):
            if canonical_form(each) == same:
                return index
        formats.append(made)
        formats.set("count", str(len(formats)))
        return len(formats) - 1


def _suits(code: str, value: Value) -> bool:
    """Whether a format for moments shows all of this one."""
    dates, clock = any(sign in code.casefold() for sign in "yd"), "h" in code.casefold()
    return (dates or value.kind == "time") and (clock or value.kind == "date")


def stored(value: Value, day_zero: datetime) -> str:
    """What the file holds for a number, a truth value or a moment; days count from ``day_zero``."""
    match value.kind:
        case "truth":
            return "1" if value.text == "TRUE" else "0"
        case "date" | "moment":
            since = datetime.fromisoformat(value.text) - day_zero
            return canonical(since.days + since.seconds / _DAY)
        case "time":
            clock = time.fromisoformat(value.text)
            return canonical((clock.hour * 3600 + clock.minute * 60 + clock.second) / _DAY)
        case _:
            return value.text
