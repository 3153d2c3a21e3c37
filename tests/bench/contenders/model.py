"""A Gemma 4 E2B with random weights, its projector and its words: built once, kept in the user's cache.

Speed does not depend on what weights say. The geometry is E2B's (35 layers 1536 wide, 8 query heads, one KV head,
heads of 256 and 512, a window of 512 in four of five layers, KV shared by the last 20, 262,144 tokens); the
feed-forward layers (6,144 to 512), the per-layer embeddings (256 to 32) and the vision tower (16 blocks to 4) are cut
down so that two laptop cores can read 8,000 tokens while one waits. That makes attention weigh more than in the real
model.

What the model says is arranged, not trained: the output row of one token is the embedding of the token before it, so
greedy decoding walks along a fixed row of words. Copying and calling become things to measure.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import gguf
import llama_cpp.llama_cpp as llama
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from agent.engine.bindings import quieten
from agent.engine.vocabulary import Vocabulary
from tests.agent.engine.tiny_projector import Tower, write_projector
from tests.bench.contenders.source import source_folder

LAYERS, WIDTH, FEED, PER_LAYER = 35, 1536, 512, 32
HEADS, HEAD, HEAD_SWA, WINDOW, SHARED = 8, 512, 256, 512, 20
PERIOD = 5
CONTEXT = 131_072
VISION = Tower(width=768, blocks=4, heads=12, feed=3072)

BLOCK, BLOCK_BYTES = 32, 18
"""Weights and bytes of a Q4_0 block: a 16-bit scale, then 16 bytes of two weights each."""
EMBEDDING_SCALE = 0.2
"""Makes embeddings of standard deviation 0.92: what is read outweighs what the random layers add to it."""
OUTPUT_NORM = 0.02
"""Keeps the arranged logits (about 25) below the soft cap of 30, where all would be one."""

NORMAL = 1
WORD = re.compile("▁[a-z]{3,10}")
SPOKEN_WORDS = 4000
"""Words on each of the two rows that decoding walks along; the other words make the text to be read."""


@dataclass(frozen=True, slots=True)
class BenchModel:
    """The files, and words that are one token each with the space before them."""

    model: Path
    projector: Path
    source: Path
    said: tuple[str, ...]
    """In the order in which the model says them after the opening of its turn."""
    read: tuple[str, ...]
    """Never said: the text of prompts."""


def bench_folder() -> Path:
    return user_cache_path("deskhand") / "bench"


def bench_model(tell: Callable[[str], None]) -> BenchModel:
    """The model, built first if need be (half a minute)."""
    folder = bench_folder()
    folder.mkdir(parents=True, exist_ok=True)
    source = source_folder(folder)
    recipe = blake2b(Path(__file__).read_bytes(), digest_size=4).hexdigest()
    model, projector = folder / f"e2b-{recipe}.gguf", folder / f"mmproj-{recipe}.gguf"
    words = folder / f"words-{recipe}.json"
    if not (model.exists() and projector.exists() and words.exists()):
        tell("Building the model with random weights, once …")
        for old in (*folder.glob("e2b-*"), *folder.glob("mmproj-*"), *folder.glob("words-*")):
            old.unlink()
        _whole(projector, lambda path: write_projector(path, WIDTH, VISION, audio=None, half=True))
        _build(source / "vendor" / "llama.cpp" / "models", model, words)
    said, read = json.loads(words.read_text())
    return BenchModel(model, projector, source, tuple(said), tuple(read))


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write under another name first, so that a file of this name is always a whole one."""
    partial = path.with_suffix(".partial")
    write(partial)
    os.replace(partial, path)


def _build(models: Path, model: Path, words: Path) -> None:
    vocabulary_file = models / "ggml-vocab-gemma-4.gguf"
    template = (models / "templates" / "google-gemma-4-31B-it.jinja").read_text()
    fields = gguf.GGUFReader(vocabulary_file).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    kinds: list[int] = fields["tokenizer.ggml.token_type"].contents()
    rows = _rows(vocabulary_file, tokens)
    merges: list[str] = fields["tokenizer.ggml.merges"].contents()
    _whole(model, lambda path: _write(path, tokens, kinds, merges, template, rows))
    text = [[tokens[token].removeprefix("▁") for token in row] for row in (rows.said, rows.read)]
    _whole(words, lambda path: path.write_text(json.dumps(text)))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Token ids: said after the turn's opening, said within a string of a call, only read."""

    said: list[int]
    said_in_call: list[int]
    read: list[int]
    opening: int
    quote: int
    call: int


def _rows(vocabulary_file: Path, tokens: list[str]) -> _Rows:
    """Words that the tokenizer gives back one by one also when they follow each other, dealt out at random."""
    keep = quieten(lambda _: None)
    llama.llama_backend_init()
    params = llama.llama_model_default_params()
    params.vocab_only = True
    loaded = llama.llama_model_load_from_file(str(vocabulary_file).encode(), params)
    assert loaded is not None
    pointer = llama.llama_model_get_vocab(loaded)
    assert pointer is not None
    vocabulary = Vocabulary(pointer)
    candidates = np.array([token for token, text in enumerate(tokens) if WORD.fullmatch(text)])
    np.random.default_rng(1).shuffle(candidates)
    text = "".join(tokens[token].replace("▁", " ") for token in candidates)
    kept = set(vocabulary.plain(text)) & set(candidates.tolist())
    words = [token for token in candidates.tolist() if token in kept]
    marks = [vocabulary.mark(mark) for mark in ("<channel|>", '<|"|>', "<|tool_call>")]
    opening, quote, call = (mark for mark in marks if mark is not None)
    llama.llama_model_free(loaded)
    del keep
    first, second = SPOKEN_WORDS, 2 * SPOKEN_WORDS
    return _Rows(words[:first], words[first:second], words[second:], opening, quote, call)


