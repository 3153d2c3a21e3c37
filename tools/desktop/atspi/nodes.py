"""What a control and its content come to: from AT-SPI's facts to our nodes. Pure functions.

What properties mean differs between toolkits, and that is evened out here: names that are class names (GTK 4), texts
said twice, paragraphs that hold their links as placeholders (browsers), cells that are called by their address
(LibreOffice).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tools.desktop.atspi.facts import Facts
from tools.desktop.atspi.tables import arranged
from tools.desktop.atspi.terms import DOCUMENTS, ROLES, AtspiRole, AtspiState
from tools.desktop.port import Bounds, Node, Role, State

UNREADABLE_FILES = "(this view does not tell its files; ctrl+2 lists them)"
EMBEDDED = "\ufffc"
"""Stands in a text for a control that is in it, in their order."""
_CLASS_NAME = re.compile(r"(Gtk|Adw|Gdk)[A-Z]\w*")
_ICON_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_MEMORY_USAGE = re.compile(r" - Memory usage - .*")
"""Chromium adds it to the names of its tabs, and it changes all the time."""
_MARKS = re.compile("[\u200b\u200e\u200f\u2060-\u2069\ufeff]")
"""Characters that only say how others are laid out."""
_SHORTCUT_HINT = re.compile(r"\s*\[[^\]]*\]$|\s{2,}.*$")
_PICTURES = (AtspiRole.IMAGE, AtspiRole.ICON)
_READ_AS_TEXT: frozenset[Role] = frozenset({"label", "link", "image", "heading"})
_NAMED_BY_CONTAINER: frozenset[Role] = frozenset({"field", "text", "combo", "list", "table", "button"})


@dataclass(frozen=True, slots=True)
class Content:
    """What was asked of a control beside its facts. ``index`` is its place among its siblings, from 0."""

    bounds: Bounds | None
    text: str | None = None
    number: str = ""
    description: str = ""
    index: int = 0


def nodes_of(facts: Facts, content: Content, inside: tuple[Node, ...]) -> tuple[Node, ...]:
    """The control as a node, or what is in it where it is only a container."""
    role = role_of(facts)
    if facts.role == AtspiRole.DIRECTORY_PANE and not inside:
        return (_unreadable(facts, content),)
    if role is None:
        return _named_after(facts, inside)
    if role == "label":
        return _label(facts, content, inside)
    if content.bounds is None and not inside and role not in ("document", "tab"):
        return ()
    if not facts.name and role in ("menu", "item") and not inside and not content.text:
        return ()
    if role == "bar" and len(inside) == 1 and inside[0].role == "button":
        return _named_after(facts, inside)
    if role == "heading" and facts.states & AtspiState.EDITABLE:
        return (_written(facts, content, "Heading"),)
    node = Node(
        key=facts.key,
        role=role,
        name=_name(facts, role, content, inside),
        value="" if _is_secret(facts) else _value(facts, role, content),
        states=frozenset(_states(facts, role)),
        bounds=content.bounds,
        children=inside,
        row=content.index + 1 if role == "row" else 0,
    )
    return (arranged(node),) if role == "table" else (node,)


def _unreadable(facts: Facts, content: Content) -> Node:
    """Thunar's icons are a picture to everyone who does not see."""
    told = Node(f"{facts.key}/told", "label", UNREADABLE_FILES, "", frozenset(), content.bounds)
    return Node(facts.key, "list", name_of(facts), "", frozenset(), content.bounds, (told,))


def role_of(facts: Facts) -> Role | None:
    """Our word for it; ``None`` for containers and decoration."""
    if facts.role in DOCUMENTS:
        return "document"
    if facts.role == AtspiRole.TEXT and not facts.states & AtspiState.MULTI_LINE:
        return "field"
    if facts.role == AtspiRole.ENTRY and facts.states & AtspiState.MULTI_LINE:
        return "text"
    return ROLES.get(facts.role)


def name_of(facts: Facts) -> str:
    """Its name, unless that is the name of its class, and once where it is said twice."""
    name = _MARKS.sub("", facts.name).strip()
    if _CLASS_NAME.fullmatch(name) or (facts.role in _PICTURES and _ICON_NAME.fullmatch(name)):
        return ""
    if facts.role == AtspiRole.PAGE_TAB:
        return _MEMORY_USAGE.sub("", name)
    half = len(name) // 2
    if len(name) % 2 and name[half] == " " and name[:half] == name[half + 1 :]:
        return name[:half]
    return name


