"""The outline of a window: what `look` returns and a question about the screen carries (docs/tools.md has the form).

Pure functions over :class:`tools.desktop.port.Node`; no desktop is touched.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.tool import Line
from tools.desktop.port import Bounds, Node, Role, TextLine, Window, Word, walk
from tools.numbering import Numbers
from tools.telling import Control, lines

DEFAULT_BUDGET = 2_000
"""Characters of an outline, about 600 tokens."""

_SAID_BY_LABELS: frozenset[Role] = frozenset(
    {"button", "item", "menu", "tab", "link", "checkbox", "radio", "combo", "cell", "heading"}
)
_ONLY_WITH_NAME: frozenset[Role] = frozenset(
    {"list", "table", "bar", "group", "dialog", "image", "tab", "cell", "heading", "link", "menu"}
)
_MANY_BUTTONS = 8
"""In one bar; more than that are told in one line, and so are more than two beside a document."""
_MANY_ASIDE = 2
_LABELLED: frozenset[Role] = frozenset({"field", "text", "combo", "slider"})
TEXT_KEY = "text:"
"""Begins the keys of nodes that were read from pixels: their place can be clicked, and nothing else can be done."""
_LABEL_GAP = 120
"""Pixels between a label and the field it names."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A window as it was read. ``controls`` is all of it; :meth:`text` trims."""

    window: Window
    controls: tuple[Control, ...]
    note: str = ""
    """Why nothing can be read."""

    def lines(self, budget: int = DEFAULT_BUDGET) -> tuple[Line, ...]:
        """The outline in at most about ``budget`` characters."""
        title = f'window "{self.window.title}" in {self.window.application}'
        head = [
            Line(f"window {self.window.id}", title),
            *([Line("note", f"({self.note})")] if self.note else []),
        ]
        return *head, *lines(self.controls, budget - len(title))

    def text(self, budget: int = DEFAULT_BUDGET) -> str:
        """The same as text."""
        return "\n".join(line.text for line in self.lines(budget))

    def cell(self, address: str) -> Node | None:
        """The cell that stands there: "B3", in the second table and those after it "12!B3"."""
        wanted = address.strip().upper()
        return next((each.node for each in self.controls if each.address == wanted), None)

    def focused(self) -> Node | None:
        """The control that typing would reach, as far as the tree says."""
        return next((each.node for each in self.controls if "focused" in each.node.states), None)

    def secrets(self) -> tuple[Bounds, ...]:
        """Where password fields are; captures black these out."""
        return tuple(
            each.node.bounds for each in self.controls if "secret" in each.node.states and each.node.bounds
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A control before it has a number; see :class:`Control`."""

    node: Node
    within: Node | None = None
    aside: bool = False
    opened: bool = False
    """It is in a menu that is open, or is one: what a person would look at first."""


def outline(window: Window, tree: Node, numbers: Numbers | None = None) -> Outline:
    """The controls of ``tree`` that are worth a line, top to bottom, documents first. They are numbered from 1, or as
    ``numbers`` has it."""
    has_document = any(node.role == "document" for node in walk(tree))
    found = list(_lines(tree.children, frozenset(), aside=has_document))
    found = _name_by_labels(found)
    if has_document:
        opened = [replace(each, aside=False) for each in found if each.opened]
        rest = [each for each in found if not each.opened]
        around = _folded([each for each in rest if each.aside])
        found = [*opened, *(each for each in rest if not each.aside), *around]
    given = _numbers(found, numbers or Numbers())
    tables: list[int] = []
    controls: list[Control] = []
    for number, each in zip(given, found, strict=True):
        if each.node.role == "table":
            tables.append(number)
        address = each.node.address
        if address and len(tables) > 1:
            address = f"{tables[-1]}!{address}"
        controls.append(Control(number, each.node, each.within, each.aside, address))
    return Outline(window, tuple(controls))


def _numbers(found: Sequence[_Found], numbers: Numbers) -> list[int]:
    """Those that have lines of their own come first: what is told in one line with others is called otherwise."""
    order = sorted(range(len(found)), key=lambda index: found[index].within is not None)
    given = numbers.of([found[index].node.key for index in order])
    by_index = dict(zip(order, given, strict=True))
    return [by_index[index] for index in range(len(found))]


def outline_of_text(window: Window, lines: Sequence[TextLine], note: str = "") -> Outline:
    """The outline of a window of which only its pixels could be read. The bounds of ``lines`` are on the screen;
    ``note`` says why there are none."""
    nodes = (_text_node(window, line.text, line.bounds, line.words) for line in lines)
    return Outline(window, tuple(Control(number, node) for number, node in enumerate(nodes, 1)), note)


def from_pixels(node: Node) -> bool:
    """Whether all that is known of it is a text and its place."""
    return node.key.startswith(TEXT_KEY)


def _text_node(window: Window, text: str, bounds: Bounds, words: Sequence[Word] = ()) -> Node:
    """The same text at the same place in the window is the same node."""
    key = f"{TEXT_KEY}{bounds.x - window.bounds.x},{bounds.y - window.bounds.y} {text}"
    inside = tuple(_text_node(window, word.text, word.bounds) for word in words)
    return Node(key, "label", text, "", frozenset(), bounds, inside)


def _lines(
    nodes: Sequence[Node],
    said: frozenset[str],
    aside: bool,
    within: Node | None = None,
    opened: bool = False,
) -> Iterator[_Found]:
    """What gets a line, or a part of the one of ``within``. ``said`` are the texts that the control around them has
    already told."""
    for node in nodes:
        node = _named_by_content(node)
        if node.role == "document":
            yield from _lines(node.children, said, False)
        elif node.role == "row":
            yield from _row(node, aside)
        elif node.role == "bar" and aside and _only_labels(node):
            yield _Found(replace(node, name="; ".join(_texts(node.children)), children=()), aside=aside)
        elif node.role == "bar" and within is None and _buttons_in(node) > _MANY_BUTTONS:
            yield from _lines(node.children, said, aside, within=node)
        else:
            here = opened or (aside and node.role == "menu" and bool(node.children))
            if _worth_a_line(node, said, aside):
                yield _Found(node, within, aside, here)
            yield from _lines(_inside(node), said | _told_by(node), aside, within, here)


def _inside(node: Node) -> list[Node]:
    """What is in a control and may get a line of its own."""
    if node.role == "tab" or node.role not in _SAID_BY_LABELS:
        return list(node.children)
    said = ("image", "button") if node.role == "combo" else ("image",)
    return [child for child in node.children if child.role not in said]


def _told_by(node: Node) -> frozenset[str]:
    """The texts in a control that its own line tells."""
    if node.role == "tab":  # its content is the page, not its name
        return frozenset({node.name})
    if node.role not in _SAID_BY_LABELS:
        return frozenset()
    return frozenset({node.name, *_texts(_inside(node))})


def _row(row: Node, aside: bool) -> Iterator[_Found]:
    """The cells of a row, and the controls in them that are more than the cell's text."""
    for child in row.children:
        if child.role != "cell":
            yield from _lines([child], frozenset(), aside, within=row)
            continue
        yield _Found(child, row, aside)
        for node in walk(child):
            said = child.name and child.name in (node.name, node.value)
            if node is not child and node.role not in ("label", "image", "cell") and not said:
                yield _Found(node, row, aside)


def _only_labels(bar: Node) -> bool:
    return len(bar.children) > 1 and all(child.role == "label" for child in bar.children)


def _buttons_in(bar: Node) -> int:
    return sum(node.role == "button" for node in walk(bar))


def _folded(around: list[_Found]) -> list[_Found]:
    """What is around a document, with its menus in one line, and buttons that follow each other as well."""
    folded: list[_Found] = []
    for (role, within), group in itertools.groupby(around, lambda each: (each.node.role, each.within)):
        several = list(group)
        if within is None and role in ("button", "menu") and len(several) > _MANY_ASIDE:
            line = Node(f"{several[0].node.key}/{role}s", role, "", "", frozenset(), None)
            several = [replace(each, within=line) for each in several]
        folded += several
    return folded


def _named_by_content(node: Node) -> Node:
    if node.name or node.role not in _SAID_BY_LABELS or node.role in ("tab", "menu"):
        return node
    return replace(node, name=" ".join(_texts(node.children)))


def _worth_a_line(node: Node, said: frozenset[str], aside: bool) -> bool:
    if node.role == "label":
        return bool(node.name.strip()) and node.name not in said
    if node.role in ("cell", "image") and node.name in said:
        return False
    if node.role in ("field", "text") and not (node.name or node.value or node.states):
        return False  # an empty display, not a place to write
    if node.role == "button" and any(child.role == "button" for child in node.children):
        return False  # GTK 4's menu button: the one inside is the one that can be pressed
    if node.role == "bar" and aside and node.children:
        return False
    if node.role == "table" and any(child.role == "row" for child in node.children):
        return True
    return bool(node.name) or node.role not in _ONLY_WITH_NAME


def _texts(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if node.role in ("label", "cell") and node.name.strip():
            yield node.name
        else:
            yield from _texts(node.children)


def _name_by_labels(found: Sequence[_Found]) -> list[_Found]:
    """Give fields without a name that of the label in front of them ("Name:"), which then needs no line."""
    labels = [each.node for each in found if each.node.role == "label"]
    labels = [label for label in labels if label.name.rstrip().endswith(":")]
    used: set[str] = set()
    named: list[_Found] = []
    for each in found:
        node = each.node
        free = [label for label in labels if label.key not in used]
        label = _label_of(node, free) if node.role in _LABELLED else None
        if label is None or (node.name and node.role != "combo"):
            named.append(each)
            continue
        used.add(label.key)
        value = node.value or (node.name if node.role == "combo" else "")
        named.append(replace(each, node=replace(node, name=label.name.rstrip(" :"), value=value)))
    return [each for each in named if each.node.key not in used]


def _label_of(node: Node, labels: Sequence[Node]) -> Node | None:
    bounds = node.bounds
    if bounds is None:
        return None
    in_front = [
        label
        for label in labels
        if label.bounds
        and 0 <= bounds.x + 4 - (label.bounds.x + label.bounds.width) <= _LABEL_GAP
        and bounds.y <= label.bounds.centre[1] < bounds.y + bounds.height
    ]
    return max(in_front, key=lambda label: label.bounds.x if label.bounds else 0, default=None)
