"""Pictures of the desktop for a model that sees, and what is remembered of them: a point that the model names is one of
the picture it was shown last, and means something only as long as the desktop looks there as it did.

Private windows and password fields are black in all of them. Agent thread only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from agent.coordinates import PIXELS, Convention, Mapper, cropped, pixels_of
from agent.messages import Picture, Place
from agent.sight import looks_different
from tools.desktop.port import Bounds, Desktop, Window
from tools.outline import Outline
from tools.unseen import grab, passwords

MOST_REMEMBERED = 4
"""Pictures; 6 MB each at 1920x1080."""
AROUND = 32
"""Pixels of the desktop on each side of a point that must look as they did."""


class NoPictureError(Exception):
    """The model was shown nothing that it could point at; the message is one sentence for it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """``raw`` is the picture without anything drawn into it, ``windows`` those that were there, front first;
    ``window`` is the one that it is of, 0: the screen as it is."""

    raw: Picture
    windows: tuple[Window, ...] = ()
    window: int = 0


class Views:
    """``shown`` are the pictures that the model was shown last, ``points`` is how it names places in them."""

    def __init__(self, desktop: Desktop, read: Callable[[Window], Outline | None]) -> None:
        self._desktop = desktop
        self._read = read
        self._taken: deque[tuple[Picture, Taken]] = deque(maxlen=MOST_REMEMBERED)
        self.shown: tuple[Picture, ...] = ()
        self.points: Convention = PIXELS

    def of(self, window: Window, seen: Outline | None) -> Picture:
        """For a look at ``window``, read as ``seen``: the monitor it is on, all of it each time, because only what
        changed since goes to the model (:mod:`agent.sight`). If it is not in front, the window alone."""
        windows = self._desktop.windows.list()
        front = next((each for each in windows if not each.minimised), None)
        if front is not None and front.id != window.id:
            picture, of = self.window(window, seen), window.id
        else:
            monitor = self._desktop.capture.monitor(*window.bounds.centre)
            picture, of = self._grab(monitor, seen), 0
        self._taken.append((picture, Taken(picture, windows, of)))
        return picture

    def window(self, window: Window, seen: Outline | None = None) -> Picture:
        """``window``, also where others cover it. Raises DesktopError."""
        seen = seen or self._read(window)
        secrets = seen.secrets() if seen else ()
        above = (*self._desktop.windows.hidden(), *self._secrets(window.bounds, seen))
        return self._desktop.capture.window(window, secrets, above)

    def monitor(self, x: int, y: int) -> Picture:
        """The monitor that shows this point."""
        return self._grab(self._desktop.capture.monitor(x, y))

    def part(self, bounds: Bounds, window: Window | None = None) -> Picture:
        """A detail of the screen, or of ``window`` also where others cover it; at least one pixel of it is there.
        Raises DesktopError."""
        of = window.id if window else 0
        picture = self._cut(self.window(window), bounds) if window else self._grab(bounds)
        return self.drawn(picture.model_copy(update={"shows": "detail"}), picture, of)

    def drawn(self, picture: Picture, raw: Picture, window: int) -> Picture:
        """``picture`` is what the model is shown of ``raw``, which is of ``window``, 0: of the screen as it is."""
        self._taken.append((picture, Taken(raw, self._desktop.windows.list(), window)))
        return picture

    def newest(self) -> tuple[Picture, Mapper]:
        """The picture in which the model can point, and its coordinates. Raises NoPictureError."""
        if not self.shown:
            raise NoPictureError("no picture of the screen was shown yet; look first")
        newest = self.shown[0]
        mapper = Mapper.of(newest, self.points)
        if len(self.shown) > 1 or newest.shows == "changed" or mapper is None:
            raise NoPictureError(
                "the last picture was not one of the screen as a whole; use look_closer first"
            )
        return newest, mapper

    def window_at(self, picture: Picture, x: int, y: int) -> Window | None:
        """The window that ``picture`` showed at this point of the desktop; ``None`` when it showed none, or nobody
        knows."""
        taken = self._known(picture)
        windows = [each for each in taken.windows if taken.window in (0, each.id) and not each.minimised]
        return next((each for each in windows if each.bounds.contains(x, y)), None)

    def window_of(self, picture: Picture) -> Window | None:
        """The window that ``picture`` is of, as it is now, if it is of one."""
        taken = self._known(picture)
        return self._desktop.windows.find(taken.window) if taken.window else None

    def looks_as_in(self, picture: Picture, x: int, y: int) -> bool:
        """Whether the desktop around this point, which ``picture`` shows, looks as it does there."""
        taken = self._known(picture)
        around = Bounds(x - AROUND, y - AROUND, 2 * AROUND, 2 * AROUND)
        then = self._cut(taken.raw, around)
        assert then.place is not None
        window = self._desktop.windows.find(taken.window) if taken.window else None
        if taken.window and window is None:
            return False
        here = Bounds(*then.place)
        now = self._cut(self.window(window), here) if window else self._grab(here)
        return not looks_different(then, now)

    def _cut(self, picture: Picture, bounds: Bounds) -> Picture:
        left, top, right, bottom = pixels_of(picture, Place(bounds.x, bounds.y, bounds.width, bounds.height))
        left, top = min(left, picture.width - 1), min(top, picture.height - 1)
        return cropped(picture, left, top, max(left + 1, right), max(top + 1, bottom))

    def _grab(self, bounds: Bounds, seen: Outline | None = None) -> Picture:
        """``seen`` is what was just read of one of the windows there."""
        return grab(self._desktop, bounds, self._secrets(bounds, seen))

    def _secrets(self, bounds: Bounds, seen: Outline | None) -> tuple[Bounds, ...]:
        return passwords(self._desktop.windows.list(), self._read, bounds, seen)

    def _known(self, picture: Picture) -> Taken:
        """How it was taken; of a picture that is not remembered no more than its pixels."""
        for shown, taken in reversed(self._taken):
            if shown is picture or (shown.place == picture.place and shown.key == picture.key):
                return taken
        return Taken(picture)
