"""Cells of a spreadsheet that is open in a window: gone to by their address, typed into, and read back. Calc's cells
offer no text that could be edited through the tree."""

from __future__ import annotations

import re

from agent.cancel import Cancel
from agent.tool import ToolResult
from tools.desktop.port import Node, Window
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
    """Whether there is a cell that is the current one of a sheet."""
    return _current(seen) is not None


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
    reads = now.name if now is not None else _text(hands, window, address)
    hands.noticed(window)
    evidence = f'{address} reads "{reads}"' + (f', and "{before}" before' if before else "")
    if now is not None:
        return ToolResult("confirmed", f'"{address}" is now "{reads}"', evidence=evidence)
    if reads == before:
        return ToolResult("suspected_noop", f'error: "{address}" still reads "{reads}"', evidence=evidence)
    return ToolResult("partial", f'"{address}" reads "{reads}", not "{value}"', evidence=evidence)


def _go_to(hands: Hands, window: Window, address: str, cancel: Cancel) -> str:
    """Make the cell the current one; what it holds."""
    hands.keys(window, _NAME_BOX)
    hands.type_keys(window, address + "\n", cancel)

    def there() -> Node | None:
        current = _current(hands.screen.read(window))
        return current if current and current.address == address else None

    current = until(there, CHANGE_SECONDS, cancel)
    if current is None:
        hands.keys(window, "escape")
        raise CannotActError(f'the cell "{address}" could not be gone to')
    return current.name


def _current(seen: Outline | None) -> Node | None:
    cells = [each.node for each in seen.controls if each.node.address] if seen else []
    return next((cell for cell in cells if "selected" in cell.states), None)


def _cell(hands: Hands, window: Window, address: str) -> Node | None:
    seen = hands.screen.read(window)
    return next((each.node for each in seen.controls if each.node.address == address), None) if seen else None


def _text(hands: Hands, window: Window, address: str) -> str:
    cell = _cell(hands, window, address)
    return cell.name if cell else ""


def _holding(hands: Hands, window: Window, address: str, value: str) -> Node | None:
    cell = _cell(hands, window, address)
    reads = cell.name if cell else ""
    if value.startswith("="):
        return cell if reads and not reads.startswith(("=", "#", "Err:")) else None
    same = reads == value or (_number(reads) is not None and _number(reads) == _number(value))
    return cell if same else None


def _number(text: str) -> float | None:
    try:
        return round(float(text.strip().replace(",", "").rstrip("%")), 9)
    except ValueError:
        return None
