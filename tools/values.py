"""`set_value`: text into fields, numbers into sliders, options of combo boxes and lists, check marks, cells of tables.

There are several ways for each, because applications accept some and do nothing: after each way what the control holds
is read back, and only what reads as it should counts as set.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from agent.tool import Arguments, Target, ToolResult
from tools import sheet
from tools.desktop.port import Node, walk
from tools.desktop.waiting import until
from tools.driving import Action, Driving, named
from tools.hands import CHANGE_SECONDS, TRUE_SECONDS, CannotActError, describe, plain
from tools.matching import matching
from tools.screen import Screen

_MOST_STEPS = 60
"""Options that are gone through with the arrow keys."""
_MARKS = {
    "on": True, "yes": True, "true": True, "checked": True, "1": True,
    "off": False, "no": False, "false": False, "unchecked": False, "0": False,
}  # fmt: skip


class SetValueArguments(Arguments):
    name: str = Field(description="a control's name or number, or a cell: B3")
    value: str


def set_value(screen: Screen) -> Driving[SetValueArguments]:
    return Driving(
        "set_value",
        "Replace the value of a field, choose an option, or fill in a cell.",
        SetValueArguments,
        question="Fill in a field of {}?",
        run=_run,
        title=lambda arguments: f"Set **{named(screen, arguments.name)}**",
        controls=lambda arguments: (arguments.name,),
        more=lambda arguments: (Target("text", "Text", arguments.value),),
        to_set=True,
    )


def _run(action: Action[SetValueArguments]) -> ToolResult:
    address = sheet.address_of(action.arguments.name)
    if address and sheet.is_spreadsheet(action.hands.screen.read(action.window)):
        return sheet.fill(action.hands, action.window, address, action.arguments.value, action.cancel)
    node = action.control(0)
    if node.role in ("checkbox", "radio"):
        return _mark(action, node)
    if "secret" in node.states:
        return _fill_in_secret(action, node)
    before = held(node)
    for way in _ways(node):
        if way(action, node) and (now := _until_it_reads(action, node)):
            return _is_now(action, node, now)
    now = action.hands.desktop.accessibility.find(action.window, node.key)
    reads = held(now) if now else ""
    name = node.name or action.arguments.name
    if reads == before:
        return ToolResult(
            "suspected_noop",
            f'error: "{name}" still reads "{reads}"',
            evidence=f'"{name}" still reads "{reads}": nothing that was tried changed it',
        )
    return ToolResult.failed(f'"{name}" reads "{reads}", not what was set')


Way = Callable[[Action[SetValueArguments], Node], bool]
"""One way of setting a value; whether it was tried."""


def _ways(node: Node) -> tuple[Way, ...]:
    match node.role:
        case "slider":
            return _as_number, _as_keys, _by_arrows
        case "combo" if "editable" not in node.states:
            return _as_option, _from_the_open_list, _by_first_letters, _by_arrows
        case "combo":
            return _as_text, _as_keys, _as_option, _from_the_open_list
        case "list":
            return _as_option, _by_first_letters
        case _:
            return _as_text, _as_keys


def _as_text(action: Action[SetValueArguments], node: Node) -> bool:
    return action.hands.desktop.accessibility.set_text(node.key, action.arguments.value)


def _as_number(action: Action[SetValueArguments], node: Node) -> bool:
    number = _number(action.arguments.value)
    return number is not None and action.hands.desktop.accessibility.set_number(node.key, number)


def _as_keys(action: Action[SetValueArguments], node: Node) -> bool:
    if not _focused(action, node):
        return False
    action.hands.keys(action.window, "ctrl+a")
    if action.arguments.value:
        action.hands.type_keys(action.window, action.arguments.value, action.cancel)
    else:
        action.hands.keys(action.window, "delete")
    if node.role == "slider":
        action.hands.keys(action.window, "tab")  # a field of numbers takes its text when it is left
    return True


def _as_option(action: Action[SetValueArguments], node: Node) -> bool:
    """Through the tree, where the options are listed though nothing is open."""
    option = _option(action, node)
    return option is not None and action.hands.desktop.accessibility.select(option.key)


def _by_first_letters(action: Action[SetValueArguments], node: Node) -> bool:
    if not _focused(action, node):
        return False
    action.hands.type_keys(action.window, action.arguments.value.split("\n")[0], action.cancel)
    return True


def _by_arrows(action: Action[SetValueArguments], node: Node) -> bool:
    """From the first option down, until it reads as it should; back to where it was when none does."""
    if not _focused(action, node):
        return False
    if not _stepped_to(action, node, action.arguments.value):
        _stepped_to(action, node, held(node))
    return True


def _stepped_to(action: Action[SetValueArguments], node: Node, value: str) -> bool:
    action.hands.keys(action.window, "home")
    last = None
    for _ in range(_MOST_STEPS):
        now = until(lambda seen=last: _moved_on(action, node, seen), TRUE_SECONDS, action.cancel, every=0.02)
        if now is None:
            return False
        if _reads(now, value):
            return True
        last = held(now)
        action.hands.keys(action.window, "right" if node.role == "slider" else "down")
    return False


def _moved_on(action: Action[SetValueArguments], node: Node, last: str | None) -> Node | None:
    now = action.hands.desktop.accessibility.find(action.window, node.key)
    return now if now is not None and held(now) != last else None


def _from_the_open_list(action: Action[SetValueArguments], node: Node) -> bool:
    """Open it, as a person would, and press the option; close it again when it is not there."""
    hands = action.hands
    hands.press(action.window, node)
    try:
        option = until(lambda: _option(action, node), CHANGE_SECONDS, action.cancel)
        if option is not None:
            hands.press(action.window, option)
            return True
    except CannotActError:
        hands.keys(action.window, "escape")
        raise
    hands.keys(action.window, "escape")
    return False


def _option(action: Action[SetValueArguments], node: Node) -> Node | None:
    """The option that is meant. Raises CannotActError when there are options, and not this one."""
    tree = action.hands.desktop.accessibility.read(action.window)
    combo = next((each for each in walk(tree) if each.key == node.key), None) if tree else None
    options = (
        [each for each in walk(combo) if each.role in ("item", "row", "cell") and each.name] if combo else []
    )
    if not options:
        return None
    exact = [each for each in options if each.name == action.arguments.value]
    found = exact or matching(action.arguments.value, options, lambda each: each.name)
    if len(found) == 1:
        return found[0]
    names = ", ".join(f'"{each.name}"' for each in options[:12])
    raise CannotActError(f'"{node.name}" has no "{action.arguments.value}"; there are: {names}')


def _focused(action: Action[SetValueArguments], node: Node) -> bool:
    """Give the control the keys; never type where they may be somewhere else."""
    hands = action.hands
    hands.activate(action.window)
    hands.desktop.accessibility.focus(node.key)
    if until(lambda: _has_focus(action, node), TRUE_SECONDS, action.cancel, every=0.02):
        return True
    if node.role not in ("field", "text", "cell", "slider"):
        return False
    hands.click(action.window, node)
    return bool(until(lambda: _has_focus(action, node), TRUE_SECONDS, action.cancel, every=0.02))


def _has_focus(action: Action[SetValueArguments], node: Node) -> bool:
    now = action.hands.desktop.accessibility.find(action.window, node.key)
    return now is not None and "focused" in now.states


def _mark(action: Action[SetValueArguments], node: Node) -> ToolResult:
    wanted = _MARKS.get(action.arguments.value.strip().casefold())
    if wanted is None:
        raise CannotActError(f'"{node.name}" is on or off')
    state = "checked" if wanted else "unchecked"
    if state not in node.states:
        action.hands.press(action.window, node)

    def done() -> Node | None:
        now = action.hands.desktop.accessibility.find(action.window, node.key)
        return now if now and state in now.states else None

    if now := until(done, CHANGE_SECONDS, action.cancel):
        return ToolResult("confirmed", f'"{node.name}" is now {state}', evidence=describe(now))
    return ToolResult(
        "suspected_noop",
        f'error: "{node.name}" is not {state}',
        evidence=f'"{node.name}" is as it was before',
    )


def _fill_in_secret(action: Action[SetValueArguments], node: Node) -> ToolResult:
    if not _as_keys(action, node):
        raise CannotActError(f'"{node.name}" did not take the keys; nothing was typed')
    return ToolResult(
        "unverifiable", f'"{node.name}" is now (hidden)', evidence="passwords are not read back"
    )


def _until_it_reads(action: Action[SetValueArguments], node: Node) -> Node | None:
    def check() -> Node | None:
        now = action.hands.desktop.accessibility.find(action.window, node.key)
        return now if now and _reads(now, action.arguments.value) else None

    return until(check, TRUE_SECONDS, action.cancel)


def held(node: Node) -> str:
    """What the control holds. Qt's combo boxes are called what is chosen in them."""
    return node.name if node.role == "combo" and not node.value else node.value


def _reads(node: Node, value: str) -> bool:
    if node.role == "slider":
        return _number(node.value) is not None and _number(node.value) == _number(value)
    if node.role in ("combo", "list"):
        return held(node).strip().casefold() == value.strip().casefold()
    return plain(node.value) == plain(value)


def _number(text: str) -> float | None:
    try:
        return round(float(text.strip().rstrip("%").replace(",", ".")), 6)
    except ValueError:
        return None


def _is_now(action: Action[SetValueArguments], node: Node, now: Node) -> ToolResult:
    action.hands.noticed(action.window)
    name = node.name or action.arguments.name
    return ToolResult("confirmed", f'"{name}" is now "{plain(held(now))}"', evidence=describe(now))
