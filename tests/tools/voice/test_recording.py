"""Recordings as text, with the real recogniser and a synthetic voice."""

from __future__ import annotations

import shutil
import subprocess
from array import array
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cancel import Cancel
from tools.documents.heard import SECOND_BYTES
from tools.voice.recording import LONGEST_SECONDS, SHORTEST_SECONDS, stretches, transcribed
from tools.voice.transcriber import MoonshineTranscriber

SILENCE = bytes(SECOND_BYTES)


@pytest.fixture(scope="module")
def transcriber() -> Iterator[MoonshineTranscriber]:
    transcriber = MoonshineTranscriber()
    yield transcriber
    transcriber.close()


@pytest.fixture(scope="module")
def voice() -> bytes:
    if shutil.which("espeak-ng") is None:
        pytest.fail("espeak-ng is not installed")
    said = "The meeting is on Friday at ten. Please bring the annual report."
    wave = subprocess.run(["espeak-ng", "--stdout", said], capture_output=True, check=True).stdout
    values = np.frombuffer(wave[44:], np.int16)
    places = np.arange(len(values) * 16_000 // 22_050) * (22_050 / 16_000)
    return np.interp(places, np.arange(len(values)), values).astype(np.int16).tobytes()


def test_what_is_said_becomes_text(transcriber: MoonshineTranscriber, voice: bytes) -> None:
    told: list[str] = []

    heard = transcribed(transcriber, SILENCE + voice, 1_000, Cancel(), told.append)

    assert "annual report" in heard.text
    assert told[0].startswith("Listening to the recording: 0:00 of 0:0")


def test_enough_text_is_enough(transcriber: MoonshineTranscriber, voice: bytes) -> None:
    heard = transcribed(transcriber, (voice + SILENCE) * 10, 20, Cancel(), lambda text: None)

    assert SHORTEST_SECONDS <= heard.seconds <= LONGEST_SECONDS
    assert heard.text


def test_silence_holds_no_words(transcriber: MoonshineTranscriber) -> None:
    heard = transcribed(transcriber, SILENCE * 30, 1_000, Cancel(), lambda text: None)

    assert (heard.text, heard.seconds) == ("", 30)


def test_after_a_stop_nothing_more_is_heard(transcriber: MoonshineTranscriber, voice: bytes) -> None:
    cancel = Cancel()
    cancel.request()

    assert transcribed(transcriber, voice, 1_000, cancel, lambda text: None).seconds == 0


@settings(max_examples=15, deadline=None)
@given(seconds=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=6), odd=st.binary(max_size=3))
def test_stretches_are_the_recording_and_none_is_too_long(
    seconds: list[tuple[int, bool]], odd: bytes
) -> None:
    loud = array("h", [9_000] * (SECOND_BYTES // 2)).tobytes()
    samples = b"".join((loud if noise else SILENCE) * length for length, noise in seconds) + odd

    pieces = list(stretches(samples))

    assert b"".join(pieces) == samples
    assert all(len(piece) <= LONGEST_SECONDS * SECOND_BYTES for piece in pieces)
