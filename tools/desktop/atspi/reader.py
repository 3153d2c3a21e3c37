"""One reading of one window: from AT-SPI's objects to nodes.

What cannot be seen is left out before anything else is asked of it. Names, roles and states come from the application's
own cache where it has one (:func:`facts.cached`); places, texts and numbers are asked of what is left. What does not
depend on each other is in flight together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tools.desktop.atspi import grid
from tools.desktop.atspi.bus import AccessibilityBus, Reference
from tools.desktop.atspi.facts import Facts, asked, states_of
from tools.desktop.atspi.nodes import EMBEDDED, Content, name_of, nodes_of, role_of
from tools.desktop.atspi.terms import (
    BUTTONS,
    CLIPS,
    DECORATION,
    DOCUMENTS,
    FIELDS,
    GRIDS,
    LABELS,
    LEAVES,
    NUMBERS,
    POPUPS,
    PROGRESS,
    TEXTS,
    AtspiRole,
    AtspiState,
)
from tools.desktop.port import Bounds, Node, Window

_MAX_DEPTH = 60
_MAX_NODES = 3_000
"""More controls than anyone can use at once."""
_LONGEST_TEXT = 200_000
"""Characters of a text that are kept."""
_FAR = 20_000
"""Pixels: what is further away than any screen is nowhere."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a window something is being read. ``around`` are the bounds of what it is in; ``seen`` what can be seen
    of that."""

    around: Bounds
    seen: Bounds
    shift: tuple[int, int] = (0, 0)
    """To be added to what the application says."""
    depth: int = 0
    in_document: bool = False
    in_popup: bool = False


class Reading:
    """Reads one window once. ``known`` is what the application's cache told of its controls; ``only_windows_show`` is
    GTK 4's way: it says SHOWING of windows alone, and its places count from the window's corner. ``covered`` is
    Firefox's way: in a window that others hide nothing shows, and every page, also those of other tabs, is visible."""

    def __init__(
        self,
        bus: AccessibilityBus,
        window: Window,
        known: Mapping[Reference, Facts],
        *,
        only_windows_show: bool = False,
        covered: bool = False,
    ) -> None:
        self._bus = bus
        self._window = window
        self._known = known
        self._only_windows_show = only_windows_show
        self._covered = covered
        self._left = _MAX_NODES
        self._asked: dict[Reference, asyncio.Task[Content]] = {}

    async def read(self, top: Reference) -> tuple[Node, ...] | None:
        """What can be seen in the window ``top``; ``None`` when it is gone."""
        bounds = self._window.bounds
        facts = self._known.get(top) or await asked(self._bus, top)
        if facts is None:
            return None
        shift = await self._corner(top) if self._only_windows_show else (0, 0)
        try:
            self._ask_ahead(facts, False)
            children = facts.children if facts.children is not None else await self._children(facts)
            return await self._inside(facts, children, Place(bounds, bounds, shift))
        finally:  # an application that hangs must not keep the others waiting for a place in the queue
            for question in self._asked.values():
                question.cancel()

    async def _corner(self, top: Reference) -> tuple[int, int]:
        """Where a window of GTK 4 begins: in the middle of the X window, which holds its shadow as well."""
        window, drawn = self._window.bounds, await grid.extents(self._bus, top)
        if drawn is None:
            return window.x, window.y
        return window.x + (window.width - drawn.width) // 2, window.y + (window.height - drawn.height) // 2

    def _ask_ahead(self, parent: Facts, in_document: bool) -> None:
        """Ask for the content of all that is known to be in ``parent`` at once, without waiting level by level."""
        in_document = in_document or parent.role in DOCUMENTS
        for reference in parent.children or ():
            facts = self._known.get(reference)
            if facts is None or not self._shows(facts.states) or is_word(facts, parent):
                continue
            if facts.role not in DECORATION:
                self._asked[reference] = asyncio.create_task(self._content(facts, in_document))
            if not is_closed(facts, parent):
                self._ask_ahead(facts, in_document)

    async def _nodes(self, reference: Reference, index: int, parent: Facts, place: Place) -> tuple[Node, ...]:
        """The node of a control, or what is in it when it is a container; nothing when it cannot be seen."""
        self._left -= 1
        facts = await self._facts(reference) if self._left >= 0 and place.depth <= _MAX_DEPTH else None
        if facts is None or facts.role in DECORATION or is_word(facts, parent):
            return ()
        if self._is_of_another_tab(facts):
            return ()
        children: Sequence[Reference] | None = known_children(facts, parent)
        asked_for = self._asked.get(reference) or self._content(facts, place.in_document)
        if children is not None:
            content = await asked_for
        else:
            content, children = await asyncio.gather(asked_for, self._children(facts))
        inner = placed(facts, content.bounds, place)
        if inner is None:
            return ()
        inside = await self._inside(facts, children, inner)
        bounds = content.bounds.moved(*inner.shift) if content.bounds else None
        nodes = nodes_of(facts, replace(content, bounds=bounds, index=index), inside)
        if self._only_windows_show and place.in_popup:  # GTK 4 does not know where its menus are
            return tuple(replace(node, bounds=None) for node in nodes)
        return nodes

    async def _inside(
        self, parent: Facts, children: Sequence[Reference] | None, place: Place
    ) -> tuple[Node, ...]:
        """What is in ``parent``; ``None`` for the children of a table that has too many to name."""
        if children is None:
            return await grid.rows(self._bus, parent.reference, place.shift)
        if all(child in self._known for child in children):  # then it has been asked ahead
            found = [await self._nodes(child, index, parent, place) for index, child in enumerate(children)]
        else:
            found = await asyncio.gather(
                *(self._nodes(child, index, parent, place) for index, child in enumerate(children))
            )
        return tuple(node for nodes in found for node in nodes)

    async def _children(self, parent: Facts) -> Sequence[Reference] | None:
        if parent.role in GRIDS:
            count: object = parent.count
            if count is None:
                count = await self._bus.property(parent.reference, "Accessible", "ChildCount")
            if isinstance(count, int) and count > grid.MANY:
                return None
        found = await self._bus.call(parent.reference, "Accessible", "GetChildren")
        return [Reference(*each) for each in found[0]] if found and isinstance(found[0], list) else []

    async def _facts(self, reference: Reference) -> Facts | None:
        known = self._known.get(reference)
        if known is not None:
            return known if self._shows(known.states) else None
        states = await states_of(self._bus, reference)
        return await asked(self._bus, reference, states) if states and self._shows(states) else None

    def _shows(self, states: int) -> bool:
        wanted = AtspiState.VISIBLE
        if not self._only_windows_show and not self._covered:
            wanted |= AtspiState.SHOWING
        return states & wanted == wanted and not states & AtspiState.DEFUNCT

    def _is_of_another_tab(self, facts: Facts) -> bool:
        return self._covered and facts.role == AtspiRole.DOCUMENT_WEB and facts.name not in self._window.title

    async def _content(self, facts: Facts, in_document: bool) -> Content:
        if not self._says_more(facts, in_document):
            return Content(await self._bounds(facts, in_document), description=facts.description or "")
        bounds, text, number, description = await asyncio.gather(
            self._bounds(facts, in_document),
            self._text(facts),
            self._number(facts),
            self._description(facts),
        )
        return Content(bounds, text, number, description)

    def _says_more(self, facts: Facts, in_document: bool) -> bool:
        """Whether there is more to ask of it than its place."""
        role = facts.role
        if role in FIELDS or role in NUMBERS or role in PROGRESS or role == AtspiRole.COMBO_BOX:
            return True
        if role in TEXTS:
            return not facts.name or (in_document and role in LABELS)
        return role in BUTTONS and not facts.name and facts.description is None

    async def _bounds(self, facts: Facts, in_document: bool) -> Bounds | None:
        if in_document and role_of(facts) is None:
            return None  # nobody asks where a container on a page is
        found = await self._bus.call(facts.reference, "Component", "GetExtents", "u", 0)
        if not found or not isinstance(found[0], list | tuple):
            return None
        x, y, width, height = found[0]
        nowhere = width < 0 or height < 0 or abs(x) > _FAR or abs(y) > _FAR
        return None if nowhere else Bounds(x, y, width, height)

    async def _text(self, facts: Facts) -> str | None:
        """Its text where its name does not say it; never a password's."""
        role = facts.role
        if role not in FIELDS | TEXTS and role != AtspiRole.COMBO_BOX:
            return None
        found = await self._bus.call(facts.reference, "Text", "GetText", "ii", 0, -1)
        if found and isinstance(found[0], str) and found[0].strip(EMBEDDED):
            return found[0][:_LONGEST_TEXT]
        return await self._chosen(facts.reference) if role == AtspiRole.COMBO_BOX else ""

    async def _chosen(self, combo: Reference) -> str:
        """What is selected in a combo box, or in the list that it opens."""
        for each in (combo, Reference(combo.name, await self._first_child(combo))):
            found = await self._bus.call(each, "Selection", "GetSelectedChild", "i", 0) if each.path else None
            if found and isinstance(found[0], list | tuple):
                name = await self._bus.property(Reference(*found[0]), "Accessible", "Name")
                if isinstance(name, str) and name:
                    return name
        return ""

    async def _first_child(self, parent: Reference) -> str:
        found = await self._bus.call(parent, "Accessible", "GetChildAtIndex", "i", 0)
        return Reference(*found[0]).path if found and isinstance(found[0], list | tuple) else ""

    async def _number(self, facts: Facts) -> str:
        if facts.role not in NUMBERS and facts.role not in PROGRESS:
            return ""
        now = await self._bus.property(facts.reference, "Value", "CurrentValue")
        if not isinstance(now, float | int):
            return ""
        if facts.role in NUMBERS:
            return f"{now:g}"
        least, most = await asyncio.gather(
            self._bus.property(facts.reference, "Value", "MinimumValue"),
            self._bus.property(facts.reference, "Value", "MaximumValue"),
        )
        span = (most - least) if isinstance(least, float | int) and isinstance(most, float | int) else 0
        return f"{(now - least) / span:.0%}" if span > 0 and isinstance(least, float | int) else f"{now:g}"

    async def _description(self, facts: Facts) -> str:
        """What a control without a name is for."""
        if facts.description is not None or facts.role not in BUTTONS or facts.name:
            return facts.description or ""
        return str(await self._bus.property(facts.reference, "Accessible", "Description") or "")


