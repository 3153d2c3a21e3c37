from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from app.qt.highlight import _DARK, _LIGHT
from app.qt.theme import DARK, LIGHT, Theme, Tokens

GROUNDS = {
    "text": ("page", "sidebar", "surface", "bubble", "hover", "accent_wash", "approval_wash", "failed_wash"),
    "muted": ("page", "sidebar", "surface", "bubble", "hover", "approval_wash", "failed_wash"),
    "faint": ("page", "sidebar", "surface", "hover"),
    "accent": ("page", "surface", "accent_wash"),
    "on_accent": ("accent", "accent_hover"),
    "approval": ("approval_wash", "surface"),
    "done": ("surface", "page"),
}


def luminance(color: str) -> float:
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(color).getRgbF()[:3]
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_colour_has_a_contrast_of_four_and_a_half_on_its_grounds(tokens: Tokens) -> None:
    weak = {
        (text, ground): round(contrast(getattr(tokens, text), getattr(tokens, ground)), 2)
        for text, grounds in GROUNDS.items()
        for ground in grounds
        if contrast(getattr(tokens, text), getattr(tokens, ground)) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize(("palette", "tokens"), [(_LIGHT, LIGHT), (_DARK, DARK)], ids=["light", "dark"])
def test_colours_of_code_can_be_read(palette: dict[object, str], tokens: Tokens) -> None:
    assert min(contrast(color, tokens.surface) for color in palette.values()) >= 4.5


def test_a_choice_of_palette_wins_over_the_system(theme: Theme) -> None:
    theme.set("dark")
    assert theme.dark
    theme.set("light")
    assert not theme.dark


def test_text_grows_to_twice_its_size(theme: Theme) -> None:
    theme.set(scale=2.0)
    assert theme.font(14).pixelSize() == 28
