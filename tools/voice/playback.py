"""Plays PCM on the loudspeaker that the system prefers, and stops it at once.

The callback runs on PortAudio's thread: it only takes bytes out of the buffer, and silence when there are none.
"""

from __future__ import annotations

import threading
from types import ModuleType, TracebackType
from typing import Any, Self

from agent.errors import AudioError
from tools.voice import portaudio

BLOCK_SAMPLES = 512
LATENCY_SECONDS = 0.1
"""What the device may have buffered: enough for a busy machine, and what still sounds after a stop."""
STALLED_SECONDS = 2.0
"""A loudspeaker that takes nothing for this long is gone."""


class Playback:
    """An open loudspeaker for int16 mono PCM at ``rate`` samples a second. Raises AudioError when there is none.

    ``stop`` may be called from any thread; the others from the thread that opened it.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._buffer = bytearray()
        self._changed = threading.Condition()
        self._stopped = False
        self._vanished = False
        self._closed = False
        self.samples_played = 0
        """How many samples of speech (silence not counted) were handed to the device."""
        self._stream, self.device = portaudio.open_stream("output", self._make_stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def play(self, pcm: bytes) -> None:
        """Add ``pcm`` to what is to be played; after ``stop`` it is dropped."""
        with self._changed:
            if not self._stopped:
                self._buffer += pcm

    def wait(self) -> None:
        """Block until everything was handed to the device, or ``stop``. Raises AudioError if the device went away."""
        with self._changed:
            while self._buffer and not self._stopped:
                played = self.samples_played
                self._changed.wait(STALLED_SECONDS)
                if self._vanished or (self._buffer and self.samples_played == played):
                    raise AudioError(
                        "The loudspeaker went away while speaking. The answer is in the window.",
                        "Plug it in again, or choose another in the system's sound settings.",
                    )

    def stop(self) -> None:
        """Drop what was not handed to the device yet: from the next block on there is silence."""
        with self._changed:
            self._stopped = True
            self._buffer.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Let the last words sound, unless it was stopped; then let the device go."""
        if self._closed:
            return
        self._closed = True
        portaudio.close_stream(self._stream, drain=not self._stopped and not self._vanished)

    def _make_stream(self, sounddevice: ModuleType) -> portaudio.Stream:
        return sounddevice.RawOutputStream(
            samplerate=self._rate,
            channels=1,
            dtype="int16",
            blocksize=BLOCK_SAMPLES,
            latency=LATENCY_SECONDS,
            callback=self._fill,
            finished_callback=self._end,
        )

    def _fill(self, out: Any, frames: int, when: object, status: object) -> None:
        with self._changed:
            piece = bytes(self._buffer[: len(out)])
            del self._buffer[: len(out)]
            self.samples_played += len(piece) // 2
            if not self._buffer:
                self._changed.notify_all()
        out[:] = piece.ljust(len(out), b"\0")

    def _end(self) -> None:
        with self._changed:
            self._vanished = True
            self._changed.notify_all()
