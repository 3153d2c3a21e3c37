"""The Engine port: what the loop asks of whatever runs the model.

Adapters: :mod:`agent.engine.supervisor` (llama.cpp in a child process of ours), :mod:`agent.engine.remote` (a server
with the OpenAI-compatible API), :mod:`agent.engine.scripted` (written answers, for unit tests alone). All methods
belong to the agent thread, except :meth:`Engine.close`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from agent.cancel import Cancel
from agent.messages import Message, ModelMessage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it. ``parameters`` is its JSON schema, from pydantic's
    ``model_json_schema()``."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything the model is to read. ``messages`` only ever grows within a conversation."""

    system: str
    tools: tuple[ToolSpec, ...]
    messages: tuple[Message, ...]
    in_place: bool = False
    """Pictures that are gone from ``messages`` may be taken out of the cache where they stand, and what follows them
    need not be read again."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. Temperature 0 is greedy."""

    temperature: float = 0.0
    top_k: int = 64
    top_p: float = 0.95
    seed: int = 0
    max_tokens: int = 1024


GREEDY = Sampling()


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """A server that speaks the OpenAI-compatible API, and which of its models is meant (empty: its first).

    ``key`` is the secret itself; it is in no representation and no log. ``sees`` overrides what is found out about the
    model. ``plain_http`` allows an unencrypted connection to a machine outside of the private network.
    """

    url: str
    model: str = ""
    key: str = field(default="", repr=False)
    sees: bool | None = None
    plain_http: bool = False


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model to run and how. Zeros, None and "auto" leave the choice to the plan that is made from the file's
    header and the machine (:mod:`agent.engine.fit`). ``gpu_layers`` -1 means as many as fit.

    ``projector`` holds the vision and audio towers, ``drafter`` a small model that guesses ahead. ``image_tokens`` is
    what a picture may take that does not say so itself.
    """

    path: Path
    projector: Path | None = None
    drafter: Path | None = None
    context_tokens: int = 0
    gpu_layers: int = -1
    threads: int = 0
    kv_type: Literal["auto", "f16", "q8_0"] = "auto"
    image_tokens: int = 0
    thinking: bool = False
    speculate: bool = True
    server: ServerSpec | None = None
    """Where the model runs instead of here; ``path`` is then only its name."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What was read from the loaded file. ``fingerprint`` names its vocabulary and template."""

    name: str
    path: Path
    architecture: str
    file_bytes: int
    parameters: int
    context_tokens: int
    trained_context_tokens: int
    vocabulary_size: int
    fingerprint: str
    dialect: Literal["gemma4", "generic"]
    sees: bool
    hears: bool
    plan: str = ""
    """One sentence for a person: what the model was given of the machine, and why."""
    server: str = ""
    """The host whose server runs it; empty when no server does."""
    away: bool = False
    """What it reads goes to another machine."""


@dataclass(frozen=True, slots=True)
class Prefill:
    """The prompt stands in the KV cache; ``reused`` of its ``tokens`` were there already."""

    tokens: int
    reused: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of the answer or of a thought, as decoded. Never part of a control token or of a
    call."""

    text: str
    thought: bool = False


@dataclass(frozen=True, slots=True)
class Restarted:
    """The child died and is back; everything yielded since the call of ``generate`` is void and comes
    again."""

    cause: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn is over. ``message`` holds the exact tokens; ``reason`` is why decoding ended.

    call: a complete tool call was made · stop: the model ended its turn · length: ``max_tokens`` or the context
    ran out · cancelled: it was asked to stop (``message`` is what was said so far, without a call).
    """

    message: ModelMessage
    reason: Literal["call", "stop", "length", "cancelled"]
    decoded: int
    seconds: float
    context_used: int
    guessed: int = 0
    """Tokens that a draft had right: decoded without a step of their own."""


EngineEvent = Prefill | Piece | Restarted | Finished


class Engine(Protocol):
    """One loaded model and one conversation's KV cache."""

    def load(self, spec: ModelSpec, on_progress: Callable[[float], None]) -> ModelInfo:
        """Load ``spec``, replacing what was loaded. Blocks; ``on_progress`` gets 0 to 1.

        Raises ModelFileError (refused before loading), ModelLoadError (llama.cpp would not), EngineDied.
        """
        ...

    def generate(self, prompt: Prompt, cancel: Cancel, sampling: Sampling = GREEDY) -> Iterator[EngineEvent]:
        """Run one model turn: one ``Prefill`` (after each restart again), pieces, then one ``Finished``.

        A stop ends it within one decode step. Raises EngineDied when restarting did not help, ModelError when
        the prompt does not fit into the context.
        """
        ...

    def prepare(self, prompt: Prompt, cancel: Cancel) -> None:
        """Read what of ``prompt`` is settled while its last message is not, so that :meth:`generate` finds it read: the
        blocks of a sound that still grows, everything but the opening of a turn otherwise. A stop ends it early.

        Raises as :meth:`generate` does.
        """
        ...

    def ask(self, prompt: Prompt, question: str, cancel: Cancel, max_tokens: int = 128) -> str:
        """The answer to a side question about ``prompt`` (a title, a summary, a check), greedy and without tools.

        The person never sees it and the conversation's cache stays as it is. Shorter, perhaps empty, on a stop.
        Raises as :meth:`generate` does.
        """
        ...

    def save(self, file: Path) -> None:
        """Write what the cache holds to ``file``, whole or not at all. Raises ModelError when it cannot be."""
        ...

    def restore(self, file: Path) -> bool:
        """Take the cache from ``file``. False, with an empty cache, when it is missing, damaged or another model's:
        then the next prompt is simply read from its beginning."""
        ...

    def count_tokens(self, prompt: Prompt) -> int:
        """How many cells of the context ``prompt`` takes, control tokens and media included."""
        ...

    def close(self) -> None:
        """End the child process. Safe to call twice and from any thread."""
        ...
