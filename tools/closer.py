"""Looking closer: a part of the screen at its own resolution, or the front window with its controls numbered.

The pictures that come with a look are an overview that takes few tokens; this is the second pass, for what is too small
in it. Only for models that see.
"""

from __future__ import annotations

import re

from pydantic import Field

from agent.coordinates import OutsideError
from agent.messages import Picture
from agent.sight import TILE
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.decided import DecidedWindow, unchanged
from tools.desktop.port import Bounds, Desktop, Node, Window
from tools.driving import named
from tools.marks import marked
from tools.matching import matching
from tools.outline import Outline
from tools.screen import Screen, no_window
from tools.views import NoPictureError

LEAST = (10 * TILE, 7 * TILE)
"""Pixels across and down, with what is around what was asked for: a picture takes 70 tokens at least."""
MOST_TOKENS = 560
"""For one picture: all of 1280x960. A larger one is shown smaller than it is."""
_BOX = re.compile(r"[\[(]?\s*(-?[\d.]+)[,\s]+(-?[\d.]+)[,\s]+(-?[\d.]+)[,\s]+(-?[\d.]+)\s*[\])]?")


class LookCloserArguments(Arguments):
    what: str = Field(
        default="",
        description="a control's number or name, or a box in the last picture; empty: all, numbered",
    )


class Unclear(Exception):
    """What was asked for is not to be found; the message is one sentence for the model."""


def tools(desktop: Desktop, screen: Screen) -> tuple[Tool, ...]:
    """`look_closer`."""
    decided = DecidedWindow(desktop.windows)

    def effect(arguments: LookCloserArguments) -> Effect:
        window = _window(desktop, screen, arguments.what)
        decided.declare(arguments, window)
        targets = (Target("application", "Application", window.application),) if window else ()
        return Effect("look", targets, question="Look at the screen?")

    def look_closer(arguments: LookCloserArguments, context: ToolContext) -> ToolResult:
        window = decided.window(arguments, effect)
        if window is None:
            return ToolResult.failed(no_window(desktop, arguments.what))
        try:
            if not arguments.what.strip():
                return _numbered(screen, window, context)
            if numbers := _numbers(arguments.what):
                return _box(screen, window, numbers)
            return _control(screen, window, arguments.what, context)
        except (Unclear, NoPictureError, OutsideError) as why:
            return ToolResult.failed(str(why))

    return (
        Tool(
            name="look_closer",
            description="See a part of the screen in full detail.",
            arguments=LookCloserArguments,
            effect=effect,
            run=unchanged(look_closer),
            title=lambda arguments: (
                f"Look closer at **{named(screen, arguments.what) or 'the front window'}**"
            ),
            for_sight=True,
        ),
    )


def _window(desktop: Desktop, screen: Screen, what: str) -> Window | None:
    """The window that the call is about: the one under the middle of a box, the one whose outline was shown last, the
    front one."""
    if numbers := _numbers(what):
        try:
            picture, mapper = screen.views.newest()
            middle = Bounds(*mapper.box(numbers)).centre
        except (NoPictureError, OutsideError):
            return desktop.windows.front()
        of = screen.views.window_of(picture)
        there = (each for each in desktop.windows.list() if each.bounds.contains(*middle))
        return of or next(there, None) or desktop.windows.front()
    if what.strip() and screen.shown is not None:
        return desktop.windows.find(screen.shown.window.id)
    return desktop.windows.front()


def _numbered(screen: Screen, window: Window, context: ToolContext) -> ToolResult:
    seen = screen.look(window, context.cancel)
    raw = screen.views.window(window, seen)
    picture = screen.views.drawn(_affordable(marked(raw, seen.controls)), raw, window.id)
    return ToolResult(
        "confirmed",
        seen.text(screen.budget),
        evidence=f'read "{window.title}"',
        pictures=(picture,),
        lines=seen.lines(screen.budget),
    )


def _box(screen: Screen, window: Window, numbers: list[float]) -> ToolResult:
    picture, mapper = screen.views.newest()
    of = screen.views.window_of(picture)
    within = of.bounds if of else Bounds(*mapper.place)
    part = screen.views.part(_grown(Bounds(*mapper.box(numbers)), within), of)
    return _shown(part, window)


def _control(screen: Screen, window: Window, what: str, context: ToolContext) -> ToolResult:
    seen = screen.shown
    if seen is None or seen.window.id != window.id:
        seen = screen.look(window, context.cancel)
    node = _meant(seen, what)
    now = _where(screen, window, seen, node, context)
    return _shown(screen.views.part(_grown(now, window.bounds), window), window)


def _meant(seen: Outline, what: str) -> Node:
    """The control with that number, or the first of that name: to look at the wrong one does no harm."""
    found = [each for each in seen.controls if str(each.number) == what.strip()]
    found = found or matching(what, seen.controls, lambda each: each.node.name)
    if not found:
        raise Unclear(f'there is no control called "{what}"')
    return found[0].node


def _where(screen: Screen, window: Window, seen: Outline, node: Node, context: ToolContext) -> Bounds:
    """Where it is now."""
    outline = screen.read(window)
    now = (
        next((each.node for each in outline.controls if each.node.key == node.key), None) if outline else node
    )
    if now is None or now.bounds is None:
        raise Unclear(f'"{node.name}" is not in the window any more; look again')
    moved = (
        (0, 0)
        if outline
        else (window.bounds.x - seen.window.bounds.x, window.bounds.y - seen.window.bounds.y)
    )
    return now.bounds.moved(*moved)


def _shown(part: Picture, window: Window) -> ToolResult:
    picture = _affordable(part)
    smaller = ", shown smaller" if _tokens(picture) > MOST_TOKENS else ""
    said = f'closer: {picture.width}x{picture.height} pixels of "{window.title}"{smaller}'
    return ToolResult("confirmed", said, evidence=said, pictures=(picture,))


def _affordable(picture: Picture) -> Picture:
    """With a budget of tokens that leaves it its own resolution, if it can have that."""
    least = LEAST[0] * LEAST[1] // TILE**2
    return picture.model_copy(update={"budget": max(least, min(MOST_TOKENS, _tokens(picture)))})


def _tokens(picture: Picture) -> int:
    return -(-picture.width // TILE) * -(-picture.height // TILE)


def _grown(bounds: Bounds, within: Bounds) -> Bounds:
    """``bounds`` in the middle of at least :data:`LEAST`, inside ``within``."""
    x, width = _stretched(bounds.x, bounds.width, LEAST[0], within.x, within.width)
    y, height = _stretched(bounds.y, bounds.height, LEAST[1], within.y, within.height)
    return Bounds(x, y, width, height)


def _stretched(begin: int, length: int, least: int, first: int, most: int) -> tuple[int, int]:
    wanted = min(most, max(least, length))
    return max(first, min(begin - (wanted - length) // 2, first + most - wanted)), wanted


def _numbers(what: str) -> list[float]:
    """The four numbers of a box; empty when ``what`` is something else."""
    found = _BOX.fullmatch(what.strip())
    try:
        return [float(number) for number in found.groups()] if found else []
    except ValueError:  # "1.2.3"
        return []
