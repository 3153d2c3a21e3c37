"""Models that are on this disk already: in the Hugging Face cache, LM Studio, Ollama, Jan or our own data folder.

They are offered where they lie and never copied. Only names, sizes and the first four bytes are read, so a scan takes
milliseconds; whether llama.cpp can run a file is found out when it is opened. Any thread may call.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from app.models.beside import PART, drafter_for, drafts_for, is_gguf, is_model_name, projector_for

Source = Literal["Hugging Face", "LM Studio", "Ollama", "Jan", "Deskhand", "file"]

OLLAMA_MODEL = "application/vnd.ollama.image.model"
OLLAMA_PROJECTOR = "application/vnd.ollama.image.projector"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A GGUF on this disk. ``bytes`` counts all parts of a split file; ``path`` is its first part."""

    name: str
    path: Path
    bytes: int
    source: Source
    projector: Path | None = None
    drafter: Path | None = None


def find(data: Path, environment: Mapping[str, str] = os.environ) -> tuple[FoundModel, ...]:
    """Every model found, by name. Folders that are absent or not readable are passed over. ``data`` is ours."""
    home = Path(environment.get("HOME") or Path.home())
    models: dict[Path, FoundModel] = {}
    for source, folder in _folders(home, data, environment):
        for model in _in_folder(folder, source):
            models.setdefault(model.path.resolve(), model)
    for store in _ollama_stores(home, environment):
        for model in _in_ollama(store):
            models.setdefault(model.path.resolve(), model)
    return tuple(sorted(models.values(), key=lambda model: (model.name.casefold(), str(model.path))))


def describe(path: Path) -> FoundModel | None:
    """The one model at ``path``, with what belongs to it and lies beside it; None when it is not a GGUF."""
    if not is_gguf(path):
        return None
    return _found(path.stem, path, "file")


def _folders(home: Path, data: Path, environment: Mapping[str, str]) -> Iterator[tuple[Source, Path]]:
    cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    share = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    hub_home = Path(environment.get("HF_HOME") or cache / "huggingface")
    yield "Hugging Face", Path(environment.get("HF_HUB_CACHE") or hub_home / "hub")
    yield "LM Studio", home / ".lmstudio/models"
    yield "LM Studio", home / ".cache/lm-studio/models"
    yield "Jan", share / "Jan/data"
    yield "Jan", home / "jan/models"
    yield "Deskhand", data / "models"


def _ollama_stores(home: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    if chosen := environment.get("OLLAMA_MODELS"):
        yield Path(chosen)
    yield home / ".ollama/models"
    yield Path("/usr/share/ollama/.ollama/models")


def _in_folder(folder: Path, source: Source) -> Iterator[FoundModel]:
    for parent, _, names in os.walk(folder, onerror=lambda _error: None):
        for name in sorted(names):
            path = Path(parent, name)
            if is_model_name(name) and is_gguf(path) and not any(drafts_for(name, other) for other in names):
                yield _found(_name(path), path, source)


def _found(name: str, path: Path, source: Source) -> FoundModel:
    return FoundModel(name, path, _size(path), source, projector_for(path), drafter_for(path))


def _name(path: Path) -> str:
    if path.stem.casefold() == "model":  # Jan calls every file so, and names the folder
        return path.parent.name
    return PART.sub("", path.name) if PART.search(path.name) else path.stem


def _size(path: Path) -> int:
    part = PART.search(path.name)
    if part is None:
        return path.stat().st_size
    stem = path.name[: part.start()]
    return sum(other.stat().st_size for other in path.parent.glob(f"{glob.escape(stem)}-*-of-{part[2]}.gguf"))


class _Layer(BaseModel):
    media_type: str = Field(default="", alias="mediaType")
    digest: str = ""
    size: int = 0


class _Manifest(BaseModel):
    layers: tuple[_Layer, ...] = ()


def _in_ollama(store: Path) -> Iterator[FoundModel]:
    """Ollama keeps models as blobs; its manifests say which blob is which model's."""
    for parent, _, names in os.walk(store / "manifests", onerror=lambda _error: None):
        for tag in sorted(names):
            manifest = _manifest(Path(parent, tag))
            model = _blob(store, manifest, OLLAMA_MODEL)
            if model is not None:
                name = f"{Path(parent).name}:{tag}"
                projector = _blob(store, manifest, OLLAMA_PROJECTOR)
                yield FoundModel(name, model, model.stat().st_size, "Ollama", projector)


def _manifest(path: Path) -> _Manifest:
    try:
        return _Manifest.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return _Manifest()


def _blob(store: Path, manifest: _Manifest, kind: str) -> Path | None:
    for layer in manifest.layers:
        algorithm, _, digest = layer.digest.partition(":")
        if layer.media_type == kind and algorithm == "sha256" and re.fullmatch("[0-9a-f]{64}", digest):
            path = store / "blobs" / f"sha256-{digest}"
            if is_gguf(path):
                return path
    return None
