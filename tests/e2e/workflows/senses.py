"""Eyes and ears: a question about one of two monitors, a request that is spoken."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import sounddevice
from Xlib.display import Display

from tests.e2e.workflows.policy import Policy, call, first, plan
from tests.e2e.workflows.stage import MakePolicy, Stage, Told, eventually
from tests.virtual_sound import VirtualSound
from tools.desktop.port import Bounds, Window
from tools.voice.port import FRAME_BYTES
from tools.voice.transcriber import MoonshineTranscriber

TRAIN = "The train to Lisbon leaves at 17:42 from platform 9"


def sum_asked_for_aloud(stage: Stage) -> None:
    """Spoken words open the calculator and have it work something out; the answer is spoken, and is right."""

    def policy(asked: str) -> Policy:
        words = asked.casefold()
        if not ("calculator" in words and re.search("seven|7", words) and re.search("eight|8", words)):
            return "Please say that again."
        yield plan(("open_app", "Calculator"), ("type_text", "7*8"))
        yield call("open_app", name="Calculator")
        yield call("type_text", text="7*8")
        yield call("press_keys", keys="enter")
        seen = yield call("look")
        result = first(r'text "[^"]*" = "(\d+)"', seen)
        return f"Seven times eight is {result}."

    with virtual_sound() as sound:
        words = "open the calculator and work out seven times eight"
        told, spoken = asked_until_understood(stage, words, policy, sound)
    told.ended("confirmed")
    assert told.outcome.answer == "Seven times eight is 56."
    assert says_56(spoken)


def asked_until_understood(
    stage: Stage, words: str, policy: MakePolicy | None, sound: VirtualSound
) -> tuple[Told, bytes]:
    """What was told and what the speakers played. What was misheard is said again, as people do."""
    for _ in range(3):
        start = sound.mark()
        told = stage.asks_aloud(words, policy, sound)
        if told.steps:
            sound.record_speakers(0.5)
            return told, sound.speakers(start)
    raise AssertionError(f"the spoken words were not understood: {words}")


@contextmanager
def virtual_sound() -> Iterator[VirtualSound]:
    """A sound system for this very process, for a while."""
    with VirtualSound() as sound:
        try:
            with mock.patch.dict(os.environ, sound.env):
                read_devices_again()
                yield sound
        finally:
            read_devices_again()


def read_devices_again() -> None:
    """PortAudio finds its devices when it is initialised."""
    sounddevice._terminate()
    sounddevice._initialize()


def says_56(pcm: bytes) -> bool:
    return re.search("56|fifty.six", transcript(pcm).casefold()) is not None


def transcript(pcm: bytes) -> str:
    """What is said in ``pcm``, int16 mono."""
    transcriber = MoonshineTranscriber()
    try:
        heard = transcriber.begin(lambda text: None)
        for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES):
            heard.feed(pcm[at : at + FRAME_BYTES])
        return heard.finish()
    finally:
        transcriber.close()


def question_about_one_monitor(stage: Stage) -> None:
    """Of two monitors, the one that the person points at is told of and pictured, and nothing of the other."""
    with two_monitors(stage) as (left, right):
        note = stage.workspace / "train.txt"
        note.write_text(TRAIN)
        move(stage, stage.opens(path=note), right)
        move(stage, stage.opens("Calculator"), left)  # in front, but not where the person points
        point_at(stage, right)
        read = []

        def policy(asked: str) -> Policy:
            read.append(asked)
            platform = first(r"platform (\d+)", asked)
            yield call("now")
            return f"From platform {platform}."

        told = stage.asks("Where does my train leave?", policy, about_the_screen=True).ended("answered")

    assert told.outcome.answer == "From platform 9."
    assert "Calculator" not in read[0]


@contextmanager
def two_monitors(stage: Stage) -> Iterator[tuple[Bounds, Bounds]]:
    """The desktop's screen as two monitors side by side."""
    width, height = stage.desktop.width // 2, stage.desktop.height
    randr(stage, "--setmonitor", "left", f"{width}/300x{height}/300+0+0", "screen")
    randr(stage, "--setmonitor", "right", f"{width}/300x{height}/300+{width}+0", "none")
    try:
        yield Bounds(0, 0, width, height), Bounds(width, 0, width, height)
    finally:
        randr(stage, "--delmonitor", "right")
        randr(stage, "--delmonitor", "left")


def randr(stage: Stage, *arguments: str) -> None:
    subprocess.run(["xrandr", *arguments], env=dict(stage.desktop.env), check=True, capture_output=True)


def move(stage: Stage, window: Window, monitor: Bounds) -> None:
    display = Display(stage.desktop.display)
    try:
        display.create_resource_object("window", window.id).configure(x=monitor.x + 40, y=monitor.y + 60)
        display.sync()
    finally:
        display.close()

    def there() -> bool:
        now = stage.ports.windows.find(window.id)
        return now is not None and monitor.contains(*now.bounds.centre)

    eventually("the window on its monitor", lambda: there() or None)


def point_at(stage: Stage, monitor: Bounds) -> None:
    display = Display(stage.desktop.display)
    try:
        display.screen().root.warp_pointer(*monitor.centre)
        display.sync()
    finally:
        display.close()
    assert monitor.contains(*stage.ports.pointer.position())
