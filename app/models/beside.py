"""What lies beside a model's file and belongs to it: a projector (its eyes and ears), a drafter (which guesses ahead).

They are paired by their names alone; whether they fit, the engine finds out from their headers when it loads them.
"""

from __future__ import annotations

import re
from pathlib import Path

MAGIC = b"GGUF"
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
"""One file of a split model."""
_HELPER = re.compile(r"^(mtp|dflash|eagle\d*)[-_.]", re.IGNORECASE)
"""Drafters, by their first word; not all of them are of a kind that we can use."""
_DRAFTER_WORDS = frozenset({"mtp", "assistant"})
"""What a drafter's name has beside its model's: ``gemma-4-E2B-it-assistant-Q8_0.gguf``."""
_QUANTISATION = re.compile(r"^(i?q\d.*|f16|f32|bf16|ud|k|m|s|l|xl|xs|xxs|\d)$")


def is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == MAGIC
    except OSError:
        return False


def is_model_name(name: str) -> bool:
    """Whether a file of this name is a model, or the first part of one, by its name alone."""
    if not name.lower().endswith(".gguf") or _is_projector(name) or _HELPER.match(name):
        return False
    part = PART.search(name)
    return part is None or int(part[1]) == 1


def drafts_for(name: str, model: str) -> bool:
    """Whether the file called ``name`` is a drafter of the one called ``model``, by their names."""
    words = _words(name)
    return bool(words & _DRAFTER_WORDS) and words - _DRAFTER_WORDS == _words(model)


def projector_for(model: Path) -> Path | None:
    """The projector in the model's folder: the one whose name shares most with the model's, if there are several.

    A folder that holds several models and one projector gives it to the model it is named after, or to nobody.
    """
    siblings = _siblings(model)
    projectors = [path for path in siblings if _is_projector(path.name)]
    models = [path for path in siblings if is_model_name(path.name) and not drafts_for(path.name, model.name)]
    if not projectors:
        return None
    words = _words(model.name)
    best = max(projectors, key=lambda path: (len(words & _words(path.name)), path.name))
    if len(models) > 1 and not _named_after(best, model):
        return None
    return best if is_gguf(best) else None


def drafter_for(model: Path) -> Path | None:
    """The drafter in the model's folder that is named after it."""
    drafters = (path for path in _siblings(model) if drafts_for(path.name, model.name) and is_gguf(path))
    return min(drafters, default=None)


def _siblings(model: Path) -> list[Path]:
    try:
        return [path for path in model.parent.iterdir() if path.name.lower().endswith(".gguf")]
    except OSError:
        return []


def _is_projector(name: str) -> bool:
    return "mmproj" in name.lower()


def _words(name: str) -> frozenset[str]:
    """The words of a file name that say which model it is: "gemma", "4", "e2b", "it", but not "q8" or "mmproj"."""
    words = re.split(r"[-_.\s]+", PART.sub("", name.lower()).removesuffix(".gguf"))
    return frozenset(word for word in words if word and word != "mmproj" and not _QUANTISATION.match(word))


def _named_after(projector: Path, model: Path) -> bool:
    return bool(_words(projector.name)) and _words(projector.name) <= _words(model.name)
