"""What is to be heard in a sound file, decoded for the speech recogniser: at most ten minutes at once. Child side.

libsndfile decodes WAV, FLAC, Ogg (Vorbis, Opus) and MP3.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # threads would each reserve memory that the child does not have

from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tools.documents.parts import DAMAGED, Document, Speech, Trouble
from tools.documents.position import Position
from tools.documents.sound import summary_of

RATE = 16_000
MOST_MINUTES = 10
_BLOCK_SECONDS = 20
_HIGHEST = 384_000
_TAPS = 65


def read(file: BinaryIO, kind: str, position: Position) -> Document:
    """Raises Trouble when the sound is damaged, or over before the minute that is asked for."""
    # By its descriptor: a Python file would need callbacks made at run time.
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    try:
        with soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            if not 0 < sound.samplerate <= _HIGHEST:
                raise Trouble(DAMAGED)
            summary = summary_of(sound.samplerate, sound.frames, sound.channels)
            return Document(f"{kind} sound", summary, (), speech=_speech(sound, position.unit))
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise Trouble(DAMAGED) from error


def _speech(sound: soundfile.SoundFile, minute: int) -> Speech:
    start = (minute - 1) * 60 * sound.samplerate
    if minute > 1 and start >= sound.frames:
        raise Trouble(f"has no minute {minute}: it is shorter")
    if start:
        sound.seek(start)
    samples, over = _decoded(sound, MOST_MINUTES * 60)
    if over:
        return Speech(samples)
    following = minute + MOST_MINUTES
    return Speech(samples, "and more", f"minute={following}")


def _decoded(sound: soundfile.SoundFile, seconds: int) -> tuple[bytes, bool]:
    """16-bit samples at :data:`RATE`, and whether the sound is over."""
    pieces: list[bytes] = []
    for _ in range(seconds // _BLOCK_SECONDS):
        block = sound.read(_BLOCK_SECONDS * sound.samplerate, dtype="float32", always_2d=True)
        if len(block):
            mono = block.mean(axis=1, dtype=np.float32)
            pieces.append(_resampled(mono, sound.samplerate).tobytes())
        if len(block) < _BLOCK_SECONDS * sound.samplerate:
            return b"".join(pieces), True
    return b"".join(pieces), len(sound.read(1)) == 0


def _resampled(mono: NDArray[np.float32], rate: int) -> NDArray[np.int16]:
    """Linear interpolation, after what the new rate cannot hold was filtered out (a sinc in a Hamming window)."""
    if rate > RATE:
        middle = np.arange(_TAPS) - _TAPS // 2
        taps = np.sinc(middle * 0.9 * RATE / rate) * np.hamming(_TAPS)
        mono = np.convolve(mono, taps / taps.sum(), mode="same").astype(np.float32)[: len(mono)]
    places = np.arange(len(mono) * RATE // rate) * (rate / RATE)
    even = mono if rate == RATE else np.interp(places, np.arange(len(mono)), mono)
    return (np.clip(np.nan_to_num(even), -1, 1) * 32767).astype(np.int16)
