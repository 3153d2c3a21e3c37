"""What is known of a control before its place is asked for: from its application's cache, or asked one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.desktop.atspi.bus import AccessibilityBus, Reference

CACHE_PATH = "/org/a11y/atspi/cache"
_FIELDS = 10
"""Of an item. An older form lists the children in place of an index and a count; no toolkit of today offers that."""


@dataclass(frozen=True, slots=True)
class Facts:
    reference: Reference
    role: int
    name: str
    states: int
    """Bits: see :class:`tools.desktop.atspi.terms.AtspiState`."""
    description: str | None = None
    """``None``: not asked for."""
    children: tuple[Reference, ...] | None = None
    """``None``: not known, or not all of them."""
    count: int | None = None
    """How many children it has, or says it has; ``None``: not asked for."""

    @property
    def key(self) -> str:
        return f"{self.reference.name}{self.reference.path}"


async def cached(
    bus: AccessibilityBus, application: str, structure: bool = True
) -> Mapping[Reference, Facts]:
    """All that an application keeps in its cache, in one request; empty when it keeps none. Without ``structure``: but
    for what is in what.

    GTK 3, GTK 4, Firefox and Chromium know most of their controls, none of them always all."""
    found = await bus.call(Reference(application, CACHE_PATH), "Cache", "GetItems")
    items = found[0] if found and isinstance(found[0], list) else []
    inside: dict[Reference, list[tuple[int, Reference]]] = {}
    for item in items:
        if len(item) != _FIELDS:
            return {}
        inside.setdefault(Reference(*item[2]), []).append((item[3], Reference(*item[0])))
    known: dict[Reference, Facts] = {}
    for reference, _, _, _, count, _, name, role, description, states in items:
        own = Reference(*reference)
        children = [child for _, child in sorted(inside.get(own, ()))]
        complete = tuple(children) if structure and len(children) == count else None
        known[own] = Facts(own, role, name, _together(states), description, complete)
    return known


async def asked(bus: AccessibilityBus, reference: Reference, states: int | None = None) -> Facts | None:
    """The same for one control, of which the states may be known; ``None`` when it is gone."""
    role, named, states = await asyncio.gather(
        bus.call(reference, "Accessible", "GetRole"),
        _named(bus, reference),
        _known(states) if states is not None else states_of(bus, reference),
    )
    if states is None or not role or named is None:
        return None
    children = () if named.count == 0 else None
    return Facts(reference, int(str(role[0])), named.name, states, named.description, children, named.count)


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    description: str | None = None
    count: int | None = None


async def _named(bus: AccessibilityBus, reference: Reference) -> _Named | None:
    """``None`` when it is gone. All properties cost one request, as the name does; Qt has them only one by one."""
    if reference.name not in bus.one_by_one:
        found = await bus.properties(reference, "Accessible")
        if found is not None:
            count = found.get("ChildCount")
            return _Named(
                str(found.get("Name") or ""),
                str(found.get("Description") or ""),
                count if isinstance(count, int) else None,
            )
    name = await bus.property(reference, "Accessible", "Name")
    if name is None:
        return None
    bus.one_by_one.add(reference.name)
    return _Named(str(name))


async def states_of(bus: AccessibilityBus, reference: Reference) -> int | None:
    found = await bus.call(reference, "Accessible", "GetState")
    return _together(found[0]) if found and isinstance(found[0], list) else None


async def _known(states: int) -> int:
    return states


def _together(words: Sequence[int]) -> int:
    return words[0] | words[1] << 32 if len(words) == 2 else 0
