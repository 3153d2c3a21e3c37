"""The composition root: the only place where concrete parts meet.

``build`` opens the database and looks at the desktop, so it takes some tenths of a second; the model loads later, on
the agent thread. Without a desktop the assistant still talks and works with files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import resources
from logging.handlers import RotatingFileHandler
from pathlib import Path

from agent.broker import Broker, Grants, Policy
from agent.broker.places import Places as Floors
from agent.context import PROMPT_BUDGET_TOKENS, Profile
from agent.egress import staying_offline
from agent.engine.port import ModelSpec
from agent.engine.remote import address_of
from agent.errors import DesktopError
from agent.events import PointedAt
from agent.journal import Journal
from agent.memory import Memory
from agent.messages import Moment, Picture
from agent.session import Sessions
from agent.storage import Storage
from agent.tool import Tool, ToolContext, ToolResult
from app.engines import ChosenEngine, server_of
from app.family import desktop_tools, every_tool
from app.hub import EventHub
from app.local import LocalAssistant
from app.models.catalogue import ModelFiles
from app.models.found import describe
from app.models.locate import locate
from app.network import stand_guard
from app.parts import Parts, Region
from app.questions import Questions
from app.settings import Places, Settings, load
from tools import applications, files, pointing, reminders, screen
from tools.commands import Commands
from tools.desktop import connect
from tools.desktop.composited import composited
from tools.desktop.held import release_held
from tools.desktop.port import Bounds, Desktop
from tools.files.attachment import attachment
from tools.mcp.pins import Pins
from tools.mcp.servers import CHARACTERS_PER_TOKEN, Servers, tokens_of
from tools.moment import Frozen, Part, freeze, moment_of
from tools.voice.voice import local_voice


def build(settings: Settings, places: Places) -> LocalAssistant:
    """The assistant for this machine and these settings, not started yet.

    Raises StorageError when the database cannot be opened.
    """
    _log_to(places.state / "deskhand.log")
    hub = EventHub()
    places.data.mkdir(parents=True, exist_ok=True)
    storage = Storage(places.data / "deskhand.db")
    settings.workspace.mkdir(parents=True, exist_ok=True)
    workspace = files.Workspace(settings.workspace, Path.home())
    kept = reminders.Reminders(storage)
    senses = Senses(settings)
    voice = local_voice(hub.emit)
    policy = _policy(settings, places, workspace)
    shell = _shell(policy, places)
    tools = every_tool(
        senses.tools(workspace),
        workspace,
        senses.open_path(workspace),
        kept,
        Memory(storage),
        shell,
        voice.transcribe,
    )
    system = _prompt("system.md")
    servers = _servers(policy, places, storage, shell)
    used = len(system) / CHARACTERS_PER_TOKEN + sum(map(tokens_of, tools.values()))
    offered = servers.offered(tools.values(), PROMPT_BUDGET_TOKENS - used)
    parts = Parts(
        engine=ChosenEngine(),
        tools=tools | {tool.name: tool for tool in offered.tools},
        broker=Broker(policy, Grants(storage)),
        journal=Journal(storage, places.data / "journal"),
        storage=storage,
        sessions=Sessions(storage),
        reminders=kept,
        voice=voice,
        questions=Questions(hub),
        senses=senses,
        read_attachment=partial(attachment, hear=voice.transcribe),
        system=system,
        spec=lambda path: _spec(settings, places, path),
        speak_answers=settings.speak_answers,
        fast_pictures=settings.old_pictures == "fast",
        keep_days=settings.keep_days,
        saved=places.cache / "sessions",
        servers=servers,
        remarks=offered.remarks,
    )
    return LocalAssistant(parts, hub)


@contextmanager
def servers_alone(places: Places) -> Iterator[Servers]:
    """The servers of ``mcp.json`` without an assistant, to be looked at and allowed. Raises StorageError."""
    settings = load(places).settings
    stand_guard(places, settings)
    policy = _policy(settings, places, files.Workspace(settings.workspace, Path.home()))
    storage = Storage(places.data / "deskhand.db")
    servers = _servers(policy, places, storage, _shell(policy, places))
    try:
        yield servers
    finally:
        servers.close()
        storage.close()


def _policy(settings: Settings, places: Places, workspace: files.Workspace) -> Policy:
    return Policy(
        mode=settings.mode,
        workspace=workspace.root,
        home=workspace.home,
        protected=(places.config, places.data, places.state, places.cache),
        resolve=workspace.resolve,
    )


def _shell(policy: Policy, places: Places) -> Commands:
    floors = Floors(policy)
    scratch = places.cache / "commands"
    return Commands(policy.workspace, policy.home, scratch, floors.kept_from_commands, floors.hidden_in)


def _servers(policy: Policy, places: Places, storage: Storage, shell: Commands) -> Servers:
    file, folder = places.config / "mcp.json", places.cache / "servers"
    return Servers(file, Pins(storage), folder, policy, lambda: shell.no_sandbox, staying_offline)


def _spec(settings: Settings, places: Places, path: Path | None) -> ModelSpec:
    """The file at ``path``; without one the settings' server, or their model. Raises ModelError."""
    server = server_of(settings) if path is None else None
    if server is not None:
        name = Path(server.model or address_of(server).host)
        return ModelSpec(path=name, server=server, context_tokens=settings.context_tokens)
    files = locate(settings.model, places.data) if path is None else _with_companions(path)
    return ModelSpec(
        path=files.path,
        projector=files.projector,
        drafter=files.drafter,
        context_tokens=settings.context_tokens,
        gpu_layers=settings.gpu_layers,
        threads=settings.threads,
    )


