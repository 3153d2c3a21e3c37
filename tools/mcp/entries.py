"""``mcp.json``: the person's file, ``{"mcpServers": {name: {"command", "args", "env"} or {"url"}}}``. Never written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.broker.foreign import Does

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_LARGEST = 1 << 20


class Entry(BaseModel):
    """One server. ``command`` is run here, in the sandbox unless ``sandbox`` is false; ``url`` is a streamable HTTP
    address. What is said beyond the usual fields:

    ``network``: the process may use it. ``read`` and ``write``: folders it is shown. ``tools``: only these are offered.
    ``effects``: what its tools do, as the person says; a tool that is not named there sends something away.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}
    sandbox: bool = True
    network: bool = False
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    effects: dict[str, Does] = {}
    disabled: bool = False
    type: Literal["stdio", "http", "streamable-http", "streamableHttp"] | None = Field(default=None)

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> Entry:
        if bool(self.command) == bool(self.url):
            raise ValueError("needs either a command or a url")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("the url must begin with https:// or http://")
        return self


@dataclass(frozen=True, slots=True)
class Entries:
    """The servers by name, and what is wrong with the rest of the file, a sentence each."""

    servers: dict[str, Entry]
    problems: tuple[str, ...] = ()


def read_entries(file: Path) -> Entries:
    """What stands in ``file``; nothing when there is none."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return Entries({})
    except OSError as error:
        return Entries({}, (f"{file} could not be read: {error.strerror}.",))
    if len(text) > _LARGEST:
        return Entries({}, (f"{file} is larger than a file of settings is.",))
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return Entries({}, (f"{file} is not JSON, so no server in it is used.",))
    listed = told.get("mcpServers") if isinstance(told, dict) else None
    if not isinstance(listed, dict):
        return Entries({}, (f'{file} has no "mcpServers", so no server is used.',))
    servers: dict[str, Entry] = {}
    problems: list[str] = []
    for name, entry in listed.items():
        if not _NAME.fullmatch(name):
            problems.append(f"{name[:40]!r} cannot be a server's name: letters, digits, - and _ can.")
            continue
        try:
            servers[name] = Entry.model_validate(entry)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            place = ".".join(map(str, first["loc"]))
            problems.append(
                f"{name}: {place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}."
            )
    return Entries(servers, tuple(problems))
