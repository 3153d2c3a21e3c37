"""A look at a GGUF file before llama.cpp sees it: is it one, is it whole, what does it say of itself.

Bounded on purpose: every length is checked before it is believed, the header is read piece by piece and never mapped
(a file cut short while it is read must not become a bus error), and only ordinary files are opened (a pipe would wait
for ever). A truncated, corrupt or malicious file becomes a kind :class:`~agent.errors.ModelFileError`. Takes a quarter
of a second for a vocabulary of 262,144 tokens. Format: ``ggml/docs/gguf.md`` of ggml; limits: ``ggml/src/gguf.cpp``.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.engine.gguf.cursor import DOWNLOAD_AGAIN, NOT_A_MODEL, Cursor, ordinary, refused

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_ENTRIES = 1 << 16
"""Tensors, and key-value pairs; the largest published models have a few thousand."""
MAX_TEXTS = 1 << 22
"""Strings in all arrays together: tokens and merges."""
MAX_KEPT = 1 << 12
"""Elements of an array that is kept: those with one number for each layer, not those for each token."""
MAX_NUMBERS = 1 << 18
"""Elements of all arrays that are kept."""
MAX_DIMENSIONS = 4
MAX_NAME_BYTES = 63
MAX_PARTS = 1 << 10
DEFAULT_ALIGNMENT = 32

STRING, ARRAY = 8, 9
SCALARS: Mapping[int, str] = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
UINT32 = 4

BLOCKS: Mapping[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18), 42: ("Q2_0", 64, 18),
}  # fmt: skip
"""ggml's tensor types: name, elements of a block, bytes of a block (``type_traits`` in ggml.c)."""

PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
"""The end of a split file's name, as llama.cpp spells it (``llama_split_path``)."""

