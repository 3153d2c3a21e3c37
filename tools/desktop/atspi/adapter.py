"""The accessibility tree, through AT-SPI: see :class:`tools.desktop.port.Accessibility`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace

from agent.errors import DesktopError
from tools.desktop.atspi import acting, grid
from tools.desktop.atspi.bus import AccessibilityBus, Reference
from tools.desktop.atspi.facts import Facts, cached
from tools.desktop.atspi.reader import Reading
from tools.desktop.atspi.scale import on_screen, scale_of, scaled
from tools.desktop.atspi.selected import selected
from tools.desktop.port import Bounds, Node, Window, walk

ANSWER_SECONDS = 12.0
"""Reading takes a tenth of a second as a rule; an application that needs longer than this counts as hung."""
HUNG_SECONDS = 2.0
"""What an application gets that did not answer the last time: a picture of the screen reads all windows that show."""
SELECTION_SECONDS = 2.0
REGISTRY = Reference("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
_WORTH_A_BULK = 700
"""Controls in an application's cache beyond which it is not asked for again: what can be seen of them is quicker."""
_CELL = re.compile(r"(?P<table>.*)/cell/(?P<row>\d+)/(?P<column>\d+)")

Action = Callable[[AccessibilityBus, Reference], Coroutine[None, None, bool]]


