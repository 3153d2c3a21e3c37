"""The accessibility tree the plain way, to compare with: every control of a window, one request after another."""

from __future__ import annotations

from tools.desktop.atspi.adapter import AtspiAccessibility
from tools.desktop.atspi.bus import AccessibilityBus, Reference
from tools.desktop.atspi.facts import CACHE_PATH
from tools.desktop.port import Window

_TOO_MANY = 2_000
"""Children of a table that claims to have more are asked for by row and column, as many as a screen shows."""
_SHOWN_ROWS, _SHOWN_COLUMNS = 50, 24


class Naive:
    """Walks the window that ``accessibility`` reads."""

    def __init__(self, accessibility: AtspiAccessibility, window: Window) -> None:
        self._bus: AccessibilityBus = accessibility.bus
        self._top = self._bus.run(accessibility.top(window), 60)

    def walk(self) -> int:
        """Ask every control for its role, name, states, place, text and children; how many there are."""
        assert self._top is not None
        return self._bus.run(self._walk(self._top), 120)

    def bulk(self) -> int:
        """Take all that the application has in its cache, in one request; how many controls that are."""
        assert self._top is not None
        cache = Reference(self._top.name, CACHE_PATH)
        found = self._bus.run(self._bus.call(cache, "Cache", "GetItems"), 60)
        return len(found[0]) if found and isinstance(found[0], list) else 0

    async def _walk(self, control: Reference) -> int:
        await self._bus.call(control, "Accessible", "GetRole")
        await self._bus.property(control, "Accessible", "Name")
        await self._bus.call(control, "Accessible", "GetState")
        await self._bus.call(control, "Component", "GetExtents", "u", 0)
        await self._bus.call(control, "Text", "GetText", "ii", 0, -1)
        walked = 1
        for child in await self._children(control):
            walked += await self._walk(child)
        return walked

    async def _children(self, control: Reference) -> list[Reference]:
        count = await self._bus.property(control, "Accessible", "ChildCount")
        if isinstance(count, int) and count > _TOO_MANY:
            return [
                cell
                for row in range(_SHOWN_ROWS)
                for column in range(_SHOWN_COLUMNS)
                if (cell := await self._cell(control, row, column))
            ]
        found = await self._bus.call(control, "Accessible", "GetChildren")
        return [Reference(*each) for each in found[0]] if found and isinstance(found[0], list) else []

    async def _cell(self, table: Reference, row: int, column: int) -> Reference | None:
        found = await self._bus.call(table, "Table", "GetAccessibleAt", "ii", row, column)
        return Reference(*found[0]) if found and isinstance(found[0], list | tuple) else None
