"""``deskhand policy``: what the broker would decide, without a model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.exit_codes import DONE, NOT_DONE

if TYPE_CHECKING:
    from app.surroundings import Surroundings


@click.group()
def policy() -> None:
    """What may be done without asking, and why."""


@policy.command()
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    help="Relative paths are in here; that of the settings by default.",
)
@click.option("--home", type=click.Path(path_type=Path), help="The home folder; yours by default.")
@click.option("--json", is_flag=True, expose_value=False, help="The output is JSON with and without it.")
@click.pass_obj
def decide(surroundings: Surroundings, workspace: Path | None, home: Path | None) -> int:
    """Read calls from standard input, one JSON object a line, and print a decision for each.

    Nothing is run, read or changed. docs/policy.md tells the fields.
    """
    from app.policy import Auditor, answers
    from app.settings import load

    places = surroundings.places()
    own = (places.config, places.data, places.state, places.cache)
    auditor = Auditor(workspace or load(places).settings.workspace, home or Path.home(), own)
    code = DONE
    for answer, right in answers(sys.stdin.buffer, auditor):
        code = code if right else NOT_DONE
        # One line at a time: whoever asks may wait for the answer before they ask again.
        click.echo(json.dumps(answer, ensure_ascii=True))
    return code
