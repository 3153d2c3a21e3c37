"""Speech to text by Moonshine tiny (English), whose model files come inside the moonshine-voice package.

Nothing is ever downloaded: the model is loaded by its path in the package. A thread, "transcriber", owns the native
transcriber; it takes jobs from a queue, so whoever feeds it never waits. The model reads a stretch of speech as a
whole; partial results are transcripts of the stretch so far, made when there is time for them.
"""

from __future__ import annotations

import queue
import threading
import time
from array import array
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import AudioError
from tools.voice.port import SAMPLE_RATE, Frame

if TYPE_CHECKING:
    from moonshine_voice.transcriber import Transcriber as Model

PARTIAL_SECONDS = 0.4
"""The shortest time between two partial results; they take at most a third of the thread's time."""
SHORTEST_STRETCH_SAMPLES = SAMPLE_RATE // 2
"""The model refuses much less than this; a shorter stretch is filled up with silence."""
LONG_STRETCH_SAMPLES = 10 * SAMPLE_RATE
"""A stretch this long ends at the next pause: what was said before it is settled and not read again."""
LONGEST_STRETCH_SAMPLES = 25 * SAMPLE_RATE
"""A stretch this long ends in any case; the model was trained on up to 30 s."""
MODEL_OPTIONS = {"return_audio_data": "false", "vad_threshold": "0"}
"""No copy of the audio in the results, and no cutting by its own voice activity: ours has done that."""


@dataclass(frozen=True, slots=True)
class _Feed:
    recording: MoonshineTranscription
    frame: Frame


@dataclass(frozen=True, slots=True)
class _Pause:
    recording: MoonshineTranscription


@dataclass(frozen=True, slots=True)
class _Finish:
    recording: MoonshineTranscription


@dataclass(frozen=True, slots=True)
class _Load:
    pass


@dataclass(frozen=True, slots=True)
class _Close:
    pass


_Job = _Feed | _Pause | _Finish | _Load | _Close


