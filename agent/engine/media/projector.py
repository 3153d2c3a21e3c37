"""What a projector's header says: which senses it gives a model, in which sizes, and how far back its hearing looks.

No llama.cpp here: the numbers are known before anything is loaded. The facts about the towers are those of
``tools/mtmd`` of llama.cpp (``models/gemma4a.cpp``, ``mtmd_decode_use_non_causal``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt
from pathlib import Path

from agent.engine.gguf.header import GgufHeader, read_header
from agent.errors import ModelFileError

LEAST_TOKENS, USUAL_TOKENS, MOST_TOKENS = 70, 280, 1120
"""What a picture takes: Gemma 4 was trained with budgets of 70, 140, 280, 560 and 1120."""

TOKEN_SAMPLES = 640
"""Of sound at 16 kHz: 40 ms, for both of Gemma 4's ways of hearing."""

ATTENTION_LOOKBACK, CONVOLUTION_LOOKBACK = 11, 4
"""Tokens that one block of the audio tower sees behind each: a window of 12 with itself, a causal convolution of 5."""

CAUSAL_WIDTHS = (1536, 2560)
"""Text widths (E2B, E4B) at which mtmd has pictures read causally."""


@dataclass(frozen=True, slots=True)
class ProjectorFacts:
    """``tile`` is the side in pixels of what becomes one token, 0 for a tower that chooses its own sizes. ``width`` is
    that of the text models it fits, 0 when it does not say.

    ``lookback`` is how many tokens of sound a tower must be given before those that are wanted, for these to be what
    they are in the whole; None when no part can be had by itself.
    """

    path: Path
    sees: bool
    hears: bool
    tile: int
    width: int
    lookback: int | None
    unified: bool

    def reads_both_ways(self, text_width: int) -> bool:
        """Whether the text model attends to a picture in both directions, so that it must be decoded at once."""
        return self.sees and (self.unified or (self.tile > 0 and text_width not in CAUSAL_WIDTHS))


def read_projector(path: Path) -> ProjectorFacts:
    """Raises ModelFileError."""
    header = read_header(path)
    vision, audio = _kind(header, "vision"), _kind(header, "audio")
    return ProjectorFacts(
        path,
        sees=bool(header.values.get("clip.has_vision_encoder")),
        hears=bool(header.values.get("clip.has_audio_encoder")),
        tile=_tile(header) if vision in ("gemma4v", "gemma4uv") else 0,
        width=_number(header, "clip.vision.projection_dim") or _number(header, "clip.audio.projection_dim"),
        lookback=_lookback(header, audio),
        unified=vision == "gemma4uv",
    )


def usable_projector(path: Path | None, text_width: int) -> tuple[ProjectorFacts | None, str]:
    """The facts of ``path`` for a text model of ``text_width``; None, and a sentence for a person, when it is of no use
    and the model reads text alone."""
    if path is None:
        return None, ""
    try:
        facts = read_projector(path)
    except ModelFileError as error:
        return None, f"The model reads text only: its file for pictures and sound cannot be used. {error}"
    if facts.width and facts.width != text_width:
        return None, f"The model reads text only: {path.name} belongs to another model."
    return facts, ""


def fitted(width: int, height: int, budget: int, tile: int) -> tuple[int, int]:
    """The size in pixels to give a picture: whole tiles, at most ``budget`` of them. It is enlarged only when it would
    take far fewer than 70 tokens (Gemma 4's own processor enlarges up to the budget)."""
    pixels = width * height
    area = min(max(pixels, LEAST_TOKENS * tile * tile), budget * tile * tile)
    scale = sqrt(area / pixels)
    columns = min(budget, max(1, floor(width * scale / tile + 1e-6)))
    rows = min(budget // columns, max(1, floor(height * scale / tile + 1e-6)))
    return columns * tile, rows * tile


def _kind(header: GgufHeader, sense: str) -> str:
    return str(
        header.values.get("clip.projector_type") or header.values.get(f"clip.{sense}.projector_type", "")
    )


def _tile(header: GgufHeader) -> int:
    return _number(header, "clip.vision.patch_size") * (
        _number(header, "clip.vision.projector.scale_factor") or 3
    )


def _lookback(header: GgufHeader, kind: str) -> int | None:
    """``gemma4a``: what its blocks see one after another, and one token for the convolutions in front of them.
    ``gemma4ua`` has no tower: each token is its own samples."""
    if kind == "gemma4a":
        blocks = _number(header, "clip.audio.block_count")
        return blocks * (ATTENTION_LOOKBACK + CONVOLUTION_LOOKBACK) + 1
    return 0 if kind == "gemma4ua" else None


def _number(header: GgufHeader, key: str) -> int:
    value = header.values.get(key, 0)
    return value if isinstance(value, int) else 0
