"""``deskhand models``: what there is, getting one, using one. Imports late, see :mod:`app.cli`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.surroundings import Surroundings

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


@click.group()
def models() -> None:
    """The models: list them, get one, use one."""


@models.command("list")
@as_json
@click.pass_obj
def list_models(surroundings: Surroundings, as_json: bool) -> None:
    """The models on offer and the ones on this disk."""
    from app.models import shown

    shown.list_models(surroundings.places(), as_json)


@models.command()
@as_json
@click.argument("name")
@click.pass_obj
def pull(surroundings: Surroundings, name: str, as_json: bool) -> int:
    """Download a model: its id in the list, or hf:owner/repo/file.gguf. Stopped with Ctrl-C, it goes on next time."""
    from agent.cancel import Cancel
    from app.models import downloads, shown
    from app.network import stand_guard
    from app.settings import load

    places = surroundings.places()
    stand_guard(places, load(places).settings)
    entry = shown.to_download(name)
    try:
        there = downloads.download(entry, shown.show_json if as_json else shown.show_line, Cancel())
    except KeyboardInterrupt:
        click.echo(f"\nStopped. What arrived is kept; go on with: deskhand models pull {name}", err=True)
        raise
    if as_json:
        row = {"type": "downloaded", "model": str(there.path), "projector": str(there.projector or "")}
        click.echo(json.dumps(row, ensure_ascii=False))
    else:
        click.echo(f"{entry.title} is on this disk, checked. Use it with: deskhand models use {entry.id}")
    return 0


@models.command()
@as_json
@click.argument("name")
@click.pass_obj
def use(surroundings: Surroundings, name: str, as_json: bool) -> None:
    """Use a model from now on: its id, a path, hf:owner/repo/file.gguf, or a name from the list."""
    from app.models import catalogue, locate
    from app.settings import save

    places = surroundings.places()
    files = locate.locate(name, places.data)
    entry = catalogue.entry(name)
    if entry is not None:
        save(places, {"model": None if entry.built_in else entry.id, "server": None})
    else:
        save(places, {"model": name if name.startswith("hf:") else str(files.path), "server": None})
    if as_json:
        click.echo(json.dumps({"type": "in_use", "model": str(files.path)}, ensure_ascii=False))
    else:
        click.echo(f"From now on: {files.path.name}")
