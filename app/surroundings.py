"""What every command stands on: the places, the settings, the assistant; and the options that commands share.

Everything heavy is imported inside the command that needs it, so that ``--help`` and shell completion answer at once.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agent.errors import StorageError
from app.network import stand_guard

if TYPE_CHECKING:
    from agent.events import Event
    from app.assistant import Assistant
    from app.settings import Places, Settings
    from app.terminal import Printer

    Build = Callable[[Settings, Places], Assistant]

MODES = ("read-only", "ask", "workspace", "full")

SERVER_HELP = "Let this OpenAI-compatible server run the model: what the model is shown goes there."
SERVER_MODEL_HELP = "Which of the server's models; its first by default."

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the commands stand on; tests bring their own."""

    build: Build
    places: Callable[[], Places]
    read: Callable[[str], str]
    """Reads one line from the person, after showing its argument; raises EOFError when nobody is there."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options that the commands share."""

    as_json: bool
    model: str | None = None
    mode: str | None = None
    server: str | None = None
    server_model: str | None = None


def common(command: F) -> F:
    """``--json``, ``--model``, ``--mode`` and the server's, handed over as ``options``."""

    def gather(**given: Any) -> Any:
        ours = {name: given.pop(name) for name in ("as_json", "model", "mode", "server", "server_model")}
        return command(options=Options(**ours), **given)

    gather.__name__, gather.__doc__ = command.__name__, command.__doc__
    gather.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for decorate in (
        click.option("--server-model", metavar="NAME", help=SERVER_MODEL_HELP),
        click.option("--server", metavar="URL", help=SERVER_HELP),
        click.option("--mode", type=click.Choice(MODES), help="What may be done without asking."),
        click.option("--model", metavar="NAME", help="A model's name, or the path of a GGUF."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object per event."),
    ):
        gather = decorate(gather)
    return gather  # type: ignore[return-value]


def only_json(command: F) -> F:
    """``--json`` alone, handed over as ``options``: for what needs no model."""

    def gather(as_json: bool, **given: Any) -> Any:
        return command(options=Options(as_json), **given)

    gather.__name__, gather.__doc__ = command.__name__, command.__doc__
    gather.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return with_json(gather)  # type: ignore[return-value]


with_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


def settings_in_force(places: Places, options: Options) -> Settings:
    """The settings in force; what is wrong with the file is told on standard error and does not stop anything."""
    settings, _problems = load_settings(places, options)
    return settings


def load_settings(places: Places, options: Options) -> tuple[Settings, tuple[StorageError, ...]]:
    """The same, with what is wrong for a window to show as well."""
    from app.settings import load

    loaded = load(places)
    for problem in loaded.problems:
        click.echo(str(problem), err=True)
    given = {"model": options.model, "mode": options.mode}
    given |= {"server": options.server, "server_model": options.server_model}
    changes: dict[str, object] = {name: value for name, value in given.items() if value}
    if options.model and not options.server:
        changes["server"] = ""  # a model of this machine was asked for
    elif options.server and options.server != loaded.settings.server:
        # What the file says of another server, its key above all, is not this one's.
        changes = {"server_model": "", "server_sees": None, "server_plain_http": False} | changes
        if "DESKHAND_SERVER_KEY_VARIABLE" not in os.environ:
            changes["server_key_variable"] = ""
    settings = loaded.settings.model_copy(update=changes)
    stand_guard(places, settings)
    return settings, loaded.problems


@contextmanager
def assistant_for(
    surroundings: Surroundings, options: Options
) -> Iterator[tuple[Assistant, queue.SimpleQueue[Event]]]:
    """The assistant for the length of one command, and the queue its events arrive in."""
    from app.stopping import StopListener

    places = surroundings.places()
    assistant = surroundings.build(settings_in_force(places, options), places)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    unsubscribe = assistant.subscribe(events.put)
    listener = StopListener(assistant.stop)
    try:
        yield assistant, events
    finally:
        listener.close()
        unsubscribe()
        assistant.close()


def printer_for(as_json: bool, with_requests: bool = False) -> Printer:
    from app.terminal import JsonPrinter, TextPrinter

    return JsonPrinter() if as_json else TextPrinter(os.environ, with_requests=with_requests)
