"""What a server and its model can take, as far as it tells. Servers differ: each is asked in its own way, and what none
of them says has a careful default."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from agent.engine.remote.link import Json, Link, Lost
from agent.errors import ModelError, ModelLoadError

Kind = Literal["llama-server", "vLLM", "SGLang", "Ollama", "llama-cpp-python", "unknown"]

_OWNERS: dict[str, Kind] = {
    "llamacpp": "llama-server",
    "vllm": "vLLM",
    "sglang": "SGLang",
    "library": "Ollama",
    "me": "llama-cpp-python",
}
"""``owned_by`` of a model, as each kind of server writes it."""

UNKNOWN_CONTEXT = 8192
OLLAMA_CONTEXT = 4096
"""Ollama's default (OLLAMA_CONTEXT_LENGTH). It cuts longer prompts without a word, so it is not taken to be more."""


@dataclass(frozen=True, slots=True)
class Facts:
    """``models``: all that the server offers; the rest is about ``model``. Zeros: it does not say."""

    kind: Kind
    model: str
    models: tuple[str, ...]
    context_tokens: int
    trained_context_tokens: int
    parameters: int
    vocabulary_size: int
    file_bytes: int
    sees: bool
    hears: bool

    @property
    def title(self) -> str:
        """``model`` for a person: some servers name theirs by the whole path of its file."""
        return self.model.rpartition("/")[2] if self.model.endswith(".gguf") else self.model


def find_out(link: Link, wanted: str, sees: bool | None) -> Facts:
    """Ask the server about itself and its model ``wanted`` (empty: its first). ``sees`` overrides what is found.

    Raises Lost when it cannot be reached, ModelLoadError when it has no such model or is no such server, ModelError
    when it refuses.
    """
    entries = _entries(link)
    names = tuple(str(entry.get("id", "")) for entry in entries)
    entry = next((entry for entry in entries if entry.get("id") == wanted), entries[0])
    if wanted and entry.get("id") != wanted:
        raise ModelLoadError(
            f"The server {link.address.host} has no model called {wanted}.",
            f"It has: {', '.join(names[:20])}.",
        )
    kind = _OWNERS.get(str(entry.get("owned_by", "")).lower(), "unknown")
    told = _told(link, kind, str(entry["id"]))
    meta = _object(entry, "meta")
    context = told.context or _number(entry, "max_model_len") or _context_elsewhere(entry)
    return Facts(
        kind=kind,
        model=str(entry["id"]),
        models=names,
        context_tokens=context or (OLLAMA_CONTEXT if kind == "Ollama" else UNKNOWN_CONTEXT),
        trained_context_tokens=_number(meta, "n_ctx_train"),
        parameters=_number(meta, "n_params"),
        vocabulary_size=_number(meta, "n_vocab"),
        file_bytes=_number(meta, "size"),
        sees=told.sees if sees is None else sees,
        hears=told.hears,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    context: int = 0
    sees: bool = False
    hears: bool = False


def _told(link: Link, kind: Kind, model: str) -> _Told:
    """What this kind of server says in its own way."""
    match kind:
        case "llama-server":
            props = link.get("/props") or {}
            senses = _object(props, "modalities")
            context = _number(_object(props, "default_generation_settings"), "n_ctx")
            return _Told(context, senses.get("vision") is True, senses.get("audio") is True)
        case "SGLang":
            info = link.get("/model_info") or link.get("/get_model_info") or {}
            sees, hears = info.get("has_image_understanding"), info.get("has_audio_understanding")
            return _Told(0, sees is True, hears is True)
        case "Ollama":
            abilities = (link.post("/api/show", {"model": model}) or {}).get("capabilities")
            running = (link.get("/api/ps") or {}).get("models")
            lengths = [
                _number(one, "context_length") for one in _objects(running) if one.get("model") == model
            ]
            sees = isinstance(abilities, list) and "vision" in abilities
            return _Told(lengths[0] if lengths else 0, sees)
        case (
            "llama-cpp-python"
        ):  # renders a picture as the text of its part where the model is blind: trying is no use
            return _Told()
        case _:
            return _Told(0, _takes_a_picture(link, model))


def _takes_a_picture(link: Link, model: str) -> bool:
    """Whether a question with a small picture is answered; vLLM refuses it for a model that is blind."""
    out = io.BytesIO()
    Image.new("RGB", (96, 96), "white").save(out, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
    parts = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": parts}]}
    try:
        reply = link.post("/v1/chat/completions", body)
    except (Lost, ModelError):
        return False
    return reply is not None and "choices" in reply


def _entries(link: Link) -> list[Json]:
    listing = link.get("/v1/models") or {}
    entries = [entry for entry in _objects(listing.get("data")) if entry.get("id")]
    if not entries:
        raise ModelLoadError(
            f"{link.address.host} answers, but lists no models at {link.address.base}/models.",
            "Check the address: it is that of the OpenAI-compatible API, often ending in /v1.",
        )
    return entries


def _context_elsewhere(entry: Json) -> int:
    """Other servers' words for it (Ray Serve, LM Studio, routers)."""
    places = (entry, _object(entry, "metadata"), _object(entry, "rayllm_metadata"), _object(entry, "meta"))
    names = ("context_length", "context_window", "max_context_length", "max_request_context_length", "n_ctx")
    return next((size for place in places for name in names if (size := _number(place, name))), 0)


def _object(value: Json, key: str) -> Json:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: Json, key: str) -> int:
    number = value.get(key)
    return int(number) if isinstance(number, int | float) and 0 < number < 1 << 62 else 0
