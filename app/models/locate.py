"""From what the person calls a model to the file to open.

The settings and ``--model`` hold a name: nothing (the built-in model), a catalogue id, a path to any GGUF,
``hf:owner/repo/file.gguf``, or the name of a model found on this disk.
"""

from __future__ import annotations

import re
from pathlib import Path

from agent.errors import ModelFileError
from app.models import catalogue, downloads, found

HUB_FILE = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>.+\.gguf)", re.IGNORECASE)
"""``hf:owner/repo/file.gguf``"""


def locate(name: str, data: Path) -> catalogue.ModelFiles:
    """The files behind ``name``; ``data`` is our data folder. Touches no network.

    Raises ModelFileError, which says how to get the model when it is known but not on this disk.
    """
    entry = catalogue.entry(name) if name else catalogue.built_in()
    if entry is not None:
        return _of_catalogue(entry)
    hub = HUB_FILE.fullmatch(name)
    if hub is not None:
        return _on_the_hub(name, hub["repository"], hub["file"])
    path = Path(name).expanduser()
    if path.is_file():
        model = found.describe(path.absolute())
        if model is None:
            raise ModelFileError(
                f"{path} is not a GGUF file; nothing was loaded.",
                "It may be damaged or of another kind: get it again, or choose another.",
            )
        return catalogue.ModelFiles(model.path, model.projector, model.drafter)
    for model in found.find(data):
        if model.name == name:
            return catalogue.ModelFiles(model.path, model.projector, model.drafter)
    raise ModelFileError(
        f"There is no model called {name}, and no such file.", "See deskhand models list for what there is."
    )


def _of_catalogue(entry: catalogue.Entry) -> catalogue.ModelFiles:
    if entry.built_in:
        path = catalogue.built_in_path()
        if not path.is_file():
            raise ModelFileError(
                "The built-in model is missing from this installation.",
                "Install Deskhand again, or choose another model with deskhand models use.",
            )
        return catalogue.ModelFiles(path)
    there = downloads.cached(entry)
    if there is None:
        raise ModelFileError(
            f"{entry.title} is not on this disk yet.", f"Get it with: deskhand models pull {entry.id}"
        )
    return there


def _on_the_hub(name: str, repository: str, file: str) -> catalogue.ModelFiles:
    there = downloads.cached(catalogue.on_the_hub(repository, file))
    if there is None:
        raise ModelFileError(f"{name} is not on this disk yet.", f"Get it with: deskhand models pull {name}")
    model = found.describe(there.path)
    if model is None:
        raise ModelFileError(f"{name} is not a GGUF file; nothing was loaded.", "Choose another file.")
    return catalogue.ModelFiles(model.path, model.projector, model.drafter)
