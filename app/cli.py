"""The command line: ``deskhand`` and its commands. Thin: arguments in, the assistant does it, events out.

Exit codes: 0 done, 1 not done, 2 wrong usage, 130 stopped. Everything heavy is imported inside the command that
needs it, so that ``--help`` and shell completion answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agent.errors import DeskhandError
from app.erasing import erase_command
from app.exit_codes import DONE, NOT_DONE, STOPPED
from app.models.command import models
from app.network import network, stand_guard
from app.permissions import permissions
from app.policy_command import policy
from app.servers_command import mcp
from app.surroundings import (
    MODES,
    SERVER_HELP,
    SERVER_MODEL_HELP,
    Options,
    Surroundings,
    assistant_for,
    common,
    load_settings,
    only_json,
    printer_for,
    settings_in_force,
)

if TYPE_CHECKING:
    from agent.messages import Request
    from app.assistant import Assistant
    from app.settings import Places, Settings


def run(arguments: Sequence[str], surroundings: Surroundings | None = None) -> int:
    """Run one command and return its exit code. Nothing is raised but what is a bug."""
    as_json = "--json" in arguments
    try:
        code = deskhand.main(
            list(arguments), prog_name="deskhand", standalone_mode=False, obj=surroundings or _standard()
        )
        return code if isinstance(code, int) else DONE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_DONE
    except DeskhandError as trouble:
        from agent.events import Notice

        printer_for(as_json).show(Notice(level="error", text=trouble.what, remedy=trouble.remedy))
        return NOT_DONE


def _standard() -> Surroundings:
    def build(settings: Settings, places: Places) -> Assistant:
        from app import compose

        return compose.build(settings, places)

    def places() -> Places:
        from app.settings import Places

        return Places.standard()

    return Surroundings(build=build, places=places, read=_read_line)


def _read_line(prompt: str) -> str:
    """One line from the person. Asked on standard error: standard output is the answer's."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise EOFError
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deskhand", prog_name="deskhand")
@click.option("--model", metavar="NAME", help="A model's name, or the path of a GGUF.")
@click.option("--mode", type=click.Choice(MODES), help="What may be done without asking.")
@click.option("--server", metavar="URL", help=SERVER_HELP)
@click.option("--server-model", metavar="NAME", help=SERVER_MODEL_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event, while the window is open.")
@click.pass_context
def deskhand(context: click.Context, **given: Any) -> int:
    """A desktop assistant that runs on this machine, its model too unless you name a server. Without a command: its
    window."""
    if context.invoked_subcommand is not None:
        context.default_map = {context.invoked_subcommand: given}
        return DONE
    return _window(context.obj, Options(**given))


def _window(surroundings: Surroundings, options: Options) -> int:
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise DeskhandError(
            "There is no screen here to open a window on.",
            'In a terminal, use: deskhand do "…" or deskhand ask "…".',
        )
    from app.global_keys import GlobalKeys
    from app.qt.main import run as open_window
    from app.qt.models_port import LocalModels
    from app.settings import save
    from app.stopping import StopListener

    places = surroundings.places()
    settings, problems = load_settings(places, options)

    def build() -> Assistant:
        assistant = surroundings.build(settings, places)
        if options.as_json:
            assistant.subscribe(printer_for(as_json=True).show)
        assistant.attend()
        StopListener(assistant.stop)
        keys.on("stop", assistant.stop)
        return assistant

    def keep(changes: Mapping[str, object]) -> Settings:
        saved = save(places, changes)
        stand_guard(places, saved)
        return saved

    keys = GlobalKeys({"call": settings.call_keys, "stop": settings.stop_keys})
    try:
        return open_window(
            build,
            settings,
            keep,
            LocalModels(places.data),
            keys,
            problems,
        )
    finally:
        keys.close()


@deskhand.command()
@common
@click.option("--session", metavar="ID", help="Go on with an earlier session.")
@click.option(
    "--file", "files", type=click.Path(exists=True, path_type=Path), multiple=True, help="Attach a file."
)
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def do(
    surroundings: Surroundings,
    options: Options,
    session: str | None,
    files: tuple[Path, ...],
    words: tuple[str, ...],
) -> int:
    """Do something: deskhand do "make a folder Invoices"."""
    from agent.messages import Request

    request = Request(
        text=_said(words), source="command line", files=tuple(file.absolute() for file in files)
    )
    return _carry_out(surroundings, options, lambda _assistant: request, session)


def _said(words: Sequence[str]) -> str:
    text = " ".join(words).strip()
    if not text:
        raise click.UsageError("Say what you want, in quotes: nothing was asked.")
    return text


def _region(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter("give four whole numbers: X,Y,W,H") from None
    if width <= 0 or height <= 0:
        raise click.BadParameter("width and height are larger than 0")
    return x, y, width, height


@deskhand.command()
@common
@click.option("--screen", is_flag=True, help="Show the assistant the screen of this moment.")
@click.option(
    "--region", callback=_region, metavar="X,Y,W,H", help="Show it this part of the screen, in pixels."
)
@click.option(
    "--file", "files", type=click.Path(exists=True, path_type=Path), multiple=True, help="Ask about a file."
)
@click.option("--session", metavar="ID", help="Go on with an earlier session.")
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def ask(
    surroundings: Surroundings,
    options: Options,
    screen: bool,
    region: tuple[int, int, int, int] | None,
    files: tuple[Path, ...],
    session: str | None,
    words: tuple[str, ...],
) -> int:
    """Ask something: deskhand ask --screen "what does this say?"."""
    from agent.messages import Request

    def request(assistant: Assistant) -> Request:
        return Request(
            text=_said(words),
            source="command line",
            moment=assistant.look(region) if screen or region else None,
            files=tuple(file.absolute() for file in files),
        )

    return _carry_out(surroundings, options, request, session)


@deskhand.command()
@common
@click.pass_obj
def listen(surroundings: Surroundings, options: Options) -> int:
    """Listen to one spoken request and carry it out. It ends by itself when you stop speaking."""
    from app.following import follow
    from app.listening import listen_once

    with assistant_for(surroundings, options) as (assistant, events):
        assistant.start()
        task = listen_once(assistant, events, printer_for(options.as_json))
        if task is None:
            return NOT_DONE
        return follow(assistant, events, task, printer_for(options.as_json), surroundings.read)


@deskhand.group(invoke_without_command=True)
@only_json
@click.pass_context
def sessions(context: click.Context, options: Options) -> int:
    """What was said and done: list it, show one."""
    if context.invoked_subcommand is None:
        from app.past import list_sessions

        with assistant_for(context.obj, options) as (assistant, _):
            list_sessions(assistant, options.as_json)
    return DONE


@sessions.command("show")
@only_json
@click.argument("session")
@click.pass_obj
def show_session(surroundings: Surroundings, options: Options, session: str) -> int:
    """Show a session again, by its id or its number in the list (1 is the latest)."""
    from app.past import find_session

    printer = printer_for(options.as_json, with_requests=True)
    with assistant_for(surroundings, options) as (assistant, _):
        for event in assistant.open_session(find_session(assistant, session)):
            printer.show(event)
    return DONE


@deskhand.command()
@only_json
@click.argument("task", required=False)
@click.pass_obj
def undo(surroundings: Surroundings, options: Options, task: str | None) -> int:
    """Take back what the last task (or TASK) changed."""
    import json

    with assistant_for(surroundings, options) as (assistant, _):
        lines = assistant.undo(task)
    if options.as_json:
        rows = [{"text": line.text, "restored": line.restored} for line in lines]
        click.echo(json.dumps({"type": "undo", "steps": rows}, ensure_ascii=False))
    else:
        for text in [line.text for line in lines] or ["There is nothing to undo."]:
            click.echo(text)
    return DONE if lines and all(line.restored for line in lines) else NOT_DONE


@deskhand.command()
@only_json
def stop(options: Options) -> int:
    """Stop a running Deskhand, even one that hangs."""
    import json

    from app.stopping import stop_all

    count = stop_all()
    if options.as_json:
        click.echo(json.dumps({"type": "stop", "stopped": count}))
    else:
        click.echo("Stopped." if count else "No Deskhand is running.")
    return DONE if count else NOT_DONE


@deskhand.command()
@common
@click.pass_obj
def doctor(surroundings: Surroundings, options: Options) -> int:
    """Check what this machine can do, and say what to change."""
    from app import doctor as doctor_module

    places = surroundings.places()
    findings = doctor_module.examine(settings_in_force(places, options), places, _say_something)
    return doctor_module.report(findings, options.as_json)


def _say_something() -> None:
    click.echo("Listening for two seconds: say something.", err=True)


deskhand.add_command(erase_command)
deskhand.add_command(models)
deskhand.add_command(mcp)
deskhand.add_command(network)
deskhand.add_command(permissions)
deskhand.add_command(policy)


def _carry_out(
    surroundings: Surroundings, options: Options, request: Callable[[Assistant], Request], session: str | None
) -> int:
    """One request from its words to its exit code."""
    from app.following import follow
    from app.past import find_session

    with assistant_for(surroundings, options) as (assistant, events):
        if session is not None:
            assistant.open_session(find_session(assistant, session))
        # The screen is taken before the model loads: it is the screen of the moment the person asked.
        asked = request(assistant)
        assistant.start()
        task = assistant.submit(asked)
        return follow(assistant, events, task, printer_for(options.as_json), surroundings.read)
