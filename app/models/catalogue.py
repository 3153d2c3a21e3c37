"""The catalogue: which models are offered, what each can take, and which of them suits this machine.

The data is ``assets/models.toml``. Nothing here touches the network; any thread may call.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

GB = 1_000_000_000

MEMORY_SHARE = 0.6
"""Of all memory, this much may go to a model: the rest is the desktop's, its applications' and the file cache's."""

ACTIVE_WITHOUT_GPU = 5.0
"""Billions of active parameters above which a processor alone is too slow to work with."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFile(_Data):
    """One file of a model. ``bytes`` and ``sha256`` are as the hub lists them; the built-in file has neither."""

    name: str
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model is on this disk: its GGUF, and its projector and drafter if it has them."""

    path: Path
    projector: Path | None = None
    drafter: Path | None = None


class Entry(_Data):
    """One model of the catalogue; the fields are explained at the head of ``models.toml``."""

    id: str
    title: str
    summary: str
    built_in: bool = False
    repository: str = ""
    revision: str = "main"
    licence: str
    licence_url: str = ""
    parameters: str
    active_b: float
    context_tokens: int
    memory_gb: float
    sees: bool
    hears: bool
    file: ModelFile
    projector: ModelFile | None = None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        return (self.file, self.projector) if self.projector else (self.file,)

    @property
    def bytes(self) -> int:
        """What a download takes on the disk."""
        return sum(file.bytes for file in self.files)


@cache
def entries() -> tuple[Entry, ...]:
    """All models, smallest first."""
    text = resources.files("assets").joinpath("models.toml").read_text("utf-8")
    return tuple(Entry.model_validate(row) for row in tomllib.loads(text)["model"])


def entry(name: str) -> Entry | None:
    """The model with the id or the title ``name``, however it is capitalised."""
    wanted = name.casefold()
    return next((e for e in entries() if wanted in (e.id.casefold(), e.title.casefold())), None)


def on_the_hub(repository: str, file: str) -> Entry:
    """Any GGUF on the hub as a catalogue entry; what is not known of it is left empty, its hash comes from the hub."""
    return Entry(
        id=f"hf:{repository}/{file}",
        title=file,
        summary=f"From {repository}.",
        repository=repository,
        licence="",
        parameters="",
        active_b=0,
        context_tokens=0,
        memory_gb=0,
        sees=False,
        hears=False,
        file=ModelFile(name=file),
    )


def built_in() -> Entry:
    return next(e for e in entries() if e.built_in)


def built_in_path() -> Path:
    """The built-in model's file, in the installed package. It may be absent in a checkout that has not trained it."""
    return Path(str(resources.files("assets").joinpath(built_in().file.name)))


@dataclass(frozen=True, slots=True)
class Machine:
    """What counts when a model is chosen. ``memory_bytes`` is all of it, not what is free right now."""

    memory_bytes: int

    @staticmethod
    def this() -> Machine:
        from agent.engine import fit  # brings numpy with it, and most commands need neither

        return Machine(memory_bytes=fit.Machine.this().memory_bytes)


@dataclass(frozen=True, slots=True)
class Choice:
    """A recommendation, and why in one sentence."""

    entry: Entry
    why: str


def choose(machine: Machine) -> Choice:
    """The most capable model that fits into this machine's memory and is quick enough on a processor alone."""
    memory = machine.memory_bytes / GB
    usable = memory * MEMORY_SHARE
    fitting = [e for e in entries() if e.memory_gb <= usable and e.active_b <= ACTIVE_WITHOUT_GPU]
    best = max(fitting, key=lambda e: e.memory_gb, default=built_in())
    if best.built_in:
        return Choice(
            best, f"This machine has {memory:.0f} GB of memory; the larger models need 8 GB or more."
        )
    return Choice(
        best,
        f"It needs about {best.memory_gb:.0f} of this machine's {memory:.0f} GB of memory "
        "and is quick enough without a graphics card.",
    )
