"""Which windows there are, as the accessibility bus knows them: their names and whether they are active, not where they
are. An application that does not answer has none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tools.desktop.atspi import grid
from tools.desktop.atspi.bus import AccessibilityBus, Reference
from tools.desktop.atspi.facts import asked
from tools.desktop.atspi.terms import AtspiRole, AtspiState
from tools.desktop.port import Bounds
from tools.desktop.portable.identities import Identities, Trait
from tools.desktop.portable.windows import Listed, readable

ANSWER_SECONDS = 5.0
APPLICATION_SECONDS = 1.0
"""How long one application may take to name its windows."""
_DESKTOP = Reference("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
_FILE_CHOOSER, _FRAME = 19, 23
"""Roles that only windows have."""
_WINDOWS = frozenset((_FRAME, AtspiRole.DIALOG, AtspiRole.ALERT, _FILE_CHOOSER))
_ACTIVE, _ICONIFIED = 1 << 1, 1 << 15
"""States that only windows have (``atspi-constants.h``)."""
_NOWHERE = Bounds(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Found:
    trait: Trait
    program: str
    dialog: bool
    states: int


class AtspiWindows:
    """See :class:`tools.desktop.portable.windows.WindowSystem`."""

    def __init__(self, bus: AccessibilityBus) -> None:
        self._bus = bus
        self._identities = Identities()

    def listed(self) -> Sequence[Listed]:
        found = self._bus.run(self._all(), ANSWER_SECONDS)
        numbers = self._identities.number([each.trait for each in found])
        listed = [_listed(number, each) for number, each in zip(numbers, found, strict=True)]
        return sorted(listed, key=lambda each: not each.active)

    def activate(self, id: int) -> None: ...

    def close(self, id: int) -> None: ...

    def above(self, x: int, y: int, pid: int) -> int | None:
        return 0

    async def _all(self) -> list[_Found]:
        applications = await self._children(_DESKTOP)
        found = await asyncio.gather(*(self._patiently(each) for each in applications))
        return [window for windows in found for window in windows]

    async def _patiently(self, application: Reference) -> list[_Found]:
        try:
            return await asyncio.wait_for(self._windows(application), APPLICATION_SECONDS)
        except TimeoutError:
            return []

    async def _windows(self, application: Reference) -> list[_Found]:
        name, pid, tops = await asyncio.gather(
            self._bus.property(application, "Accessible", "Name"),
            self._bus.process_of(application.name),
            self._children(application),
        )
        found = await asyncio.gather(*(self._window(top, pid, str(name or "")) for top in tops))
        return [window for window in found if window is not None]

    async def _window(self, top: Reference, pid: int, program: str) -> _Found | None:
        facts, bounds = await asyncio.gather(asked(self._bus, top), grid.extents(self._bus, top))
        if facts is None or facts.role not in _WINDOWS or not facts.states & AtspiState.SHOWING:
            return None
        trait = Trait(pid, f"{top.name}{top.path}", facts.name.strip(), bounds or _NOWHERE)
        return _Found(trait, program, facts.role != _FRAME, facts.states)

    async def _children(self, parent: Reference) -> list[Reference]:
        found = await self._bus.call(parent, "Accessible", "GetChildren")
        return [Reference(*each) for each in found[0]] if found and isinstance(found[0], list) else []


def _listed(number: int, found: _Found) -> Listed:
    return Listed(
        id=number,
        title=found.trait.title,
        application=readable(found.program),
        program=found.program.lower(),
        pid=found.trait.pid,
        bounds=found.trait.bounds,
        dialog=found.dialog,
        minimised=bool(found.states & _ICONIFIED),
        active=bool(found.states & _ACTIVE),
    )
