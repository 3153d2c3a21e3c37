"""A GGUF with random weights in the making: what the writers of tiny models share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

CONTEXT = 2048


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of a layer."""

    width: int = 64
    head: int = 32
    heads: int = 2
    feed: int = 96


class RandomGguf(gguf.GGUFWriter):
    """Weights come from ``seed``, in the order in which they are asked for; their deviation keeps activations alive."""

    def __init__(
        self,
        path: Path,
        architecture: str,
        name: str,
        seed: int,
        sizes: Sizes,
        layers: int,
        kv_heads: int | Sequence[int] = 1,
    ) -> None:
        super().__init__(path, architecture)
        self._file = path
        self._random = np.random.default_rng(seed)
        self._sizes = sizes
        self.add_name(name)
        self.add_context_length(CONTEXT)
        self.add_embedding_length(sizes.width)
        self.add_block_count(layers)
        self.add_feed_forward_length(sizes.feed)
        self.add_head_count(sizes.heads)
        self.add_head_count_kv(kv_heads)
        self.add_layer_norm_rms_eps(1e-6)

    def add_head_sizes(self) -> None:
        """Full layers' heads; for architectures that do not derive them from the width."""
        self.add_key_length(self._sizes.head)
        self.add_value_length(self._sizes.head)

    def add_tokens(self, vocabulary: Sequence[tuple[str, int]]) -> None:
        """Texts and kinds. The first two are padding and the end."""
        self.add_token_list([text for text, _ in vocabulary])
        self.add_token_types([kind for _, kind in vocabulary])
        self.add_pad_token_id(0)
        self.add_eos_token_id(1)

    def add_sentence_marks(self, adds_space: bool = False) -> None:
        """The beginning and the unknown token are the third and the fourth; texts begin with the former."""
        self.add_bos_token_id(2)
        self.add_unk_token_id(3)
        self.add_add_bos_token(True)
        self.add_add_space_prefix(adds_space)

    def weight(
        self, name: str, *shape: int, scale: float | None = None, louder: Mapping[int, float] | None = None
    ) -> None:
        """A matrix; ``louder`` are factors for some of its rows."""
        deviation = scale if scale is not None else 1.5 / np.sqrt(shape[-1])
        values = (self._random.standard_normal(shape) * deviation).astype(np.float32)
        for row, factor in (louder or {}).items():
            values[row] *= factor
        self.add_tensor(f"{name}.weight", values)

    def ones(self, size: int, *names: str) -> None:
        for name in names:
            self.add_tensor(f"{name}.weight", np.ones(size, dtype=np.float32))

    def attention(self, block: str, *, norms: bool, shared: bool = False) -> None:
        """The weights of an attention; with ``shared`` keys and values of another's."""
        sizes = self._sizes
        if norms:
            self.ones(sizes.head, f"{block}.attn_q_norm", *([] if shared else [f"{block}.attn_k_norm"]))
        self.weight(f"{block}.attn_q", sizes.heads * sizes.head, sizes.width)
        if not shared:
            self.weight(f"{block}.attn_k", sizes.head, sizes.width)
            self.weight(f"{block}.attn_v", sizes.head, sizes.width)
        self.weight(f"{block}.attn_output", sizes.width, sizes.heads * sizes.head)

    def feed_forward(self, block: str) -> None:
        sizes = self._sizes
        self.weight(f"{block}.ffn_gate", sizes.feed, sizes.width)
        self.weight(f"{block}.ffn_up", sizes.feed, sizes.width)
        self.weight(f"{block}.ffn_down", sizes.width, sizes.feed)

    def finish(self) -> Path:
        self.write_header_to_file()
        self.write_kv_data_to_file()
        self.write_tensors_to_file()
        self.close()
        return self._file
