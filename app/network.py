"""``deskhand network``: what left this computer, for whoever wants to know. Imports late, see :mod:`app.cli`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from app.exit_codes import DONE

if TYPE_CHECKING:
    from agent.egress import Connection, Egress
    from app.settings import Places, Settings
    from app.surroundings import Surroundings

LOG = "network.jsonl"


def egress(places: Places, offline: bool) -> Egress:
    """The switch, as the settings have it, and the log."""
    from agent.egress import Egress

    return Egress(places.state / LOG, offline)


def stand_guard(places: Places, settings: Settings) -> None:
    """From now on nothing leaves this process unnoticed, and nothing at all if the settings say so."""
    from agent.egress import watch

    watch(egress(places, settings.offline))


@click.command("network")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def network(surroundings: Surroundings, as_json: bool) -> int:
    """What left this computer, and what was held back."""
    from app.terminal import visible

    found = egress(surroundings.places(), offline=False).connections()
    if not found and not as_json:
        click.echo("Nothing has left this computer.")
    for one in found:
        click.echo(json.dumps({"type": "connection", **asdict(one)}) if as_json else visible(_sentence(one)))
    return DONE


def _sentence(connection: Connection) -> str:
    when = datetime.fromtimestamp(connection.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    where = f"{connection.host}:{connection.port}" if connection.port else connection.host
    why = f", for {connection.purpose}" if connection.purpose else ""
    return f"{when}  {where}{why}" + ("" if connection.allowed else "  (held back)")
