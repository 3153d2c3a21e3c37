"""Windows' windows through user32.dll: what is open, what lies above what, which one has the keys.

Bounds are the screen's own pixels (the process is made aware of each monitor's scale). Microsoft's documentation of the
functions named here is the source of their behaviour; constants are those of WinUser.h and dwmapi.h.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from pathlib import PureWindowsPath
from typing import Protocol, cast

import psutil

from tools.desktop.platforms import BASE_DPI, Monitor
from tools.desktop.port import Bounds
from tools.desktop.portable.windows import Listed, readable

_GWL_EXSTYLE = -20
_WS_EX_TOOLWINDOW = 0x80
_WS_EX_APPWINDOW = 0x40000
_GA_ROOT = 2
_WM_CLOSE = 0x10
_SW_RESTORE = 9
_DWMWA_EXTENDED_FRAME_BOUNDS = 9
_DWMWA_CLOAKED = 14
_PER_MONITOR_AWARE_V2 = -4
_NOT_WINDOWS = frozenset(
    ("Progman", "WorkerW", "Shell_TrayWnd", "Shell_SecondaryTrayWnd", "Windows.UI.Core.CoreWindow")
)
"""Classes of the desktop, the taskbar, and what Windows keeps ready without showing it."""
_DIALOG = "#32770"
_MENU = "#32768"


class Rect(ctypes.Structure):
    """RECT."""

    _fields_ = (
        ("left", ctypes.c_long),
        ("top", ctypes.c_long),
        ("right", ctypes.c_long),
        ("bottom", ctypes.c_long),
    )


class Point(ctypes.Structure):
    """POINT."""

    _fields_ = (("x", ctypes.c_long), ("y", ctypes.c_long))


class Api(Protocol):
    """The few calls we make, as plain functions: the boundary to Windows, and what a test puts in its place."""

    def windows(self) -> Sequence[int]:
        """EnumWindows: top-level windows, front first."""
        ...

    def visible(self, window: int) -> bool: ...
    def minimised(self, window: int) -> bool: ...
    def cloaked(self, window: int) -> bool:
        """Not shown although visible: on another desktop, or asleep."""
        ...

    def extended_style(self, window: int) -> int: ...
    def title(self, window: int) -> str: ...
    def class_name(self, window: int) -> str: ...
    def process(self, window: int) -> int: ...
    def frame(self, window: int) -> Bounds:
        """What is seen of it, without the invisible borders that it is resized by."""
        ...

    def foreground(self) -> int: ...
    def bring_forward(self, window: int) -> None: ...
    def post_close(self, window: int) -> None: ...
    def root_at(self, x: int, y: int) -> int: ...
    def pointer(self) -> tuple[int, int]: ...
    def monitors(self) -> Sequence[tuple[Bounds, int]]:
        """Each monitor's bounds and dots per inch."""
        ...

    def program(self, pid: int) -> str:
        """The path of its program; empty when that is not told."""
        ...


class User32:
    """See :class:`tools.desktop.portable.windows.WindowSystem`."""

    def __init__(self, api: Api | None = None) -> None:
        self._api = api or Dlls()

    def listed(self) -> Sequence[Listed]:
        return tuple(self._list())

    def activate(self, id: int) -> None:
        self._api.bring_forward(id)

    def close(self, id: int) -> None:
        self._api.post_close(id)

    def above(self, x: int, y: int, pid: int) -> int | None:
        window = self._api.root_at(x, y)
        if self._api.class_name(window) == _MENU and self._api.process(window) == pid:
            return self._api.foreground()
        return window

    def pointer(self) -> tuple[int, int]:
        return self._api.pointer()

    def monitors(self) -> Sequence[Monitor]:
        return tuple(Monitor(bounds, dpi / BASE_DPI) for bounds, dpi in self._api.monitors())

    def _list(self) -> Iterator[Listed]:
        api, foreground = self._api, self._api.foreground()
        for window in api.windows():
            if not self._counts(window):
                continue
            pid = api.process(window)
            path = PureWindowsPath(api.program(pid))
            yield Listed(
                id=window,
                title=api.title(window),
                application=readable(path.stem),
                program=path.stem.lower(),
                pid=pid,
                bounds=api.frame(window),
                dialog=api.class_name(window) == _DIALOG,
                minimised=api.minimised(window),
                active=window == foreground,
            )

    def _counts(self, window: int) -> bool:
        """Whether a person would call it a window: Windows' own rule for the task switcher, and dialogs."""
        api = self._api
        if not api.visible(window) or api.cloaked(window) or not api.title(window):
            return False
        name, style = api.class_name(window), api.extended_style(window)
        if name in _NOT_WINDOWS:
            return False
        return bool(style & _WS_EX_APPWINDOW or name == _DIALOG) or not (style & _WS_EX_TOOLWINDOW)


