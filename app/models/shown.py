"""What ``deskhand models`` shows: the list, and the progress of a download."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from app.models import catalogue, downloads, found, locate
from app.settings import Places, load
from app.terminal import Style, visible


def list_models(places: Places, as_json: bool) -> None:
    """Print the server in use, the catalogue and the models found on this disk."""
    settings = load(places).settings
    current = "" if settings.server else settings.model or catalogue.built_in().id
    choice = catalogue.choose(catalogue.Machine.this())
    rows = [_row(entry, current, choice.entry) for entry in catalogue.entries()]
    ours = {path.resolve() for entry in catalogue.entries() if (path := _path_of(entry)) is not None}
    others = [model for model in found.find(places.data) if model.path.resolve() not in ours]
    found_rows = [_found_row(model, current) for model in others]
    if as_json:
        if settings.server:
            row = {"type": "server", "url": settings.server, "model": settings.server_model, "in_use": True}
            click.echo(json.dumps(row, ensure_ascii=False))
        for row in rows:
            click.echo(json.dumps({"type": "model"} | row, ensure_ascii=False))
        for row in found_rows:
            click.echo(json.dumps({"type": "found"} | row, ensure_ascii=False))
        return
    style = Style.of(sys.stdout, os.environ)
    used = style("green", "●")
    if settings.server:
        click.echo(f"{used} {visible(settings.server)}  a server runs the model\n")
    elif not any(row["in_use"] for row in (*rows, *found_rows)):
        click.echo(f"{used} {visible(current)}\n")
    for entry, row in zip(catalogue.entries(), rows, strict=True):
        mark = used if row["in_use"] else " "
        size = f"{entry.bytes / catalogue.GB:5.1f} GB" if entry.bytes else "       –"
        notes = [str(row["state"])] + (["recommended"] if row["recommended"] else [])
        click.echo(f"{mark} {entry.id:<16} {size}  needs {entry.memory_gb:4.1f} GB  {', '.join(notes)}")
        click.echo(style("dim", f"  {'':<16} {entry.summary}"))
    if others:
        click.echo("\nAlso on this disk:")
    for model, row in zip(others, found_rows, strict=True):
        mark = used if row["in_use"] else " "
        click.echo(f"{mark} {visible(model.name)}  {model.bytes / catalogue.GB:.1f} GB  ({model.source})")
    click.echo(f"\nFor this machine: {choice.entry.title}. {choice.why}")


def _row(entry: catalogue.Entry, current: str, recommended: catalogue.Entry) -> dict[str, object]:
    path = _path_of(entry)
    state = "built in" if entry.built_in else "on this disk" if path else "not downloaded"
    return {
        "id": entry.id,
        "title": entry.title,
        "summary": entry.summary,
        "bytes": entry.bytes,
        "memory_gb": entry.memory_gb,
        "licence": entry.licence,
        "sees": entry.sees,
        "hears": entry.hears,
        "context_tokens": entry.context_tokens,
        "state": state,
        "path": str(path) if path else "",
        "in_use": entry.id == current,
        "recommended": entry.id == recommended.id,
    }


def _found_row(model: found.FoundModel, current: str) -> dict[str, object]:
    return {
        "name": model.name,
        "path": str(model.path),
        "bytes": model.bytes,
        "source": model.source,
        "in_use": str(model.path) == current,
        "projector": str(model.projector) if model.projector else "",
    }


def _path_of(entry: catalogue.Entry) -> Path | None:
    if entry.built_in:
        return catalogue.built_in_path()
    there = downloads.cached(entry)
    return there.path if there else None


def to_download(name: str) -> catalogue.Entry:
    """The model to download when the person says ``name``. Raises UsageError."""
    entry = catalogue.entry(name)
    if entry is not None and not entry.built_in:
        return entry
    if entry is not None:
        raise click.UsageError(f"{entry.title} is built in; there is nothing to download.")
    hub = locate.HUB_FILE.fullmatch(name)
    if hub is None:
        known = ", ".join(e.id for e in catalogue.entries() if not e.built_in)
        raise click.UsageError(
            f"There is no model called {name}. There are: {known}; or hf:owner/repo/file.gguf."
        )
    return catalogue.on_the_hub(hub["repository"], hub["file"])


def show_json(progress: downloads.Progress) -> None:
    """One line of JSON per report."""
    row = {
        "type": "progress",
        "stage": progress.stage,
        "file": progress.file,
        "done_bytes": progress.done_bytes,
        "total_bytes": progress.total_bytes,
    }
    click.echo(json.dumps(row))


def show_line(progress: downloads.Progress) -> None:
    """One line that the next report overwrites; nothing where there is no terminal."""
    if not sys.stderr.isatty():
        return
    share = progress.done_bytes / max(1, progress.total_bytes)
    stage = "Checking" if progress.stage == "checking" else "Downloading"
    done, total = progress.done_bytes / catalogue.GB, progress.total_bytes / catalogue.GB
    end = "\n" if progress.stage == "checking" and progress.done_bytes == progress.total_bytes else ""
    sys.stderr.write(f"\r\x1b[K{stage} {progress.file}  {done:.2f} of {total:.2f} GB  {share:.0%}{end}")
    sys.stderr.flush()
