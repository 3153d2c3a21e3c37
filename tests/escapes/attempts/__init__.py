"""The attempts: functions of the places they may try, named after what they do.

What counts as success is decided outside, from an attempt's proof: ``mark`` (a file of its name in a folder outside),
``token`` (it printed a secret), ``heard`` (a socket outside received its name), ``did`` (a system call worked that must
not), or a function of the places. Copied into the sandbox and run there with ``-m``, by the system's Python.
"""

from . import kernel, machine, processes, protected, reading, sockets, writing
from .base import ATTEMPTS, DID, Places

SECONDS = 8
"""The most that one attempt may take."""

__all__ = [
    "ATTEMPTS",
    "DID",
    "SECONDS",
    "Places",
    "kernel",
    "machine",
    "processes",
    "protected",
    "reading",
    "sockets",
    "writing",
]
