"""PortAudio, through python-sounddevice: the one place that imports it and translates its errors.

PortAudio reads the list of devices when it is initialised, and initialising is for the whole process. So every
stream is opened and closed here, under one lock; and when opening fails while no other stream is open, the list is
read again, because a microphone may have been plugged in since.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Literal, Protocol

from agent.errors import AudioError

_lock = threading.Lock()
_open_streams = 0


class Stream(Protocol):
    """What we use of a sounddevice stream."""

    device: int

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


def open_stream(kind: Literal["input", "output"], make: Callable[[ModuleType], Stream]) -> tuple[Stream, str]:
    """Make and start a stream; returns it with the name of its device. Raises AudioError."""
    global _open_streams
    with _lock:
        library = _library()
        try:
            stream = _start(library, make)
        except library.PortAudioError as error:
            if _open_streams:
                raise _translated(kind, error) from error
            stream = _retry_with_fresh_devices(library, kind, make)
        _open_streams += 1
        return stream, str(library.query_devices(stream.device)["name"])


def close_stream(stream: Stream, drain: bool = False) -> None:
    """Close a stream: at once, dropping what the device has not played yet, or, with ``drain``, when it has.
    Never raises for a vanished device: with it is gone everything there was to stop."""
    global _open_streams
    library = _library()
    if drain:
        with suppress(library.PortAudioError):
            stream.stop()
    with _lock:
        with suppress(library.PortAudioError):
            stream.abort()
        with suppress(library.PortAudioError):
            stream.close()
        _open_streams -= 1


def _library() -> ModuleType:
    try:
        import sounddevice
    except OSError as error:
        raise AudioError(
            "Deskhand cannot reach the sound system, because the PortAudio library is missing.",
            "Install the package libportaudio2 (sudo apt install libportaudio2). Until then you can type.",
        ) from error
    return sounddevice


def _start(library: ModuleType, make: Callable[[ModuleType], Stream]) -> Stream:
    stream = make(library)
    try:
        stream.start()
    except library.PortAudioError:
        stream.close()
        raise
    return stream


def _retry_with_fresh_devices(
    library: ModuleType, kind: Literal["input", "output"], make: Callable[[ModuleType], Stream]
) -> Stream:
    try:
        # sounddevice has no public way to read the device list again; these two are what its FAQ points to.
        library._terminate()
        library._initialize()
        return _start(library, make)
    except library.PortAudioError as error:
        raise _translated(kind, error) from error


def _translated(kind: Literal["input", "output"], error: Exception) -> AudioError:
    detail = str(error).split(" [")[0].rstrip(".")
    if kind == "input":
        return AudioError(
            f"No microphone could be opened ({detail}). You can type instead.",
            "Plug one in, or choose one in the system's sound settings, and press the microphone button again.",
        )
    return AudioError(
        f"No loudspeaker could be opened ({detail}). The answer is in the window.",
        "Plug one in, or choose one in the system's sound settings.",
    )
