"""What stands over other applications: the ring, the choice of a part of the screen, and the compact bar.

One object keeps them out of each other's way and out of the pictures that are taken. Main thread only, but for
:meth:`Over.put_away`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from agent.errors import DeskhandError
from agent.events import PointedAt
from agent.messages import Moment
from app.qt.bar import Bar
from app.qt.bridge import Background
from app.qt.places import Region, everything, whole_units
from app.qt.region import RegionPicker
from app.qt.ring import Drawn, Ring
from app.qt.theme import Theme

if TYPE_CHECKING:
    from app.assistant import Assistant, Sight
    from tools.desktop.port import Bounds
    from tools.moment import Frozen

WATCH_MS = 250
"""How often the window beneath the ring is looked after: some milliseconds of X each."""
CLEAR_MS = 180
"""What applications get to paint again what our windows had covered."""
PUT_AWAY_SECONDS = 1.0
"""How long whoever takes pixels waits for the ring to go, at most; an idle application paints within 20 ms."""
REPAINT_MS = 30
BAR_MS = 300
"""The bar comes after this long even if the screen is still being read."""

T = TypeVar("T")
Take = Callable[[Moment], None]


class Over(QObject):
    """``trouble`` carries a DeskhandError to tell the person."""

    trouble = Signal(object)

    def __init__(self, theme: Theme, background: Background, host: QWidget) -> None:
        super().__init__(host)
        self._theme, self._background, self._host = theme, background, host
        self._assistant: Assistant | None = None
        self.bar = Bar(theme)
        self.ring = Ring(theme)
        self.picker: RegionPicker | None = None
        self._busy = False
        self._last: tuple[Region, int] | None = None
        self._hidden: list[QWidget] = []
        self._pointed: tuple[PointedAt, Region] | None = None
        self._showing = threading.Event()
        self._soft = True
        self._come = QTimer(self, interval=BAR_MS, singleShot=True)
        self._come.timeout.connect(self._bring_bar)
        self._watch = QTimer(self, interval=WATCH_MS)
        self._watch.timeout.connect(self._look_after)
        self.ring.gone.connect(self._ring_gone)

    def attach(self, assistant: Assistant) -> None:
        self._assistant = assistant
        assistant.sight.uncover(self.put_away)
        self._background.run(assistant.sight.composited, self._know, lambda trouble: None)

    def close(self) -> None:
        """Take everything off the screen, for good."""
        for widget in (self.ring, self.bar):
            widget.hide()
            widget.deleteLater()

    # -- a part of the screen -------------------------------------------------------------------------------------

    def choose(self, take: Take) -> None:
        """Have the person choose a part of the screen; ``take`` gets it, unless they want none."""
        self._freeze(lambda frozen: self._pick(frozen, take))

    def again(self, take: Take) -> None:
        """The part that was chosen last, as it is now; the first time it is chosen."""
        if self._last is None:
            self.choose(take)
        else:
            region, window = self._last
            self._freeze(lambda frozen: self._look_at(frozen, region, window, take))

    def _freeze(self, then: Callable[[Frozen], None]) -> None:
        """Take the whole screen without our own windows."""
        assistant = self._assistant
        if assistant is None or self._busy:
            return
        self._busy = True
        self._hidden = [window for window in (self._host, self.bar) if window.isVisible()]
        for window in self._hidden:
            window.hide()
        region = everything()
        QTimer.singleShot(
            CLEAR_MS if self._hidden else 0,
            lambda: self._background.run(lambda: assistant.sight.freeze(region), then, self._not_frozen),
        )

    def _pick(self, frozen: Frozen, take: Take) -> None:
        self.picker = picker = RegionPicker(self._theme, frozen)
        picker.chosen.connect(lambda region, window: self._look_at(frozen, region, window, take))
        picker.left.connect(self._restore)
        picker.show()

    def _look_at(self, frozen: Frozen, region: Region, window: int, take: Take) -> None:
        from tools.desktop.port import Bounds
        from tools.moment import Part

        self._last = region, window
        now = next((each for each in frozen.windows if each.id == window), None)
        here = now.bounds if now is not None and _same_size(now.bounds, region) else Bounds(*region)
        part = Part(here, window if now is not None else 0)
        self._restore()
        self._with(lambda sight: sight.look_at(frozen, part), take)

    def _restore(self) -> None:
        for window in self._hidden:
            window.show()
        if self._hidden:
            self._hidden[-1].activateWindow()
        self._hidden, self._busy, self.picker = [], False, None

    # -- the bar --------------------------------------------------------------------------------------------------

    def call(self) -> None:
        """The bar, with the screen of this very moment; the window itself where it is in front already."""
        assistant = self._assistant
        if self.bar.isVisible():
            self.bar.activateWindow()
            return
        if assistant is None or self._busy or self._come.isActive() or self._host.isActiveWindow():
            return
        self._come.start()

        def look() -> tuple[Moment, bool]:
            return assistant.look(), assistant.sight.composited()

        self._background.run(look, lambda found: self._looked(*found), lambda trouble: self._looked(None))

    def _looked(self, moment: Moment | None, soft: bool | None = None) -> None:
        """The screen was read, or could not be: then the bar comes without it."""
        if soft is not None:
            self._know(soft)
        if self._come.isActive():
            self._come.stop()
            self._bring_bar()
        if self.bar.isVisible():  # nobody has put it away in the meantime
            self.bar.show_moment(moment)

    def _know(self, soft: bool) -> None:
        """Whether half transparent windows can be shown here."""
        self._soft = soft
        self.bar.set_soft(soft)

    def _bring_bar(self) -> None:
        self.bar.call(looking=True)

    def show_bar(self) -> None:
        """The bar without the screen: somebody speaks."""
        if not self.bar.isVisible() and not self._busy:
            self.bar.call()

    # -- the ring -------------------------------------------------------------------------------------------------

    def point(self, pointed: PointedAt) -> None:
        """Draw the ring where this is, if its window shows there."""
        x, y, width, height = pointed.bounds
        at = x + width // 2, y + height // 2

        def where(sight: Sight) -> tuple[Region | None, bool]:
            return sight.whereabouts(pointed.window, *at), sight.composited()

        def show(found: tuple[Region | None, bool]) -> None:
            place, soft = found
            if place is not None and not self._busy:
                self.ring.point(pointed, composited=soft)
                self._pointed = pointed, place
                self._showing.set()
                self._watch.start()
                self.bar.keep_clear_of(self.ring.geometry())

        moved = self.bar.keep_clear_of(whole_units(pointed.bounds))
        QTimer.singleShot(CLEAR_MS if moved else 0, lambda: self._with(where, show))

    def _look_after(self) -> None:
        if self._pointed is None:
            return
        pointed, place = self._pointed
        x, y, width, height = pointed.bounds

        def compare(now: Region | None) -> None:
            if now != place and self._pointed is not None and self._pointed[0] is pointed:
                self.ring.hide()

        self._with(lambda sight: sight.whereabouts(pointed.window, x + width // 2, y + height // 2), compare)

    def _ring_gone(self) -> None:
        self._watch.stop()
        self._pointed = None
        self._showing.clear()

    def put_away(self) -> None:
        """Take the ring off the screen and wait, for a moment, until what was beneath it is painted. From any thread;
        a main thread that hangs is not waited for."""
        if not self._showing.is_set() or threading.current_thread() is threading.main_thread():
            return
        gone = threading.Event()

        def hide() -> None:
            drawn = self.ring.drawn()
            self.ring.hide()
            QGuiApplication.sync()
            check(drawn, round(1000 * PUT_AWAY_SECONDS / REPAINT_MS))

        def check(drawn: Drawn, times: int) -> None:
            # Without a compositor the ring's pixels stay until the application beneath has painted there.
            if times and drawn.still_there():
                QTimer.singleShot(REPAINT_MS, lambda: check(drawn, times - 1))
            else:
                QTimer.singleShot(REPAINT_MS, gone.set)

        self._background.post(hide)
        gone.wait(PUT_AWAY_SECONDS)

    # -- both -----------------------------------------------------------------------------------------------------

    def _with(self, work: Callable[[Sight], T], done: Callable[[T], None]) -> None:
        assistant = self._assistant
        if assistant is not None:
            self._background.run(lambda: work(assistant.sight), done, self._failed)

    def _not_frozen(self, trouble: DeskhandError) -> None:
        self._restore()
        self._failed(trouble)

    def _failed(self, trouble: DeskhandError) -> None:
        self.trouble.emit(trouble)


def _same_size(bounds: Bounds, region: Region) -> bool:
    """Whether a window is still as large as when it was chosen; it may have moved."""
    return (bounds.width, bounds.height) == region[2:]
