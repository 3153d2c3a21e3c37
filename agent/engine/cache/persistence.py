"""A conversation's KV cache in a file: what was read need not be read again after a restart.

    magic  version  header length  header (JSON)  state length  state  BLAKE2b of all before it

The file is a cache and trusted as little as one: every length is checked against the file's size before it is
believed, the digest before anything is used, and the header's fingerprint must be that of the running model, because
llama.cpp would take the numbers of another without complaint. Anything wrong reads as None. Child side.
"""

from __future__ import annotations

import errno
import os
import struct
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from shutil import disk_usage

import numpy as np
from pydantic import ValidationError

from agent.engine.cache.ledger import Snapshot
from agent.engine.script import Entry
from agent.messages import Value

MAGIC = b"DHKV"
VERSION = 1
HEAD = struct.Struct("<4sIQ")
LENGTH = struct.Struct("<Q")
DIGEST_BYTES = 32
MOST_HEADER_BYTES = 64 << 20
SAMPLES, SAMPLE_BYTES = 64, 16 << 10
SPARE_BYTES = 1 << 30
"""Left free on the disk: what others want to write there is worth more than a cache."""


class Fingerprint(Value):
    """All that the cells depend on besides the entries. Equal fingerprints, interchangeable cells."""

    model: str
    projector: str
    llama: str
    """Version of llama.cpp: the layout of a state is its own business."""
    context_tokens: int
    kv_type: str


class Header(Value):
    fingerprint: Fingerprint
    entries: tuple[Entry, ...]
    starts: tuple[int, ...]


def name_of(file: Path | None) -> str:
    """Names a model file's content without reading all of it: its size and 1 MiB, evenly spread. Weights that were
    trained, merged or quantised otherwise differ everywhere. Empty for no file."""
    if file is None:
        return ""
    size = file.stat().st_size
    digest = blake2b(b"%d" % size, digest_size=16)
    with file.open("rb") as stream:
        for sample in range(SAMPLES):
            stream.seek(max(0, size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
            digest.update(stream.read(SAMPLE_BYTES))
    return digest.hexdigest()


def write(file: Path, fingerprint: Fingerprint, snapshot: Snapshot) -> None:
    """Whole or not at all: what was in ``file`` stays until the new one is safe on the disk. Only its owner may read
    it. Raises OSError."""
    if disk_usage(file.parent).free < snapshot.state.nbytes + SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    header = Header(fingerprint=fingerprint, entries=snapshot.entries, starts=snapshot.starts)
    text = header.model_dump_json().encode()
    lengths = HEAD.pack(MAGIC, VERSION, len(text)), LENGTH.pack(snapshot.state.nbytes)
    parts = (lengths[0], text, lengths[1], snapshot.state.data)
    digest = blake2b(digest_size=DIGEST_BYTES)
    partial = file.with_name(f".{file.name}.part")
    try:
        with open(partial, "wb", opener=_private) as stream:
            for part in parts:
                digest.update(part)
                stream.write(part)
            stream.write(digest.digest())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read(file: Path, fingerprint: Fingerprint) -> Snapshot | None:
    """What :func:`write` wrote under the same ``fingerprint``; None for anything else."""
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            return _Reader(stream, os.fstat(stream.fileno()).st_size).snapshot(fingerprint)
    except (OSError, _Damaged, ValidationError):
        return None


class _Damaged(Exception):
    """Not a file of ours, or not all of it, or another model's."""


class _Reader:
    """One pass over a file of ``size`` bytes; nothing longer is believed in."""

    def __init__(self, stream: BufferedReader, size: int) -> None:
        self._stream = stream
        self._left = size
        self._digest = blake2b(digest_size=DIGEST_BYTES)

    def snapshot(self, fingerprint: Fingerprint) -> Snapshot:
        magic, version, header_bytes = HEAD.unpack(self._take(HEAD.size))
        if magic != MAGIC or version != VERSION or header_bytes > MOST_HEADER_BYTES:
            raise _Damaged
        header = Header.model_validate_json(self._take(header_bytes))
        if header.fingerprint != fingerprint:
            raise _Damaged
        (state_bytes,) = LENGTH.unpack(self._take(LENGTH.size))
        if state_bytes != self._left - DIGEST_BYTES:
            raise _Damaged
        state = self._take(state_bytes)
        expected = self._digest.digest()
        if self._take(DIGEST_BYTES) != expected:
            raise _Damaged
        return Snapshot(header.entries, header.starts, np.frombuffer(state, np.uint8))

    def _take(self, count: int) -> bytearray:
        """The next ``count`` bytes."""
        if count > self._left:
            raise _Damaged
        data = bytearray(count)
        if self._stream.readinto(data) != count:
            raise _Damaged
        self._left -= count
        self._digest.update(data)
        return data
