"""Cells of a spreadsheet that is open in a window: gone to by their address, typed into, and read back. Calc's cells
offer no text that could be edited through the tree."""

from __future__ import annotations

import re

from agent.cancel import Cancel
from agent.tool import ToolResult
from tools.desktop.port import Node, Window, walk
from tools.desktop.waiting import until
from tools.hands import CHANGE_SECONDS, CannotActError, Hands
from tools.outline import Outline

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")
_NAME_BOX = "ctrl+shift+t"
"""LibreOffice's shortcut to the box that holds the address of the current cell."""


def address_of(name: str) -> str:
    """``name`` as spreadsheets write it, "B3", when it is an address; else empty."""
    found = _ADDRESS.fullmatch(name.strip())
    return f"{found[1].upper()}{found[2]}" if found else ""


def is_spreadsheet(seen: Outline | None) -> bool:
    """Whether there is a table, and a field that says which of its cells is the current one."""
    return _name_box(seen) is not None


def fill(hands: Hands, window: Window, address: str, value: str, cancel: Cancel) -> ToolResult:
    """Put ``value`` into a cell and read it back. Raises CannotActError when the cell could not be gone to, or another
    window took the keys."""
    before = _go_to(hands, window, address, cancel)
    if value:
        hands.type_keys(window, value, cancel)
        hands.keys(window, "enter")
    else:
        hands.keys(window, "delete")
    now = until(lambda: _holding(hands, window, address, value), CHANGE_SECONDS, cancel)
    reads = now if now is not None else _text(hands, window, address)
    hands.noticed(window)
    evidence = f'{address} reads "{reads}"' + (f', and "{before}" before' if before else "")
    if now is not None:
        return ToolResult("confirmed", f'"{address}" is now "{reads}"', evidence=evidence)
    if reads == before:
        return ToolResult("suspected_noop", f'error: "{address}" still reads "{reads}"', evidence=evidence)
    return ToolResult("partial", f'"{address}" reads "{reads}", not "{value}"', evidence=evidence)


def _go_to(hands: Hands, window: Window, address: str, cancel: Cancel) -> str:
    """Make the cell the current one; what it holds."""
    find = hands.desktop.accessibility.find
    box = _name_box(hands.screen.read(window))
    if box is None:
        raise CannotActError(f'"{window.title}" shows no cells')
    hands.keys(window, _NAME_BOX)

    def asks() -> bool:
        now = find(window, box.key)
        return now is not None and "focused" in now.states

    def there() -> bool:
        now = find(window, box.key)
        return now is not None and "focused" not in now.states and address_of(now.value) == address

    if not until(asks, CHANGE_SECONDS, cancel):
        raise CannotActError("the box for the address of a cell did not take the keys; nothing was typed")
    hands.type_keys(window, address + "\n", cancel)
    if not until(there, CHANGE_SECONDS, cancel):
        hands.keys(window, "escape")
        raise CannotActError(f'the cell "{address}" could not be gone to')
    return _text(hands, window, address)


def _name_box(seen: Outline | None) -> Node | None:
    nodes = [each.node for each in seen.controls] if seen else []
    if not any(node.role == "table" for node in nodes):
        return None
    return next((node for node in nodes if node.role in ("field", "combo") and address_of(node.value)), None)


def _text(hands: Hands, window: Window, address: str) -> str:
    """What the cell holds, of those in view; empty for one that is not."""
    tree = hands.desktop.accessibility.read(window)
    return next((node.name for node in walk(tree) if node.address == address), "") if tree else ""


def _holding(hands: Hands, window: Window, address: str, value: str) -> str | None:
    """What the cell reads, once that is what was typed, or what the formula that was typed comes to."""
    reads = _text(hands, window, address)
    if value.startswith("="):
        return reads if reads and not reads.startswith(("=", "#", "Err:")) else None
    same = reads == value or (_number(reads) is not None and _number(reads) == _number(value))
    return reads if same else None


def _number(text: str) -> float | None:
    try:
        return round(float(text.strip().replace(",", "").rstrip("%")), 9)
    except ValueError:
        return None
