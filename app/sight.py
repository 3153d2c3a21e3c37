"""The screen for the window: frozen to choose from, looked at in part, pointed at. See :class:`app.assistant.Sight`."""

from __future__ import annotations

from collections.abc import Callable

from agent.context import Profile
from agent.engine.port import ModelInfo
from agent.messages import Moment
from app.parts import Region, Senses
from tools.moment import Frozen, Part

_WITHOUT_A_MODEL = 2_000
"""Characters of an outline that are read while no model is loaded that could say how many it takes."""


class LocalSight:
    """Any thread."""

    def __init__(self, senses: Senses, model: Callable[[], ModelInfo | None]) -> None:
        self._senses = senses
        self._model = model

    def look(self, region: Region | None = None) -> Moment:
        """See :meth:`app.assistant.Assistant.look`."""
        return self._senses.look(self._budget, region)

    def freeze(self, region: Region) -> Frozen:
        return self._senses.freeze(region)

    def look_at(self, frozen: Frozen, part: Part) -> Moment:
        return self._senses.look_at(frozen, part, self._budget)

    def whereabouts(self, window: int, x: int, y: int) -> Region | None:
        return self._senses.whereabouts(window, x, y)

    def composited(self) -> bool:
        return self._senses.composited()

    def uncover(self, put_away: Callable[[], None]) -> None:
        self._senses.uncover(put_away)

    @property
    def _budget(self) -> int:
        model = self._model()
        return Profile.of(model).observation_chars if model else _WITHOUT_A_MODEL