Scalar = str | int | float | bool
Value = Scalar | tuple[int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor's entry in the header. ``dimensions`` as ggml counts them, the row's length first."""

    name: str
    type: str
    dimensions: tuple[int, ...]
    bytes: int

    @property
    def elements(self) -> int:
        count = 1
        for dimension in self.dimensions:
            count *= dimension
        return count


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a file says of itself; a split one with all its parts.

    ``values`` holds the scalars, the strings and the short arrays of numbers; long arrays are checked and passed over.
    """

    path: Path
    file_bytes: int
    values: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    array_lengths: Mapping[str, int]
    fingerprint: str
    """Names the vocabulary and the chat template: SHA-256 over everything under ``tokenizer.``, 16 hex digits."""

    @property
    def parameters(self) -> int:
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def architecture(self) -> str:
        return self.text("general.architecture")

    @property
    def name(self) -> str:
        return self.text("general.name") or self.path.stem

    @property
    def chat_template(self) -> str:
        return self.text("tokenizer.chat_template")

    @property
    def trained_context_tokens(self) -> int:
        return self.number("context_length")

    def text(self, key: str) -> str:
        """The string under ``key``; empty when there is none."""
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def number(self, key: str, otherwise: int = 0) -> int:
        """The number under ``key`` of this architecture (``gemma4.key``), if it is whole and not below zero."""
        value = self.values.get(f"{self.architecture}.{key}", otherwise)
        return value if isinstance(value, int) and value >= 0 else otherwise

    def per_layer(self, key: str, layers: int, otherwise: int = 0) -> tuple[int, ...]:
        """One such number for each layer: from an array, or the same one for all of them."""
        value = self.values.get(f"{self.architecture}.{key}")
        if isinstance(value, tuple) and len(value) >= layers:
            return tuple(
                number if isinstance(number, int) and number >= 0 else 0 for number in value[:layers]
            )
        return (self.number(key, otherwise),) * layers


def read_header(path: Path) -> GgufHeader:
    """Read and check the header of ``path``, and of the other parts of a split model.

    Raises ModelFileError, with what to do about it.
    """
    header = _read(path)
    count = header.values.get("split.count", 0)
    count = count if isinstance(count, int) else 0
    if count > 1 and header.values.get("split.no", 0) != 0:
        raise refused(path, f"it is only a part of a model in {count} files", "Choose the first of them.")
    if not header.architecture:
        raise refused(path, "it does not say which kind of model it is", DOWNLOAD_AGAIN)
    if count <= 1:
        return header
    parts = [_read(part) for part in _other_parts(path, count)]
    return GgufHeader(
        path,
        header.file_bytes + sum(part.file_bytes for part in parts),
        header.values,
        sum((part.tensors for part in parts), header.tensors),
        header.array_lengths,
        header.fingerprint,
    )


def _other_parts(path: Path, count: int) -> list[Path]:
    """The files that ``path``, the first of ``count``, goes on in. Raises ModelFileError when one is missing."""
    part = PART.search(path.name)
    if not part or count > MAX_PARTS or (int(part[1]), int(part[2])) != (1, count):
        raise refused(
            path,
            f"it is the first of {count} files, and its name does not say so",
            f"Name the files …-00001-of-{count:05}.gguf and so on, as they were called when they were downloaded.",
        )
    stem = path.name[: part.start()]
    parts = [path.with_name(f"{stem}-{number:05}-of-{count:05}.gguf") for number in range(2, count + 1)]
    missing = [other.name for other in parts if not other.exists()]
    if missing:
        names = ", ".join(missing[:3]) + (" and more" if len(missing) > 3 else "")
        raise refused(
            path, f"it is the first of {count} files, and {names} is missing", "Download what is missing."
        )
    return parts


def _read(path: Path) -> GgufHeader:
    try:
        with ordinary(path) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise refused(path, "it is empty", DOWNLOAD_AGAIN)
            return _parse(Cursor(path, file, size))
    except FileNotFoundError as error:
        raise refused(path, "there is no such file", "Choose another model, or download it again.") from error
    except IsADirectoryError as error:
        raise refused(path, "it is a folder", "Choose the .gguf file inside it.") from error
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise refused(
            path, why[:1].lower() + why[1:], "Check the file's permissions and the disk."
        ) from error


def _parse(cursor: Cursor) -> GgufHeader:
    path = cursor.path
    if cursor.size < 4 or struct.pack("<I", cursor.scalar("<I")) != MAGIC:
        raise refused(path, "it is not a GGUF file", NOT_A_MODEL)
    version = cursor.scalar("<I")
    if version not in VERSIONS:
        raise refused(path, f"its GGUF version is {version}, not 2 or 3", "Choose a newer file.")
    tensor_count = _count(cursor, "tensors")
    pairs = _count(cursor, "keys")
    values, lengths = _values(cursor, pairs)
    if not tensor_count and not values.get("split.count"):
        raise refused(path, "it holds no weights, only a vocabulary", "Choose another file.")
    tensors = _tensors(cursor, tensor_count, values)
    return GgufHeader(path, cursor.size, values, tensors, lengths, cursor.fingerprint)


def _count(cursor: Cursor, what: str) -> int:
    count = cursor.scalar("<Q")
    if count > MAX_ENTRIES:
        raise refused(cursor.path, f"it claims to have {count} {what}", DOWNLOAD_AGAIN)
    return count


def _values(cursor: Cursor, pairs: int) -> tuple[dict[str, Value], dict[str, int]]:
    """What is kept, and how long every array is."""
    values: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    texts = numbers = 0
    for _ in range(pairs):
        cursor.begin()
        key = cursor.text(MAX_ENTRIES)
        if not key or key in values or key in lengths:
            raise cursor.damaged()
        cursor.decide(key.startswith("tokenizer."))
        kind = cursor.scalar("<I")
        if kind == ARRAY:
            element, lengths[key] = cursor.scalar("<I"), cursor.scalar("<Q")
            texts += lengths[key] if element == STRING else 0
            array = _array(cursor, element, lengths[key])
            if array is not None:
                values[key] = array
                numbers += len(array)
            if texts > MAX_TEXTS or numbers > MAX_NUMBERS:
                raise cursor.damaged()
        elif kind == STRING:
            values[key] = cursor.text()
        elif kind in SCALARS:
            values[key] = cursor.scalar(SCALARS[kind])
        else:
            raise cursor.damaged()
        if key == "general.alignment" and kind != UINT32:
            raise cursor.damaged()
        cursor.end()
    return values, lengths


def _array(cursor: Cursor, element: int, length: int) -> tuple[int, ...] | None:
    """The numbers of a short array; None for strings and for a long array, which are passed over."""
    if element == STRING:
        if length > MAX_TEXTS:
            raise cursor.damaged()
        cursor.skip_texts(length)
        return None
    if element not in SCALARS:  # arrays of arrays, which ggml does not read either
        raise cursor.damaged()
    if length <= MAX_KEPT:
        return tuple(cursor.scalar(SCALARS[element]) for _ in range(length))
    cursor.skip(length * struct.calcsize(SCALARS[element]))
    return None


def _tensors(cursor: Cursor, count: int, values: Mapping[str, Value]) -> tuple[Tensor, ...]:
    """The tensors, after a check that the data of every one lies inside the file."""
    alignment = values.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment.bit_count() != 1 or alignment > MAX_ENTRIES:
        raise cursor.damaged()
    tensors: dict[str, Tensor] = {}
    furthest = 0
    for _ in range(count):
        tensor, offset = _tensor(cursor)
        if tensor.name in tensors or offset % alignment:
            raise cursor.damaged()
        tensors[tensor.name] = tensor
        furthest = max(furthest, offset + tensor.bytes)
    missing = -(-cursor.position // alignment) * alignment + furthest - cursor.size
    if missing > cursor.size << 20:
        raise cursor.damaged()
    if missing > 0:
        raise refused(cursor.path, f"it is cut short, {_size(missing)} are missing", DOWNLOAD_AGAIN)
    return tuple(tensors.values())


def _tensor(cursor: Cursor) -> tuple[Tensor, int]:
    """A tensor and where its data begin in the data section."""
    name = cursor.text(MAX_NAME_BYTES)
    rank = cursor.scalar("<I")
    if rank > MAX_DIMENSIONS:
        raise cursor.damaged()
    dimensions = tuple(cursor.scalar("<Q") for _ in range(rank))
    kind, offset = cursor.scalar("<I"), cursor.scalar("<Q")
    if kind not in BLOCKS:
        raise refused(
            cursor.path,
            f"its weights are of a kind ({kind}) that this version cannot read",
            "Update Deskhand, or choose another file of this model.",
        )
    spelt, block, block_bytes = BLOCKS[kind]
    elements = Tensor(name, spelt, dimensions, 0).elements
    if elements >= 1 << 62 or (dimensions and dimensions[0] % block):
        raise cursor.damaged()
    return Tensor(name, spelt, dimensions, elements // block * block_bytes), offset


def _size(count: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count //= 1000
    return f"{count} GB"
