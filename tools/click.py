"""Clicking a point of the picture that was shown last, for what no outline names. Only for models that see.

The point is turned into the desktop's coordinates by :mod:`agent.coordinates`. Nothing is clicked unless the same
window is there as in the picture and it looks there as it did; what the click did is read back.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.coordinates import OutsideError
from agent.errors import DesktopError
from agent.messages import Picture
from agent.sight import looks_different
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.decided import DecidedWindow, unchanged
from tools.desktop.port import Desktop, Window
from tools.hands import CannotActError, Hands
from tools.outline import Control, Outline
from tools.screen import Screen
from tools.views import NoPictureError
from tools.windows import targets_of

_NEAR = 60
"""Pixels: a control so near to the point says where it is, when none is under it."""


class ClickAtArguments(Arguments):
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Aim:
    """What a call points at: a point of the desktop, the picture that it was named in, and the window that is there.
    ``what`` says what the tree knows of it."""

    x: int
    y: int
    picture: Picture
    window: Window
    what: str


def tools(desktop: Desktop, screen: Screen) -> tuple[Tool, ...]:
    """`click_at`."""
    hands, decided = Hands(desktop, screen), DecidedWindow(desktop.windows)
    aims: dict[ClickAtArguments, Aim] = {}

    def effect(arguments: ClickAtArguments) -> Effect:
        """Raises DesktopError when there is nothing to click: then nobody need be asked."""
        aim = _aim(desktop, screen, arguments)
        aims.clear()
        aims[arguments] = aim
        decided.declare(arguments, aim.window)
        point = Target("text", "Control", aim.what, said=f"{arguments.x}, {arguments.y}")
        question = f"Click here in {aim.window.application}?"
        return Effect("drive", (*targets_of(aim.window), point), question=question)

    def click_at(arguments: ClickAtArguments, context: ToolContext) -> ToolResult:
        window, aim = decided.window(arguments, effect), aims[arguments]
        assert window is not None  # one was declared
        try:
            if window.bounds != aim.window.bounds or not screen.views.looks_as_in(aim.picture, aim.x, aim.y):
                return ToolResult.refused("it looks different there from the picture; look again")
            return _clicked(hands, window, aim, context)
        except CannotActError as why:
            return ToolResult.failed(str(why))

    return (
        Tool(
            name="click_at",
            description="Click a point of the last picture. For what `press` cannot name.",
            arguments=ClickAtArguments,
            effect=effect,
            run=unchanged(click_at),
            title=lambda arguments: f"Click at **{arguments.x}, {arguments.y}**",
            for_sight=True,
        ),
    )


def _aim(desktop: Desktop, screen: Screen, arguments: ClickAtArguments) -> Aim:
    """Raises DesktopError."""
    try:
        picture, mapper = screen.views.newest()
        x, y = mapper.point(float(arguments.x), float(arguments.y))
    except (NoPictureError, OutsideError) as why:
        raise DesktopError(str(why)) from None
    except ValueError:
        raise DesktopError("x and y are numbers") from None
    there = [each for each in desktop.windows.list() if not each.minimised and each.bounds.contains(x, y)]
    pictured = screen.views.window_at(picture, x, y)
    of = screen.views.window_of(picture)
    window = of or next(iter(there), None)
    if window is None:
        raise DesktopError("there is no window at that point")
    if not window.bounds.contains(x, y):
        raise DesktopError(f'"{window.title}" has moved since it was pictured; look again')
    if pictured is not None and pictured.id != window.id:
        raise DesktopError(f'"{window.title}" is there now, which the picture does not show; look again')
    seen = screen.read(window)
    if seen is None and screen.shown is not None and screen.shown.window == window:
        seen = screen.shown  # read from its pixels, which are compared before the click
    return Aim(x, y, picture, window, _described(seen, x, y, f"{arguments.x}, {arguments.y}"))


def _described(seen: Outline | None, x: int, y: int, said: str) -> str:
    """What is under the point, for whoever approves it: the smallest control there, or the nearest one."""
    controls = [each for each in seen.controls if each.node.bounds] if seen else []
    under = [each for each in controls if _distance(each, x, y) == 0]
    if under:
        return _named(min(under, key=_area))
    near = min(controls, key=lambda each: _distance(each, x, y), default=None)
    if near is not None and _distance(near, x, y) <= _NEAR:
        return f"the point {said}, near {_named(near)}"
    return f"the point {said}"


def _named(control: Control) -> str:
    return f'{control.node.role} "{control.node.name}"' if control.node.name else control.node.role


def _distance(control: Control, x: int, y: int) -> int:
    bounds = control.node.bounds
    assert bounds is not None
    across = max(bounds.x - x, 0, x - (bounds.x + bounds.width - 1))
    down = max(bounds.y - y, 0, y - (bounds.y + bounds.height - 1))
    return max(across, down)


def _area(control: Control) -> int:
    bounds = control.node.bounds
    return bounds.width * bounds.height if bounds else 0


def _clicked(hands: Hands, window: Window, aim: Aim, context: ToolContext) -> ToolResult:
    hands.activate(window)
    before, pixels = hands.seen(window), hands.desktop.capture.window(window)
    if not hands.desktop.pointer.click(aim.x, aim.y, on=window):
        return ToolResult.refused("something else lies there now; look again")
    done = f"clicked {aim.what}"
    if changed := hands.change(window, before, context.cancel):
        return ToolResult("confirmed", done, evidence=changed)
    still = hands.desktop.windows.find(window.id)
    if still is not None and looks_different(pixels, hands.desktop.capture.window(still)):
        # A control that the pointer is on may look different without having done anything.
        return ToolResult("unverifiable", done, evidence="the picture changed, but nothing that can be read")
    return ToolResult(
        "suspected_noop", f"{done} and nothing changed", evidence="the window looks as it did before"
    )
