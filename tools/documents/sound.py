"""Sound: how long it is and how it was recorded. What is said in it is read in ``speech``, where somebody hears."""

from __future__ import annotations

import wave
from typing import BinaryIO

from tools.documents.parts import DAMAGED, Document, Trouble

_UNHEARD = "what is to be heard in it cannot be read from the file"


def read_wave(file: BinaryIO) -> Document:
    try:
        with wave.open(file) as sound:
            rate, frames, channels = sound.getframerate(), sound.getnframes(), sound.getnchannels()
    except (wave.Error, EOFError) as error:
        if "unknown format" in str(error):  # floats, say, which the reader does not know
            return named("WAV")
        raise Trouble(DAMAGED) from error
    return _described("WAV", rate, frames, channels)


def read_flac(file: BinaryIO) -> Document:
    """Lengths of fields: RFC 9639, section 8.2."""
    head = file.read(42)
    if len(head) < 42 or head[4] & 0x7F:
        raise Trouble(DAMAGED)
    packed = int.from_bytes(head[18:26], "big")
    return _described("FLAC", packed >> 44, packed & (1 << 36) - 1, (packed >> 41 & 7) + 1)


def named(kind: str) -> Document:
    """A sound or film of which only the kind is told."""
    return Document("film" if kind == "film" else f"{kind} sound", _UNHEARD, ())


def _described(kind: str, rate: int, frames: int, channels: int) -> Document:
    return Document(f"{kind} sound", f"{summary_of(rate, frames, channels)}; {_UNHEARD}", ())


def summary_of(rate: int, frames: int, channels: int) -> str:
    """``2:05 long, 44100 Hz, stereo``. Raises Trouble when it has no rate."""
    if not rate:
        raise Trouble(DAMAGED)
    minutes, seconds = divmod(round(frames / rate), 60)
    channel = "mono" if channels == 1 else "stereo" if channels == 2 else f"{channels} channels"
    return f"{minutes}:{seconds:02d} long, {rate} Hz, {channel}"
