"""Errors, by audience.

    DeskhandError            something a person can be told: what happened, what was not lost, what to do
    ├── ModelError           the model or its file
    │   ├── ModelFileError   refused before it was loaded: missing, truncated, not a GGUF, absurd header
    │   ├── ModelLoadError   llama.cpp would not load it, or it does not fit
    │   └── EngineDied       the engine process ended and could not be brought back
    ├── StorageError         the database or the disk: full, corrupt, locked by another
    ├── DesktopError         no display, no accessibility bus, an application that does not answer
    ├── AudioError           no microphone, no speaker, a device that vanished
    └── DownloadError        the network, the disk space or the hash

Inside the loop a tool's failure is a *result*, never an exception: see :class:`agent.tool.ToolResult`.
Foreign errors are translated once, where the foreign library is called.
"""

from __future__ import annotations


class DeskhandError(Exception):
    """An error made of two sentences for a person.

    ``what`` says what happened (and what was not lost); ``remedy`` says what to do next, and may be empty.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class ModelError(DeskhandError):
    """The model or its file."""


class ModelFileError(ModelError):
    """A model file refused before loading: missing, truncated, wrong magic, absurd header."""


class ModelLoadError(ModelError):
    """llama.cpp would not load the file, or it does not fit into memory."""


class EngineDied(ModelError):
    """The engine process ended and could not be brought back."""


class StorageError(DeskhandError):
    """The database or the disk beneath it."""


class DesktopError(DeskhandError):
    """The display, the accessibility bus or an application on it."""


class AudioError(DeskhandError):
    """The microphone or the speaker."""


class DownloadError(DeskhandError):
    """A download: the network, the space on the disk, or the hash."""
