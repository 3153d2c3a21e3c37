"""What an action is aimed at: a control of a window as it was when the effect was declared, and whether it is still
that. An approval is for one control of one application, with the look it had when the model last saw it; what has
become something else since then, has gone, or lies under another window is not touched. Agent thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.tool import A, Arguments, Effect, ToolContext, ToolResult
from tools.decided import WindowChanged
from tools.desktop.port import Node, Role, Window
from tools.desktop.waiting import until
from tools.hands import CannotActError, Hands, visible_part
from tools.outline import from_pixels
from tools.region import Region, Sighting

_SETTLE_SECONDS = 0.5
"""How long a control that looks different gets: it may still be fading in, or out of a state it was in."""
_SCROLL_SECONDS = 1.0
_HOLDS_A_VALUE: frozenset[Role] = frozenset({"field", "text", "combo", "slider", "cell"})
"""They may look different when they have the focus; then what they hold tells them."""


class StaleError(Exception):
    """The control is not what it was. Nothing was done; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Aim:
    """``node`` as it was seen, ``region`` how it looked (``None``: nobody saw its pixels)."""

    node: Node
    region: Region | None


class Aiming:
    """Remembers what the last effect that was declared is aimed at."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._declared: tuple[Arguments, tuple[Aim | None, ...]] | None = None

    def declare(
        self, arguments: Arguments, window: Window | None, names: tuple[str, ...], to_set: bool = False
    ) -> tuple[Node | None, ...]:
        """The controls that ``names`` mean now; ``None`` for what cannot be said yet (the run will say why)."""
        aims = tuple(self._aim(window, name, to_set) if window else None for name in names)
        self._declared = (arguments, aims)
        return tuple(aim.node if aim else None for aim in aims)

    def ready(
        self,
        arguments: Arguments,
        effect: Callable[..., Effect],
        window: Window,
        name: str,
        index: int = 0,
        to_set: bool = False,
    ) -> Node:
        """The control number ``index`` of those declared for ``arguments``, as it is now: enabled, in view, and not
        covered. Raises StaleError, and CannotActError when there is no such control or it cannot be acted on."""
        if self._declared is None or self._declared[0] != arguments:
            effect(arguments)
        assert self._declared is not None
        aim = self._declared[1][index]
        if aim is None:
            self._hands.control(window, name, to_set)
            raise StaleError(f'"{name}" was not there yet when this was decided; try again')
        node = self.in_reach(window, self._again(window, aim, name, to_set))
        self._looks_the_same(window, aim, node)
        return node

    def in_reach(self, window: Window, node: Node) -> Node:
        """``node``, brought into view if need be. Raises StaleError when something covers it, CannotActError when it
        is disabled or stays out of view."""
        if "disabled" in node.states:
            raise CannotActError(f'"{node.name}" is disabled')
        if node.bounds is None:
            return node
        if visible_part(window, node) is None:
            node = self._brought_into_view(window, node)
        part = visible_part(window, node)
        if part is None:
            raise CannotActError(f'"{node.name}" is out of view; scroll to it first')
        if not self._hands.desktop.windows.reaches(window, *part.centre):
            raise StaleError(f'"{node.name}" is covered by another window')
        return node

    def _aim(self, window: Window, name: str, to_set: bool) -> Aim | None:
        try:
            node = self._hands.control(window, name, to_set)
        except (CannotActError, DesktopError):
            return None
        sighting = self._hands.screen.sighting
        if sighting is None or not sighting.knows(window, node):
            sighting = self._hands.sighting(window)
        return Aim(node, _look_of(node, sighting))

    def _again(self, window: Window, aim: Aim, name: str, to_set: bool) -> Node:
        """The same control now. Raises StaleError."""
        if from_pixels(aim.node):
            return self._hands.control(window, name, to_set)
        seen = self._hands.screen.read(window)
        controls = [each.node for each in seen.controls] if seen else []
        same = [node for node in controls if node.key == aim.node.key]
        if not same:  # a page that draws itself anew gives its controls new keys
            same = [node for node in controls if (node.role, node.name) == (aim.node.role, aim.node.name)]
        if len(same) != 1 or (same[0].role, same[0].name) != (aim.node.role, aim.node.name):
            raise StaleError(f'"{aim.node.name or name}" is not there any more; look again')
        return same[0]

    def _looks_the_same(self, window: Window, aim: Aim, node: Node) -> None:
        if aim.region is None or (node.role in _HOLDS_A_VALUE and node.value == aim.node.value):
            return
        looked = aim.region

        def alike() -> bool:
            region = _look_of(node, self._hands.sighting(window))
            return region is None or region.alike(looked)

        if not until(alike, _SETTLE_SECONDS, Cancel(), every=0.1):
            raise StaleError(f'"{node.name}" looks different from when it was seen last; look again')

    def _brought_into_view(self, window: Window, node: Node) -> Node:
        if not self._hands.desktop.accessibility.scroll_to(node.key):
            return node

        def found() -> Node | None:
            seen = self._hands.screen.read(window)
            now = (
                next((each.node for each in seen.controls if each.node.key == node.key), None)
                if seen
                else None
            )
            return now if now and visible_part(window, now) else None

        return until(found, _SCROLL_SECONDS, Cancel()) or node


def _look_of(node: Node, sighting: Sighting | None) -> Region | None:
    if sighting is None:
        return None
    return sighting.part(node.bounds) if from_pixels(node) and node.bounds else sighting.region(node)


def truthfully(run: Callable[[A, ToolContext], ToolResult]) -> Callable[[A, ToolContext], ToolResult]:
    """``run`` with what stopped it as a result: refused when the target is not what was approved, failed otherwise."""

    def result(arguments: A, context: ToolContext) -> ToolResult:
        try:
            return run(arguments, context)
        except (WindowChanged, StaleError) as why:
            return ToolResult.refused(str(why))
        except CannotActError as why:
            return ToolResult.failed(str(why))

    return result
