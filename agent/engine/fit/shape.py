"""What a model's header says about its appetite: bytes of weights by what they are for, and of KV by layer.

Names and meanings of the keys: ``gguf-py/gguf/constants.py`` of llama.cpp; which layers keep what in the KV cache:
``llama_hparams`` and ``llama_kv_cache_iswa``.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.engine.gguf.header import GgufHeader, Tensor

PATTERNS = {"gemma2": 2, "gemma3": 6, "gemma3n": 5, "cohere2": 4, "gpt-oss": 2}
"""Architectures whose files may not say which layers slide: every so many-th is a full one. What is not here counts
as full, which asks for too much rather than too little."""

GEMMA3N_KEEPING = 20
"""Layers of a Gemma 3n that have a KV of their own; its files do not say."""

TOKEN_TABLE, LAYER_TABLE, OUTPUT = "token_embd.weight", "per_layer_token_embd.weight", "output.weight"


@dataclass(frozen=True, slots=True)
class Layer:
    """One block. ``kv_elements`` are numbers a token leaves in the cache, 0 where an earlier layer's are used."""

    tensors: tuple[Tensor, ...]
    slides: bool
    kv_elements: int
    query_elements: int
    feed: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A model in numbers. ``window`` is in tokens, 0 when no layer slides."""

    header: GgufHeader
    layers: tuple[Layer, ...]
    width: int
    heads: int
    window: int
    per_layer_width: int
    vocabulary: int
    merges: int
    experts_share: float
    """Of a layer's experts, this much works on one token; 1 where there are none."""
    token_table: Tensor | None
    layer_table: Tensor | None
    output: Tensor | None
    """The matrix that makes logits; the token table where the file has no other."""
    rest: tuple[Tensor, ...]
    quantisable: bool
    """Whether its KV can be kept in blocks of 32 numbers."""

    @property
    def tied(self) -> bool:
        return self.output is not None and self.output is self.token_table

    @staticmethod
    def of(header: GgufHeader) -> Shape:
        layers = min(header.number("block_count"), len(header.tensors))
        by_layer: dict[int, list[Tensor]] = {layer: [] for layer in range(layers)}
        named: dict[str, Tensor] = {}
        for tensor in header.tensors:
            layer = _layer(tensor.name)
            if layer in by_layer:
                by_layer[layer].append(tensor)
            else:
                named[tensor.name] = tensor
        token_table = named.pop(TOKEN_TABLE, None)
        used, experts = header.number("expert_used_count"), header.number("expert_count")
        return Shape(
            header=header,
            layers=_layers(header, by_layer),
            width=header.number("embedding_length"),
            heads=max(header.per_layer("attention.head_count", layers, 1), default=1),
            window=header.number("attention.sliding_window"),
            per_layer_width=header.number("embedding_length_per_layer_input") * layers,
            vocabulary=header.array_lengths.get("tokenizer.ggml.tokens", 0),
            merges=header.array_lengths.get("tokenizer.ggml.merges", 0),
            experts_share=used / experts if 0 < used < experts else 1.0,
            token_table=token_table,
            layer_table=named.pop(LAYER_TABLE, None),
            output=named.pop(OUTPUT, token_table),
            rest=tuple(named.values()),
            quantisable=all(sum(head) % 64 == 0 and head[0] % 32 == 0 for head in _heads(header)),
        )


def _layer(name: str) -> int:
    """The number of the block that the tensor ``name`` belongs to; -1 for none."""
    prefix, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    return int(number) if prefix == "blk" and number.isascii() and number.isdecimal() else -1


def _layers(header: GgufHeader, by_layer: dict[int, list[Tensor]]) -> tuple[Layer, ...]:
    count = len(by_layer)
    heads = header.per_layer("attention.head_count", count, 1)
    heads_kv = header.per_layer("attention.head_count_kv", count, max(heads, default=1))
    feed = header.per_layer("feed_forward_length", count)
    of_full, of_sliding = _heads(header)
    slides = _sliding(header, count)
    keeping = _keeping(header, count)
    layers: list[Layer] = []
    for number, tensors in by_layer.items():
        head = of_sliding if slides[number] else of_full
        layers.append(
            Layer(
                tensors=tuple(tensors),
                slides=slides[number],
                kv_elements=heads_kv[number] * sum(head) if number < keeping else 0,
                query_elements=heads[number] * head[0],
                feed=feed[number],
            )
        )
    return tuple(layers)


def _heads(header: GgufHeader) -> tuple[tuple[int, int], tuple[int, int]]:
    """Numbers in a key and in a value of one head: in a full layer, in a sliding one."""
    heads = header.per_layer("attention.head_count", 1, 1)[0]
    key = header.number("attention.key_length") or header.number("embedding_length") // max(1, heads)
    value = header.number("attention.value_length") or key
    sliding = header.number("attention.key_length_swa") or key
    return (key, value), (sliding, header.number("attention.value_length_swa") or value)


def _sliding(header: GgufHeader, count: int) -> tuple[bool, ...]:
    if not header.number("attention.sliding_window"):
        return (False,) * count
    pattern = header.values.get(f"{header.architecture}.attention.sliding_window_pattern")
    if isinstance(pattern, tuple) and len(pattern) >= count:
        return tuple(bool(slides) for slides in pattern[:count])
    period = pattern if isinstance(pattern, int) else PATTERNS.get(header.architecture, 0)
    return tuple(period > 1 and layer % period < period - 1 for layer in range(count))


def _keeping(header: GgufHeader, count: int) -> int:
    """How many layers, from the first, have a KV of their own."""
    if header.architecture == "gemma3n":
        return min(count, GEMMA3N_KEEPING)
    return max(0, count - header.number("attention.shared_kv_layers"))
