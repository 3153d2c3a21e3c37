"""The names of keys, as people write them, and the key symbols of X11. Pure: no display is touched."""

from __future__ import annotations

from dataclasses import dataclass

_MODIFIERS = {
    "ctrl": 0xFFE3,
    "control": 0xFFE3,
    "shift": 0xFFE1,
    "alt": 0xFFE9,
    "option": 0xFFE9,
    "super": 0xFFEB,
    "win": 0xFFEB,
    "windows": 0xFFEB,
    "meta": 0xFFEB,
    "cmd": 0xFFEB,
}
_NAMED = {
    "enter": 0xFF0D,
    "return": 0xFF0D,
    "escape": 0xFF1B,
    "esc": 0xFF1B,
    "tab": 0xFF09,
    "space": 0x0020,
    "backspace": 0xFF08,
    "delete": 0xFFFF,
    "del": 0xFFFF,
    "insert": 0xFF63,
    "home": 0xFF50,
    "end": 0xFF57,
    "pageup": 0xFF55,
    "pagedown": 0xFF56,
    "left": 0xFF51,
    "up": 0xFF52,
    "right": 0xFF53,
    "down": 0xFF54,
    "menu": 0xFF67,
    "capslock": 0xFFE5,
    "print": 0xFF61,
    "plus": 0x002B,
    "minus": 0x002D,
    **{f"f{number}": 0xFFBE + number - 1 for number in range(1, 25)},
}


@dataclass(frozen=True, slots=True)
class Chord:
    """Keys pressed together: ``held`` go down first, in order, and come up last."""

    held: tuple[int, ...]
    key: int


def keysym(character: str) -> int:
    """The key symbol of one character (X11 protocol, appendix A; Unicode beyond Latin-1 is offset by 2**24)."""
    if character == "\n":
        return _NAMED["enter"]
    if character == "\t":
        return _NAMED["tab"]
    code = ord(character)
    return code if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF else 0x01000000 | code


def has_case(symbol: int) -> bool:
    """Whether Caps Lock changes what it types."""
    character = chr(symbol & 0x00FFFFFF) if symbol <= 0xFF or symbol >> 24 == 1 else ""
    return character.lower() != character.upper()


def parse(keys: str) -> tuple[Chord, ...]:
    """Read ``ctrl+shift+s`` or ``ctrl+a delete``. Raises ValueError naming what it does not know."""
    chords = tuple(_chord(word) for word in keys.split())
    if not chords:
        raise ValueError("no keys were given")
    return chords


def _chord(word: str) -> Chord:
    # In "ctrl++" and "+" the last plus is a key.
    parts = [*word[:-2].split("+"), "+"] if word.endswith("++") else word.split("+") if word != "+" else ["+"]
    *held, last = parts
    for name in held:
        if name.lower() not in _MODIFIERS:
            raise ValueError(f'there is no key called "{name}" to hold down')
    return Chord(tuple(_MODIFIERS[name.lower()] for name in held), _key(last))


def _key(name: str) -> int:
    known = _NAMED.get(name.lower().replace("_", "").replace("-", "") if len(name) > 1 else name)
    known = known or _MODIFIERS.get(name.lower())
    if known is not None:
        return known
    if len(name) == 1:
        return keysym(name.lower())
    raise ValueError(f'there is no key called "{name}"')
