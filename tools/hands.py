"""Acting on a window and reading back what came of it. The tools in :mod:`tools.act` and
:mod:`tools.save_as` are made of these steps; agent thread only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.cancel import Cancel
from agent.errors import DesktopError
from agent.messages import Picture
from agent.sight import looks_different
from agent.tool import Arguments, Effect
from tools.decided import DecidedWindow
from tools.desktop.port import Bounds, Desktop, Node, Role, Window
from tools.desktop.waiting import until
from tools.matching import matching, similar
from tools.outline import Control, Outline, from_pixels
from tools.pixels import same_text, texts_called
from tools.region import Sighting
from tools.screen import Screen

CHANGE_SECONDS = 1.0
"""How long an application gets to show the effect of an action."""
TRUE_SECONDS = 0.5
"""How long an application gets to hold what it says it has accepted: some say so and do nothing."""

_NOT_FOR_PRESSING: frozenset[Role] = frozenset({"label", "heading", "image", "group", "bar", "dialog"})
_CLICKED: frozenset[Role] = frozenset({"menu", "item", "cell"})
"""GTK 3 runs what a menu item opens inside the accessibility call, and answers no other call until that is closed; a
cell it opens (a file, say), where a click only selects it."""
_TAKES_VALUES: frozenset[Role] = frozenset(
    {"field", "text", "combo", "slider", "cell", "checkbox", "radio", "list"}
)


class CannotActError(Exception):
    """An action that could not be made; the message is one sentence for the model and the person alike."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be compared before and after an action."""

    windows: tuple[tuple[int, str], ...]
    outline: Outline | None
    pixels: Picture | None = None
    """Of a window without a tree."""

    def lines(self, with_focus: bool) -> tuple[str, ...]:
        controls = self.outline.controls if self.outline else ()
        states = frozenset() if with_focus else frozenset({"focused"})
        return tuple(
            f'{node.role} "{node.name}" = "{node.value}" {sorted(node.states - states)}'
            for node in (control.node for control in controls)
        )


