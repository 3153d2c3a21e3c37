"""The microphone that the system prefers, by PortAudio.

The callback runs on PortAudio's thread: it only copies the frame and puts it into a queue.
"""

from __future__ import annotations

import queue
from types import ModuleType
from typing import Any

from agent.errors import AudioError
from tools.voice import portaudio
from tools.voice.port import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE, Capture, Frame

STALLED_SECONDS = 4.0
"""A microphone that delivers nothing for this long is gone: some drivers never report it.
A busy machine may be late by less."""


class SystemMicrophone:
    def open(self) -> Capture:
        return SystemCapture()


class SystemCapture:
    """An open microphone; see :class:`tools.voice.port.Capture`."""

    def __init__(self) -> None:
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._closed = False
        self._stream, self._device = portaudio.open_stream("input", self._make_stream)

    @property
    def device(self) -> str:
        return self._device

    def read(self) -> Frame:
        try:
            frame = self._frames.get(timeout=STALLED_SECONDS)
        except queue.Empty:
            frame = None
        if frame is None:
            raise AudioError(
                "The microphone went away. What was being said was not sent.",
                "Plug it in again, or choose another in the system's sound settings, and press the button again.",
            )
        return frame

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            portaudio.close_stream(self._stream)

    def _make_stream(self, sounddevice: ModuleType) -> portaudio.Stream:
        return sounddevice.RawInputStream(
            samplerate=SAMPLE_RATE,
            channels=1,
            dtype="int16",
            blocksize=FRAME_SAMPLES,
            callback=self._enqueue,
            finished_callback=self._enqueue_end,
        )

    def _enqueue(self, data: Any, frames: int, time: object, status: object) -> None:
        frame = bytes(data)
        if len(frame) == FRAME_BYTES:
            self._frames.put(frame)

    def _enqueue_end(self) -> None:
        self._frames.put(None)