def _with_companions(path: Path) -> ModelFiles:
    """The model at ``path`` with what lies beside it. Whether it can be loaded the engine says."""
    described = describe(path)
    return ModelFiles(path, described.projector, described.drafter) if described else ModelFiles(path)


def _log_to(path: Path) -> None:
    """Warnings and errors of ours go to a file that cannot grow without end; what the person said never does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=500_000, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.setLevel(logging.WARNING)
    for room in ("agent", "app", "tools"):
        logging.getLogger(room).addHandler(handler)


def _prompt(name: str) -> str:
    return resources.files("assets").joinpath("prompts", name).read_text(encoding="utf-8")


class Senses:
    """The desktop, if there is one: what the tools see and do, and the screen of a moment."""

    def __init__(self, settings: Settings) -> None:
        self.missing: DesktopError | None = None
        """Why there is no desktop."""
        try:
            desktop = connect(settings.private_applications)
            self._uncovered = pointing.UncoveredCapture(desktop.capture)
            self._desktop: Desktop | None = replace(desktop, capture=self._uncovered)
            self._screen = screen.Screen(self._desktop)
        except DesktopError as trouble:
            self._desktop, self.missing = None, trouble

    def tools(self, workspace: files.Workspace) -> tuple[Tool, ...]:
        if self._desktop is None:
            return ()
        return desktop_tools(self._desktop, self._screen, workspace)

    def open_path(self, workspace: files.Workspace) -> Callable[[Path, ToolContext], ToolResult]:
        def open_path(path: Path, context: ToolContext) -> ToolResult:
            if self._desktop is None:
                return ToolResult.failed("there is no screen here to open it on")
            return applications.open_path(self._desktop, path, workspace.name(path), context)

        return open_path

    def look(self, budget: int, region: Region | None = None) -> Moment:
        """The screen of now, or a part of it. Raises DesktopError."""
        if self.missing is not None:
            raise self.missing
        return self._screen.moment(budget, Bounds(*region) if region else None)

    def freeze(self, region: Region) -> Frozen:
        """The pixels of now. Raises DesktopError."""
        return freeze(self._there(), Bounds(*region))

    def look_at(self, frozen: Frozen, part: Part, budget: int) -> Moment:
        """A part of what was frozen. Raises DesktopError."""
        return moment_of(self._there(), self._screen, frozen, part, budget)

    def quoted(self, answer: str) -> PointedAt | None:
        """The one control of what was looked at last that ``answer`` quotes. Raises DesktopError."""
        if self._desktop is None or self._screen.shown is None:
            return None
        return pointing.quoted(self._desktop, self._screen.shown, answer)

    def whereabouts(self, window: int, x: int, y: int) -> Region | None:
        """Where a window is, if it is what shows at this point. Raises DesktopError."""
        desktop = self._there()
        found = desktop.windows.find(window)
        if found is None or found.minimised or not desktop.windows.reaches(found, x, y):
            return None
        return found.bounds.x, found.bounds.y, found.bounds.width, found.bounds.height

    def composited(self) -> bool:
        """Whether half transparent windows can be shown. Raises DesktopError."""
        self._there()
        return composited()

    def let_go(self) -> None:
        """Release what injected input holds down. Raises DesktopError."""
        if self._desktop is not None:
            release_held()

    def uncover(self, put_away: Callable[[], None]) -> None:
        """Have ``put_away`` called before pixels of the screen are taken."""
        self._uncovered.put_away = put_away

    def _there(self) -> Desktop:
        if self._desktop is None:
            raise self.missing or DesktopError("There is no screen here.")
        return self._desktop

    def suit(self, profile: Profile) -> None:
        """Show the screen as a model can take it from now on."""
        if self._desktop is not None:
            self._screen.budget = profile.observation_chars
            self._screen.pictured = profile.sees
            self._screen.views.points = profile.points

    def saw(self, pictures: tuple[Picture, ...]) -> None:
        """See :attr:`agent.loop.Ports.saw`."""
        if self._desktop is not None:
            self._screen.views.shown = pictures