class MoonshineTranscriber:
    """See :class:`tools.voice.port.Transcriber`. One recording at a time is heard; the model takes about 230 MB."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def load(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="transcriber", daemon=True)
                self._thread.start()
                self._jobs.put(_Load())

    def begin(self, partial: Callable[[str], None]) -> MoonshineTranscription:
        self.load()
        return MoonshineTranscription(self._jobs, partial)

    def close(self) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
        if thread:
            self._jobs.put(_Close())
            thread.join()

    def _work(self) -> None:
        model: Model | None = None
        failure: AudioError | None = None
        while not isinstance(job := self._jobs.get(), _Close):
            if model is None and failure is None:
                try:
                    model = _load_model()
                except AudioError as error:
                    failure = error
            match job:
                case _Feed(recording, frame) if model:
                    recording.hear(model, frame, more_waiting=not self._jobs.empty())
                case _Pause(recording) if model:
                    recording.pause_heard(model)
                case _Finish(recording) if model:
                    recording.conclude(model)
                case _Finish(recording) if failure:
                    recording.result.set_exception(failure)
        if model:
            model.close()


class MoonshineTranscription:
    """One recording; see :class:`tools.voice.port.Transcription`. ``hear``, ``pause_heard`` and ``conclude`` are for
    the transcriber's thread, the others for anybody."""

    def __init__(self, jobs: queue.SimpleQueue[_Job], partial: Callable[[str], None]) -> None:
        self._jobs = jobs
        self._partial = partial
        self._cancelled = threading.Event()
        self._settled: list[str] = []
        self._stretch = array("f")
        self._samples_read = 0
        self._reading = ""
        self._told = ""
        self._next_partial = 0.0
        self._failure: AudioError | None = None
        self.result: Future[str] = Future()

    def feed(self, frame: Frame) -> None:
        self._jobs.put(_Feed(self, frame))

    def pause(self) -> None:
        self._jobs.put(_Pause(self))

    def finish(self) -> str:
        self._jobs.put(_Finish(self))
        return self.result.result()

    def cancel(self) -> None:
        self._cancelled.set()
        self._jobs.put(_Finish(self))

    def hear(self, model: Model, frame: Frame, more_waiting: bool) -> None:
        self._stretch.extend(sample / 32768.0 for sample in array("h", frame))
        if self._cancelled.is_set():
            return
        if len(self._stretch) >= LONGEST_STRETCH_SAMPLES:
            self._settle(model)
        elif len(self._stretch) < SHORTEST_STRETCH_SAMPLES or more_waiting:
            return
        elif time.monotonic() >= self._next_partial:
            self._tell_partial(model)

    def pause_heard(self, model: Model) -> None:
        """Nobody speaks at the moment: time to read what there is, so that it is ready when the key is let go."""
        if self._cancelled.is_set():
            return
        if len(self._stretch) >= LONG_STRETCH_SAMPLES:
            self._settle(model)
        else:
            self._read(model)
        self._tell(self._whole(self._reading))

    def conclude(self, model: Model) -> None:
        if not self._cancelled.is_set():
            self._settle(model)
        if self._failure:
            self.result.set_exception(self._failure)
        else:
            self.result.set_result(self._whole(""))

    def _tell_partial(self, model: Model) -> None:
        earlier, started = self._reading, time.monotonic()
        self._read(model)
        self._next_partial = time.monotonic() + max(PARTIAL_SECONDS, 2 * (time.monotonic() - started))
        self._tell(self._whole(agreed(earlier, self._reading)))

    def _settle(self, model: Model) -> None:
        self._read(model)
        self._settled.append(self._reading)
        self._stretch = array("f")
        self._samples_read = 0
        self._reading = ""

    def _read(self, model: Model) -> None:
        if len(self._stretch) == self._samples_read:
            return
        self._samples_read = len(self._stretch)
        try:
            self._reading = _transcribe(model, self._stretch)
        except AudioError as error:
            self._failure = error

    def _whole(self, end: str) -> str:
        return " ".join(text for text in (*self._settled, end) if text)

    def _tell(self, text: str) -> None:
        if text != self._told and not self._cancelled.is_set():
            self._told = text
            self._partial(text)


def agreed(earlier: str, later: str) -> str:
    """The words at the start of ``later`` that ``earlier`` has too. The end of a stretch that was cut in the middle
    of a word is guessed, and guessed differently each time; what two readings agree on stays."""
    words = later.split()
    count = 0
    for old, new in zip(earlier.split(), words, strict=False):
        if old.strip(".,?!").lower() != new.strip(".,?!").lower():
            break
        count += 1
    return " ".join(words[:count])


def _transcribe(model: Model, samples: array[float]) -> str:
    from moonshine_voice.errors import MoonshineError

    silence = [0.0] * max(0, SHORTEST_STRETCH_SAMPLES - len(samples))
    try:
        lines = model.transcribe_without_streaming(samples.tolist() + silence, SAMPLE_RATE).lines
    except MoonshineError as error:
        raise AudioError(
            f"What was said could not be turned into text ({error}).", "Please say it again, or type it."
        ) from error
    return " ".join(line.text.strip() for line in lines)


def _load_model() -> Model:
    try:
        from moonshine_voice.errors import MoonshineError
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber as Model
        from moonshine_voice.utils import get_model_path
    except OSError as error:
        raise AudioError(
            f"Speech cannot be turned into text on this machine: the recogniser does not load ({error}).",
            "It needs Linux with glibc 2.34 or newer (Debian 12, Ubuntu 22.04). You can type instead.",
        ) from error
    try:
        return Model(get_model_path("tiny-en"), ModelArch.TINY, options=MODEL_OPTIONS)
    except MoonshineError as error:
        raise AudioError(
            f"Speech cannot be turned into text: the recogniser's model does not load ({error}).",
            "Install Deskhand again to restore its files. You can type instead.",
        ) from error
