from __future__ import annotations

import threading

import pytest

from tests.virtual_sound import VirtualSound
from tools.voice.activity import SileroActivity
from tools.voice.check import check_microphone, check_speaker
from tools.voice.espeak import EspeakSpeaker
from tools.voice.microphone import SystemMicrophone
from tools.voice.transcriber import MoonshineTranscriber

pytestmark = pytest.mark.sound


def test_the_check_shows_level_and_transcript_of_what_was_said(sound: VirtualSound) -> None:
    transcriber = MoonshineTranscriber()
    voice = threading.Thread(target=sound.say, args=("what is on my screen",))
    report = check_microphone(SystemMicrophone(), SileroActivity(), transcriber, voice.start, seconds=3.5)
    voice.join()
    transcriber.close()
    assert report.speech
    assert report.level > -30 > -60 > report.noise
    assert report.transcript
    assert report.advice == ""


def test_a_silent_microphone_is_called_silent(sound: VirtualSound) -> None:
    transcriber = MoonshineTranscriber()
    report = check_microphone(SystemMicrophone(), SileroActivity(), transcriber, lambda: None, seconds=1.0)
    assert not report.speech
    assert report.transcript == ""
    assert "mute switch" in report.advice


def test_the_check_of_the_loudspeaker_is_audible(sound: VirtualSound) -> None:
    start = sound.mark()
    check_speaker(EspeakSpeaker())
    sound.record_speakers(0.3)
    assert max(sound.speakers(start)) > 0
