"""Hands: press a control, set a value, type, press keys, scroll, drag. Always in the window that was in front (of those
that are not ours) when the effect was declared, on the control that was meant then, and always followed by reading
back what came of it: a call that returned "true" proves nothing.

Typing is here; :mod:`tools.pressing`, :mod:`tools.values` and :mod:`tools.moving` have the others."""

from __future__ import annotations

from pydantic import Field

from agent.tool import Arguments, Target, Tool, ToolResult
from tools import moving, pressing, values
from tools.desktop.keys import parse
from tools.desktop.port import Desktop, Node
from tools.desktop.waiting import until
from tools.driving import Action, Driving, tool
from tools.hands import CHANGE_SECONDS, CannotActError, Seen, describe, plain
from tools.screen import Screen
from tools.typed_cells import typed_cells

TABLE_SECONDS = 4.0
"""A sheet shows what was typed cell by cell, an office on a busy machine after a while."""


class TypeTextArguments(Arguments):
    text: str


class PressKeysArguments(Arguments):
    keys: str = Field(description="ctrl+s, enter, alt+f4")


def tools(desktop: Desktop, screen: Screen) -> tuple[Tool, ...]:
    """`press`, `set_value`, `type_text`, `press_keys`, `scroll`, `drag`."""
    return (
        tool(desktop, screen, pressing.press(screen)),
        tool(desktop, screen, values.set_value(screen)),
        tool(desktop, screen, _TYPE_TEXT),
        tool(desktop, screen, _PRESS_KEYS),
        tool(desktop, screen, moving.scroll(screen)),
        tool(desktop, screen, moving.drag(screen)),
    )


def _type_text(action: Action[TypeTextArguments]) -> ToolResult:
    hands, window, arguments = action.hands, action.window, action.arguments
    if not arguments.text:
        raise CannotActError("there is no text to type")
    before = hands.seen(window)
    hands.type(window, arguments.text, action.cancel)
    done = f'typed {len(arguments.text)} characters into "{window.title}"'

    def landed() -> Node | None:
        controls = _nodes(hands.seen(window))
        focused = [node for node in controls if "focused" in node.states]
        # Right after an application has opened, none says that it has the focus.
        places = focused or [node for node in controls if "editable" in node.states]
        shown = next((node for node in places if _shows(node, arguments.text, before)), None)
        return shown or next(iter(typed_cells(_nodes(before), controls, arguments.text)), None)

    if before.outline is None:
        return ToolResult("unverifiable", done, evidence="the text of this window cannot be read back")
    has_table = any(node.role == "table" for node in _nodes(before))
    if node := until(landed, TABLE_SECONDS if has_table else CHANGE_SECONDS, action.cancel):
        return ToolResult("confirmed", done, evidence=describe(node))
    if changed := hands.change(window, before, action.cancel):
        return ToolResult("unverifiable", done, evidence=changed)
    return ToolResult("suspected_noop", f"{done} and nothing changed", evidence="the text is not there")


def _nodes(seen: Seen) -> list[Node]:
    return [each.node for each in seen.outline.controls] if seen.outline else []


def _shows(node: Node, text: str, before: Seen) -> bool:
    """Whether ``node`` holds the text. A display that cannot be edited may show the end of it only, as a pocket
    calculator does; then it must have changed."""
    if _plain(text) in _plain(node.value):
        return True
    controls = before.outline.controls if before.outline else ()
    old = next((each.node.value for each in controls if each.node.key == node.key), "")
    display = "editable" not in node.states and bool(node.value) and node.value != old
    return display and _plain(text).endswith(_plain(node.value))


def _plain(text: str) -> str:
    """Calculators turn operators into signs, and fields drop a line break at the end."""
    return plain(text.translate(str.maketrans("×÷−·", "*/-*"))).strip()


def _press_keys(action: Action[PressKeysArguments]) -> ToolResult:
    hands, window, keys = action.hands, action.window, action.arguments.keys
    try:
        parse(keys)
    except ValueError as why:
        raise CannotActError(str(why)) from None
    before = hands.seen(window)
    hands.keys(window, keys)
    if changed := hands.change(window, before, action.cancel):
        return ToolResult("confirmed", f"pressed {keys}", evidence=changed)
    return ToolResult("unverifiable", f"pressed {keys}", evidence="nothing that can be read back has changed")


def _short(text: str, longest: int = 40) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest] + "…"


_TYPE_TEXT = Driving(
    "type_text",
    "Type text where the cursor is in the front window.",
    TypeTextArguments,
    question="Type into {}?",
    run=_type_text,
    title=lambda arguments: f"Type **{_short(arguments.text)}**",
    more=lambda arguments: (Target("text", "Text", arguments.text),),
)
_PRESS_KEYS = Driving(
    "press_keys",
    "Press keys in the front window.",
    PressKeysArguments,
    question="Press keys in {}?",
    run=_press_keys,
    title=lambda arguments: f"Press **{arguments.keys}**",
    more=lambda arguments: (Target("keys", "Keys", arguments.keys),),
    repeatable=True,
)
