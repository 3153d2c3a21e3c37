"""Where the pointer is on macOS: the one thing about it that xa11y does not tell (CoreGraphics, CGEventGetLocation)."""

from __future__ import annotations

import ctypes
import ctypes.util


class Point(ctypes.Structure):
    """CGPoint."""

    _fields_ = (("x", ctypes.c_double), ("y", ctypes.c_double))


def pointer() -> tuple[int, int]:
    """In points, from the top left of the main screen."""
    graphics = ctypes.CDLL(ctypes.util.find_library("ApplicationServices") or "ApplicationServices")
    graphics.CGEventCreate.restype = ctypes.c_void_p
    graphics.CGEventGetLocation.restype = Point
    graphics.CGEventGetLocation.argtypes = (ctypes.c_void_p,)
    graphics.CFRelease.argtypes = (ctypes.c_void_p,)
    event = graphics.CGEventCreate(None)
    try:
        at = graphics.CGEventGetLocation(event)
        return round(at.x), round(at.y)
    finally:
        graphics.CFRelease(event)
