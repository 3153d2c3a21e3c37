"""A projector for Gemma 4 (vision and audio tower, "mmproj") with random weights, at any size.

The defaults make a file of a few hundred kilobytes that fits ``tiny_model.write_gemma``; ``E2B_VISION`` and
``E2B_AUDIO`` have the widths of the real towers, for measurements. Names, shapes and metadata are those that
llama.cpp's conversion writes and ``tools/mtmd/clip.cpp`` reads (``gemma4v``, ``gemma4a``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Tower:
    """Geometry of one tower: ``blocks`` transformer (vision) or conformer (audio) blocks of ``width`` features."""

    width: int
    blocks: int
    heads: int
    feed: int


TINY_VISION = Tower(width=32, blocks=2, heads=2, feed=64)
TINY_AUDIO = Tower(width=32, blocks=2, heads=2, feed=64)
E2B_VISION = Tower(width=768, blocks=16, heads=12, feed=3072)
E2B_AUDIO = Tower(width=1024, blocks=12, heads=8, feed=4096)

PATCH = 16
"""Pixels along a patch; three by three patches make one token of 48 x 48 pixels."""

PLACES = 10_240
"""Rows of the vision tower's table of positions, for each axis."""

MEL_BINS = 128
CHANNELS = (128, 32)
"""Of the two convolutions that take four frames of 10 ms to one token of 40 ms."""

AUDIO_OUT = 1536
"""Features after the audio tower's last layer, before the projection to the text model."""

TAPS = 5
"""Of the conformer's causal convolution."""


class _Weights:
    """Random tensors, written as they come: float32 throughout, or float16 for matrices as real files have them."""

    def __init__(self, writer: gguf.GGUFWriter, seed: int, half: bool) -> None:
        self._writer = writer
        self._random = np.random.default_rng(seed)
        self._half = half

    def matrix(self, name: str, outputs: int, inputs: int) -> None:
        values = self._normal((outputs, inputs), 1.0 / np.sqrt(inputs))
        self._writer.add_tensor(f"{name}.weight", values.astype(np.float16) if self._half else values)

    def exact(self, name: str, *shape: int, scale: float) -> None:
        """A tensor that stays float32: convolutions and tables."""
        self._writer.add_tensor(f"{name}.weight", self._normal(shape, scale))

    def ones(self, name: str, size: int) -> None:
        self._writer.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    def bias(self, name: str, size: int) -> None:
        self._writer.add_tensor(f"{name}.bias", self._normal((size,), 0.02))

    def _normal(self, shape: tuple[int, ...], scale: float) -> np.ndarray:
        return self._random.standard_normal(shape, dtype=np.float32) * np.float32(scale)