class AtspiAccessibility:
    """Any thread may call; an application that does not answer is a DesktopError after twelve seconds, and others can
    still be read meanwhile. Raises DesktopError when there is no accessibility bus.

    A :attr:`Node.key` is the control's name and path on the bus; that of a spreadsheet's cell is its table's, with row
    and column, because such cells live for a moment only."""

    def __init__(self) -> None:
        self.bus = AccessibilityBus()
        """For whoever has more to ask of AT-SPI."""
        self._processes: dict[str, int] = {}
        self._toolkits: dict[str, str] = {}
        self._without_cache: set[str] = set()
        self._tops: dict[int, Reference] = {}
        self._hung: set[int] = set()

    def read(self, window: Window) -> Node | None:
        """Of an application that hangs, again and again, within :data:`HUNG_SECONDS`."""
        try:
            tree = self.bus.run(
                self._read(window), HUNG_SECONDS if window.pid in self._hung else ANSWER_SECONDS
            )
        except DesktopError:
            self._hung.add(window.pid)
            raise
        self._hung.discard(window.pid)
        return tree

    def find(self, window: Window, key: str) -> Node | None:
        tree = self.read(window)
        return next((node for node in walk(tree) if node.key == key), None) if tree else None

    def press(self, key: str) -> bool:
        return self._do(key, acting.press)

    def focus(self, key: str) -> bool:
        return self._do(key, acting.focus)

    def set_text(self, key: str, text: str) -> bool:
        return self._do(key, lambda bus, control: acting.set_text(bus, control, text))

    def insert_text(self, key: str, text: str) -> bool:
        return self._do(key, lambda bus, control: acting.insert_text(bus, control, text))

    def set_number(self, key: str, number: float) -> bool:
        return self._do(key, lambda bus, control: acting.set_number(bus, control, number))

    def select(self, key: str) -> bool:
        return self._do(key, acting.select)

    def scroll_to(self, key: str) -> bool:
        return self._do(key, acting.scroll_to)

    def selected_text(self, keys: Sequence[str]) -> str:
        """See :attr:`tools.desktop.port.Desktop.selected_text`: of controls alone, not of a window as a whole."""

        async def of(key: str) -> str:
            control = await self._reference(key)
            return await selected(self.bus, control) if control else ""

        async def first() -> str:
            return next(filter(None, await asyncio.gather(*map(of, keys))), "")

        try:
            return self.bus.run(first(), SELECTION_SECONDS)
        except DesktopError:
            return ""  # what is selected is one thing among many that are asked

    def _do(self, key: str, action: Action) -> bool:
        async def act() -> bool:
            control = await self._reference(key)
            return control is not None and await action(self.bus, control)

        return self.bus.run(act(), ANSWER_SECONDS)

    async def _reference(self, key: str) -> Reference | None:
        name, slash, path = key.partition("/")
        if not name or not slash:
            return None
        if cell := _CELL.fullmatch(path):
            table = Reference(name, f"/{cell['table']}")
            return await grid.reference_of(self.bus, table, int(cell["row"]), int(cell["column"]))
        return Reference(name, f"/{path}")

    async def _read(self, window: Window) -> Node | None:
        top = self._tops.get(window.id) or await self.top(window)
        if top is None:
            return None
        toolkit = await self._toolkit(top.name)
        # Firefox's cache goes on telling of pages that were replaced.
        known, told = await asyncio.gather(
            self._known(top.name, structure=toolkit != "gecko"), grid.extents(self.bus, top)
        )
        gtk4 = toolkit == "gtk4"
        scale = scale_of(window.bounds, told, whole=gtk4)
        window = replace(window, bounds=scaled(window.bounds, 1 / scale))  # as the application counts
        inside = await Reading(self.bus, window, known, only_windows_show=gtk4).read(top)
        if inside == ():
            inside = await Reading(self.bus, window, known, covered=True).read(top)
        if inside is None:
            self._tops.pop(window.id, None)
            return None
        whole = Node(f"{top.name}{top.path}", "dialog", window.title, "", frozenset(), window.bounds, inside)
        return on_screen((whole,), scale)[0]

    async def _known(self, application: str, structure: bool) -> Mapping[Reference, Facts]:
        if application in self._without_cache:
            return {}
        known = await cached(self.bus, application, structure)
        if not known or len(known) > _WORTH_A_BULK:
            self._without_cache.add(application)
        return known

    async def _toolkit(self, application: str) -> str:
        """Its toolkit's name, small; "gtk4" for GTK of that version."""
        if application not in self._toolkits:
            root = Reference(application, REGISTRY.path)
            name, version = await asyncio.gather(
                self.bus.property(root, "Application", "ToolkitName"),
                self.bus.property(root, "Application", "Version"),
            )
            known = str(name).casefold()
            self._toolkits[application] = "gtk4" if known == "gtk" and str(version)[:2] == "4." else known
        return self._toolkits[application]

    async def top(self, window: Window) -> Reference | None:
        """The object of an X window: one process may have several, of which titles tell one from another."""
        if not window.pid:
            return None
        tops = [top for name in await self._names(window.pid) for top in await self._windows(name)]
        described = await asyncio.gather(*(self._described(top) for top in tops))
        titled = [each for each in described if each[1] == window.title] or described
        nearest = min(titled, key=lambda each: _distance(each[2], window.bounds), default=None)
        if nearest is None or (nearest[1] != window.title and not _same_shape(nearest[2], window.bounds)):
            return None  # a dialog of Chromium's is in no tree: what its page shows is not in it
        if nearest[1] == window.title:
            self._tops[window.id] = nearest[0]
        return nearest[0]

    async def _names(self, pid: int) -> list[str]:
        """The applications of a process. The bus is asked, not they: one that hangs would keep us from the others."""
        found = await self.bus.call(REGISTRY, "Accessible", "GetChildren")
        names = [str(each[0]) for each in found[0]] if found and isinstance(found[0], list) else []
        unknown = [name for name in names if name not in self._processes]
        processes = await asyncio.gather(*(self.bus.process_of(name) for name in unknown))
        self._processes.update(zip(unknown, processes, strict=True))
        return [name for name in names if self._processes[name] == pid]

    async def _windows(self, application: str) -> list[Reference]:
        found = await self.bus.call(Reference(application, REGISTRY.path), "Accessible", "GetChildren")
        return [Reference(*each) for each in found[0]] if found and isinstance(found[0], list) else []

    async def _described(self, top: Reference) -> tuple[Reference, str, Bounds | None]:
        name, bounds = await asyncio.gather(
            self.bus.property(top, "Accessible", "Name"), grid.extents(self.bus, top)
        )
        return top, str(name or ""), bounds


def _same_shape(bounds: Bounds | None, window: Bounds) -> bool:
    """Whether a window may have these bounds, in pixels or in the application's own units."""
    if bounds is None or bounds.width < 1 or bounds.height < 1 or window.height < 1:
        return True
    return 0.8 < (bounds.width / window.width) / (bounds.height / window.height) < 1.25


def _distance(bounds: Bounds | None, window: Bounds) -> int:
    if bounds is None:
        return 1 << 30
    return (
        abs(bounds.x - window.x)
        + abs(bounds.y - window.y)
        + abs(bounds.width - window.width)
        + abs(bounds.height - window.height)
    )