class Hands:
    """Acts on one desktop."""

    def __init__(self, desktop: Desktop, screen: Screen) -> None:
        self.desktop = desktop
        self.screen = screen

    def taken(self, decided: DecidedWindow, arguments: Arguments, effect: Callable[..., Effect]) -> Window:
        """The window that the effect was declared for, with the keys. Raises WindowChanged, and CannotActError when
        there was no window, or it does not get the keys."""
        window = decided.window(arguments, effect)
        if window is None:
            raise CannotActError("no windows are open")
        self.activate(window)
        return window

    def activate(self, window: Window) -> None:
        """Give ``window`` the keys, where that can be done; else its controls are worked without. Raises CannotActError
        when it does not get them."""
        if not self._is_active(window) and not self.desktop.cannot_focus:
            self.desktop.windows.focus(window)
            if not self._is_active(window):
                raise CannotActError(f'"{window.title}" could not be brought to the front')

    def _is_active(self, window: Window) -> bool:
        active = self.desktop.windows.active()
        return active is not None and active.id == window.id

    def control(self, window: Window, name: str, to_set: bool = False) -> Node:
        """The control called ``name``, or with that number in the outline shown last.

        Raises CannotActError when there is none, or several."""
        seen = self.screen.read(window)
        if seen is None and not to_set:
            return self._text(window, name)
        if seen is None:
            raise CannotActError(f'the controls of "{window.title}" cannot be read; use keys instead')
        named = [each for each in seen.controls if _fits(each.node, to_set)]
        found = matching(name, named, lambda each: each.node.name)
        if name.strip().isdigit() and not any(each.node.name == name.strip() for each in found):
            return self._numbered(seen, int(name))
        return _only(found, name, named)

    def _text(self, window: Window, name: str) -> Node:
        """The text called ``name``, or the line with that number, in a window of which only the pixels can be read."""
        seen = self.screen.read_pixels(window, Cancel())
        if not seen.controls:
            raise CannotActError(
                f'no text can be read in "{window.title}"; {seen.note or "use keys instead"}'
            )
        found = texts_called(seen, name)
        if name.strip().isdigit() and not found:
            return self._numbered(seen, int(name))
        return _only(found, name, list(seen.controls))

    def _numbered(self, seen: Outline, number: int) -> Node:
        shown = (
            self.screen.shown if self.screen.shown and self.screen.shown.window.id == seen.window.id else seen
        )
        meant = next((each.node for each in shown.controls if each.number == number), None)
        if meant is None:
            raise CannotActError(f"there is no control {number} in the outline")
        now = next((each.node for each in seen.controls if each.node.key == meant.key), None)
        if now is None and from_pixels(meant):
            now = same_text(meant, shown, seen)
        if now is None or (now.role, now.name) != (meant.role, meant.name):
            raise CannotActError(f'{number} ("{meant.name}") is not in the window any more; look again')
        return now

    def press(self, window: Window, node: Node) -> None:
        """Press ``node``: through the tree where it offers that, else with a click. Raises CannotActError."""
        if "disabled" in node.states:
            raise CannotActError(f'"{node.name}" is disabled')
        self.activate(window)
        accessibility = self.desktop.accessibility
        if node.role in ("field", "text") and accessibility.focus(node.key):
            return
        by_pointer = node.bounds is not None and (node.role in _CLICKED or from_pixels(node))
        if by_pointer or not accessibility.press(node.key):
            self.click(window, node)

    def click(self, window: Window, node: Node) -> None:
        """Click in the middle of what is to be seen of ``node``, if that is what the click would reach. Raises
        CannotActError."""
        part = visible_part(window, node)
        if part is None:
            raise CannotActError(f'"{node.name}" cannot be pressed')
        if not self.desktop.pointer.click(*part.centre, on=window):
            raise CannotActError(f'something else lies over "{node.name}"')

    def keys(self, window: Window, keys: str) -> None:
        """Press keys in ``window`` and nowhere else. Raises CannotActError."""
        if not self.desktop.keyboard.press(keys, into=window):
            raise CannotActError(f"{keys} could not be pressed: {self._why_not(window)}")

    def type(self, window: Window, text: str, cancel: Cancel) -> None:
        """Type into whatever has the focus in ``window``. Raises CannotActError, saying how far it came, when another
        window takes the keys or a stop is asked for."""
        self.activate(window)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        seen = self.screen.read(window)
        focused = seen.focused() if seen else None
        if focused and "editable" in focused.states and self._inserted(window, focused, text, cancel):
            return
        self.type_keys(window, text, cancel)

    def type_keys(self, window: Window, text: str, cancel: Cancel) -> None:
        """Type with keys alone. Raises CannotActError."""
        done = self.desktop.keyboard.type(text, into=window, cancel=cancel)
        if done < len(text):
            why = "a stop was asked for" if cancel.requested else self._why_not(window)
            raise CannotActError(f"{why} after {done} of {len(text)} characters; typing was stopped")

    def _why_not(self, window: Window) -> str:
        taken = "another window took the keys"
        return f"{taken}, or somebody held a key down," if self._is_active(window) else taken

    def _inserted(self, window: Window, node: Node, text: str, cancel: Cancel) -> bool:
        """Put ``text`` in through the tree; whether something came of it. Who accepts it and does nothing gets keys."""
        if not self.desktop.accessibility.insert_text(node.key, text):
            return False

        def arrived() -> bool:
            now = self.desktop.accessibility.find(window, node.key)
            return now is None or now.value != node.value

        return "secret" in node.states or bool(until(arrived, TRUE_SECONDS, cancel))

    def seen(self, window: Window) -> Seen:
        """What is there now, to compare with later."""
        listed = self.desktop.windows.list()
        still = next((each for each in listed if each.id == window.id), None)
        outline = self.screen.read(still) if still else None
        pixels = self._pixels(still) if still and outline is None and not still.minimised else None
        return Seen(tuple((each.id, each.title) for each in listed), outline, pixels)

    def _pixels(self, window: Window) -> Picture | None:
        try:
            return self.desktop.capture.window(window)
        except DesktopError:
            return None  # it closed while we were looking

    def sighting(self, window: Window) -> Sighting | None:
        """The window's controls and pixels now; ``None`` when it has neither, or is gone."""
        seen = self.screen.read(window)
        return self.screen.sight(seen or Outline(window, ()))

    def noticed(self, window: Window) -> None:
        """What is there now counts as seen: the model is told of it."""
        self.screen.sighting = self.sighting(window)

    def change(
        self, window: Window, before: Seen, cancel: Cancel, with_focus: bool = True, settle: bool = True
    ) -> str:
        """What is different from ``before``, in a few words; empty when nothing is within a second. What is there then
        counts as seen: the model is told of it."""
        after = before

        def changed() -> str | None:
            nonlocal after
            after = self.seen(window)
            return difference(before, after, with_focus)

        found = until(changed, CHANGE_SECONDS, cancel, every=0.03)
        if found and settle:
            time.sleep(0.1)  # a dialog that comes up behind the first change
            found = changed() or found
        self.screen.sighting = self.screen.sight(after.outline) if after.outline else None
        return found or ""


