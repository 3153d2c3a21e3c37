"""How a recording becomes text: the port to a speech recogniser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.cancel import Cancel

SECOND_BYTES = 32_000
"""16-bit mono samples at 16 kHz."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said in the first ``seconds`` of a recording."""

    text: str
    seconds: int


Hear = Callable[[bytes, int, Cancel], Heard]
"""Turns what is said in 16-bit mono samples at 16 kHz into text, in about so many characters at most; what was
understood so far after a stop. Raises AudioError."""


class HearRecording(Protocol):
    """The same, and tells how far it is."""

    def __call__(
        self, samples: bytes, longest: int, cancel: Cancel, progress: Callable[[str], None], /
    ) -> Heard: ...


def hearing(hear: HearRecording | None, progress: Callable[[str], None]) -> Hear | None:
    if hear is None:
        return None
    return lambda samples, longest, cancel: hear(samples, longest, cancel, progress)
