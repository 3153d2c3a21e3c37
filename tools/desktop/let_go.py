"""The watchdog of a drag: a process of its own that releases the pointer's buttons when its parent ends without having
said that all is well. Started by :mod:`tools.desktop.pointer`; it does nothing else."""

from __future__ import annotations

import os
import sys

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

_BUTTONS = ((X.Button1Mask, 1), (X.Button2Mask, 2), (X.Button3Mask, 3))


def watch(display: Display) -> None:
    """Say that we watch, and wait for the parent's word or its end."""
    os.write(1, b".")
    if os.read(0, 1):
        return
    mask: int = display.screen().root.query_pointer().mask
    for bit, button in _BUTTONS:
        if mask & bit:
            xtest.fake_input(display, X.ButtonRelease, button)
    display.sync()


if __name__ == "__main__":
    watch(Display(sys.argv[1]))
