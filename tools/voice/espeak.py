"""Speech out by espeak-ng: a child process makes the PCM of a sentence (about 25 ms), PortAudio plays it.

The PCM passes through us, so that it can be stopped at once (and, one day, be the echo reference).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from agent.cancel import Cancel
from agent.errors import AudioError
from tools.voice.playback import Playback

VOICE = "en-us"
WORDS_PER_MINUTE = 165
WAVE_HEADER_BYTES = 44
SAMPLE_RATE = 22_050
"""What all of espeak-ng's own voices produce; checked against the header of every sentence."""
SYNTHESIS_SECONDS = 10.0
"""A sentence that takes longer than this is not coming."""


class EspeakSpeaker:
    """See :class:`tools.voice.port.Speaker`. One caller at a time."""

    def say(self, sentences: Iterable[str], cancel: Cancel) -> None:
        with Playback(SAMPLE_RATE) as playback, cancel.calling(playback.stop):
            for sentence in sentences:
                if cancel.requested:
                    return
                playback.play(synthesize(sentence))
                playback.wait()


@dataclass(frozen=True, slots=True)
class _Wave:
    rate: int
    pcm: bytes


def synthesize(sentence: str) -> bytes:
    """PCM of ``sentence``: int16 mono at ``SAMPLE_RATE``. Raises AudioError."""
    command = ["espeak-ng", "-v", VOICE, "-s", str(WORDS_PER_MINUTE), "--stdin", "--stdout"]
    try:
        done = subprocess.run(
            command, input=sentence.encode(), capture_output=True, timeout=SYNTHESIS_SECONDS, check=True
        )
    except FileNotFoundError as error:
        raise AudioError(
            "The answer cannot be spoken, because espeak-ng is missing. The answer is in the window.",
            "Install the package espeak-ng (sudo apt install espeak-ng).",
        ) from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise AudioError(
            f"espeak-ng could not speak the answer ({error}). The answer is in the window.",
            "Try again; if it stays so, install the package espeak-ng again.",
        ) from error
    wave = _parse(done.stdout)
    if wave.rate != SAMPLE_RATE:
        raise AudioError(
            f"espeak-ng speaks at {wave.rate} samples a second; {SAMPLE_RATE} was expected.",
            "Install your distribution's own espeak-ng package.",
        )
    return wave.pcm


def _parse(wave: bytes) -> _Wave:
    """espeak-ng streams, so the lengths in its header are made up; the rate is at byte 24 (RIFF WAVE, fmt)."""
    return _Wave(int.from_bytes(wave[24:28], "little"), wave[WAVE_HEADER_BYTES:])
