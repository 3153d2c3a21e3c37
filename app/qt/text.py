"""Words as they are shown: what hides in a text made visible, sizes and times for people. No widgets."""

from __future__ import annotations

import html
import re
import unicodedata

_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "␡"
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


def visible(text: str) -> str:
    """``text`` with everything that could hide or reorder its parts spelled out.

    Control characters become their control pictures (line breaks stay), and format, bidirectional, private and
    unusual space characters become ``‹U+202E›``. For whatever the person is asked to approve.
    """
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\n" or 0x20 <= code < 0x7F:
        return character
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return _DELETE_PICTURE
    if unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"):
        return f"‹U+{code:04X}›"
    return character


def ordered(text: str) -> str:
    """``text`` whose words cannot be reordered: bidirectional overrides spelled out, everything else as it is."""
    return "".join(f"‹U+{ord(c):04X}›" if c in _OVERRIDES else c for c in text)


def tip(text: str) -> str:
    """``text``, which models and windows may have written, as a tool tip that shows its letters. Qt takes whatever
    begins like HTML for HTML, pictures from the disk included, so it gets HTML of ours."""
    return f"<span>{html.escape(ordered(text))}</span>" if text else ""


def title_html(title: str) -> str:
    """A step's title as rich text: plain, except that ``**object**`` is bold."""
    return _BOLD.sub(r"<b>\1</b>", html.escape(visible(title), quote=False))


def title_plain(title: str) -> str:
    """A step's title without its marks, for screen readers."""
    return _BOLD.sub(r"\1", visible(title))


def size(count: int) -> str:
    """A number of bytes: "412 bytes", "6 MB", "4.9 GB" (decimal units, as disks are sold)."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            number = count / factor
            return f"{number:.1f} {unit}" if unit == "GB" else f"{number:.0f} {unit}"
    return f"{count} bytes"


def seconds(value: float) -> str:
    """A duration beside a step: "0.1 s", "12 s", "2 min"; nothing when it took none."""
    if value < 0.05:
        return ""
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 90 else f"{value / 60:.0f} min"


def left(value: float) -> str:
    """A remaining time, as coarse as it is certain: "a few seconds left", "3 min left", "2 h left"."""
    if value < 15:
        return "a few seconds left"
    if value < 90:
        return f"{round(value, -1):.0f} s left"
    return f"{value / 60:.0f} min left" if value < 5400 else f"{value / 3600:.0f} h left"
