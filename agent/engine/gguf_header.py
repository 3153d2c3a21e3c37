"""A look at a GGUF file before llama.cpp sees it: is it one, is it whole, what does it say of itself.

Bounded on purpose: every length is checked against the file's size before it is believed, so that a truncated,
corrupt or malicious file becomes a kind :class:`~agent.errors.ModelFileError` instead of a dead process. Reads the
header alone, well under a second even for vocabularies of 262,144 tokens. Format: ``ggml/docs/gguf.md`` of ggml.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ModelFileError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_ENTRIES = 1 << 16
"""Tensors, and key-value pairs; the largest published models have a few thousand."""
MAX_DIMENSIONS = 4
DEFAULT_ALIGNMENT = 32

STRING, ARRAY = 8, 9
SCALARS: Mapping[int, str] = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a file says of itself. ``values`` holds the scalars and strings; arrays are checked and skipped."""

    path: Path
    file_bytes: int
    values: Mapping[str, Scalar]
    parameters: int
    fingerprint: str
    """Names the vocabulary and the chat template: SHA-256 over everything under ``tokenizer.``, 16 hex digits."""

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    @property
    def name(self) -> str:
        return str(self.values.get("general.name") or self.path.stem)

    @property
    def chat_template(self) -> str:
        return str(self.values.get("tokenizer.chat_template", ""))

    @property
    def trained_context_tokens(self) -> int:
        length = self.values.get(f"{self.architecture}.context_length", 0)
        return length if isinstance(length, int) else 0


def read_header(path: Path) -> GgufHeader:
    """Read and check the header of ``path``. Raises ModelFileError, with what to do about it."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise refused(path, "it is empty", DOWNLOAD_AGAIN)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(path, data).header()
    except FileNotFoundError as error:
        raise refused(path, "there is no such file", "Choose another model, or download it again.") from error
    except IsADirectoryError as error:
        raise refused(path, "it is a folder", "Choose the .gguf file inside it.") from error
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise refused(
            path, why[:1].lower() + why[1:], "Check the file's permissions and the disk."
        ) from error


DOWNLOAD_AGAIN = "Download it again."
NOT_A_MODEL = "Choose a file that ends with .gguf."


def refused(path: Path, why: str, remedy: str) -> ModelFileError:
    return ModelFileError(f"The model file {path.name} was not loaded: {why}. Nothing was changed.", remedy)


class _Reader:
    """One pass over the header; the cursor never leaves the file."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._path = path
        self._data = data
        self._size = len(data)
        self._at = 0

    def header(self) -> GgufHeader:
        if self._take(4) != MAGIC:
            raise refused(self._path, "it is not a GGUF file", NOT_A_MODEL)
        version = self._scalar("<I")
        if version not in VERSIONS:
            raise refused(self._path, f"its GGUF version is {version}, not 2 or 3", "Choose a newer file.")
        tensors = self._count("tensors")
        if not tensors:
            raise refused(self._path, "it holds no weights, only a vocabulary", "Choose another file.")
        pairs = self._count("keys")
        values, fingerprint = self._values(pairs)
        parameters = self._tensors(tensors, values)
        if not values.get("general.architecture"):
            raise refused(self._path, "it does not say which kind of model it is", DOWNLOAD_AGAIN)
        return GgufHeader(self._path, self._size, values, parameters, fingerprint)

    def _values(self, pairs: int) -> tuple[dict[str, Scalar], str]:
        values: dict[str, Scalar] = {}
        digest = hashlib.sha256()
        for _ in range(pairs):
            begin = self._at
            key = self._string()
            kind = self._scalar("<I")
            if kind == ARRAY:
                self._skip_array()
            else:
                values[key] = self._value(kind)
            if key.startswith("tokenizer."):
                digest.update(self._data[begin : self._at])
        return values, digest.hexdigest()[:16]

    def _tensors(self, tensors: int, values: Mapping[str, Scalar]) -> int:
        """Check that every tensor's data lies inside the file; returns the number of parameters."""
        parameters = furthest = 0
        for _ in range(tensors):
            self._string()
            dimensions = self._scalar("<I")
            if dimensions > MAX_DIMENSIONS:
                raise self._absurd()
            elements = 1
            for _ in range(dimensions):
                elements *= self._scalar("<Q")
            kind, offset = self._scalar("<I"), self._scalar("<Q")
            parameters += elements
            furthest = max(furthest, offset + _tensor_bytes(kind, elements))
        alignment = values.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 16:
            raise self._absurd()
        data_begins = -(-self._at // alignment) * alignment
        if data_begins + furthest > self._size:
            missing = data_begins + furthest - self._size
            raise refused(self._path, f"it is cut short, {_size(missing)} are missing", DOWNLOAD_AGAIN)
        return parameters

    def _value(self, kind: int) -> Scalar:
        if kind == STRING:
            return self._string()
        if kind not in SCALARS:
            raise self._absurd()
        return self._scalar(SCALARS[kind])

    def _skip_array(self) -> None:
        kind, length = self._scalar("<I"), self._scalar("<Q")
        if length > self._size:
            raise self._absurd()
        if kind == STRING:
            self._skip_strings(length)
        elif kind in SCALARS:
            self._take_nothing(length * struct.calcsize(SCALARS[kind]))
        else:
            raise self._absurd()

    def _skip_strings(self, count: int) -> None:
        """Half a million strings for a large vocabulary: the one loop here that has to be tight."""
        data, at, size = self._data, self._at, self._size
        from_bytes = int.from_bytes
        for _ in range(count):
            at += 8 + from_bytes(data[at : at + 8], "little")
            if at > size:
                raise self._absurd()
        self._at = at

    def _count(self, what: str) -> int:
        count = self._scalar("<Q")
        if count > MAX_ENTRIES:
            raise refused(self._path, f"it claims to have {count} {what}", DOWNLOAD_AGAIN)
        return count

    def _string(self) -> str:
        return self._take(self._scalar("<Q")).decode("utf-8", "replace")

    def _scalar(self, form: str) -> int:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, count: int) -> bytes:
        begin = self._at
        self._take_nothing(count)
        return self._data[begin : self._at]

    def _take_nothing(self, count: int) -> None:
        if count > self._size - self._at:
            raise self._absurd()
        self._at += count

    def _absurd(self) -> ModelFileError:
        return refused(
            self._path, "its header is damaged (a length in it goes beyond the file's end)", DOWNLOAD_AGAIN
        )


def _tensor_bytes(kind: int, elements: int) -> int:
    """Bytes of a tensor of ``kind``; kinds that this version of gguf does not know count as nothing."""
    from gguf.constants import (  # slow to import: only when a file is read
        GGML_QUANT_SIZES,
        GGMLQuantizationType,
    )

    try:
        block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except (KeyError, ValueError):
        return 0
    return elements // block * size


def _size(count: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count //= 1000
    return f"{count} GB"
