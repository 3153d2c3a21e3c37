"""One push-to-talk turn: from the key pressed to the final transcript.

Each turn has a thread, "voice", that reads the microphone, measures the level, looks for speech and feeds the
transcriber. Without speech nothing is transcribed: transcribers invent words when they are given silence.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections import deque

from agent.errors import AudioError
from agent.events import Emit, Heard, ListeningChanged, Notice, SoundLevel
from tools.voice.port import FRAME_SECONDS, Activity, Capture, Frame, Microphone, Transcriber, Transcription
from tools.voice.tidy import tidy

SPEECH_PROBABILITY = 0.5
SPEECH_FRAMES = 3
"""So many frames of speech in a row (96 ms) count as a voice; a click or a key stroke is shorter."""
BEFORE_SPEECH_FRAMES = round(0.5 / FRAME_SECONDS)
"""What is kept from before the voice was noticed: soft first consonants."""
PAUSE_FRAMES = round(0.5 / FRAME_SECONDS)
"""After so much silence the speaker has paused; the silence that follows is not transcribed."""
AFTER_RELEASE_FRAMES = round(0.3 / FRAME_SECONDS)
"""What is still recorded after the key was let go: people let go on the last syllable, and sound arrives late."""
FRAMES_PER_LEVEL = 2


class Listener:
    """Every method may be called from any thread. At most one turn is open; its events are emitted from the voice
    thread and, for partial transcripts, from the transcriber's.

    Trouble with the microphone becomes one :class:`agent.events.Notice`, and the turn ends without words.
    """

    def __init__(
        self, microphone: Microphone, activity: Activity, transcriber: Transcriber, emit: Emit
    ) -> None:
        self._parts = microphone, activity, transcriber, emit
        self._lock = threading.Lock()
        self._turn: _Turn | None = None
        self._latest: _Turn | None = None

    @property
    def listening(self) -> bool:
        """Whether a turn is open."""
        turn = self._turn
        return turn is not None and not turn.ended

    @property
    def spoken(self) -> bytes:
        """What was spoken in the latest turn, so far or altogether: the samples of the frames that are transcribed."""
        turn = self._latest
        return turn.spoken if turn else b""

    def start(self) -> None:
        """Begin to listen; returns at once. ``ListeningChanged(on=True)`` says that the microphone is really open.
        Does nothing while a turn is open."""
        with self._lock:
            if self._turn is None or self._turn.ended:
                self._turn = self._latest = _Turn(*self._parts)
                self._turn.start()

    def finish(self) -> str:
        """End the turn and return its transcript; blocks until it is there (recording goes on for
        ``AFTER_RELEASE_FRAMES`` first).
        Empty when nobody spoke, when the microphone failed, and when no turn was open."""
        turn = self._take_turn()
        return turn.finish() if turn else ""

    def cancel(self) -> None:
        """End the turn and drop what was said; blocks until the microphone is closed."""
        turn = self._take_turn()
        if turn:
            turn.cancel()

    def _take_turn(self) -> _Turn | None:
        with self._lock:
            turn, self._turn = self._turn, None
            return turn


class _Turn:
    """A turn, run by its own thread until it is finished, cancelled or the microphone fails."""

    def __init__(
        self, microphone: Microphone, activity: Activity, transcriber: Transcriber, emit: Emit
    ) -> None:
        self._microphone = microphone
        self._transcriber = transcriber
        self._emit = emit
        self._gate = _SpeechGate(activity)
        self._released = threading.Event()
        self._cancelled = threading.Event()
        self._transcription: Transcription | None = None
        self._text = ""
        self._spoken = bytearray()
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    @property
    def ended(self) -> bool:
        """Over before the key was let go: the microphone failed."""
        return not self._thread.is_alive()

    @property
    def spoken(self) -> bytes:
        return bytes(self._spoken)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> str:
        self._released.set()
        self._thread.join()
        return self._text

    def cancel(self) -> None:
        self._cancelled.set()
        self._thread.join()

    def _run(self) -> None:
        self._transcriber.load()
        try:
            capture = self._microphone.open()
            try:
                self._record(capture)
            finally:
                capture.close()
            self._conclude()
        except AudioError as error:
            if self._transcription:
                self._transcription.cancel()
            self._emit(Notice(level="error", text=error.what, remedy=error.remedy))
        finally:
            self._emit(ListeningChanged(on=False))

    def _record(self, capture: Capture) -> None:
        frame = capture.read()
        self._emit(ListeningChanged(on=True))
        left = AFTER_RELEASE_FRAMES
        count = 0
        while not self._cancelled.is_set() and left:
            self._take(frame, count)
            count += 1
            left -= self._released.is_set()
            frame = capture.read()

    def _take(self, frame: Frame, count: int) -> None:
        was_open = self._gate.open
        for spoken in self._gate.pass_on(frame):
            if self._transcription is None:
                self._transcription = self._transcriber.begin(self._emit_partial)
            self._transcription.feed(spoken)
            self._spoken += spoken
        if was_open and not self._gate.open and self._transcription:
            self._transcription.pause()
        if count % FRAMES_PER_LEVEL == 0:
            self._emit(SoundLevel(level=level(frame), speech=self._gate.speech))

    def _emit_partial(self, text: str) -> None:
        if not self._cancelled.is_set():
            self._emit(Heard(text=tidy(text), final=False))

    def _conclude(self) -> None:
        if self._cancelled.is_set():
            if self._transcription:
                self._transcription.cancel()
            return
        if self._transcription:
            self._text = tidy(self._transcription.finish())
        self._emit(Heard(text=self._text, final=True))


class _SpeechGate:
    """Lets frames through while somebody speaks, beginning a little before and ending a little after."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._activity.reset()
        self._before: deque[Frame] = deque(maxlen=BEFORE_SPEECH_FRAMES)
        self._speech_frames = 0
        self._silent_frames = 0
        self.open = False
        self.speech = False

    def pass_on(self, frame: Frame) -> list[Frame]:
        """The frames to transcribe now that ``frame`` has come: none, this one, or this one and those before."""
        self.speech = self._activity.probability(frame) >= SPEECH_PROBABILITY
        self._speech_frames = self._speech_frames + 1 if self.speech else 0
        self._silent_frames = 0 if self.speech else self._silent_frames + 1
        if self.open:
            self.open = self._silent_frames < PAUSE_FRAMES
            return [frame]
        self._before.append(frame)
        if self._speech_frames < SPEECH_FRAMES:
            return []
        self.open = True
        return self._take_before()

    def _take_before(self) -> list[Frame]:
        frames = list(self._before)
        self._before.clear()
        return frames


def level(frame: Frame) -> float:
    """The loudness of ``frame`` as a meter shows it: 0 at −60 dB of full scale and below, 1 at full scale."""
    return min(1.0, max(0.0, 1.0 + decibels(frame) / 60.0))


def decibels(pcm: bytes) -> float:
    """The root mean square of int16 ``pcm``, in dB of full scale; −96 for digital silence."""
    samples = array("h", pcm)
    power = sum(sample * sample for sample in samples) / max(1, len(samples)) / 32768.0**2
    return max(-96.0, 10.0 * math.log10(power)) if power > 0.0 else -96.0
