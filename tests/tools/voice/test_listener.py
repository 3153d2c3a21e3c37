"""Push-to-talk with a real microphone signal: espeak-ng speaks into the virtual microphone."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

import pytest

from tests.tools.voice.conftest import Events
from tests.virtual_sound import VirtualSound
from tools.voice.activity import SileroActivity
from tools.voice.listener import Listener, level
from tools.voice.microphone import SystemMicrophone
from tools.voice.port import FRAME_BYTES
from tools.voice.transcriber import MoonshineTranscriber

pytestmark = pytest.mark.sound


@pytest.fixture(scope="module")
def transcriber() -> Iterator[MoonshineTranscriber]:
    transcriber = MoonshineTranscriber()
    yield transcriber
    transcriber.close()


@pytest.fixture
def listener(sound: VirtualSound, transcriber: MoonshineTranscriber, events: Events) -> Iterator[Listener]:
    listener = Listener(SystemMicrophone(), SileroActivity(), transcriber, events)
    yield listener
    listener.cancel()


def hear(sound: VirtualSound, listener: Listener, events: Events, sentence: str) -> str:
    listener.start()
    events.wait_for("listening", on=True)
    sound.say(sentence)
    return listener.finish()


def words(text: str) -> str:
    """The transcriber writes numbers and "work out" now one way, now the other."""
    plain = text.lower().rstrip(".?!")
    for heard, meant in (("workout", "work out"), ("twelve point five", "12.5"), ("eight", "8")):
        plain = plain.replace(heard, meant)
    return plain


SENTENCES = (
    "what is on my screen",
    "what time is it",
    "open the calculator",
    "work out 12.5 times 8",
)
ALOUD = {"work out 12.5 times 8": "work out twelve point five times eight"}


def understood(said: str, heard: str) -> float:
    """The share of the words of ``said`` that were heard, in their order."""
    wanted, got = said.split(), words(heard).split()
    blocks = SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(wanted)


def test_nearly_every_word_of_plain_requests_is_understood(
    sound: VirtualSound, listener: Listener, events: Events
) -> None:
    """Not word for word: the sound runs in real time, and its cuts fall a little differently each time."""
    heard = {sentence: hear(sound, listener, events, ALOUD.get(sentence, sentence)) for sentence in SENTENCES}
    shares = [understood(said, text) for said, text in heard.items()]
    assert sum(shares) / len(shares) >= 0.8, heard


def test_what_was_spoken_can_be_heard_again_and_only_grows(
    sound: VirtualSound, listener: Listener, events: Events
) -> None:
    listener.start()
    events.wait_for("listening", on=True)
    assert (listener.listening, listener.spoken) == (True, b"")
    sound.say("open the calculator")
    early = listener.spoken
    listener.finish()
    assert not listener.listening
    assert listener.spoken.startswith(early)
    assert len(listener.spoken) >= 20 * FRAME_BYTES
    assert level(listener.spoken) > 0.2


def test_words_appear_while_they_are_spoken_and_once_more_at_the_end(
    sound: VirtualSound, listener: Listener, events: Events
) -> None:
    text = hear(sound, listener, events, "read the shopping list and type it into the text editor")
    heard = [(event.text, event.final) for event in events.of("heard")]
    assert heard[-1] == (text, True)
    assert any(partial and not final for partial, final in heard[:-1])
    assert [event.on for event in events.of("listening")] == [True, False]


def test_the_meter_moves_with_the_voice(sound: VirtualSound, listener: Listener, events: Events) -> None:
    hear(sound, listener, events, "open the text editor please")
    levels = events.of("sound_level")
    assert any(event.speech and event.level > 0.4 for event in levels)
    assert any(not event.speech and event.level < 0.2 for event in levels)


def test_silence_has_no_words(sound: VirtualSound, listener: Listener, events: Events) -> None:
    listener.start()
    while len(events.of("sound_level")) < 40:
        events.wait_for("listening", on=True)
    assert listener.finish() == ""
    assert [(event.text, event.final) for event in events.of("heard")] == [("", True)]


def test_what_was_said_before_a_cancel_is_dropped(
    sound: VirtualSound, listener: Listener, events: Events
) -> None:
    listener.start()
    events.wait_for("listening", on=True)
    sound.say("open the calculator")
    listener.cancel()
    assert not [event for event in events.of("heard") if event.final]
    assert listener.finish() == ""


def test_a_microphone_that_vanishes_is_told_and_works_again_when_it_is_back(
    sound: VirtualSound, listener: Listener, events: Events
) -> None:
    listener.start()
    events.wait_for("listening", on=True)
    sound.say("open the")
    sound.unplug()
    try:
        notice = events.wait_for("notice")
        assert "microphone went away" in notice.text
        assert "Plug it in again" in notice.remedy
        assert listener.finish() == ""
        assert not [event for event in events.of("heard") if event.final]
    finally:
        sound.plug()
    events.all.clear()
    assert understood("what is on my screen", hear(sound, listener, events, "what is on my screen")) >= 0.6


def test_without_a_sound_system_the_person_is_told_what_to_do(
    sound: VirtualSound, listener: Listener, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("PULSE_SERVER", "unix:/nonexistent/socket")
        listener.start()
        notice = events.wait_for("notice")
    assert "No microphone could be opened" in notice.text
    assert "sound settings" in notice.remedy
    assert listener.finish() == ""


def test_the_level_runs_from_silence_to_full_scale() -> None:
    assert level(bytes(FRAME_BYTES)) == 0.0
    assert level(b"\xff\x7f" * (FRAME_BYTES // 2)) == pytest.approx(1.0, abs=0.01)
