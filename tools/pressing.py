"""`press`: a control by its name or number, or an item of a menu by the way to it, `File > Save As…`."""

from __future__ import annotations

import re

from pydantic import Field

from agent.cancel import Cancel
from agent.tool import Arguments, Target, ToolResult
from tools.desktop.port import Node, Role, Window
from tools.desktop.waiting import until
from tools.driving import Action, Driving, named
from tools.hands import CHANGE_SECONDS, CannotActError, Hands, describe
from tools.matching import matching
from tools.screen import Screen

MENU_SECONDS = 2.0
"""How long a menu may take to open."""
_STEP = re.compile(r"\s*[>›»→]\s*")
_IN_MENUS: frozenset[Role] = frozenset({"item", "menu", "checkbox", "radio", "button"})


class PressArguments(Arguments):
    name: str = Field(description="a control's name or number, or File > Save As")


def press(screen: Screen) -> Driving[PressArguments]:
    return Driving(
        "press",
        "Press a button, menu, item or other control of the front window.",
        PressArguments,
        question="Press this in {}?",
        run=_run,
        title=lambda arguments: f"Press **{named(screen, arguments.name)}**",
        controls=lambda arguments: way_to(arguments.name)[:1],
        more=_rest_of_the_way,
    )


def way_to(name: str) -> tuple[str, ...]:
    """The menus to go through and the item: ``("File", "Save As…")``; one name when it is no such way."""
    parts = tuple(_STEP.split(name.strip()))
    return parts if all(parts) else (name,)


def _rest_of_the_way(arguments: PressArguments) -> tuple[Target, ...]:
    way = way_to(arguments.name)
    return (Target("text", "Control", way[-1], said=arguments.name),) if len(way) > 1 else ()


def _run(action: Action[PressArguments]) -> ToolResult:
    *menus, name = way_to(action.arguments.name)
    hands, window = action.hands, action.window
    before = hands.seen(window)
    if menus:
        node = _last_of_way(action, (*menus, name))
    else:
        node = action.control(0)
        hands.press(window, node)
    if node.role in ("checkbox", "radio") and (now := _marked_anew(hands, window, node, action.cancel)):
        hands.noticed(window)
        return ToolResult("confirmed", f'pressed "{node.name}"', evidence="now: " + describe(now))
    changed = hands.change(window, before, action.cancel, with_focus=node.role in ("field", "text"))
    name = node.name or name
    if changed:
        return ToolResult("confirmed", f'pressed "{name}"', evidence=changed)
    return ToolResult(
        "suspected_noop",
        f'pressed "{name}" and nothing changed',
        evidence="the window looks as it did before",
    )


def _last_of_way(action: Action[PressArguments], way: tuple[str, ...]) -> Node:
    """Go through the menus and press the last. What was opened is closed again when that fails."""
    hands, window = action.hands, action.window
    known = frozenset[str]()
    node = action.control(0)
    for depth, name in enumerate(way):
        if depth:
            try:
                node = _opened(hands, window, name, known, action.cancel)
            except CannotActError:
                for _ in range(depth):
                    hands.keys(window, "escape")
                raise
        seen = hands.screen.read(window)
        known = frozenset(each.node.key for each in seen.controls) if seen else known
        hands.press(window, node)
    return node


def _opened(hands: Hands, window: Window, name: str, known: frozenset[str], cancel: Cancel) -> Node:
    """The item called ``name`` in the menu that was just opened: one that was not to be seen before, as a rule. Raises
    CannotActError."""

    def items() -> list[Node]:
        seen = hands.screen.read(window)
        nodes = [each.node for each in seen.controls if each.node.role in _IN_MENUS] if seen else []
        return [node for node in nodes if node.key not in known] or [
            node for node in nodes if node.role in ("item", "menu")
        ]

    def found() -> list[Node]:
        return matching(name, items(), lambda node: node.name)

    nodes = until(found, MENU_SECONDS, cancel) or []
    usable = [node for node in nodes if "disabled" not in node.states]
    if nodes and not usable:
        raise CannotActError(f'"{nodes[0].name}" is disabled')
    if len(usable) != 1:
        names = ", ".join(f'"{node.name}"' for node in items()[:12] if node.name)
        raise CannotActError(
            f'the menu has no "{name}"; it has: {names}' if names else "the menu did not open"
        )
    return usable[0]


def _marked_anew(hands: Hands, window: Window, node: Node, cancel: Cancel) -> Node | None:
    """The check box once its mark has changed; other things that change meanwhile prove nothing about it."""
    marks = {"checked", "unchecked"}

    def changed() -> Node | None:
        now = hands.desktop.accessibility.find(window, node.key)
        return now if now and now.states & marks != node.states & marks else None

    return until(changed, CHANGE_SECONDS, cancel) if node.states & marks else None
