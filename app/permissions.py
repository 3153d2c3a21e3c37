"""``deskhand permissions``: what was answered with "always", to see and take back. Imports late, see :mod:`app.cli`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from app.exit_codes import DONE, NOT_DONE

if TYPE_CHECKING:
    from agent.broker import Grant, Grants
    from app.settings import Places
    from app.surroundings import Surroundings

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def permissions(context: click.Context, as_json: bool) -> None:
    """What you answered with "always": list it, withdraw one."""
    if context.invoked_subcommand is None:
        _show(context.obj.places(), as_json)


@permissions.command("list")
@as_json
@click.pass_obj
def list_permissions(surroundings: Surroundings, as_json: bool) -> None:
    """The standing permissions, the oldest first."""
    _show(surroundings.places(), as_json)


@permissions.command()
@as_json
@click.argument("id", type=click.IntRange(min=1))
@click.pass_obj
def withdraw(surroundings: Surroundings, as_json: bool, id: int) -> int:
    """Take back the permission with this number; a Deskhand that runs asks again from its next step."""
    with _grants(surroundings.places()) as grants:
        withdrawn = grants is not None and grants.withdraw(id)
    if as_json:
        click.echo(json.dumps({"type": "withdrawn", "id": id, "withdrawn": withdrawn}))
    else:
        told = f"Withdrawn: {id}. Deskhand asks again." if withdrawn else f"There is no permission {id}."
        click.echo(f"{told} See deskhand permissions for the list.")
    return DONE if withdrawn else NOT_DONE


def _show(places: Places, as_json: bool) -> None:
    from app.terminal import visible

    with _grants(places) as grants:
        found = grants.list() if grants is not None else ()
    if not found and not as_json:
        click.echo('Nothing was answered with "always".')
    for grant in found:
        click.echo(json.dumps(_row(grant), ensure_ascii=False) if as_json else visible(_sentence(grant)))


def _row(grant: Grant) -> dict[str, str | int]:
    kind, value = grant.kind, grant.value
    return {"type": "permission", "id": grant.id, "tool": grant.tool, "kind": kind, "value": value}


def _sentence(grant: Grant) -> str:
    where = "in" if grant.kind == "folder" else "with"
    return f"{grant.id:3}  {grant.tool.replace('_', ' ')} {where} {grant.value}"


@contextmanager
def _grants(places: Places) -> Iterator[Grants | None]:
    """The permissions; none where Deskhand has never been used, and then nothing is made. Raises StorageError."""
    from agent.broker import Grants
    from agent.storage import Storage

    database = places.data / "deskhand.db"
    if not database.exists():
        yield None
        return
    storage = Storage(database)
    try:
        yield Grants(storage)
    finally:
        storage.close()
