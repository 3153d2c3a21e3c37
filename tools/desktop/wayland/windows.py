"""Windows under Wayland: those that show an accessibility tree, the active one first. Where they are, and what lies
above what, nobody is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import psutil

from tools.desktop.platforms import EVERYWHERE, limit
from tools.desktop.port import Bounds, Window
from tools.desktop.portable.windows import Listed, PortableWindows, WindowSystem


class WaylandWindows(PortableWindows):
    """See :class:`tools.desktop.port.Windows`. ``name_of`` turns a program's name into the application's."""

    def __init__(
        self,
        system: WindowSystem,
        name_of: Callable[[str], str],
        private: Collection[str] = (),
        running: Callable[[], Collection[str]] | None = None,
    ) -> None:
        super().__init__(_Placeless(system, name_of), private)
        self._names = {name.casefold() for name in private}
        self._running = running or _programs

    def focus(self, window: Window) -> bool:
        """Nobody may; it may have the keys already."""
        active = self.active()
        return active is not None and active.id == window.id

    def close(self, window: Window) -> None:
        if self.find(window.id) is not None:
            raise limit("wayland", "close")

    def hidden(self) -> tuple[Bounds, ...]:
        """A private application may show a window without a tree, so that it runs is enough: all is hidden then."""
        return (EVERYWHERE,) if super().hidden() or self._names & set(self._running()) else ()

    def reaches(self, window: Window, x: int, y: int) -> bool:
        return False


class _Placeless:
    """A window system of which only names, processes and sizes are believed."""

    def __init__(self, system: WindowSystem, name_of: Callable[[str], str]) -> None:
        self._system = system
        self._name_of = name_of

    def listed(self) -> Sequence[Listed]:
        return tuple(
            replace(
                each,
                application=self._name_of(each.program),
                bounds=Bounds(0, 0, each.bounds.width, each.bounds.height),
            )
            for each in self._system.listed()
        )

    def activate(self, id: int) -> None: ...

    def close(self, id: int) -> None:
        raise limit("wayland", "close")

    def above(self, x: int, y: int, pid: int) -> int | None:
        return 0


def _programs() -> Collection[str]:
    """The names of all programs that the person runs, lower case."""
    mine = os.getuid()
    running = (process.info for process in psutil.process_iter(["name", "uids"]))
    return {
        each["name"].casefold()
        for each in running
        if each["name"] and each["uids"] and each["uids"].real == mine
    }
