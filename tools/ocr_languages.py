"""Which languages tesseract is to read: English, and the person's own where its data are installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping
from functools import cache

_LIST_SECONDS = 5.0
_NAMES: Mapping[str, str] = {
    "ar": "ara", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "es": "spa", "fi": "fin", "fr": "fra", "he": "heb",
    "hi": "hin", "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "nld", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "ron", "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie",
    "zh": "chi_sim", "zh_HK": "chi_tra", "zh_TW": "chi_tra",
}  # fmt: skip
"""Of a locale, as tesseract's data files are called."""


def languages(program: str) -> str:
    """For tesseract's ``-l``: ``eng+deu``. The first call asks ``program`` what is installed."""
    locale = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return chosen(_installed(program), locale)


def chosen(installed: Collection[str], locale: str) -> str:
    """Of those ``installed``. ``locale`` is as in the environment: ``de_DE.UTF-8``."""
    place = locale.partition(".")[0].partition("@")[0]
    own = _NAMES.get(place) or _NAMES.get(place.partition("_")[0], "")
    found = [name for name in ("eng", own) if name in installed]
    return "+".join(found) or "eng"


@cache
def _installed(program: str) -> frozenset[str]:
    try:
        told = subprocess.run(
            [program, "--list-langs"], capture_output=True, text=True, timeout=_LIST_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(told.stdout.splitlines()[1:])
