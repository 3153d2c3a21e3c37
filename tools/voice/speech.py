"""Says answers aloud: one utterance at a time, sentence by sentence while its text still arrives.

A thread, "speaking", takes utterances from a queue. A new utterance replaces the one that is being said.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from agent.cancel import Cancel
from agent.errors import AudioError
from agent.events import Emit, Notice, SpeakingChanged
from tools.voice.port import Speaker
from tools.voice.spoken import SentenceStream


class Utterance:
    """One answer while it is being written. ``add`` and ``end`` are called in order from one thread; they return at
    once, and do nothing after the utterance was stopped."""

    def __init__(self) -> None:
        self.cancel = Cancel()
        self._stream = SentenceStream()
        self._sentences: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def add(self, delta: str) -> None:
        """Markdown, in pieces of any size."""
        for sentence in self._stream.add(delta):
            self._sentences.put(sentence)

    def end(self) -> None:
        """The answer is complete."""
        for sentence in self._stream.end():
            self._sentences.put(sentence)
        self._sentences.put(None)

    def stop(self) -> None:
        """Say no more of it. From any thread."""
        self.cancel.request()
        self._sentences.put(None)

    def sentences(self) -> Iterator[str]:
        """The sentences to say; waits for them."""
        while (sentence := self._sentences.get()) is not None:
            yield sentence


class Speech:
    """Every method may be called from any thread and returns at once, except ``close``.

    ``SpeakingChanged`` is emitted from the speaking thread, around the first and the last sound of an utterance.
    Trouble with the loudspeaker becomes one :class:`agent.events.Notice`.
    """

    def __init__(self, speaker: Speaker, emit: Emit) -> None:
        self._speaker = speaker
        self._emit = emit
        self._lock = threading.Lock()
        self._utterances: queue.SimpleQueue[Utterance | None] = queue.SimpleQueue()
        self._current: Utterance | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> Utterance:
        """Stop what is being said and begin another utterance."""
        utterance = Utterance()
        with self._lock:
            self._replace(utterance)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="speaking", daemon=True)
                self._thread.start()
        self._utterances.put(utterance)
        return utterance

    def hush(self) -> None:
        """Stop what is being said."""
        with self._lock:
            self._replace(None)

    def close(self) -> None:
        """Stop, and end the thread; blocks until the loudspeaker is let go."""
        with self._lock:
            self._replace(None)
            thread, self._thread = self._thread, None
        if thread:
            self._utterances.put(None)
            thread.join()

    def _replace(self, utterance: Utterance | None) -> None:
        if self._current:
            self._current.stop()
        self._current = utterance

    def _work(self) -> None:
        while (utterance := self._utterances.get()) is not None:
            self._say(utterance)

    def _say(self, utterance: Utterance) -> None:
        sentences = utterance.sentences()
        first = next(sentences, None)
        if first is None or utterance.cancel.requested:
            return
        self._emit(SpeakingChanged(on=True))
        try:
            self._speaker.say(_chain(first, sentences), utterance.cancel)
        except AudioError as error:
            self._emit(Notice(level="warning", text=error.what, remedy=error.remedy))
        finally:
            self._emit(SpeakingChanged(on=False))


def _chain(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others