def _write(
    path: Path,
    tokens: list[str],
    kinds: list[int],
    merges: list[str],
    template: str,
    rows: _Rows,
) -> None:
    writer = gguf.GGUFWriter(path, "gemma4")
    _add_geometry(writer)
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(template)
    _add_weights(writer, np.random.default_rng(0), np.array(kinds), rows)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_geometry(writer: gguf.GGUFWriter) -> None:
    writer.add_name("Bench Gemma")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_key_length_swa(HEAD_SWA)
    writer.add_value_length_swa(HEAD_SWA)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_rope_freq_base_swa(10_000.0)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_dimension_count_swa(HEAD_SWA)
    writer.add_sliding_window(WINDOW)
    writer.add_sliding_window_pattern([_is_sliding(layer) for layer in range(LAYERS)])
    writer.add_shared_kv_layers(SHARED)
    writer.add_embedding_length_per_layer_input(PER_LAYER)
    writer.add_final_logit_softcapping(30.0)


def _is_sliding(layer: int) -> bool:
    return layer % PERIOD != PERIOD - 1


def _add_weights(
    writer: gguf.GGUFWriter, random: np.random.Generator, kinds: NDArray[np.int64], rows: _Rows
) -> None:
    def blocks(name: str, values: NDArray[np.uint8]) -> None:
        writer.add_tensor(f"{name}.weight", values, raw_dtype=gguf.GGMLQuantizationType.Q4_0)

    def matrix(name: str, outputs: int, inputs: int) -> None:
        blocks(name, _random_rows(random, outputs, inputs, 0.2 / np.sqrt(inputs)))

    def ones(name: str, size: int, value: float = 1.0) -> None:
        writer.add_tensor(f"{name}.weight", np.full(size, value, dtype=np.float32))

    vocabulary = len(kinds)
    embedding = _random_rows(random, vocabulary, WIDTH, EMBEDDING_SCALE)
    blocks("token_embd", embedding)
    blocks("output", _arranged(random, embedding, kinds, rows))
    matrix("per_layer_token_embd", vocabulary, PER_LAYER * LAYERS)
    matrix("per_layer_model_proj", PER_LAYER * LAYERS, WIDTH)
    ones("per_layer_proj_norm", PER_LAYER)
    ones("output_norm", WIDTH, OUTPUT_NORM)
    ones("rope_freqs", HEAD // 2)
    for layer in range(LAYERS):
        block, head = f"blk.{layer}", HEAD_SWA if _is_sliding(layer) else HEAD
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "post_norm"):
            ones(f"{block}.{norm}", WIDTH)
        ones(f"{block}.layer_output_scale", 1)
        ones(f"{block}.attn_q_norm", head)
        matrix(f"{block}.attn_q", HEADS * head, WIDTH)
        if layer < LAYERS - SHARED:
            ones(f"{block}.attn_k_norm", head)
            matrix(f"{block}.attn_k", head, WIDTH)
            matrix(f"{block}.attn_v", head, WIDTH)
        matrix(f"{block}.attn_output", WIDTH, HEADS * head)
        matrix(f"{block}.ffn_gate", FEED, WIDTH)
        matrix(f"{block}.ffn_up", FEED, WIDTH)
        matrix(f"{block}.ffn_down", WIDTH, FEED)
        matrix(f"{block}.inp_gate", PER_LAYER, WIDTH)
        matrix(f"{block}.proj", WIDTH, PER_LAYER)


def _random_rows(random: np.random.Generator, outputs: int, inputs: int, scale: float) -> NDArray[np.uint8]:
    """Q4_0 rows whose weights are -8 to 7 times ``scale``, each as likely."""
    values = random.integers(0, 256, (outputs, inputs // BLOCK, BLOCK_BYTES), dtype=np.uint8)
    values[:, :, :2] = np.frombuffer(np.float16(scale).tobytes(), dtype=np.uint8)
    return values.reshape(outputs, -1)


def _arranged(
    random: np.random.Generator, embedding: NDArray[np.uint8], kinds: NDArray[np.int64], rows: _Rows
) -> NDArray[np.uint8]:
    """The output matrix. A token's row is the embedding of the token it follows; what follows nothing has a weak row.

    After the turn's opening comes a call where tools are given (elsewhere its mark is never sampled), else words.
    """
    weak = EMBEDDING_SCALE / 16
    output = _random_rows(random, len(kinds), WIDTH, weak)
    others = np.setdiff1d(np.flatnonzero(kinds == NORMAL), [*rows.said, *rows.said_in_call])
    random.shuffle(others)
    for row in (np.array(rows.said), np.array(rows.said_in_call), others):
        output[row[1:]] = embedding[row[:-1]]
    output[rows.call] = embedding[rows.opening]
    output[rows.said_in_call[0]] = embedding[rows.quote]
    first = embedding[rows.opening].reshape(-1, BLOCK_BYTES).copy()
    first[:, :2] = np.frombuffer(np.float16(EMBEDDING_SCALE * 0.8).tobytes(), dtype=np.uint8)
    output[rows.said[0]] = first.reshape(-1)
    return output
