"""What is said in a recording: real files of each kind, decoded in a real child."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from agent.cancel import Cancel
from agent.errors import AudioError
from tools.documents import reader
from tools.documents.heard import SECOND_BYTES, Hear, Heard
from tools.documents.reader import Reading


def tone(seconds: float, rate: int, hertz: float = 440.0) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def encoded(samples: NDArray[np.float64], rate: int, format: str, subtype: str | None = None) -> bytes:
    saved = io.BytesIO()
    soundfile.write(saved, samples, rate, format=format, subtype=subtype)
    return saved.getvalue()


class Ears:
    """Hears how long a recording is, and its strongest tone."""

    def __init__(self, text: str = "hello") -> None:
        self.text = text
        self.samples = b""

    def __call__(self, samples: bytes, longest: int, cancel: Cancel) -> Heard:
        self.samples = samples
        return Heard(self.text[:longest], len(samples) // SECOND_BYTES)

    @property
    def hertz(self) -> float:
        values = np.frombuffer(self.samples, np.int16).astype(float)
        return float(np.argmax(np.abs(np.fft.rfft(values))) * 16_000 / len(values))


def read(data: bytes, hear: Hear | None, place: str = "") -> Reading:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return reader.read(file, "it", 8_000, Cancel(), place, hear)


@pytest.mark.parametrize(
    ("format", "subtype", "rate", "about"),
    [
        ("WAV", None, 8_000, "WAV sound, 0:02 long, 8000 Hz, mono"),
        ("WAV", "FLOAT", 44_100, "WAV sound, 0:02 long, 44100 Hz, mono"),
        ("FLAC", None, 96_000, "FLAC sound, 0:02 long, 96000 Hz, mono"),
        ("OGG", "VORBIS", 44_100, "Ogg sound, 0:02 long, 44100 Hz, mono"),
        ("OGG", "OPUS", 48_000, "Ogg sound, 0:02 long, 48000 Hz, mono"),
        ("MP3", None, 44_100, "MP3 sound, 0:02 long, 44100 Hz, mono"),
        ("WAV", None, 16_000, "WAV sound, 0:02 long, 16000 Hz, mono"),
    ],
)
def test_a_recording_reaches_the_recogniser_as_it_sounds(
    format: str, subtype: str | None, rate: int, about: str
) -> None:
    ears = Ears()

    seen = read(encoded(tone(2, rate), rate, format, subtype), ears)

    assert (seen.about, seen.text) == (about, "what is said in it, as far as it was understood:\nhello")
    assert len(ears.samples) / SECOND_BYTES == pytest.approx(2, abs=0.1)
    assert ears.hertz == pytest.approx(440, abs=2)


def test_what_the_new_rate_cannot_hold_is_filtered_out() -> None:
    ears = Ears()

    read(encoded(tone(2, 48_000, hertz=11_000), 48_000, "WAV"), ears)

    assert np.abs(np.frombuffer(ears.samples, np.int16)[200:-200]).max() < 400


def test_both_channels_are_heard() -> None:
    ears = Ears()
    sides = np.stack([np.zeros(16_000), tone(1, 16_000)], axis=1)

    assert "stereo" in read(encoded(sides, 16_000, "WAV"), ears).about
    assert np.abs(np.frombuffer(ears.samples, np.int16)).max() > 5_000


def test_a_long_recording_is_heard_in_parts() -> None:
    ears = Ears()
    data = encoded(np.zeros(8_000 * 60 * 12), 8_000, "FLAC")

    seen = read(data, ears)
    assert (len(ears.samples), seen.left, seen.at) == (600 * SECOND_BYTES, "and more", "minute=11")
    rest = read(data, ears, "minute=11")
    assert (len(ears.samples), rest.at) == (120 * SECOND_BYTES, "")
    with pytest.raises(reader.DocumentError, match="has no minute 13"):
        read(data, ears, "minute=13")


def test_words_that_do_not_fit_are_asked_for_by_their_minute() -> None:
    def half(samples: bytes, longest: int, cancel: Cancel) -> Heard:
        return Heard("so far", 130)

    seen = read(encoded(np.zeros(8_000 * 300), 8_000, "FLAC"), half)

    assert (seen.left, seen.at) == ("and more", "minute=3")


def test_silence_is_told_as_such() -> None:
    assert read(encoded(np.zeros(16_000), 16_000, "WAV"), Ears("")).text.startswith("(nothing was said")


def test_without_a_recogniser_the_facts_remain() -> None:
    def deaf(samples: bytes, longest: int, cancel: Cancel) -> Heard:
        raise AudioError("The recogniser does not load.")

    data = encoded(tone(1, 16_000), 16_000, "WAV")
    assert read(data, deaf).text == "(what is said in it could not be read: The recogniser does not load.)"
    assert "cannot be read from the file" in read(data, None).about


@pytest.mark.parametrize(
    "spoil", [lambda data: data[: len(data) // 3], lambda data: data[:44] + b"\xff" * 500]
)
@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_damaged_recording_is_heard_as_far_as_it_goes_or_said_to_be_damaged(
    format: str, spoil: Callable[[bytes], bytes]
) -> None:
    data = spoil(encoded(tone(1, 16_000), 16_000, format))
    try:
        said = read(data, Ears()).about
    except reader.DocumentError as trouble:
        said = trouble.what

    assert format.title() in said.title() or "damaged" in said
