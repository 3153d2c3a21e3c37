"""Windows through xa11y: those that show an accessibility tree, the active one first, then in the order in which xa11y
lists applications, which on macOS is front first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import xa11y

from agent.errors import DesktopError
from tools.desktop.patience import Patience
from tools.desktop.platforms import Pixels
from tools.desktop.port import Bounds
from tools.desktop.portable.identities import Identities, Trait
from tools.desktop.portable.windows import Listed, readable

ANSWER_SECONDS = 12.0
NOWHERE = Bounds(0, 0, 0, 0)


class Xa11yWindows:
    """See :class:`tools.desktop.portable.windows.WindowSystem`."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self._patience = Patience("windows", ANSWER_SECONDS)
        self._identities = Identities()
        self._elements: dict[int, xa11y.Element] = {}

    def listed(self) -> Sequence[Listed]:
        return self._patience.run(self._list)

    def activate(self, id: int) -> None:
        self._do(id, xa11y.Element.activate)

    def close(self, id: int) -> None:
        self._do(id, xa11y.Element.close)

    def above(self, x: int, y: int, pid: int) -> int | None:
        return None

    def _do(self, id: int, action: Callable[[xa11y.Element], None]) -> None:
        element = self._elements.get(id)
        if element is None:
            return
        try:
            self._patience.run(lambda: action(element))
        except xa11y.ActionNotSupportedError as error:
            raise DesktopError("This window cannot be moved about by other programs.") from error
        except xa11y.XA11yError:
            return  # it is gone

    def _list(self) -> Sequence[Listed]:
        found = list(self._found())
        traits = [self._trait(application, window) for application, window in found]
        numbers = self._identities.number(traits)
        self._elements = {number: window for number, (_, window) in zip(numbers, found, strict=True)}
        listed = [
            self._listed(number, trait, application, window)
            for number, trait, (application, window) in zip(numbers, traits, found, strict=True)
        ]
        return sorted(listed, key=lambda each: not each.active)

    def _found(self) -> Iterator[tuple[xa11y.App, xa11y.Element]]:
        try:
            applications = xa11y.App.list()
        except xa11y.XA11yError:
            return
        for application in applications:
            try:
                for window in application.windows():
                    yield application, window
            except xa11y.XA11yError:
                continue  # it ended meanwhile

    def _trait(self, application: xa11y.App, window: xa11y.Element) -> Trait:
        found = window.bounds
        bounds = self._pixels.of_screen(found.x, found.y, found.width, found.height) if found else NOWHERE
        native = f"{window.raw.get('bus_name', '')}{window.stable_id or ''}"
        return Trait(application.pid or 0, native, (window.name or "").strip(), bounds)

    @staticmethod
    def _listed(number: int, trait: Trait, application: xa11y.App, window: xa11y.Element) -> Listed:
        return Listed(
            id=number,
            title=trait.title,
            application=readable(application.name),
            program=application.name.lower(),
            pid=trait.pid,
            bounds=trait.bounds,
            dialog=window.role == "dialog",
            minimised=bool(window.minimized),
            active=window.active,
        )
