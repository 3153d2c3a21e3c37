"""The voice as the application uses it: listen while a key is held, say answers, be silent at once."""

from __future__ import annotations

from collections.abc import Callable

from agent.cancel import Cancel
from agent.events import Emit
from agent.messages import Sound
from tools.documents.heard import Heard
from tools.voice.activity import SileroActivity
from tools.voice.espeak import EspeakSpeaker
from tools.voice.listener import Listener
from tools.voice.microphone import SystemMicrophone
from tools.voice.port import Activity, Microphone, Speaker, Transcriber
from tools.voice.recording import transcribed
from tools.voice.speech import Speech, Utterance
from tools.voice.transcriber import MoonshineTranscriber


class Voice:
    """Every method may be called from any thread and returns at once, except where it says *blocks*.

    Nothing is opened, loaded or imported before it is needed. Trouble with a device is emitted as a
    :class:`agent.events.Notice`; no method raises for it.
    """

    def __init__(
        self,
        microphone: Microphone,
        activity: Activity,
        transcriber: Transcriber,
        speaker: Speaker,
        emit: Emit,
    ) -> None:
        self._transcriber = transcriber
        self._listener = Listener(microphone, activity, transcriber, emit)
        self._speech = Speech(speaker, emit)

    def warm(self) -> None:
        """Load the transcriber in the background (half a second, 230 MB): call it when a voice turn is likely."""
        self._transcriber.load()

    def listen(self) -> None:
        """The key is pressed: be silent and open the microphone. ListeningChanged, SoundLevel and Heard follow."""
        self._speech.hush()
        self._listener.start()

    def finish(self) -> str:
        """The key was let go: returns what was said, also emitted as the final Heard. Empty when nobody spoke.
        Blocks for the 0.3 s that recording goes on, and the transcript."""
        return self._listener.finish()

    @property
    def listening(self) -> bool:
        """Whether the key is pressed and the microphone works."""
        return self._listener.listening

    def sound(self, growing: bool = False) -> Sound:
        """What was spoken since the key was pressed last, as a model hears it; ``growing`` while it goes on."""
        import numpy as np  # slow, and only a model that hears needs it

        samples = np.frombuffer(self._listener.spoken, np.int16).astype(np.float32) / 32768
        return Sound.of(samples.tobytes(), growing)

    def transcribe(
        self, samples: bytes, longest: int, cancel: Cancel, progress: Callable[[str], None]
    ) -> Heard:
        """What is said in a recording (16-bit mono at 16 kHz), in about ``longest`` characters at most; what was
        understood so far after a stop. Blocks for about a tenth of its length. Raises AudioError."""
        return transcribed(self._transcriber, samples, longest, cancel, progress)

    def cancel(self) -> None:
        """Close the microphone and drop what was said. Blocks for some tens of milliseconds."""
        self._listener.cancel()

    def speak(self, text: str) -> None:
        """Say ``text`` (Markdown), replacing what is being said."""
        utterance = self._speech.begin()
        utterance.add(text)
        utterance.end()

    def begin_answer(self) -> Utterance:
        """Say an answer while it is being written: ``add`` its pieces, then ``end``. Replaces what is being said."""
        return self._speech.begin()

    def hush(self) -> None:
        """Stop speaking."""
        self._speech.hush()

    def close(self) -> None:
        """Stop everything and end the threads. Blocks for some tenths of a second."""
        self._speech.close()
        self._listener.cancel()
        self._transcriber.close()


def local_voice(emit: Emit) -> Voice:
    """The voice made of what comes with Deskhand: the system's microphone and loudspeaker, Silero, Moonshine tiny
    and espeak-ng."""
    return Voice(SystemMicrophone(), SileroActivity(), MoonshineTranscriber(), EspeakSpeaker(), emit)
