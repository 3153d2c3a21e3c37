"""What the models page asks for, and its adapter to the catalogue and the downloads. No widgets.

Every method blocks (the disk, the network) and is called from a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.cancel import Cancel
from agent.errors import ModelFileError, ModelLoadError

if TYPE_CHECKING:
    from app.models.catalogue import Entry
    from app.models.found import FoundModel


@dataclass(frozen=True, slots=True)
class Offer:
    """One row: a model of the catalogue, or one found on this disk.

    ``setting`` is what the settings call it; ``path`` is there when it can be used at once, ``entry`` when it can
    be downloaded.
    """

    setting: str
    title: str
    about: str
    bytes: int
    licence: str = ""
    recommended: str = ""
    """Why it is recommended for this computer; empty: it is not."""
    path: Path | None = None
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a download stands. ``checking``: all bytes are here and their hash is computed."""

    done: int
    total: int
    checking: bool = False


class Models(Protocol):
    def offers(self) -> tuple[Offer, ...]:
        """The built-in model, the catalogue by size, then what was found on this disk."""
        ...

    def machine(self) -> str:
        """This computer in a few words: "16 GB memory, 8 cores"."""
        ...

    def download(self, entry: str, on_progress: Callable[[Progress], None], cancel: Cancel) -> Path:
        """Get a model and return its file. Raises DownloadError, and Cancelled (what arrived is kept)."""
        ...

    def discard(self, entry: str) -> None:
        """Remove what an unfinished download left. Raises DownloadError."""
        ...

    def open_file(self, path: Path) -> Path:
        """Check that ``path`` is a model. Raises ModelFileError."""
        ...


class LocalModels:
    """The catalogue, the Hugging Face cache and the models on this disk."""

    def __init__(self, data: Path) -> None:
        self._data = data

    # app.models is imported when it is used: the hub library takes longer to import than the window to open.

    def offers(self) -> tuple[Offer, ...]:
        from app.models import catalogue, downloads, found

        best = catalogue.choose(catalogue.Machine.this())
        offers, known = [], set[Path]()
        for entry in catalogue.entries():
            path = catalogue.built_in_path() if entry.built_in else None
            there = None if entry.built_in else downloads.cached(entry)
            path = there.path if there is not None else path
            if path is not None and path.is_file():
                known.add(path.resolve())
            offers.append(
                Offer(
                    setting="" if entry.built_in else entry.id,
                    title="Built-in" if entry.built_in else entry.title,
                    about=f"{entry.summary} Needs about {entry.memory_gb:g} GB of memory.",
                    bytes=path.stat().st_size if entry.built_in and path and path.is_file() else entry.bytes,
                    licence=entry.licence,
                    recommended=best.why if best.entry == entry and not entry.built_in else "",
                    path=path if path and path.is_file() else None,
                    entry="" if entry.built_in else entry.id,
                )
            )
        for model in found.find(self._data):
            if model.path.resolve() not in known:
                about = f"Found in {model.source}. Used where it is, not copied. {_needs(model)}".strip()
                offers.append(Offer(str(model.path), model.name, about, model.bytes, path=model.path))
        return tuple(offers)

    def machine(self) -> str:
        import psutil

        memory = psutil.virtual_memory().total / 2**30
        return f"{memory:.0f} GB memory, {psutil.cpu_count()} processor cores"

    def download(self, entry: str, on_progress: Callable[[Progress], None], cancel: Cancel) -> Path:
        from app.models import downloads

        report = lambda p: on_progress(Progress(p.done_bytes, p.total_bytes, p.stage == "checking"))  # noqa: E731
        return downloads.download(_entry(entry), report, cancel).path

    def discard(self, entry: str) -> None:
        from app.models import downloads

        downloads.discard(_entry(entry))

    def open_file(self, path: Path) -> Path:
        from app.models import locate

        return locate.locate(str(path), self._data).path


def _needs(model: FoundModel) -> str:
    """What a model on this disk would take, from its header; nothing of a file that cannot be read."""
    from agent.engine.fit import Machine, plan_file, size

    try:
        plan = plan_file(model.path, model.projector, Machine.this())
    except ModelFileError:
        return ""
    except ModelLoadError:
        return "Needs more memory than is free."
    return f"Needs about {size(plan.memory.needed)} of memory."


def _entry(name: str) -> Entry:
    from app.models import catalogue

    chosen = catalogue.entry(name)
    if chosen is None:
        raise AssertionError(f"{name} is not in the catalogue")
    return chosen
