"""What differs between desktops, in one place: which one this is, what nobody can do on it, which permission it wants,
and how its pixels are counted.

Pure but for what is asked of the environment; nothing here needs a library of one platform. Any thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.errors import DesktopError
from tools.desktop.port import Bounds

Session = Literal["x11", "wayland", "windows", "macos", "none"]
"""``none``: a machine without a screen, or one that we know nothing of."""

NAMES: Mapping[Session, str] = {
    "x11": "X11", "wayland": "Wayland", "windows": "Windows", "macos": "macOS", "none": "No desktop",
}  # fmt: skip

Ability = Literal["keys", "pointer", "focus", "close", "places", "stack", "covered", "elevated"]
"""What a desktop may not let us do. ``keys``, ``pointer``: press and click as a person does. ``focus``, ``close``: of a
window. ``places``: know where on the screen a window is. ``stack``: know what lies above a window. ``covered``: picture
a window that others cover. ``elevated``: work windows of programs that run with more rights."""

_WAYLAND_HANDS = (
    "Wayland lets no program press keys or click for you: only controls that applications offer are worked"
)
LIMITS: Mapping[Session, Mapping[Ability, str]] = {
    "x11": {},
    "wayland": {
        "keys": f"{_WAYLAND_HANDS}.",
        "pointer": f"{_WAYLAND_HANDS}.",
        "focus": "Wayland lets no program bring another's window to the front: click it yourself first.",
        "close": "Wayland lets no program close another's window: close it yourself.",
        "places": "Wayland tells no program where windows are: nothing can be pointed at, and a picture shows all.",
        "stack": "Wayland tells no program which window lies above which.",
        "covered": "Wayland has no picture of a single window, only of the whole screen.",
    },
    "windows": {
        "covered": "A window that others cover is pictured as it is seen.",
        "elevated": "Windows of programs that run as administrator cannot be worked unless Deskhand does too.",
    },
    "macos": {
        "stack": "What lies above a window is known of windows, not of menus and notifications.",
        "covered": "A window that others cover is pictured as it is seen.",
    },
    "none": {},
}
"""What cannot be done where, a sentence each, for a person."""

EVERYWHERE = Bounds(-(1 << 20), -(1 << 20), 1 << 21, 1 << 21)
"""Where something is that must not be seen, when nobody can tell where it is."""

BASE_DPI = 96
"""Dots per inch at which one logical pixel is one of the screen's."""


def session(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Session:
    """The desktop that this process is part of. An X display alone proves little: under Wayland there is one as well,
    and only some windows are on it."""
    if system == "win32":
        return "windows"
    if system == "darwin":
        return "macos"
    kind = environment.get("XDG_SESSION_TYPE", "")
    if kind in ("x11", "wayland"):
        return kind
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "x11" if environment.get("DISPLAY") else "none"


def limit(here: Session, ability: Ability) -> DesktopError:
    """What to raise when ``ability`` is asked for where it does not exist."""
    remedy = "An X11 (Xorg) session, chosen when you log in, can." if here == "wayland" else ""
    return DesktopError(LIMITS[here][ability], remedy)


def no_desktop() -> DesktopError:
    """This process has no screen to work on."""
    return DesktopError(
        "There is no screen to work on: this process belongs to no desktop.",
        "Start Deskhand from within your desktop. Talking and files work without.",
    )


def no_tree(here: Session) -> DesktopError:
    """The system's accessibility service does not let us in."""
    match here:
        case "macos":
            return DesktopError(
                "macOS does not let Deskhand see and work other applications yet; nothing was done.",
                "Open System Settings → Privacy & Security, allow Deskhand (or your terminal) under Accessibility and "
                "under Screen & System Audio Recording, and start it again.",
            )
        case "windows":
            return DesktopError(
                "Windows' accessibility service (UI Automation) does not answer, so windows cannot be read.",
                "Start Deskhand from your desktop, not as a service, and try again. Talking and files work without.",
            )
        case _:
            return DesktopError(
                "The accessibility service of this desktop does not answer, so its windows cannot be read.",
                "Install at-spi2-core, log in again and start Deskhand there. Talking and files work without.",
            )


# -- pixels ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Monitor:
    """``bounds`` are the screen's own pixels; ``scale`` is how many of them make a logical one."""

    bounds: Bounds
    scale: float


@dataclass(frozen=True, slots=True)
class Pixels:
    """Between the port's pixels, which are those of a capture, and the logical ones that xa11y counts in.

    On Windows xa11y divides by the monitor's scale; on macOS a capture is logical as well (mss takes it at nominal
    resolution), so there is nothing to do. Without ``monitors`` a pixel is a pixel.
    """

    monitors: Sequence[Monitor] = ()

    def of_screen(self, x: int, y: int, width: int, height: int) -> Bounds:
        """Logical to the screen's. What lies on two monitors goes by its top left corner."""
        scale = next((each.scale for each in self.monitors if _has(each, x, y)), self._first)
        return Bounds(*(round(each * scale) for each in (x, y, width, height)))

    def logical(self, x: int, y: int) -> tuple[int, int]:
        """The screen's to logical."""
        scale = next((each.scale for each in self.monitors if each.bounds.contains(x, y)), self._first)
        return round(x / scale), round(y / scale)

    @property
    def _first(self) -> float:
        return self.monitors[0].scale if self.monitors else 1.0


NO_SCALE = Pixels()
"""A pixel is a pixel."""


def _has(monitor: Monitor, x: int, y: int) -> bool:
    return monitor.bounds.contains(round(x * monitor.scale), round(y * monitor.scale))
