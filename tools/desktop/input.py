"""Keys on X11, through the XTEST extension: applications cannot tell them from a person's. The pointer is next door.

Every key goes down and up in one message to the X server, together with the look at who would get it: a window that
takes the keys gets none of ours, and a key cannot stay down, whatever becomes of us.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from Xlib import X
from Xlib.ext import xtest

from agent.cancel import Cancel
from agent.errors import DesktopError
from tools.desktop import keys as key_names
from tools.desktop import reach
from tools.desktop.port import Window
from tools.desktop.x11 import Connection

_SHIFT = 0xFFE1
_SETTLE_SECONDS = 0.06
"""How long applications get to read a changed keyboard mapping."""
_USED_SECONDS = 0.3
"""How long they get to read keys before what those mean changes again."""
_PERSON_SECONDS = 2.0
"""How long we wait for the person to let go of a modifier key, which would turn text into commands."""


class XtestKeyboard:
    """See :class:`tools.desktop.port.Keyboard`. Characters that the layout lacks are put on spare keys, and stay there
    until those are needed for others: an application that is slow to read its keys still reads them right."""

    def __init__(self, connection: Connection) -> None:
        self._x = connection
        self._lent: dict[int, int] = {}
        """Key symbols that we have put on spare keys, and those."""

    def type(self, text: str, into: Window | None = None, cancel: Cancel | None = None) -> int:
        symbols = [key_names.keysym(character) for character in text]
        done = 0
        with self._x:
            while done < len(symbols):
                layout = self._prepared(symbols[done:])
                for symbol in symbols[done:]:
                    if symbol not in layout.positions:
                        time.sleep(_USED_SECONDS)
                        break  # the spare keys are used up: they are given to those that follow
                    if (cancel and cancel.requested) or not self._tap(layout, symbol, (), into):
                        return done
                    done += 1
        return done

    def press(self, keys: str, into: Window | None = None) -> bool:
        chords = key_names.parse(keys)
        with self._x:
            layout = self._prepared([symbol for chord in chords for symbol in (*chord.held, chord.key)])
            return all(self._tap(layout, chord.key, chord.held, into) for chord in chords)

    def _tap(self, layout: _Layout, symbol: int, held: Sequence[int], into: Window | None) -> bool:
        deadline = time.monotonic() + _PERSON_SECONDS
        while True:
            with reach.undisturbed(self._x):
                hands = reach.held(self._x)
                if into is not None and not reach.has_keys(self._x, into.id):
                    return False
                if not hands.modifiers:
                    self._down_and_up(layout.keys(symbol, held, hands.caps_lock))
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)

    def _down_and_up(self, codes: Sequence[int]) -> None:
        for code in codes:
            xtest.fake_input(self._x.display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._x.display, X.KeyRelease, code)

    def _prepared(self, symbols: Sequence[int]) -> _Layout:
        """The keyboard with as many of the leading ``symbols`` on it as fit. Raises DesktopError when not even the
        first does."""
        layout = self._layout()
        foreign = [symbol for symbol in dict.fromkeys(symbols) if symbol not in layout.positions]
        foreign = foreign[: len(layout.spare)]
        missing = [symbol for symbol in foreign if symbol not in self._lent]
        if not missing:
            if symbols and not foreign and symbols[0] not in layout.positions:
                raise DesktopError(
                    "This keyboard layout has no free key for a character that it lacks.",
                    "Paste the text instead, or choose a layout that has it.",
                )
        else:
            free = [code for code in layout.spare if self._symbol_on(code) not in foreign]
            self._map(dict(zip(free, missing, strict=False)))
        layout.positions |= {symbol: (code, False) for symbol, code in self._lent.items()}
        return layout

    def _symbol_on(self, code: int) -> int:
        return next((symbol for symbol, lent in self._lent.items() if lent == code), 0)

    def _layout(self) -> _Layout:
        while self._x.display.pending_events():  # somebody changed the mapping: it is read afresh each time
            self._x.display.next_event()
        first = self._x.display.display.info.min_keycode
        count = self._x.display.display.info.max_keycode - first + 1
        rows = {first + i: row for i, row in enumerate(self._x.display.get_keyboard_mapping(first, count))}
        self._lent = {symbol: code for symbol, code in self._lent.items() if symbol in rows[code]}
        return _Layout(rows, self._lent, reach.held(self._x).group)

    def _map(self, keys: Mapping[int, int]) -> None:
        for code, symbol in keys.items():
            # Both levels, so that Shift or Caps Lock make no difference.
            self._x.display.change_keyboard_mapping(code, [(symbol, symbol)])
            self._lent = {other: lent for other, lent in self._lent.items() if lent != code} | {symbol: code}
        self._x.display.sync()
        time.sleep(_SETTLE_SECONDS)


class _Layout:
    """Which key makes which symbol. ``positions``: the key, and whether with Shift; levels beyond that are not used.
    ``spare``: keys that nobody uses, or only we."""

    def __init__(self, rows: Mapping[int, Sequence[int]], lent: Mapping[int, int], group: int) -> None:
        ours = set(lent.values())
        self.positions: dict[int, tuple[int, bool]] = {}
        self.spare = [code for code, row in rows.items() if code in ours or not any(row)]
        for code in rows.keys() - set(self.spare):
            self._add(code, rows[code], group)

    def _add(self, code: int, row: Sequence[int], group: int) -> None:
        # A key that has nothing in this group means the same as in the first.
        plain, shifted = row[2 * group : 2 * group + 2] if any(row[2 * group : 2 * group + 2]) else row[:2]
        if plain and self.positions.get(plain, (0, True))[1]:
            self.positions[plain] = (code, False)
        if shifted:
            self.positions.setdefault(shifted, (code, True))

    def keys(self, symbol: int, held: Sequence[int], caps_lock: bool) -> tuple[int, ...]:
        """The keys to hold, in order, and last the one that makes ``symbol``."""
        code, shifted = self.positions[symbol]
        if caps_lock and code not in self.spare and key_names.has_case(symbol):
            shifted = not shifted
        holding = [self.positions[name][0] for name in held]
        if shifted and _SHIFT not in held:
            holding.append(self.positions[_SHIFT][0])
        return (*holding, code)