def difference(before: Seen, after: Seen, with_focus: bool = True) -> str:
    """What a person would say has changed; empty when nothing has."""
    old, new = dict(before.windows), dict(after.windows)
    for id, title in new.items():
        if id not in old:
            return f'a window came up: "{title}"'
    for id, title in old.items():
        if id not in new:
            return f'a window closed: "{title}"'
        if new[id] != title:
            return f'the window is now called "{new[id]}"'
    if before.pixels and after.pixels and looks_different(before.pixels, after.pixels):
        return "the picture of the window changed"
    lines_before, lines_after = before.lines(with_focus), after.lines(with_focus)
    if lines_before == lines_after:
        return ""
    gone = set(lines_before)
    controls = after.outline.controls if after.outline else ()
    for control, line in zip(controls, lines_after, strict=True):
        if line not in gone:
            return "now: " + describe(control.node)
    return "a control went away"


def describe(node: Node, longest: int = 80) -> str:
    """A control in a few words, for evidence."""
    value = node.value if len(node.value) <= longest else node.value[:longest] + "…"
    name = f' "{node.name}"' if node.name else ""
    states = ", ".join(sorted(node.states - {"editable", "secret"}))
    reads = f' reads "{value}"' if value else ""
    return f"{node.role}{name}{reads}{f' ({states})' if states else ''}"


def plain(text: str) -> str:
    """A text as it is compared with what was typed: Firefox tells a mark after each emoji that nobody typed."""
    return text.replace("\r\n", "\n").replace("\ufeff", "")


def visible_part(window: Window, node: Node) -> Bounds | None:
    """What of the control lies within its window (screen pixels). A menu that is open may reach beyond it."""
    if node.bounds is None or node.role in ("item", "menu"):
        return node.bounds
    part = node.bounds.overlap(window.bounds)
    return part if part is not None and part.width > 1 and part.height > 1 else None


def _fits(node: Node, to_set: bool) -> bool:
    return node.role in _TAKES_VALUES if to_set else node.role not in _NOT_FOR_PRESSING


def _only(found: list[Control], name: str, named: list[Control]) -> Node:
    usable = [each for each in found if "disabled" not in each.node.states] or found
    if len(usable) == 1:
        return usable[0].node
    if not usable:
        names = list(dict.fromkeys(each.node.name for each in named if each.node.name))
        near = similar(name, names) or names[:8]
        hint = f"; there are: {', '.join(f'{chr(34)}{each}{chr(34)}' for each in near)}" if near else ""
        raise CannotActError(f'there is no control called "{name}"{hint}')
    several = ", ".join(f'{each.number} {each.node.role} "{each.node.name}"' for each in usable[:6])
    raise CannotActError(f'"{name}" could be several controls, use the number: {several}')
