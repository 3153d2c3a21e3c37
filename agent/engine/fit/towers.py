"""What a projector's towers take when they have been loaded and used once: their weights, copied out of the file, and
the buffer of the larger one."""

from __future__ import annotations

from agent.engine.gguf.header import GgufHeader

PATCHES_PER_TOKEN = 9
AUDIO_TOKEN_BYTES, AUDIO_TOKENS = 138 << 10, 256
"""The convolutions in front of the audio tower, for a block of 3 s with what it looks back on (measured: 33.8 MB for
250 tokens, 101 MB for 750)."""
RUNTIME_BYTES = 14 << 20
FLOAT = 4


def towers_bytes(projector: GgufHeader, image_tokens: int) -> int:
    """Bytes, for pictures of at most ``image_tokens``. The vision tower holds three rows of its feed-forward and some
    of its width for each patch (measured with E2B's: 44.3 MB for 112 tokens, 104 MB for 264)."""
    weights = sum(tensor.bytes for tensor in projector.tensors)
    feed = _number(projector, "clip.vision.feed_forward_length")
    width = _number(projector, "clip.vision.embedding_length")
    patches = image_tokens * PATCHES_PER_TOKEN
    vision = FLOAT * patches * (3 * feed + 5 * width // 2)
    audio = AUDIO_TOKENS * AUDIO_TOKEN_BYTES if projector.values.get("clip.has_audio_encoder") else 0
    return weights + max(vision, audio) + RUNTIME_BYTES


def _number(header: GgufHeader, key: str) -> int:
    value = header.values.get(key, 0)
    return value if isinstance(value, int) else 0
