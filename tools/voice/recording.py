"""A recording as text: cut into stretches where it is quietest, each read by the transcriber.

One stretch after the other, so that somebody who speaks meanwhile waits for one of them and not for all, and a stop is
heard between two.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

from agent.cancel import Cancel
from tools.documents.heard import SECOND_BYTES, Heard
from tools.voice.port import FRAME_BYTES, Transcriber

SHORTEST_SECONDS = 12
LONGEST_SECONDS = 22
"""The model was trained on up to 30 s."""
_SILENT = 150
"""Of 32,768: what is quieter throughout holds no speech, and the model would invent some."""


def transcribed(
    transcriber: Transcriber, samples: bytes, longest: int, cancel: Cancel, progress: Callable[[str], None]
) -> Heard:
    """What is said in ``samples`` (16-bit mono at 16 kHz), in about ``longest`` characters at most. ``progress`` is
    told how far it is. What was understood so far after a stop. Raises AudioError."""
    texts: list[str] = []
    done = 0
    for stretch in stretches(samples):
        if cancel.requested or sum(map(len, texts)) >= longest:
            break
        minutes, seconds = divmod(done // SECOND_BYTES, 60)
        progress(f"Listening to the recording: {minutes}:{seconds:02d} of {_length(samples)}")
        if max(_loudness(stretch), default=0) > _SILENT:
            transcription = transcriber.begin(lambda text: None)
            transcription.feed(stretch)
            texts.append(transcription.finish())
        done += len(stretch)
    return Heard(" ".join(text for text in texts if text), done // SECOND_BYTES)


def stretches(samples: bytes) -> Iterator[bytes]:
    """``samples`` in pieces of :data:`SHORTEST_SECONDS` to :data:`LONGEST_SECONDS`, each ending where it is quietest;
    the last one may be shorter. Together they are ``samples``."""
    start = 0
    while len(samples) - start > LONGEST_SECONDS * SECOND_BYTES:
        earliest = start + SHORTEST_SECONDS * SECOND_BYTES
        window = samples[earliest : start + LONGEST_SECONDS * SECOND_BYTES]
        loudness = _loudness(window)
        around = [sum(loudness[max(0, at - 4) : at + 5]) for at in range(len(loudness))]
        end = earliest + around.index(min(around)) * FRAME_BYTES
        yield samples[start:end]
        start = end
    if start < len(samples):
        yield samples[start:]


def _loudness(samples: bytes) -> list[int]:
    """The loudest sample of each frame, of the sixteen that are looked at in it."""
    values = array("h", samples[: len(samples) // 2 * 2])
    frame = FRAME_BYTES // 2
    return [max(map(abs, values[at : at + frame : frame // 16])) for at in range(0, len(values), frame)]


def _length(samples: bytes) -> str:
    minutes, seconds = divmod(len(samples) // SECOND_BYTES, 60)
    return f"{minutes}:{seconds:02d}"
