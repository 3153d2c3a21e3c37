"""Keys and pointer on X11, through the XTEST extension: applications cannot tell them from a person's."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from Xlib import X
from Xlib.ext import xtest

from tools.desktop import keys as key_names
from tools.desktop.x11 import Connection

_SHIFT = 0xFFE1
_SETTLE_SECONDS = 0.06
"""How long applications get to read a changed keyboard mapping before it changes again."""
_BUTTONS = {"up": 4, "down": 5, "left": 6, "right": 7}


class XtestKeyboard:
    """See :class:`tools.desktop.port.Keyboard`. Characters that the layout lacks are put on spare keys first."""

    def __init__(self, connection: Connection) -> None:
        self._x = connection

    def type(self, text: str) -> None:
        with self._x:
            symbols = [key_names.keysym(character) for character in text if character != "\r"]
            spare = self._spare_keys()
            while symbols:
                batch = self._batch(symbols, len(spare))
                symbols = symbols[len(batch) :]
                self._type_batch(batch, spare)

    def press(self, keys: str) -> None:
        chords = key_names.parse(keys)
        with self._x:
            for chord in chords:
                missing = self._missing([*chord.held, chord.key])
                with self._mapped(missing, self._spare_keys()):
                    self._tap(chord.key, chord.held)

    def _batch(self, symbols: Sequence[int], spare: int) -> list[int]:
        """As many of the leading symbols as fit on the layout and the spare keys together."""
        new: set[int] = set()
        for index, symbol in enumerate(symbols):
            new.update(self._missing([symbol]))
            if len(new) > spare:
                return list(symbols[:index])
        return list(symbols)

    def _type_batch(self, symbols: Sequence[int], spare: Sequence[int]) -> None:
        with self._mapped(self._missing(symbols), spare):
            for symbol in symbols:
                self._tap(symbol, ())

    def _tap(self, symbol: int, held: Sequence[int]) -> None:
        code, shifted = self._position(symbol)
        holding = [self._position(name)[0] for name in held]
        if shifted and _SHIFT not in held:
            holding.append(self._position(_SHIFT)[0])
        down: list[int] = []
        try:
            for key in [*holding, code]:
                down.append(key)
                xtest.fake_input(self._x.display, X.KeyPress, key)
        finally:
            for key in reversed(down):
                xtest.fake_input(self._x.display, X.KeyRelease, key)
            self._x.display.sync()

    def _position(self, symbol: int) -> tuple[int, bool]:
        """The key that makes ``symbol``, and whether Shift is needed. Levels beyond Shift are not used."""
        positions = self._x.display.keysym_to_keycodes(symbol)
        return min(((code, level == 1) for code, level in positions if level < 2), key=lambda found: found[1])

    def _missing(self, symbols: Sequence[int]) -> list[int]:
        return [
            symbol
            for symbol in dict.fromkeys(symbols)
            if not any(level < 2 for _, level in self._x.display.keysym_to_keycodes(symbol))
        ]

    def _spare_keys(self) -> list[int]:
        first = self._x.display.display.info.min_keycode
        count = self._x.display.display.info.max_keycode - first + 1
        mapping = self._x.display.get_keyboard_mapping(first, count)
        return [first + index for index, symbols in enumerate(mapping) if not any(symbols)]

    @contextmanager
    def _mapped(self, symbols: Sequence[int], spare: Sequence[int]) -> Iterator[None]:
        """Have ``symbols`` on keys that nobody uses, and leave the layout as it was."""
        if not symbols:
            yield
            return
        used = spare[: len(symbols)]
        self._map({code: symbol for code, symbol in zip(used, symbols, strict=True)})
        try:
            yield
        finally:
            time.sleep(_SETTLE_SECONDS)
            self._map(dict.fromkeys(used, 0))

    def _map(self, keys: dict[int, int]) -> None:
        for code, symbol in keys.items():
            # Both levels, so that Shift or Caps Lock make no difference.
            self._x.display.change_keyboard_mapping(code, [(symbol, symbol)])
        self._x.display.sync()
        time.sleep(_SETTLE_SECONDS)
        while self._x.display.pending_events():
            event = self._x.display.next_event()
            if event.type == X.MappingNotify:
                self._x.display.refresh_keyboard_mapping(event)


class XtestPointer:
    """See :class:`tools.desktop.port.Pointer`."""

    def __init__(self, connection: Connection) -> None:
        self._x = connection

    def position(self) -> tuple[int, int]:
        with self._x:
            at = self._x.root.query_pointer()
            return at.root_x, at.root_y

    def click(self, x: int, y: int) -> None:
        with self._x:
            self._move(x, y)
            self._button(1)

    def scroll(self, x: int, y: int, direction: Literal["up", "down", "left", "right"], notches: int) -> None:
        with self._x:
            self._move(x, y)
            for _ in range(notches):
                self._button(_BUTTONS[direction])

    def _move(self, x: int, y: int) -> None:
        xtest.fake_input(self._x.display, X.MotionNotify, x=x, y=y)
        self._x.display.sync()

    def _button(self, button: int) -> None:
        xtest.fake_input(self._x.display, X.ButtonPress, button)
        xtest.fake_input(self._x.display, X.ButtonRelease, button)
        self._x.display.sync()
