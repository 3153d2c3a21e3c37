"""The answer to something spoken is spoken, sentence by sentence while it is being written."""

from __future__ import annotations

from agent.events import Event, TaskFinished, TextDelta, TurnRestarted
from tools.voice.speech import Utterance
from tools.voice.voice import Voice


class SpokenAnswer:
    """Follows the events of one task. Agent thread only."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._utterance: Utterance | None = None

    def follow(self, event: Event) -> None:
        match event:
            case TextDelta():
                if self._utterance is None:
                    self._utterance = self._voice.begin_answer()
                self._utterance.add(event.text)
            case TurnRestarted():
                self._voice.hush()  # what was said is void; it will be said again
                self._utterance = None
            case TaskFinished():
                if self._utterance is not None:
                    self._utterance.end()
                elif event.outcome.answer or event.outcome.error:
                    self._voice.speak(event.outcome.answer or event.outcome.error)
            case _:
                pass
