"""`scroll`, also until a control comes into view, and `drag` from one control to another."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.tool import Arguments, ToolResult
from tools.desktop.port import Node, Window
from tools.desktop.waiting import until
from tools.driving import Action, Driving, named
from tools.hands import CHANGE_SECONDS, CannotActError, Hands, describe, visible_part
from tools.screen import Screen

NOTCHES = 5
_MOST_SCROLLS = 60
_BLANK_SCROLLS = 8
"""Scrolls after which nothing looks different, one after the other: the end, or a wide empty stretch of a page."""
_ENOUGH_CHANGE = 0.002
"""The share of pixels that must differ after scrolling: a blinking caret is less."""
_GLIDE_SECONDS = 0.25
"""Between two looks at a window that may still be gliding."""


class ScrollArguments(Arguments):
    direction: Literal["up", "down", "left", "right"] = "down"
    to: str = Field(default="", description="a control to scroll to")


class DragArguments(Arguments):
    name: str = Field(description="a control's name or number")
    to: str = Field(description="the control to drop it on")


def scroll(screen: Screen) -> Driving[ScrollArguments]:
    return Driving(
        "scroll",
        "Scroll the front window.",
        ScrollArguments,
        question="Scroll in {}?",
        run=_scroll,
        title=lambda arguments: (
            f"Scroll **{arguments.direction}**"
            if not arguments.to
            else f"Scroll to **{named(screen, arguments.to)}**"
        ),
        repeatable=True,
    )


def drag(screen: Screen) -> Driving[DragArguments]:
    return Driving(
        "drag",
        "Drag a control of the front window onto another.",
        DragArguments,
        question="Drag this in {}?",
        run=_drag,
        title=lambda arguments: (
            f"Drag **{named(screen, arguments.name)}** to **{named(screen, arguments.to)}**"
        ),
        controls=lambda arguments: (arguments.name, arguments.to),
    )


def _scroll(action: Action[ScrollArguments]) -> ToolResult:
    if action.arguments.to:
        return _scroll_to(action)
    before = _at_rest(action.hands, action.window, action.cancel)
    _turn_wheel(action)

    def moved() -> bool:
        after = _pixels(action.hands, action.window)
        return len(after) != len(before) or _share_of_difference(before, after) > _ENOUGH_CHANGE

    direction = action.arguments.direction
    if until(moved, CHANGE_SECONDS, action.cancel, every=0.1):
        action.hands.noticed(action.window)
        return ToolResult("confirmed", f"scrolled {direction}", evidence="the picture moved")
    return ToolResult(
        "suspected_noop",
        f"scrolled {direction} and nothing changed",
        evidence="the window looks as it did before",
    )


def _scroll_to(action: Action[ScrollArguments]) -> ToolResult:
    """To the control through the tree where it is known there, else notch by notch until it can be seen."""
    hands, window, name = action.hands, action.window, action.arguments.to
    blank = 0
    for _ in range(_MOST_SCROLLS):
        node = _known(hands, window, name)
        hidden = node is not None and visible_part(window, node) is None
        if node is not None and hidden and hands.desktop.accessibility.scroll_to(node.key):
            until(lambda: _in_view(hands, window, name), CHANGE_SECONDS, action.cancel)
        if node := _in_view(hands, window, name):
            hands.noticed(window)
            return ToolResult("confirmed", f'scrolled to "{node.name or name}"', evidence=describe(node))
        before = _pixels(hands, window)
        _turn_wheel(action)
        after = _at_rest(hands, window, action.cancel)
        blank = blank + 1 if _share_of_difference(before, after) <= _ENOUGH_CHANGE else 0
        if action.cancel.requested or blank == _BLANK_SCROLLS:
            break
    raise CannotActError(f'"{name}" was not found by scrolling {action.arguments.direction}')


def _known(hands: Hands, window: Window, name: str) -> Node | None:
    try:
        return hands.control(window, name)
    except CannotActError:
        return None


def _in_view(hands: Hands, window: Window, name: str) -> Node | None:
    node = _known(hands, window, name)
    return node if node is not None and visible_part(window, node) is not None else None


def _turn_wheel(action: Action[ScrollArguments]) -> None:
    pointer, window = action.hands.desktop.pointer, action.window
    if not pointer.scroll(*window.bounds.centre, action.arguments.direction, NOTCHES, on=window):
        raise CannotActError(f'something else lies over "{window.title}"')


def _drag(action: Action[DragArguments]) -> ToolResult:
    hands, window = action.hands, action.window
    node, target = action.control(0), action.control(1)
    start, end = visible_part(window, node), visible_part(window, target)
    if start is None or end is None:
        raise CannotActError(f'"{node.name}" and "{target.name}" cannot be seen both at once')
    before, pixels = hands.seen(window), _pixels(hands, window)
    if not hands.desktop.pointer.drag(start.centre, end.centre, on=window):
        raise CannotActError("something else came in the way; what was dragged is back where it was")
    done = f'dragged "{node.name}" to "{target.name}"'
    if changed := hands.change(window, before, action.cancel, with_focus=False):
        return ToolResult("confirmed", done, evidence=changed)
    if _share_of_difference(pixels, _pixels(hands, window)) > _ENOUGH_CHANGE:
        return ToolResult("unverifiable", done, evidence="the picture of the window changed")
    return ToolResult(
        "suspected_noop", f"{done} and nothing changed", evidence="the window looks as it did before"
    )


def _at_rest(hands: Hands, window: Window, cancel: Cancel) -> bytes:
    """The window's pixels once they no longer move: an application may still glide from the scroll before."""
    pictures = [_pixels(hands, window)]

    def rests() -> bool:
        cancel.wait(_GLIDE_SECONDS)
        pictures.append(_pixels(hands, window))
        return _share_of_difference(*pictures[-2:]) <= _ENOUGH_CHANGE

    until(rests, CHANGE_SECONDS, cancel)
    return pictures[-1]


def _pixels(hands: Hands, window: Window) -> bytes:
    now = hands.desktop.windows.find(window.id)
    if now is None:
        raise DesktopError(f'"{window.title}" closed before it was done.')
    return hands.desktop.capture.grab(now.bounds).rgb


def _share_of_difference(before: bytes, after: bytes) -> float:
    if len(before) != len(after):
        return 1.0
    a, b = np.frombuffer(before, np.uint8), np.frombuffer(after, np.uint8)
    return float(np.count_nonzero(a != b)) / max(1, a.size)
