"""Hands: press a control, set a value, type, press keys, scroll. Always in the window that was in front (of those that
are not ours) when the effect was declared, and always followed by reading back what came of it: a call that returned
"true" proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field

from agent.tool import A, Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.decided import DecidedWindow, unchanged
from tools.desktop.keys import parse
from tools.desktop.port import Desktop, Node, Window
from tools.desktop.waiting import until
from tools.hands import CHANGE_SECONDS, CannotActError, Hands, Seen, describe
from tools.screen import Screen
from tools.windows import targets_of

SCROLL_NOTCHES = 5
_ENOUGH_CHANGE = 0.002
"""The share of pixels that must differ after scrolling: a blinking caret is less."""
_GLIDE_SECONDS = 0.25
"""Between two looks at a window that may still be gliding."""


class PressArguments(Arguments):
    name: str = Field(description="a control's name or number")


class SetValueArguments(Arguments):
    name: str = Field(description="a control's name or number")
    value: str


class TypeTextArguments(Arguments):
    text: str


class PressKeysArguments(Arguments):
    keys: str = Field(description="ctrl+s, enter, alt+f4")


class ScrollArguments(Arguments):
    direction: Literal["up", "down", "left", "right"]


def tools(desktop: Desktop, screen: Screen) -> tuple[Tool, ...]:
    """`press`, `set_value`, `type_text`, `press_keys`, `scroll`."""
    return (
        _tool(
            desktop,
            screen,
            "press",
            "Press a button, menu, item or other control of the front window.",
            PressArguments,
            question="Press this in {}?",
            targets=lambda arguments: (_control(screen, arguments.name),),
            run=_press,
            title=lambda arguments: f"Press **{_named(screen, arguments.name)}**",
        ),
        _tool(
            desktop,
            screen,
            "set_value",
            "Replace the value of a field of the front window.",
            SetValueArguments,
            question="Fill in a field of {}?",
            targets=lambda arguments: (
                _control(screen, arguments.name),
                Target("text", "Text", arguments.value),
            ),
            run=_set_value,
            title=lambda arguments: f"Set **{_named(screen, arguments.name)}**",
        ),
        _tool(
            desktop,
            screen,
            "type_text",
            "Type text where the cursor is in the front window.",
            TypeTextArguments,
            question="Type into {}?",
            targets=lambda arguments: (Target("text", "Text", arguments.text),),
            run=_type_text,
            title=lambda arguments: f"Type **{_short(arguments.text)}**",
        ),
        _tool(
            desktop,
            screen,
            "press_keys",
            "Press keys in the front window.",
            PressKeysArguments,
            question="Press keys in {}?",
            targets=lambda arguments: (Target("keys", "Keys", arguments.keys),),
            run=_press_keys,
            title=lambda arguments: f"Press **{arguments.keys}**",
            repeatable=True,
        ),
        _tool(
            desktop,
            screen,
            "scroll",
            "Scroll the front window.",
            ScrollArguments,
            question="Scroll in {}?",
            targets=lambda arguments: (),
            run=_scroll,
            title=lambda arguments: f"Scroll **{arguments.direction}**",
            repeatable=True,
        ),
    )


def _tool(
    desktop: Desktop,
    screen: Screen,
    name: str,
    description: str,
    arguments: type[A],
    *,
    question: str,
    targets: Callable[[A], tuple[Target, ...]],
    run: Callable[[Hands, Window, A, ToolContext], ToolResult],
    title: Callable[[A], str],
    repeatable: bool = False,
) -> Tool[A]:
    """A tool that drives the window which was in front when its effect was declared; what could not be done is a
    result."""
    hands = Hands(desktop, screen)
    decided = DecidedWindow(desktop.windows)

    def effect(arguments: A) -> Effect:
        window = desktop.windows.front()
        decided.declare(arguments, window)
        place = window.application if window else "the front window"
        return Effect("drive", (*targets_of(window), *targets(arguments)), question=question.format(place))

    def drive(arguments: A, context: ToolContext) -> ToolResult:
        try:
            return run(hands, hands.taken(decided, arguments, effect), arguments, context)
        except CannotActError as why:
            return ToolResult.failed(str(why))

    return Tool(name, description, arguments, effect, unchanged(drive), title, repeatable)


def _press(hands: Hands, window: Window, arguments: PressArguments, context: ToolContext) -> ToolResult:
    node = hands.control(window, arguments.name)
    before = hands.seen(window)
    hands.press(window, node)
    changed = hands.change(window, before, context.cancel, with_focus=node.role in ("field", "text"))
    name = node.name or arguments.name
    if changed:
        return ToolResult("confirmed", f'pressed "{name}"', evidence=changed)
    return ToolResult(
        "suspected_noop",
        f'pressed "{name}" and nothing changed',
        evidence="the window looks as it did before",
    )


def _set_value(
    hands: Hands, window: Window, arguments: SetValueArguments, context: ToolContext
) -> ToolResult:
    node = hands.control(window, arguments.name, to_set=True)
    name = node.name or arguments.name
    if "disabled" in node.states:
        raise CannotActError(f'"{name}" is disabled')
    accessibility = hands.desktop.accessibility
    if not accessibility.set_text(node.key, arguments.value) or not _reads(
        hands, window, node, arguments.value
    ):
        hands.activate(window)
        if not accessibility.focus(node.key):
            raise CannotActError(f'"{name}" cannot be given a value')
        hands.desktop.keyboard.press("ctrl+a")
        hands.type(window, arguments.value, context.cancel)
    if "secret" in node.states:
        return ToolResult("unverifiable", f'"{name}" is now (hidden)', evidence="passwords are not read back")
    now = until(lambda: _reads(hands, window, node, arguments.value), CHANGE_SECONDS, context.cancel)
    if now:
        return ToolResult("confirmed", f'"{name}" is now "{arguments.value}"', evidence=describe(now))
    found = accessibility.find(window, node.key)
    return ToolResult.failed(f'"{name}" reads "{found.value if found else ""}", not what was set')


def _reads(hands: Hands, window: Window, node: Node, value: str) -> Node | None:
    now = hands.desktop.accessibility.find(window, node.key)
    return now if now and now.value == value else None


def _type_text(
    hands: Hands, window: Window, arguments: TypeTextArguments, context: ToolContext
) -> ToolResult:
    if not arguments.text:
        raise CannotActError("there is no text to type")
    before = hands.seen(window)
    hands.type(window, arguments.text, context.cancel)
    done = f'typed {len(arguments.text)} characters into "{window.title}"'

    def landed() -> Node | None:
        after = hands.seen(window)
        controls = [each.node for each in after.outline.controls] if after.outline else []
        focused = [node for node in controls if "focused" in node.states]
        # Right after an application has opened, none says that it has the focus.
        places = focused or [node for node in controls if "editable" in node.states]
        return next((node for node in places if _shows(node, arguments.text, before)), None)

    if before.outline is None:
        return ToolResult("unverifiable", done, evidence="the text of this window cannot be read back")
    if node := until(landed, CHANGE_SECONDS, context.cancel):
        return ToolResult("confirmed", done, evidence=describe(node))
    if changed := hands.change(window, before, context.cancel):
        return ToolResult("unverifiable", done, evidence=changed)
    return ToolResult("suspected_noop", f"{done} and nothing changed", evidence="the text is not there")


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
    return text.translate(str.maketrans("×÷−·", "*/-*")).replace("\r\n", "\n").strip()


def _press_keys(
    hands: Hands, window: Window, arguments: PressKeysArguments, context: ToolContext
) -> ToolResult:
    try:
        parse(arguments.keys)
    except ValueError as why:
        raise CannotActError(str(why)) from None
    before = hands.seen(window)
    hands.desktop.keyboard.press(arguments.keys)
    return _result_of_keys(hands, window, before, f"pressed {arguments.keys}", context)


def _result_of_keys(
    hands: Hands, window: Window, before: Seen, done: str, context: ToolContext
) -> ToolResult:
    if changed := hands.change(window, before, context.cancel):
        return ToolResult("confirmed", done, evidence=changed)
    return ToolResult("unverifiable", done, evidence="nothing that can be read back has changed")


def _scroll(hands: Hands, window: Window, arguments: ScrollArguments, context: ToolContext) -> ToolResult:
    grab = hands.desktop.capture.grab
    before = _at_rest(hands, window, context)
    hands.desktop.pointer.scroll(*window.bounds.centre, arguments.direction, SCROLL_NOTCHES)

    def moved() -> bool:
        after = grab(window.bounds).rgb
        return len(after) != len(before) or _share_of_difference(before, after) > _ENOUGH_CHANGE

    if until(lambda: moved() or None, CHANGE_SECONDS, context.cancel, every=0.1):
        return ToolResult("confirmed", f"scrolled {arguments.direction}", evidence="the picture moved")
    return ToolResult(
        "suspected_noop",
        f"scrolled {arguments.direction} and nothing changed",
        evidence="the window looks as it did before",
    )


def _at_rest(hands: Hands, window: Window, context: ToolContext) -> bytes:
    """The window's pixels once they no longer move: an application may still glide from the scroll before."""
    pictures = [hands.desktop.capture.grab(window.bounds).rgb]

    def rests() -> bool:
        context.cancel.wait(_GLIDE_SECONDS)
        pictures.append(hands.desktop.capture.grab(window.bounds).rgb)
        before, now = pictures[-2:]
        return len(before) == len(now) and _share_of_difference(before, now) <= _ENOUGH_CHANGE

    until(lambda: rests() or None, CHANGE_SECONDS, context.cancel)
    return pictures[-1]


def _share_of_difference(before: bytes, after: bytes) -> float:
    a, b = np.frombuffer(before, np.uint8), np.frombuffer(after, np.uint8)
    return float(np.count_nonzero(a != b)) / a.size


def _control(screen: Screen, name: str) -> Target:
    return Target("text", "Control", _named(screen, name), said=name)


def _named(screen: Screen, name: str) -> str:
    """What ``name`` is called, when it is a number of the outline shown last."""
    if screen.shown and name.strip().isdigit():
        number = int(name)
        shown = next((each.node for each in screen.shown.controls if each.number == number), None)
        return shown.name if shown and shown.name else name
    return name


def _short(text: str, longest: int = 40) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest] + "…"
