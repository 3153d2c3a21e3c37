"""What can be waited for, and how often to look at it.

A wait is a function that looks once and tells what it saw (:class:`Glance`); :func:`watch` calls it again and again,
seldom enough to stay out of the way. Looks are made one after another, each on a thread of its own, and may take as
long as reading a window does.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from agent.cancel import Cancel
from agent.errors import DesktopError
from tools.desktop.port import Desktop, Node, Window, walk

SHARE = 0.02
"""Of one processor core: the most that looking may take in the long run."""
BURST_SECONDS = 1.0
"""What looking may take beyond that, so that the first looks follow quickly."""
SHORTEST_SECONDS = 0.2
STILL_SECONDS = 3.0
"""A file that has not changed for so long is finished."""
_UNFINISHED = (".part", ".crdownload", ".download", ".tmp")
"""What browsers put after the name of a file that they are still writing."""
_LAST_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look saw. ``over``: there is nothing more to wait for, because it came (``came``) or never can."""

    says: str
    """A clause about what is so now: 'it has 24 bytes'."""
    over: bool = False
    came: bool = True


Look = Callable[[Cancel], Glance]


@dataclass(frozen=True, slots=True)
class Waited:
    """How a wait ended. ``looks`` counts them: 1 means that it was so from the start."""

    last: Glance
    seconds: float
    looks: int


def pause(spent: float, elapsed: float) -> float:
    """Seconds until the next look, when looking took ``spent`` of the ``elapsed`` seconds so far."""
    return max(SHORTEST_SECONDS, (spent - BURST_SECONDS) / SHARE - elapsed)


def watch(
    look: Look,
    seconds: float,
    cancel: Cancel,
    tell: Callable[[float], None],
    clock: Callable[[], float] = time.monotonic,
) -> Waited:
    """Look until it is over, or for ``seconds``. ``tell`` hears after every look how long it has been.
    Raises Cancelled at once on a stop."""
    started = clock()
    spent, looks = 0.0, 0
    while True:
        began = clock()
        glance = _looked(look, cancel)
        now = clock()
        # Wall time counts what the other application works for the look as well.
        spent, looks, elapsed = spent + now - began, looks + 1, now - started
        if glance.over or elapsed >= seconds:
            return Waited(glance, elapsed, looks)
        tell(elapsed)
        cancel.wait(min(pause(spent, elapsed), seconds - elapsed))
        cancel.check()


def _looked(look: Look, cancel: Cancel) -> Glance:
    """One look, on a thread of its own: a stop does not wait for an application that hangs. Raises Cancelled."""
    future: Future[Glance] = Future()
    over = threading.Event()

    def work() -> None:
        try:
            future.set_result(look(cancel))
        except BaseException as error:  # handed to whoever waits, whatever it is
            future.set_exception(error)
        over.set()

    threading.Thread(target=work, name="waiting", daemon=True).start()
    with cancel.calling(over.set):
        over.wait()
    cancel.check()
    return future.result()


# -- text and progress in a window -------------------------------------------------------------------------------------


def for_text(desktop: Desktop, window: Window, wanted: str, *, gone: bool) -> Look:
    """``wanted`` (any case, any spacing) stands in the window: its title, its controls, or its pixels when it shows no
    controls. With ``gone``, it no longer does."""
    pixels = _Pixels(desktop)

    def look(cancel: Cancel) -> Glance:
        now = _same(desktop, window)
        if now is None:
            return Glance("the window closed", over=True, came=gone)
        try:
            tree = desktop.accessibility.read(now)
            texts = tuple(_texts(tree)) if tree else (now.title, *pixels.lines(now, cancel))
        except DesktopError as trouble:  # busy for the moment, which is often why somebody waits
            return Glance(trouble.what)
        there = plain(wanted) in plain(" ".join(texts))
        return Glance(_excerpt(texts, wanted), over=there is not gone)

    return look


def for_progress(desktop: Desktop, window: Window, name: str) -> Look:
    """The progress bar of the window (with ``name`` in its name) is full, or gone with or without its window."""
    before: list[str] = []

    def look(cancel: Cancel) -> Glance:
        now = _same(desktop, window)
        if now is None:
            return Glance("its window closed", over=True)
        try:
            tree = desktop.accessibility.read(now)
        except DesktopError as trouble:
            return Glance(trouble.what)
        bars = [node for node in walk(tree) if node.role == "progress"] if tree else []
        bar = next((each for each in bars if plain(name) in plain(each.name)), None)
        if bar is None:
            return Glance(
                "the progress bar is gone" if before else "there is no progress bar", True, bool(before)
            )
        before.append(bar.value)
        return Glance(f"it was at {before[-1] or 'no number'}", over=bar.value == "100%")

    return look


