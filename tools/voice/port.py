"""The ports of the voice: what listening and speaking need from the machine.

A frame is 512 samples of int16 little-endian mono PCM at 16 kHz: 1,024 bytes, 32 ms. Every part raises
:class:`agent.errors.AudioError` and nothing else for what can go wrong with a device or a library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from agent.cancel import Cancel

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 512
FRAME_BYTES = 2 * FRAME_SAMPLES
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE

Frame = bytes


class Capture(Protocol):
    """An open microphone. Its frames wait in a queue, so none is lost while the reader is busy."""

    @property
    def device(self) -> str:
        """The name of the microphone, as the system shows it."""
        ...

    def read(self) -> Frame:
        """The next frame; blocks until there is one. Raises AudioError when the microphone is gone."""
        ...

    def close(self) -> None:
        """Let the microphone go. May be called twice, and after it vanished."""
        ...


class Microphone(Protocol):
    def open(self) -> Capture:
        """Open the microphone that the system prefers at this moment. Raises AudioError; a later call may succeed,
        because devices come and go. Blocks for some tenths of a second."""
        ...


class Activity(Protocol):
    """Voice activity. Used from one thread at a time."""

    def probability(self, frame: Frame) -> float:
        """How likely it is, 0 to 1, that ``frame`` holds speech; depends on the frames before it."""
        ...

    def reset(self) -> None:
        """Forget the frames so far: another recording begins."""
        ...


class Transcription(Protocol):
    """The transcript of one recording. ``feed``, ``pause`` and ``cancel`` return at once."""

    def feed(self, frame: Frame) -> None: ...

    def pause(self) -> None:
        """The speaker paused: the frames so far end with a complete word."""
        ...

    def finish(self) -> str:
        """Transcribe what is left and return the whole text. Blocks. Raises AudioError."""
        ...

    def cancel(self) -> None:
        """Drop the recording."""
        ...


class Transcriber(Protocol):
    """Turns speech into text on a thread of its own. Every method may be called from any thread."""

    def load(self) -> None:
        """Start loading the model, so that it is there when it is needed; returns at once."""
        ...

    def begin(self, partial: Callable[[str], None]) -> Transcription:
        """Start a transcript; returns at once. ``partial`` gets the text so far, whenever it changes, on the
        transcriber's thread; it must not raise."""
        ...

    def close(self) -> None:
        """End the thread and free the model."""
        ...


class Speaker(Protocol):
    def say(self, sentences: Iterable[str], cancel: Cancel) -> None:
        """Say ``sentences`` one after the other, each as soon as the iterable yields it; blocks until the last is
        said. Silent within 200 ms of a stop request. Raises AudioError."""
        ...
