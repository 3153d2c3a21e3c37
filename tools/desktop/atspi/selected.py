"""The text that is selected in a control (org.a11y.atspi.Text)."""

from __future__ import annotations

from tools.desktop.atspi.bus import AccessibilityBus, Reference

LONGEST = 2_000
"""Characters of a selection that are read; nobody means more than that by "this"."""


async def selected(bus: AccessibilityBus, control: Reference) -> str:
    """The first selection in it; empty when there is none, or the control has no text."""
    count = await bus.call(control, "Text", "GetNSelections")
    if not count or not count[0]:
        return ""
    ends = await bus.call(control, "Text", "GetSelection", "i", 0)
    if not ends or len(ends) != 2:
        return ""
    start, end = sorted(int(str(each)) for each in ends)
    if start == end:
        return ""
    found = await bus.call(control, "Text", "GetText", "ii", start, min(end, start + LONGEST))
    return str(found[0]) if found else ""