class _Pixels:
    """The text of a window without a tree, by OCR, which is slow: only when its pixels have changed."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._seen = 0
        self._lines: tuple[str, ...] = ()

    def lines(self, window: Window, cancel: Cancel) -> tuple[str, ...]:
        picture = self._desktop.capture.window(window, above=self._desktop.windows.hidden())
        seen = hash(picture.rgb)
        if seen != self._seen:
            self._lines = tuple(line.text for line in self._desktop.read_text(picture, cancel))
            self._seen = seen
        return self._lines


def plain(text: str) -> str:
    """As texts are compared here: no capitals, single spaces."""
    return " ".join(text.casefold().split())


def _excerpt(texts: Sequence[str], wanted: str) -> str:
    """The text that has ``wanted`` in it, or what the window's text ends with, in a clause."""
    for text in texts:
        at = plain(text).find(plain(wanted))
        if at >= 0:
            start = max(0, at - _LAST_CHARACTERS // 2)
            return f'it reads "{" ".join(text.split())[start : start + _LAST_CHARACTERS]}"'
    return f'its text ends with "{" ".join(" ".join(texts).split())[-_LAST_CHARACTERS:]}"'


def _same(desktop: Desktop, window: Window) -> Window | None:
    now = desktop.windows.find(window.id)
    return now if now is not None and now.pid == window.pid else None


def _texts(tree: Node) -> Iterator[str]:
    for node in walk(tree):
        yield from filter(None, (node.name, node.value))


# -- windows -----------------------------------------------------------------------------------------------------------


def fitting(desktop: Desktop, wanted: str) -> list[Window]:
    """Windows with ``wanted`` in their title or application name. Nothing is guessed: a wait must not end with a
    window that is only called something like it."""
    listed = desktop.windows.list()
    return [
        each
        for each in listed
        if plain(wanted) in plain(each.title) or plain(wanted) in plain(each.application)
    ]


def for_window(desktop: Desktop, wanted: str) -> Look:
    """A window that fits is open; without ``wanted``, any window that was not there before."""
    before = {window.id for window in desktop.windows.list()} if not wanted else set()

    def look(cancel: Cancel) -> Glance:
        new = [window for window in fitting(desktop, wanted) if window.id not in before and window.title]
        if new:
            return Glance(f'"{new[0].title}" in {new[0].application} is open', over=True)
        return Glance(f"{len(desktop.windows.list())} windows are open")

    return look


def for_window_gone(desktop: Desktop, window: Window) -> Look:
    """The window is closed."""

    def look(cancel: Cancel) -> Glance:
        now = _same(desktop, window)
        return Glance(f'"{now.title}" is open') if now else Glance(f'"{window.title}" is closed', over=True)

    return look


# -- files -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A file or folder as it is now; ``None`` as ``stamp`` when it is not there."""

    stamp: tuple[int, int, int] | None
    size: int = 0
    names: frozenset[str] = frozenset()
    """What is in the folder."""

    @classmethod
    def of(cls, path: Path) -> _File:
        try:
            found = os.lstat(path)
            names = frozenset(os.listdir(path)) if path.is_dir() else frozenset[str]()
        except OSError:
            return cls(None)
        return cls((found.st_ino, found.st_mtime_ns, found.st_size), found.st_size, names)

    def told(self) -> str:
        if self.stamp is None:
            return "it is not there"
        return f"it has {len(self.names):,} entries" if self.names else f"it has {self.size:,} bytes"


def for_file(path: Path) -> Look:
    """The file or folder is there."""

    def look(cancel: Cancel) -> Glance:
        now = _File.of(path)
        return Glance(now.told(), over=now.stamp is not None)

    return look


def for_change(path: Path) -> Look:
    """The file's content, or what is in the folder, is no longer what it was; or the file is gone, or has come."""
    before = _File.of(path)

    def look(cancel: Cancel) -> Glance:
        now = _File.of(path)
        new = sorted(now.names - before.names)
        says = f'"{new[0]}" is new in it' if new else now.told()
        return Glance(says, over=now.stamp != before.stamp)

    return look


def for_finished(path: Path, clock: Callable[[], float] = time.monotonic) -> Look:
    """The file is there, nothing beside it says that it is still being written, and it has been still for a while."""
    last, since = _File.of(path), clock()

    def look(cancel: Cancel) -> Glance:
        nonlocal last, since
        now = _File.of(path)
        beside = [path.name + ending for ending in _UNFINISHED if os.path.lexists(f"{path}{ending}")]
        if now.stamp != last.stamp or now.stamp is None or beside:
            last, since = now, clock()
            return Glance(f'"{beside[0]}" is still there' if beside else now.told())
        still = clock() - since >= STILL_SECONDS
        return Glance(
            f"{now.told()}, unchanged for {STILL_SECONDS:.0f} s" if still else now.told(), over=still
        )

    return look
