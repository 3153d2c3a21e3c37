"""The outline of a window: what `look` returns and a question about the screen carries (docs/tools.md has the form).

Pure functions over :class:`tools.desktop.port.Node`; no desktop is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tools.desktop.port import Bounds, Node, Role, State, TextLine, Window, Word

DEFAULT_BUDGET = 2_000
"""Characters of an outline, about 600 tokens."""

_SPOKEN_STATES: tuple[State, ...] = (
    "focused",
    "checked",
    "unchecked",
    "selected",
    "disabled",
    "expanded",
    "collapsed",
)
_SAID_BY_LABELS: frozenset[Role] = frozenset(
    {"button", "item", "menu", "tab", "link", "checkbox", "radio", "combo", "cell", "heading"}
)
_ONLY_WITH_NAME: frozenset[Role] = frozenset(
    {"list", "table", "bar", "group", "dialog", "image", "tab", "cell", "heading", "link"}
)
_LABELLED: frozenset[Role] = frozenset({"field", "text", "combo", "slider"})
_SHORTEST_VALUE = 200
TEXT_KEY = "text:"
"""Begins the keys of nodes that were read from pixels: their place can be clicked, and nothing else can be done."""
_LABEL_GAP = 120
"""Pixels between a label and the field it names."""


@dataclass(frozen=True, slots=True)
class Control:
    """One line of an outline."""

    number: int
    node: Node


@dataclass(frozen=True, slots=True)
class Outline:
    """A window as it was read. ``controls`` is all of it; :meth:`text` trims."""

    window: Window
    controls: tuple[Control, ...]
    note: str = ""
    """Why nothing can be read."""

    def text(self, budget: int = DEFAULT_BUDGET) -> str:
        """The outline in at most about ``budget`` characters."""
        lines = [f'window "{self.window.title}" in {self.window.application}']
        if self.note:
            lines.append(f"({self.note})")
        used = len(lines[0])
        for index, control in enumerate(self.controls):
            line = _line(control, max(_SHORTEST_VALUE, budget // 2))
            used += len(line) + 1
            if used > budget:
                lines.append(f"(+{len(self.controls) - index} more)")
                break
            lines.append(line)
        return "\n".join(lines)

    def focused(self) -> Node | None:
        """The control that typing would reach, as far as the tree says."""
        return next((each.node for each in self.controls if "focused" in each.node.states), None)

    def secrets(self) -> tuple[Bounds, ...]:
        """Where password fields are; captures black these out."""
        return tuple(
            each.node.bounds for each in self.controls if "secret" in each.node.states and each.node.bounds
        )


def outline(window: Window, tree: Node) -> Outline:
    """The controls of ``tree`` that are worth a line, numbered from 1, top to bottom."""
    nodes = _name_by_labels(list(_lines(tree.children, frozenset())))
    return Outline(window, tuple(Control(number, node) for number, node in enumerate(nodes, 1)))


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


def _lines(nodes: Sequence[Node], said: frozenset[str]) -> Iterator[Node]:
    """The nodes that get a line. ``said`` are the texts that the control around them has already told."""
    for node in nodes:
        node = _named_by_content(node)
        if _worth_a_line(node, said):
            yield node
        if node.role == "tab":  # its content is the page, not its name
            yield from _lines(node.children, said | {node.name})
        elif node.role in _SAID_BY_LABELS:
            inside = [child for child in node.children if child.role != "image"]
            yield from _lines(inside, said | {node.name} | set(_texts(inside)))
        else:
            yield from _lines(node.children, said)


def _named_by_content(node: Node) -> Node:
    if node.name or node.role not in _SAID_BY_LABELS or node.role == "tab":
        return node
    return replace(node, name=" ".join(_texts(node.children)))


def _worth_a_line(node: Node, said: frozenset[str]) -> bool:
    if node.role == "label":
        return bool(node.name.strip()) and node.name not in said
    if node.role in ("cell", "image") and node.name in said:
        return False
    if node.role in ("field", "text") and not (node.name or node.value or node.states):
        return False  # an empty display, not a place to write
    if node.role == "button" and any(child.role == "button" for child in node.children):
        return False  # GTK 4's menu button: the one inside is the one that can be pressed
    return bool(node.name) or node.role not in _ONLY_WITH_NAME


def _texts(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if node.role in ("label", "cell") and node.name.strip():
            yield node.name
        else:
            yield from _texts(node.children)


def _name_by_labels(nodes: list[Node]) -> list[Node]:
    """Give fields without a name that of the label in front of them ("Name:"), which then needs no line."""
    labels = [node for node in nodes if node.role == "label" and node.name.rstrip().endswith(":")]
    used: set[str] = set()
    named: list[Node] = []
    for node in nodes:
        free = [label for label in labels if label.key not in used]
        label = _label_of(node, free) if node.role in _LABELLED else None
        if label is None or (node.name and node.role != "combo"):
            named.append(node)
            continue
        used.add(label.key)
        value = node.value or (node.name if node.role == "combo" else "")
        named.append(replace(node, name=label.name.rstrip(" :"), value=value))
    return [node for node in named if node.key not in used]


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


def _line(control: Control, longest_value: int) -> str:
    node = control.node
    parts = [f'{control.number} {node.role} "{node.name.strip()}"']
    if "secret" in node.states:
        parts.append("= (hidden)")
    elif node.value or node.role in ("field", "text"):
        value = node.value if len(node.value) <= longest_value else node.value[:longest_value] + "…"
        parts.append(f'= "{value}"')
    parts += [state for state in _SPOKEN_STATES if state in node.states]
    return " ".join(parts)
