"""What the doctor asks of the voice: does the microphone hear, is speech understood, can we be heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.cancel import Cancel
from tools.voice.listener import SPEECH_PROBABILITY, decibels
from tools.voice.port import FRAME_SECONDS, Activity, Frame, Microphone, Speaker, Transcriber
from tools.voice.tidy import tidy

QUIET_DECIBELS = -50.0
"""Speech below this is hard to understand (dB of full scale)."""
NOISY_DECIBELS = -35.0
"""A room louder than this drowns speech."""
DEAD_DECIBELS = -90.0
"""Quieter than any real microphone: it is muted, or not the one that is meant."""


@dataclass(frozen=True, slots=True)
class MicrophoneReport:
    """Two seconds of the microphone. Levels are dB of full scale: ``level`` of the loudest frame, ``noise`` of the
    tenth percentile. ``transcript`` is empty when nobody spoke. ``advice`` is empty when all is well."""

    device: str
    level: float
    noise: float
    speech: bool
    transcript: str
    advice: str


def check_microphone(
    microphone: Microphone,
    activity: Activity,
    transcriber: Transcriber,
    ready: Callable[[], None],
    seconds: float = 2.0,
) -> MicrophoneReport:
    """Record ``seconds`` and say what was heard; ``ready`` is called when recording begins ("say something").
    Blocks. Raises AudioError."""
    capture = microphone.open()
    try:
        frames = [capture.read()]
        ready()
        while len(frames) * FRAME_SECONDS < seconds:
            frames.append(capture.read())
    finally:
        capture.close()
    activity.reset()
    speech = sum(activity.probability(frame) >= SPEECH_PROBABILITY for frame in frames) * FRAME_SECONDS > 0.25
    levels = sorted(decibels(frame) for frame in frames)
    level, noise = levels[-1], levels[len(levels) // 10]
    return MicrophoneReport(
        device=capture.device,
        level=level,
        noise=noise,
        speech=speech,
        transcript=_transcribe(transcriber, frames) if speech else "",
        advice=_advice(level, noise, speech),
    )


def check_speaker(speaker: Speaker, sentence: str = "Deskhand can speak.") -> None:
    """Say a sentence; returns when it was played. Raises AudioError when it cannot be."""
    speaker.say([sentence], Cancel())


def _transcribe(transcriber: Transcriber, frames: list[Frame]) -> str:
    transcription = transcriber.begin(lambda text: None)
    for frame in frames:
        transcription.feed(frame)
    return tidy(transcription.finish())


def _advice(level: float, noise: float, speech: bool) -> str:
    if level <= DEAD_DECIBELS:
        return "The microphone is silent. Look for a mute switch, or choose another in the system's sound settings."
    if noise > NOISY_DECIBELS:
        return "It is very loud around the microphone. Move it closer, or lower its input level."
    if speech and level < QUIET_DECIBELS:
        return "Your voice is very soft. Raise the input level in the system's sound settings."
    if not speech:
        return "No voice was heard. If you spoke, choose another microphone in the system's sound settings."
    return ""
