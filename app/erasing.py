"""``deskhand erase``: everything that Deskhand knows of this person, gone. Imports late, see :mod:`app.cli`."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.errors import StorageError
from app.exit_codes import DONE, NOT_DONE

if TYPE_CHECKING:
    from app.settings import Places
    from app.surroundings import Surroundings

MODELS = "models"
"""In the data folder; no words of the person's are in them, and they are large."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies at ``path``, and how many bytes it takes."""

    what: str
    path: Path
    bytes: int


def kept(places: Places) -> tuple[Kept, ...]:
    """All that is kept, but for the models."""
    return tuple(Kept(what, path, _size(path)) for what, path in _all(places) if os.path.lexists(path))


def _all(places: Places) -> Iterator[tuple[str, Path]]:
    if places.config != places.data:  # macOS has one folder for both, and for the state
        yield "settings", places.config
    if places.data.is_dir():
        for name in sorted(os.listdir(places.data)):
            path = places.data / name
            if name == MODELS and path.is_dir():
                continue
            database = "conversations, what was remembered, reminders, permissions, what was done"
            yield (database if path.suffix == ".db" else "copies for undo and others"), path
    if places.state != places.data:
        yield "logs, also of what left this computer", places.state
    yield "what the model has read of conversations, and what servers keep", places.cache


def erase(places: Places) -> tuple[Kept, ...]:
    """Remove all of it; what could not be removed."""
    for one in kept(places):
        whole = one.path in (places.config, places.state, places.cache)  # where a link leads is ours as well
        if one.path.is_dir() and (whole or not one.path.is_symlink()):
            shutil.rmtree(one.path.resolve(), ignore_errors=True)
        with contextlib.suppress(OSError):
            one.path.unlink(missing_ok=True)
    return kept(places)


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.lstat().st_size
    return sum(below.lstat().st_size for below in path.rglob("*") if not below.is_dir())


@click.command("erase")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase_command(surroundings: Surroundings, yes: bool) -> int:
    """Erase everything that Deskhand keeps of you. That is conversations, memory, undo and settings; your own files and
    the models stay."""
    from app.stopping import running

    places = surroundings.places()
    try:
        found = kept(places)
    except OSError as error:
        raise StorageError(
            f"{error.filename} could not be read ({error.strerror}), so nothing was erased."
        ) from error
    if not found:
        click.echo("Deskhand keeps nothing.")
        return DONE
    for one in found:
        click.echo(f"{one.bytes / 1e6:10,.1f} MB  {one.what}: {one.path}")
    if running():
        click.echo("Deskhand is running. Close it first; nothing was erased.", err=True)
        return NOT_DONE
    if not yes and not _agreed(surroundings):
        click.echo("Nothing was erased.")
        return NOT_DONE
    left = erase(places)
    for one in left:
        click.echo(f"This could not be removed: {one.path}", err=True)
    if left:
        click.echo("Everything else was erased.")
        return NOT_DONE
    click.echo("Erased. Changes that Deskhand made to your files can no longer be undone.")
    return DONE


def _agreed(surroundings: Surroundings) -> bool:
    try:
        return surroundings.read('Erase all of this for good? Type "erase" to do it: ').strip() == "erase"
    except EOFError:
        click.echo("Nobody is here to ask. Say --yes if you mean it.", err=True)
        return False