def write_projector(
    path: Path,
    text_width: int = 64,
    vision: Tower | None = TINY_VISION,
    audio: Tower | None = TINY_AUDIO,
    seed: int = 0,
    half: bool = False,
    places: int = PLACES,
) -> Path:
    """Write a projector into a text model of ``text_width``, with either tower or both.

    ``half`` stores matrices as float16, as the files that people download do.
    """
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type(gguf.GGUFType.MMPROJ)
    writer.add_name("Tiny projector")
    weights = _Weights(writer, seed, half)
    if vision:
        _write_vision(writer, weights, vision, text_width, places)
    if audio:
        _write_audio(writer, weights, audio, text_width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_vision(
    writer: gguf.GGUFWriter, weights: _Weights, tower: Tower, text_width: int, places: int
) -> None:
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_vision_projector_type(gguf.VisionProjectorType.GEMMA4V)
    writer.add_vision_projection_dim(text_width)
    writer.add_vision_image_size(224)  # unused, yet read
    writer.add_vision_patch_size(PATCH)
    writer.add_vision_embedding_length(tower.width)
    writer.add_vision_feed_forward_length(tower.feed)
    writer.add_vision_block_count(tower.blocks)
    writer.add_vision_head_count(tower.heads)
    writer.add_vision_attention_layernorm_eps(EPSILON)
    writer.add_vision_image_mean([0.0, 0.0, 0.0])
    writer.add_vision_image_std([1.0, 1.0, 1.0])
    weights.exact("v.patch_embd", tower.width, 3, PATCH, PATCH, scale=1.0 / PATCH)
    weights.exact("v.position_embd", 2, places, tower.width, scale=0.1)
    for index in range(tower.blocks):
        block = f"v.blk.{index}"
        for norm in ("ln1", "ln2", "attn_post_norm", "ffn_post_norm"):
            weights.ones(f"{block}.{norm}", tower.width)
        for norm in ("attn_q_norm", "attn_k_norm"):
            weights.ones(f"{block}.{norm}", tower.width // tower.heads)
        for matrix in ("attn_q", "attn_k", "attn_v", "attn_out"):
            weights.matrix(f"{block}.{matrix}", tower.width, tower.width)
        weights.matrix(f"{block}.ffn_gate", tower.feed, tower.width)
        weights.matrix(f"{block}.ffn_up", tower.feed, tower.width)
        weights.matrix(f"{block}.ffn_down", tower.width, tower.feed)
    weights.matrix("mm.input_projection", text_width, tower.width)


def _write_audio(writer: gguf.GGUFWriter, weights: _Weights, tower: Tower, text_width: int) -> None:
    writer.add_clip_has_audio_encoder(True)
    writer.add_clip_audio_projector_type(gguf.VisionProjectorType.GEMMA4A)
    writer.add_audio_projection_dim(text_width)
    writer.add_audio_embedding_length(tower.width)
    writer.add_audio_feed_forward_length(tower.feed)
    writer.add_audio_block_count(tower.blocks)
    writer.add_audio_head_count(tower.heads)
    writer.add_audio_num_mel_bins(MEL_BINS)
    writer.add_audio_attention_layernorm_eps(EPSILON)
    inputs = 1
    for index, outputs in enumerate(CHANNELS):
        weights.exact(f"a.conv1d.{index}", outputs, inputs, 3, 3, scale=1.0 / np.sqrt(9 * inputs))
        weights.ones(f"a.conv1d.{index}.norm", outputs)
        inputs = outputs
    weights.matrix("a.input_projection", tower.width, CHANNELS[-1] * MEL_BINS // 4)
    for index in range(tower.blocks):
        _write_conformer(weights, f"a.blk.{index}", tower)
    weights.matrix("a.pre_encode.out", AUDIO_OUT, tower.width)
    weights.bias("a.pre_encode.out", AUDIO_OUT)
    weights.matrix("mm.a.input_projection", text_width, AUDIO_OUT)


def _write_conformer(weights: _Weights, block: str, tower: Tower) -> None:
    norms = ("ffn_norm", "ffn_post_norm", "attn_pre_norm", "attn_post_norm", "norm_conv", "conv_norm")
    for norm in (*norms, "ffn_norm_1", "ffn_post_norm_1", "ln2"):
        weights.ones(f"{block}.{norm}", tower.width)
    for suffix in ("", "_1"):
        weights.matrix(f"{block}.ffn_up{suffix}", tower.feed, tower.width)
        weights.matrix(f"{block}.ffn_down{suffix}", tower.width, tower.feed)
    for matrix in ("attn_q", "attn_k", "attn_v", "attn_out", "attn_k_rel"):
        weights.matrix(f"{block}.{matrix}", tower.width, tower.width)
    weights.ones(f"{block}.per_dim_scale", tower.width // tower.heads)
    weights.matrix(f"{block}.conv_pw1", 2 * tower.width, tower.width)
    weights.exact(f"{block}.conv_dw", tower.width, TAPS, scale=1.0 / np.sqrt(TAPS))
    weights.matrix(f"{block}.conv_pw2", tower.width, tower.width)