def known_children(facts: Facts, around: Facts) -> tuple[Reference, ...] | None:
    """``None`` when they have to be asked for."""
    return () if is_closed(facts, around) else facts.children


def is_closed(facts: Facts, around: Facts | None = None) -> bool:
    """Whether it says all there is to say by itself. A menu may be that of the button or combo box ``around`` it."""
    if facts.role == AtspiRole.MENU:
        opened = facts.states & (AtspiState.SELECTED | AtspiState.EXPANDED) or (around and _opens(around))
        return not opened
    return facts.role in LEAVES and bool(name_of(facts))


def is_word(facts: Facts, parent: Facts) -> bool:
    """Whether it is a piece of a text that is read as a whole."""
    return facts.role == AtspiRole.STATIC and parent.role in TEXTS | LEAVES


def _opens(around: Facts) -> bool:
    """Whether the menu that shows in it is open: GTK 3 does not say so of its combo boxes."""
    if around.states & AtspiState.EXPANDED:
        return True
    return around.role == AtspiRole.COMBO_BOX and not around.states & AtspiState.EXPANDABLE


def placed(facts: Facts, bounds: Bounds | None, place: Place) -> Place | None:
    """Where what is in a control is read; ``None`` when the control cannot be seen."""
    in_popup = place.in_popup or facts.role in POPUPS
    in_document = place.in_document or facts.role in DOCUMENTS
    inner = replace(place, depth=place.depth + 1, in_popup=in_popup, in_document=in_document)
    if bounds is None:
        return inner
    shift = _shift(facts, bounds, place)
    here = bounds.moved(*shift)
    if bounds.width <= 1 or bounds.height <= 1:
        return replace(inner, shift=shift) if place.in_document else None
    seen = place.seen.overlap(here)
    if seen is None:
        return replace(inner, shift=shift, around=here, seen=here) if in_popup else None
    clips = facts.role in CLIPS and not in_popup
    return replace(inner, shift=shift, around=here, seen=seen if clips else place.seen)


def _shift(facts: Facts, bounds: Bounds, place: Place) -> tuple[int, int]:
    """LibreOffice forgets its menu bar when it says where things are, except of GTK's own controls among them."""
    if facts.role == AtspiRole.ROOT_PANE and (bounds.width, bounds.height) == (
        place.around.width,
        place.around.height,
    ):
        return place.around.x - bounds.x, place.around.y - bounds.y
    moved = bounds.moved(*place.shift)
    if (
        place.shift != (0, 0)
        and place.around.overlap(bounds) == bounds
        and place.around.overlap(moved) != moved
    ):
        return 0, 0
    return place.shift