def _name(facts: Facts, role: Role, content: Content, inside: Sequence[Node]) -> str:
    name = name_of(facts)
    if role in ("field", "text") and name == (content.text or "").strip():
        return ""
    if role == "cell":
        return "\n".join(_texts(inside)) or _MARKS.sub("", _read(content.text or "", inside)) or name
    if not name and content.text and role not in ("field", "text", "combo"):
        name = _read(content.text, inside)
    if not name and role in ("button", "checkbox", "radio", "link", "image"):
        name = _SHORTCUT_HINT.sub("", content.description)
    return name


def _label(facts: Facts, content: Content, inside: tuple[Node, ...]) -> tuple[Node, ...]:
    """A text. What is part of it (its words) is not said again; a label that only repeats the name of the control in
    it is none."""
    if facts.states & AtspiState.EDITABLE and facts.role == AtspiRole.PARAGRAPH:
        return (_written(facts, content, ""),)
    controls = tuple(node for node in inside if node.role != "label")
    name = _read(content.text, inside) if content.text is not None else name_of(facts)
    if content.text == "" and facts.role == AtspiRole.LABEL:
        name = name_of(facts)
    if not name:
        return inside
    if content.bounds is None or any(name.rstrip(" :*") == node.name for node in controls):
        return controls
    return (Node(facts.key, "label", name, "", frozenset(_states(facts, "label")), content.bounds, controls),)


def _written(facts: Facts, content: Content, name: str) -> Node:
    """A paragraph of a document that is being written."""
    value = (content.text or "").replace(EMBEDDED, "")
    return Node(facts.key, "text", name, value, frozenset(_states(facts, "text")), content.bounds)


def _read(text: str, inside: Sequence[Node]) -> str:
    """``text`` with the words of what is embedded in it."""
    embedded = iter([node for node in inside if node.role != "label"])
    words = "".join(
        f" {_said(next(embedded, None))} " if character == EMBEDDED else character for character in text
    )
    return " ".join(words.split())


def _said(node: Node | None) -> str:
    return node.name if node and node.role in _READ_AS_TEXT else ""


def _texts(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        if node.role in ("label", "cell", "link", "heading") and node.name:
            yield node.name
        elif node.role == "text" and node.value:
            yield node.value
        else:
            yield from _texts(node.children)


def _named_after(container: Facts, inside: tuple[Node, ...]) -> tuple[Node, ...]:
    """What has no name takes that of the container that holds nothing else; the arrow beside a field says nothing."""
    match inside:
        case (Node(role="field") as field, Node(role="button", name="")):
            inside = (field,)
    match inside:
        case (Node(role=role, name="") as only,) if role in _NAMED_BY_CONTAINER:
            return (replace(only, name=name_of(container)),)
    return inside


def _value(facts: Facts, role: Role, content: Content) -> str:
    if role in ("slider", "progress"):
        return content.number
    if role in ("field", "text", "combo"):
        text = (content.text or "").replace(EMBEDDED, "")
        return "" if role == "combo" and text == facts.name else text
    return ""


def _is_secret(facts: Facts) -> bool:
    return facts.role == AtspiRole.PASSWORD_TEXT


def _states(facts: Facts, role: Role) -> Iterator[State]:
    states = facts.states
    if states & AtspiState.FOCUSED and role != "document":
        yield "focused"
    if role in ("checkbox", "radio"):
        yield "checked" if states & AtspiState.CHECKED else "unchecked"
    elif states & AtspiState.CHECKED or (role == "button" and states & AtspiState.PRESSED):
        yield "checked"
    if states & AtspiState.SELECTED and role in ("item", "tab", "cell", "row"):
        yield "selected"
    if not states & (AtspiState.ENABLED | AtspiState.SENSITIVE):
        yield "disabled"
    if role in ("item", "combo", "menu"):
        if states & AtspiState.EXPANDED:
            yield "expanded"
        elif states & AtspiState.EXPANDABLE:
            yield "collapsed"
    if states & AtspiState.EDITABLE and not states & AtspiState.READ_ONLY:
        yield "editable"
    if _is_secret(facts):
        yield "secret"
