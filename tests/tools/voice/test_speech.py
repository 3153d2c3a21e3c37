"""The answer said aloud, heard again on the virtual speakers."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import pytest

from agent.cancel import Cancel
from agent.errors import AudioError
from tests.tools.voice.conftest import Events
from tests.virtual_sound import SPEAKERS_RATE, VirtualSound
from tools.voice import espeak
from tools.voice.espeak import EspeakSpeaker, synthesize
from tools.voice.playback import BLOCK_SAMPLES, Playback
from tools.voice.speech import Speech

pytestmark = pytest.mark.sound

LONG = "This is a rather long answer, and nobody wants to hear all of it. " * 4


def audible_seconds(pcm: bytes) -> float:
    """Time from the first to the last sample that can be heard."""
    loud = [at for at, sample in enumerate(array("h", pcm)) if abs(sample) > 300]
    return (loud[-1] - loud[0]) / SPEAKERS_RATE if loud else 0.0


@pytest.fixture
def speech(sound: VirtualSound, events: Events) -> Iterator[Speech]:
    speech = Speech(EspeakSpeaker(), events)
    yield speech
    speech.close()


def test_an_answer_is_heard_on_the_speakers(sound: VirtualSound, speech: Speech, events: Events) -> None:
    start = sound.mark()
    utterance = speech.begin()
    utterance.add("The answer is **100**. It is in `total.txt`.")
    utterance.end()
    events.wait_for("speaking", on=False)
    spoken = sum(len(synthesize(s)) for s in ("The answer is 100.", "It is in total dot t x t.")) / 2 / 22050
    sound.record_speakers(0.5)
    assert 0.6 * spoken < audible_seconds(sound.speakers(start)) < 1.6 * spoken + 1
    assert [event.on for event in events.of("speaking")] == [True, False]


def test_the_first_sentence_sounds_while_the_second_is_not_written_yet(
    sound: VirtualSound, speech: Speech, events: Events
) -> None:
    start = sound.mark()
    utterance = speech.begin()
    utterance.add("One moment, please. And ")
    events.wait_for("speaking", on=True)
    while audible_seconds(sound.speakers(start)) < 0.5:
        sound.record_speakers(0.1)
    assert not [event for event in events.of("speaking") if not event.on]
    utterance.add("done.")
    utterance.end()
    events.wait_for("speaking", on=False)


def test_after_a_stop_at_most_one_more_block_is_played(sound: VirtualSound) -> None:
    with Playback(espeak.SAMPLE_RATE) as playback:
        playback.play(synthesize(LONG))
        while playback.samples_played < 10 * BLOCK_SAMPLES:
            sound.record_speakers(0.05)
        playback.stop()
        at_stop = playback.samples_played
        sound.record_speakers(0.5)
        assert playback.samples_played - at_stop <= BLOCK_SAMPLES


def test_a_hush_leaves_less_than_200_ms_on_the_speakers(
    sound: VirtualSound, speech: Speech, events: Events
) -> None:
    start = sound.mark()
    utterance = speech.begin()
    utterance.add(LONG)
    utterance.end()
    while audible_seconds(sound.speakers(start)) < 0.5:
        sound.record_speakers(0.1)
    speech.hush()
    before = sound.mark()
    events.wait_for("speaking", on=False)
    sound.record_speakers(1.0)
    assert audible_seconds(sound.speakers(before)) < 0.2


def test_a_new_answer_replaces_the_one_being_said(
    sound: VirtualSound, speech: Speech, events: Events
) -> None:
    first = speech.begin()
    first.add(LONG)
    first.end()
    events.wait_for("speaking", on=True)
    second = speech.begin()
    assert first.cancel.requested
    second.add("Short.")
    second.end()
    events.wait_for("speaking", on=False)


def test_without_espeak_the_person_is_told_which_package(
    speech: Speech, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    utterance = speech.begin()
    utterance.add("Hello there.")
    utterance.end()
    notice = events.wait_for("notice")
    assert "espeak-ng is missing" in notice.text
    assert "apt install espeak-ng" in notice.remedy


def test_a_speaker_stopped_before_it_began_says_nothing(sound: VirtualSound) -> None:
    cancel = Cancel()
    cancel.request()
    start = sound.mark()
    EspeakSpeaker().say(["Nobody hears this."], cancel)
    assert audible_seconds(sound.speakers(start)) == 0.0


def test_without_a_loudspeaker_the_answer_stays_in_the_window(
    sound: VirtualSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent/socket")
    with pytest.raises(AudioError, match="No loudspeaker could be opened"):
        EspeakSpeaker().say(["Hello."], Cancel())
