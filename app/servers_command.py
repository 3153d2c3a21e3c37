"""``deskhand mcp``: the servers of ``mcp.json``, what they offer, what is allowed. Imports late, see :mod:`app.cli`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from app.exit_codes import DONE, NOT_DONE

if TYPE_CHECKING:
    from app.settings import Places
    from app.surroundings import Surroundings
    from tools.mcp.pins import Pin
    from tools.mcp.servers import Servers

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
_MOST_LINES = 400
"""Of one tool: more nobody looks through, and what was not looked at is not allowed."""


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def mcp(context: click.Context, as_json: bool) -> None:
    """Tools of other programs (MCP): list, allow, forget."""
    if context.invoked_subcommand is None:
        _list(context.obj.places(), as_json)


@mcp.command("list")
@as_json
@click.pass_obj
def list_servers(surroundings: Surroundings, as_json: bool) -> None:
    """The servers of mcp.json and their tools, as far as they are known. Starts nothing."""
    _list(surroundings.places(), as_json)


@mcp.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("name")
@click.pass_obj
def allow(surroundings: Surroundings, name: str, yes: bool) -> int:
    """Ask the server NAME for its tools, show what is new or different, and allow it."""
    from agent.cancel import Cancel
    from app.terminal import visible

    with _servers(surroundings.places()) as servers:
        pins = servers.look(name, Cancel())
        waiting = [pin for pin in pins if pin.state != "allowed"]
        shown = [pin for pin in waiting if len(pin.difference()) <= _MOST_LINES]
        for pin in waiting:
            click.echo(visible(_heading(pin)))
            for line in (
                pin.difference() if pin in shown else ("says too much to be looked through: not allowed",)
            ):
                click.echo(f"    {visible(line)}")
        if waiting and not shown:
            click.echo("Nothing was allowed.")
            return NOT_DONE
        if not waiting:
            click.echo(f"Nothing has changed: {_counted(len(pins))} of {name} are allowed.")
            return DONE
        if not yes and not _agreed(surroundings):
            click.echo("Nothing was allowed.")
            return NOT_DONE
        allowed = servers.allow(tuple(shown))
    click.echo(f"Allowed: {_counted(len(allowed))} of {name}. They are there when Deskhand starts anew.")
    return DONE


@mcp.command()
@click.argument("name")
@click.pass_obj
def forget(surroundings: Surroundings, name: str) -> int:
    """Withdraw what you allowed of the server NAME."""
    with _servers(surroundings.places()) as servers:
        known = servers.forget(name)
    click.echo(f"Withdrawn: the tools of {name}." if known else f"Nothing of {name} was allowed.")
    return DONE if known else NOT_DONE


def _agreed(surroundings: Surroundings) -> bool:
    try:
        return surroundings.read("Allow this? [y/N] ").strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def _list(places: Places, as_json: bool) -> None:
    from app.terminal import visible

    with _servers(places) as servers:
        rows = [(name, pin) for name in servers.entries for pin in servers.pins(name)]
        if as_json:
            for name, pin in rows:
                row = {"type": "server_tool", "server": name, "tool": pin.tool, "state": pin.state}
                click.echo(json.dumps(row, ensure_ascii=False))
            return
        for problem in servers.problems:
            click.echo(visible(problem), err=True)
        if not servers.entries:
            click.echo(f"No servers. They are named in {places.config / 'mcp.json'}.")
        for name, entry in servers.entries.items():
            click.echo(
                visible(f"{name}: {'switched off, ' if entry.disabled else ''}{entry.url or entry.command}")
            )
            pins = servers.pins(name)
            for pin in pins:
                click.echo(visible(f"  {_heading(pin)}"))
            if not pins:
                click.echo(f"  Its tools are not known yet: deskhand mcp allow {name}")


def _heading(pin: Pin) -> str:
    said = pin.seen or pin.allowed
    return f"{pin.state:8} {' '.join(pin.tool.split())}" + (f"  ({said.digest[:12]})" if said else "")


def _counted(number: int) -> str:
    return f"{number} tool{'' if number == 1 else 's'}"


@contextmanager
def _servers(places: Places) -> Iterator[Servers]:
    """The servers, not started. Raises StorageError."""
    from app.compose import servers_alone

    with servers_alone(places) as servers:
        yield servers