class Dlls:
    """See :class:`Api`. Only where ctypes has Windows' libraries."""

    def __init__(self) -> None:
        libraries = ctypes.windll  # type: ignore[attr-defined]
        self._user32 = libraries.user32
        self._dwmapi = libraries.dwmapi
        self._shcore = libraries.shcore
        self._user32.SetProcessDpiAwarenessContext(ctypes.c_void_p(_PER_MONITOR_AWARE_V2))

    def windows(self) -> Sequence[int]:
        found: list[int] = []
        kind = ctypes.WINFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)  # type: ignore[attr-defined]
        self._user32.EnumWindows(kind(lambda window, _: found.append(window or 0) or True), 0)
        return found

    def visible(self, window: int) -> bool:
        return bool(self._user32.IsWindowVisible(ctypes.c_void_p(window)))

    def minimised(self, window: int) -> bool:
        return bool(self._user32.IsIconic(ctypes.c_void_p(window)))

    def cloaked(self, window: int) -> bool:
        value = ctypes.c_int(0)
        self._dwmapi.DwmGetWindowAttribute(ctypes.c_void_p(window), _DWMWA_CLOAKED, ctypes.byref(value), 4)
        return bool(value.value)

    def extended_style(self, window: int) -> int:
        return int(self._user32.GetWindowLongW(ctypes.c_void_p(window), _GWL_EXSTYLE)) & 0xFFFFFFFF

    def title(self, window: int) -> str:
        length = self._user32.GetWindowTextLengthW(ctypes.c_void_p(window)) + 1
        text = ctypes.create_unicode_buffer(length)
        self._user32.GetWindowTextW(ctypes.c_void_p(window), text, length)
        return text.value

    def class_name(self, window: int) -> str:
        text = ctypes.create_unicode_buffer(257)
        self._user32.GetClassNameW(ctypes.c_void_p(window), text, 257)
        return text.value

    def process(self, window: int) -> int:
        pid = ctypes.c_ulong(0)
        self._user32.GetWindowThreadProcessId(ctypes.c_void_p(window), ctypes.byref(pid))
        return pid.value

    def frame(self, window: int) -> Bounds:
        rect, handle = Rect(), ctypes.c_void_p(window)
        size = ctypes.sizeof(rect)
        if self._dwmapi.DwmGetWindowAttribute(handle, _DWMWA_EXTENDED_FRAME_BOUNDS, ctypes.byref(rect), size):
            self._user32.GetWindowRect(handle, ctypes.byref(rect))
        return _bounds(rect)

    def foreground(self) -> int:
        return self._handle(self._user32.GetForegroundWindow)

    def bring_forward(self, window: int) -> None:
        handle = ctypes.c_void_p(window)
        if self._user32.IsIconic(handle):
            self._user32.ShowWindow(handle, _SW_RESTORE)
        # Windows lets a program change the foreground only when it got the last input; a task switcher always may.
        if not self._user32.SetForegroundWindow(handle):
            self._user32.SwitchToThisWindow(handle, True)

    def post_close(self, window: int) -> None:
        self._user32.PostMessageW(ctypes.c_void_p(window), _WM_CLOSE, 0, 0)

    def root_at(self, x: int, y: int) -> int:
        find = self._user32.WindowFromPoint
        find.argtypes, find.restype = (Point,), ctypes.c_void_p
        found = find(Point(x, y))
        if not found:
            return 0
        root = self._user32.GetAncestor
        root.restype = ctypes.c_void_p
        return int(root(ctypes.c_void_p(found), _GA_ROOT) or 0)

    def pointer(self) -> tuple[int, int]:
        point = Point()
        self._user32.GetCursorPos(ctypes.byref(point))
        return point.x, point.y

    def monitors(self) -> Sequence[tuple[Bounds, int]]:
        found: list[tuple[Bounds, int]] = []

        def add(monitor: int, _: object, rect: ctypes.c_void_p, __: object) -> bool:
            across, down = ctypes.c_uint(BASE_DPI), ctypes.c_uint(BASE_DPI)
            self._shcore.GetDpiForMonitor(
                ctypes.c_void_p(monitor), 0, ctypes.byref(across), ctypes.byref(down)
            )
            found.append(
                (_bounds(cast(Rect, ctypes.cast(rect, ctypes.POINTER(Rect)).contents)), across.value)
            )
            return True

        pointer = ctypes.c_void_p
        kind = ctypes.WINFUNCTYPE(ctypes.c_bool, pointer, pointer, pointer, pointer)  # type: ignore[attr-defined]
        self._user32.EnumDisplayMonitors(None, None, kind(add), 0)
        return found

    def program(self, pid: int) -> str:
        try:
            return psutil.Process(pid).exe()
        except (psutil.Error, OSError):
            return ""

    @staticmethod
    def _handle(call: object) -> int:
        function = cast("ctypes._FuncPointer", call)  # pyright: ignore[reportPrivateUsage]
        function.restype = ctypes.c_void_p
        return int(function() or 0)


def _bounds(rect: Rect) -> Bounds:
    return Bounds(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top)
