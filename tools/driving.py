"""How a tool that drives another application's window is made: its effect is declared for the window in front and the
controls it names, and it acts on those or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from agent.cancel import Cancel
from agent.tool import A, Effect, Target, Tool, ToolContext, ToolResult
from tools.aim import Aiming, truthfully
from tools.decided import DecidedWindow
from tools.desktop.port import Desktop, Node, Window
from tools.hands import Hands
from tools.screen import Screen
from tools.windows import targets_of


@dataclass(frozen=True, slots=True)
class Action(Generic[A]):
    """One call under way. ``window`` has the keys."""

    hands: Hands
    window: Window
    arguments: A
    cancel: Cancel
    control: Callable[[int], Node]
    """The control with this index among those the effect was declared for, as it is now and ready to be acted on.
    Raises StaleError and CannotActError."""


@dataclass(frozen=True, slots=True)
class Driving(Generic[A]):
    """What is particular to one tool. ``controls`` are those that its arguments name, ``more`` what else its effect is
    about; ``question`` has ``{}`` for the application."""

    name: str
    description: str
    arguments: type[A]
    question: str
    run: Callable[[Action[A]], ToolResult]
    title: Callable[[A], str]
    controls: Callable[[A], tuple[str, ...]] = lambda arguments: ()
    more: Callable[[A], tuple[Target, ...]] = lambda arguments: ()
    to_set: bool = False
    repeatable: bool = False


def tool(desktop: Desktop, screen: Screen, driving: Driving[A]) -> Tool[A]:
    """``driving`` as a tool. What could not be done is a result."""
    hands, decided = Hands(desktop, screen), DecidedWindow(desktop.windows)
    aiming = Aiming(hands)

    def effect(arguments: A) -> Effect:
        window = desktop.windows.front()
        decided.declare(arguments, window)
        names = driving.controls(arguments)
        found = aiming.declare(arguments, window, names, driving.to_set)
        controls = tuple(
            Target("text", "Control", node.name if node and node.name else name, said=name)
            for name, node in zip(names, found, strict=True)
        )
        place = window.application if window else "the front window"
        targets = (*targets_of(window), *controls, *driving.more(arguments))
        return Effect("drive", targets, question=driving.question.format(place))

    def run(arguments: A, context: ToolContext) -> ToolResult:
        window = hands.taken(decided, arguments, effect)
        names = driving.controls(arguments)

        def control(index: int) -> Node:
            return aiming.ready(arguments, effect, window, names[index], index, driving.to_set)

        return driving.run(Action(hands, window, arguments, context.cancel, control))

    return Tool(
        driving.name,
        driving.description,
        driving.arguments,
        effect,
        truthfully(run),
        driving.title,
        driving.repeatable,
    )


def named(screen: Screen, name: str) -> str:
    """What ``name`` is called, when it is a number of the outline shown last; for titles."""
    if screen.shown and name.strip().isdigit():
        number = int(name)
        shown = next((each.node for each in screen.shown.controls if each.number == number), None)
        return shown.name if shown and shown.name else name
    return name
