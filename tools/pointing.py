"""Pointing: showing the person where on the screen something is. Nothing is pressed, read or changed.

`point_at` takes a control of the outline that was shown last, so it tells the model nothing that it has not read.
:func:`quoted` finds what an answer quotes. The ring itself is drawn by whoever shows events (:class:`PointedAt`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from agent.events import PointedAt
from agent.messages import Picture
from agent.tool import Arguments, Effect, Target, Tool, ToolContext, ToolResult
from tools.desktop.port import Bounds, Capture, Desktop, Node, Role, Window
from tools.matching import matching
from tools.outline import Outline
from tools.screen import Screen

LONGEST_LABEL = 80
_CAN_BE_PRESSED: frozenset[Role] = frozenset(
    {"button", "link", "menu", "item", "tab", "checkbox", "radio", "combo", "field", "slider", "cell"}
)
_QUOTES = re.compile(r"“([^“”\n]+)”|\"([^\"\n]+)\"|\*\*([^*\n]+)\*\*|`([^`\n]+)`|‘([^‘’\n]+)’|«([^«»\n]+)»")
_SHORTEST_QUOTE = 2


class PointAtArguments(Arguments):
    name: str = Field(description="a control's name or number")
    label: str = Field(default="", description="a few words to show beside it")


def tools(desktop: Desktop, screen: Screen) -> tuple[Tool, ...]:
    """`point_at`."""

    def effect(arguments: PointAtArguments) -> Effect:
        return Effect("compute", (Target("text", "Control", arguments.name),))

    def point_at(arguments: PointAtArguments, context: ToolContext) -> ToolResult:
        seen = screen.shown
        found = _meant(seen, arguments.name) if seen else []
        if seen is None or not found:
            # Not which ones there are: that would be reading the screen.
            return ToolResult.failed("the last outline has no such control; look first")
        if len(found) > 1:
            return ToolResult.failed("several controls are called so; use the number")
        place = where(desktop, seen, found[0])
        if place is None:
            return ToolResult.failed("it is not on the screen any more; look again")
        pointed = _pointed(seen, found[0], place, arguments.label)
        # The words are ours alone: what a harmless tool returns counts as nobody else's.
        return ToolResult(
            "confirmed",
            "a ring is drawn around it",
            evidence=f'"{found[0].name}" is at {place.x}, {place.y}, {place.width}x{place.height}',
            details={"points": pointed.model_dump(mode="json")},
        )

    return (
        Tool(
            name="point_at",
            description="Show the person where a control is: draws a ring around it.",
            arguments=PointAtArguments,
            effect=effect,
            run=point_at,
            title=lambda arguments: f"Point at **{arguments.name}**",
            repeatable=True,
        ),
    )


def pointed_in(details: dict[str, Any]) -> PointedAt | None:
    """What the result of a `point_at` points at."""
    points = details.get("points")
    return PointedAt.model_validate(points) if points else None


def quoted(desktop: Desktop, seen: Outline, answer: str) -> PointedAt | None:
    """The one control that ``answer`` quotes to the letter: “Open a Copy”, **Save**. ``None`` when it quotes none, when
    several are called so, or when it quotes several; of something to press and a text the first is meant."""
    nodes: dict[str, Node] = {}
    for words in _quotes(answer):
        found = [each.node for each in seen.controls if words in _words_of(each.node)]
        if len(found) == 1:
            nodes[found[0].key] = found[0]
    meant = [node for node in nodes.values() if node.role in _CAN_BE_PRESSED] or list(nodes.values())
    if len(meant) != 1 or (place := where(desktop, seen, meant[0])) is None:
        return None
    return _pointed(seen, meant[0], place, "")


def where(desktop: Desktop, seen: Outline, node: Node) -> Bounds | None:
    """Where a control of ``seen`` is now; ``None`` when it is gone, or its window is."""
    window = desktop.windows.find(seen.window.id)
    if window is None or window.minimised:
        return None
    now = desktop.accessibility.find(window, node.key)
    if now is not None:
        return now.bounds
    if desktop.accessibility.read(window) is not None or window.bounds != seen.window.bounds:
        return None
    return node.bounds  # words found by OCR: they are where they were as long as the window is


def _pointed(seen: Outline, node: Node, place: Bounds, label: str) -> PointedAt:
    return PointedAt(
        name=node.name,
        label=" ".join(label.split())[:LONGEST_LABEL],
        bounds=(place.x, place.y, place.width, place.height),
        window=seen.window.id,
        application=seen.window.application,
    )


def _meant(seen: Outline, name: str) -> list[Node]:
    named = matching(name, seen.controls, lambda each: each.node.name)
    exact = any(each.node.name == name.strip() for each in named)
    if name.strip().isdigit() and not exact:
        return [each.node for each in seen.controls if each.number == int(name)]
    return [each.node for each in named]


def _quotes(answer: str) -> Iterator[str]:
    for found in _QUOTES.finditer(answer):
        words = _plain(next(filter(None, found.groups())))
        if len(words) >= _SHORTEST_QUOTE:
            yield words


def _words_of(node: Node) -> tuple[str, ...]:
    """What an answer may quote of it: its name, and its value unless that is a text of many lines."""
    value = node.value if node.role != "text" and "secret" not in node.states else ""
    return tuple(_plain(words) for words in (node.name, value) if words)


def _plain(words: str) -> str:
    return " ".join(words.replace("…", "").split()).strip(" .:")


@dataclass(slots=True)
class UncoveredCapture:
    """Takes pixels of the screen without what Deskhand draws over it. See :class:`tools.desktop.port.Capture`."""

    capture: Capture
    put_away: Callable[[], None] = lambda: None
    """Takes the ring off the screen and waits, for a moment, until it is. From any thread; must not raise."""

    def monitor(self, x: int, y: int) -> Bounds:
        return self.capture.monitor(x, y)

    def grab(self, bounds: Bounds, black: Sequence[Bounds] = ()) -> Picture:
        self.put_away()
        return self.capture.grab(bounds, black)

    def window(self, window: Window, black: Sequence[Bounds] = (), above: Sequence[Bounds] = ()) -> Picture:
        self.put_away()
        return self.capture.window(window, black, above)
