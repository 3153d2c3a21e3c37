"""An outline in words: a line a control, tables a line a row, a long row of buttons in one line, all within a budget.

Pure functions. docs/tools.md has the form.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from agent.tool import Line
from tools.desktop.port import Node, State

_SPOKEN_STATES: tuple[State, ...] = (
    "focused",
    "checked",
    "unchecked",
    "selected",
    "disabled",
    "expanded",
    "collapsed",
)
_SHORTEST_VALUE = 200
_SHARE_OF_THE_REST = 0.35
"""Of the budget, for what stands around a document."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control of an outline. Its number stays the same for as long as it lives."""

    number: int
    node: Node
    within: Node | None = None
    """The row or bar that is told in one line with all that is in it."""
    aside: bool = False
    """It belongs to the application around a document."""
    address: str = ""
    """Of a cell: "B3"; in the second table and those after it with the table's number, "12!B3"."""


def lines(controls: Sequence[Control], budget: int) -> tuple[Line, ...]:
    """The lines, in about ``budget`` characters. A document comes first; what is around it gets its share, so that it
    is never cut off whole."""
    longest = max(_SHORTEST_VALUE, budget // 2)
    document = _told([each for each in controls if not each.aside], longest)
    around = _told([each for each in controls if each.aside], longest)
    reserved = min(_length(around), int(budget * _SHARE_OF_THE_REST))
    first = _fitting(document, budget - reserved)
    left = budget - sum(len(line.text) + 1 for line in first)
    return *first, *_fitting(around, max(reserved, left))


@dataclass(frozen=True, slots=True)
class _Told:
    """A line, and how many controls it tells of."""

    line: Line
    controls: int


def _told(controls: Sequence[Control], longest: int) -> list[_Told]:
    told: list[_Told] = []
    for _, group in itertools.groupby(
        controls, lambda each: each.within.key if each.within else each.node.key
    ):
        several = list(group)
        within = several[0].within
        if within is None:
            told += [_Told(Line(str(each.number), _line(each, longest)), 1) for each in several]
        elif parts := [part for each in several if (part := _part(each, longest))]:
            beginning = _beginning(within)
            separator = " " if within.role == "row" else ", "
            text = f"{beginning}: {separator.join(parts)}"
            if within.role == "row" and "selected" in within.states:
                text += " selected"
            told.append(_Told(Line(within.key, text), len(several)))
    return told


def _beginning(within: Node) -> str:
    if within.role == "row":
        return f"row {within.row}"
    return f'bar "{within.name}"' if within.role == "bar" else f"{within.role}s"


def _part(control: Control, longest: int) -> str:
    """A control as part of a line: a cell by its address, a button by its name, others by number and role as well."""
    node = control.node
    if node.role == "cell":
        around = control.within.states if control.within else frozenset()
        states = [state for state in _SPOKEN_STATES if state in node.states - around]
        if not node.name and not states:
            return ""
        return " ".join([control.address, f'"{_cut(node.name, longest)}"', *states])
    if control.within and node.role in ("button", control.within.role):
        states = [state for state in _SPOKEN_STATES if state in node.states]
        return " ".join([f'"{node.name}"', *states]) if node.name else ""
    return _line(control, longest)


def _line(control: Control, longest: int) -> str:
    node = control.node
    parts = [f'{control.number} {node.role} "{_cut(node.name.strip(), longest)}"']
    if "secret" in node.states:
        parts.append("= (hidden)")
    elif node.value or node.role in ("field", "text"):
        parts.append(f'= "{_cut(node.value, longest)}"')
    parts += [state for state in _SPOKEN_STATES if state in node.states]
    return " ".join(parts)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def _fitting(told: Sequence[_Told], budget: int) -> tuple[Line, ...]:
    fitting: list[Line] = []
    used = 0
    for index, each in enumerate(told):
        used += len(each.line.text) + 1
        if used > budget:
            left = sum(other.controls for other in told[index:])
            return *fitting, Line("more", f"(+{left} more)")
        fitting.append(each.line)
    return tuple(fitting)


def _length(told: Sequence[_Told]) -> int:
    return sum(len(each.line.text) + 1 for each in told)
