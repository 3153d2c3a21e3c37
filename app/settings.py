"""Settings, and the places on the disk where Deskhand keeps things.

``config.toml`` is the person's file: we change only the values that were asked for and keep their comments, their
order and the keys we do not know. ``DESKHAND_*`` environment variables win over the file and are never written to it.
Read by the composition root once at the start; any thread may call these functions.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import platformdirs
import tomlkit
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from tomlkit.exceptions import TOMLKitError

from agent.broker import Mode
from agent.errors import StorageError

APPLICATION = "deskhand"


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are kept. Nothing is created until something is written.

    ``config``: config.toml. ``data``: the database, models. ``state``: logs. ``cache``: whatever may be deleted.
    """

    config: Path
    data: Path
    state: Path
    cache: Path

    @staticmethod
    def standard() -> Places:
        """The places of this user, following ``XDG_*_HOME``."""
        return Places(
            config=platformdirs.user_config_path(APPLICATION),
            data=platformdirs.user_data_path(APPLICATION),
            state=platformdirs.user_state_path(APPLICATION),
            cache=platformdirs.user_cache_path(APPLICATION),
        )

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"


def documents() -> Path:
    """The person's Documents folder, as the desktop names it (``user-dirs.dirs``)."""
    return platformdirs.user_documents_path()


class Settings(BaseSettings):
    """What the person can set. Every field has a default that works."""

    model_config = SettingsConfigDict(
        env_prefix="DESKHAND_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    mode: Mode = "ask"
    workspace: Path = Field(default_factory=documents)
    """Relative paths in requests are inside this folder."""
    model: str = ""
    """A model's name in the catalogue, a path to a GGUF, or ``hf:owner/repo/file.gguf``; empty: the built-in one."""
    server: str = ""
    """The address of an OpenAI-compatible server that runs the model instead of this machine; empty: none."""
    server_model: str = ""
    """Which of the server's models; empty: its first."""
    server_key_variable: str = ""
    """The environment variable that holds the server's key. The key itself is never written down."""
    server_sees: bool | None = None
    """Whether the server's model sees pictures; unset: the server is asked."""
    server_plain_http: bool = False
    """Allows http:// to a server outside of the own network."""
    context_tokens: int = Field(default=0, ge=0)
    """0: as much as the model was made for, at most 8,192."""
    old_pictures: Literal["exact", "fast"] = "exact"
    """How pictures of the screen leave a long conversation: the model reads again what came after them, or they are
    taken out of what it has read (quicker; what came after was read with them in sight)."""
    gpu_layers: int = Field(default=-1, ge=-1)
    """How many layers the graphics card computes; -1: as many as fit."""
    threads: int = Field(default=0, ge=0)
    """0: as many as the machine has cores."""
    offline: bool = False
    """Nothing leaves this computer: no download, no server, whatever is asked for."""
    keep_days: int = Field(default=0, ge=0)
    """After so many days without a word a conversation is erased; 0: never."""
    theme: Literal["system", "light", "dark"] = "system"
    text_scale: float = Field(default=1.0, ge=0.75, le=2.0)
    speak_answers: bool = True
    """Answers to spoken requests are spoken."""
    call_keys: str = "ctrl+alt+space"
    """The shortcut that calls Deskhand over other applications; empty: none."""
    stop_keys: str = "ctrl+alt+escape"
    """The shortcut that stops what Deskhand does, also while its window hangs; empty: none."""
    private_applications: tuple[str, ...] = ()
    """Applications whose windows are never read or captured, besides password managers."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What is passed in comes from the file, and the environment wins over the file.
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings ready to use, and what was wrong with the file (nothing, usually)."""

    settings: Settings
    problems: tuple[StorageError, ...] = ()


def load(places: Places) -> Loaded:
    """Read the settings. A file that cannot be read is left as it is and the defaults are used; a single value that
    cannot be used falls back alone. Raises StorageError when an environment variable cannot be used."""
    values, problem = _read(places.config_file)
    problems = [problem] if problem else []
    while True:
        try:
            return Loaded(Settings(**values), tuple(problems))
        except ValidationError as error:
            wrong = {str(detail["loc"][0]): detail["msg"] for detail in error.errors()}
            for name, why in wrong.items():
                if _variable(name) in os.environ or name not in values:
                    raise StorageError(
                        f"The environment variable {_variable(name)} cannot be used: {why}.",
                        "Change it, or unset it to use the settings file.",
                    ) from None
                problems.append(_bad_value(places.config_file, name, values.pop(name), why))


def save(places: Places, changes: Mapping[str, object]) -> Settings:
    """Write ``changes`` (field name to new value; None takes the key out again) and return the settings now in force.

    A file that is not TOML is kept beside the new one as ``config.toml.broken``. Raises StorageError when a value
    cannot be used (nothing is written) or the disk refuses.
    """
    _check(changes)
    text, document = _document(places.config_file)
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = _plain(value)
    try:
        places.config.mkdir(parents=True, exist_ok=True)
        if text and not _is_toml(text):
            write_atomically(places.config_file.with_suffix(".toml.broken"), text.encode())
        write_atomically(places.config_file, tomlkit.dumps(document).encode())
    except OSError as error:
        raise StorageError(
            f"The settings could not be written: {error.strerror}. The old ones are unchanged.",
            f"Make room or check the permissions of {places.config}.",
        ) from error
    return load(places).settings


def write_atomically(path: Path, data: bytes) -> None:
    """Replace ``path`` with ``data``, or leave it as it was. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _read(path: Path) -> tuple[dict[str, Any], StorageError | None]:
    try:
        known = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, StorageError(
            f"The settings file {path} is not readable: {error}. It was left as it is; the usual settings are used.",
            "Correct that line, or delete the file.",
        )
    except OSError as error:
        return {}, StorageError(
            f"The settings file {path} could not be opened: {error.strerror}. The usual settings are used.",
            "Check its permissions.",
        )
    return {name: value for name, value in known.items() if name in Settings.model_fields}, None


def _document(path: Path) -> tuple[str, tomlkit.TOMLDocument]:
    """The file's text, and the document to change: an empty one when the text is not TOML."""
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return "", tomlkit.document()
    try:
        return text, tomlkit.parse(text)
    except TOMLKitError:
        return text, tomlkit.document()


def _check(changes: Mapping[str, object]) -> None:
    try:
        given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        unknown = set(given) - set(Settings.model_fields)
        if unknown:
            raise StorageError(f"There is no setting called {', '.join(sorted(unknown))}.")
        Settings.model_validate(given)  # unlike Settings(...), this does not look at the environment
    except ValidationError as error:
        detail = error.errors()[0]
        raise StorageError(
            f"{detail['loc'][0]} cannot be {detail['input']!r}: {detail['msg']}. Nothing was changed."
        ) from None


def _bad_value(path: Path, name: str, value: object, why: str) -> StorageError:
    return StorageError(
        f"In {path}, line {_line_of(path, name)}, {name} = {value!r} cannot be used: {why}. "
        "The usual value is used instead.",
        "Correct that line, or delete it.",
    )


def _line_of(path: Path, name: str) -> int:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.partition("=")[0].strip().strip("\"'") == name:
            return number
    return 1


def _variable(name: str) -> str:
    return f"DESKHAND_{name.upper()}"


def _plain(value: object) -> object:
    """``value`` as TOML can hold it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
