"""The four modes and the risk of an effect: a table over what the tool declared and where its paths really lead.

The applications listed here change the risk of acting on them: what is typed into a terminal is run, what is typed
into a browser leaves the machine. The lists are names, compared as whole words; they cannot be complete, so the
modes that ask before acting on any window (read-only, ask, workspace) do not depend on them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.broker.provenance import mentions
from agent.tool import Effect, Risk

Mode = Literal["read-only", "ask", "workspace", "full"]

SILENT_UP_TO: dict[Mode, Risk] = {
    "read-only": Risk.READ,
    "ask": Risk.READ,
    "workspace": Risk.REVERSIBLE_WRITE,
    "full": Risk.LEAVE,
}

TERMINALS = (
    "terminal", "xterm", "uxterm", "urxvt", "rxvt", "konsole", "alacritty", "kitty", "tilix", "terminator",
    "foot", "wezterm", "ghostty", "xfce4-terminal", "gnome-terminal", "gnome-terminal-server", "ptyxis",
    "console", "kgx", "qterminal", "lxterminal", "mate-terminal", "guake", "yakuake", "st", "rofi", "dmenu",
    "krunner", "ulauncher", "albert", "xfce4-appfinder", "xfrun4", "gmrun", "run",
)  # fmt: skip
"""Terminals and run boxes: typing there is running."""

CONNECTED = (
    "firefox", "firefox-esr", "librewolf", "chrome", "google-chrome", "chromium", "brave", "brave-browser",
    "edge", "opera", "vivaldi", "epiphany", "falkon", "browser", "web", "thunderbird", "evolution", "geary",
    "kmail", "mail", "outlook", "slack", "discord", "telegram", "signal", "element", "whatsapp", "teams",
    "zoom", "skype", "pidgin", "hexchat", "messages", "remmina", "filezilla", "transmission", "dropbox",
    "nextcloud",
)  # fmt: skip
"""Browsers, mail, messengers and the like: acting there may leave the machine."""

OFF_LIMITS = (
    "deskhand", "keepassxc", "keepass", "keepass2", "bitwarden", "1password", "seahorse", "kwalletmanager",
    "kwalletmanager5", "gcr-prompter", "pinentry", "polkit", "polkit-gnome-authentication-agent-1",
    "polkit-kde-authentication-agent-1", "lxpolkit", "xfce-polkit", "mate-polkit", "ssh-askpass",
    "ksshaskpass", "authenticator", "gnome-shell-portal", "xdg-desktop-portal", "xdg-desktop-portal-gtk",
    "xdg-desktop-portal-gnome", "xdg-desktop-portal-kde",
    "passwords", "password manager", "password safe", "passwörter", "mots de passe", "contraseñas", "secrets",
    "keyring", "wallet manager", "kwallet", "proton pass", "qtpass", "enpass", "lastpass", "dashlane", "nordpass",
    "buttercup", "revelation", "keeweb", "gnome-keyring", "ssh askpass",
)  # fmt: skip
"""Our own windows, password managers and the system's permission dialogs, by their programs' names and by the names
that people see ("Passwords and Keys"): never touched, in no mode."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the person has set. ``protected`` are our own configuration and data folders. ``resolve`` is how the tools
    read a path that the model wrote (it may raise DeskhandError); without it, a plan's paths are taken exactly."""

    mode: Mode
    workspace: Path
    home: Path
    protected: tuple[Path, ...] = ()
    resolve: Callable[[str], Path] | None = None


_BY_VERB = {
    "compute": Risk.INERT,
    # Without a path these are our own store of reminders and memories: it is listed, withdrawn with one call, and what
    # comes out of it is untrusted again. With paths, they decide.
    "read": Risk.READ,
    "write": Risk.READ,
    "look": Risk.PRIVATE_READ,
    "drive": Risk.DRIVE,
    "run": Risk.DRIVE,
    "send": Risk.LEAVE,
    "erase": Risk.IRREVERSIBLE,
}


def resolved(path: Path | str) -> Path:
    """Where ``path`` really leads: links, ``..`` and ``/proc/self/root`` followed as far as they exist."""
    return Path(os.path.realpath(path))


def inside(path: Path, folder: Path) -> bool:
    """Whether ``path`` leads to ``folder`` or into it."""
    return resolved(path).is_relative_to(resolved(folder))


def paths_of(effect: Effect) -> tuple[Path, ...]:
    """Every path of the effect: what it changes, and what it only names."""
    named = tuple(Path(target.value) for target in effect.targets if target.kind == "path")
    return tuple(dict.fromkeys((*effect.changes, *named)))


def applications_of(effect: Effect) -> tuple[str, ...]:
    return tuple(target.value for target in effect.targets if target.kind == "application")


def is_one_of(application: str, names: Iterable[str]) -> bool:
    """Whether the application's name contains one of ``names`` as a whole word ("org.gnome.Terminal" does)."""
    words = application.replace(".", " ")
    return any(mentions(application, name) or mentions(words, name) for name in names)


def risk_of(effect: Effect, policy: Policy) -> Risk:
    """The worst that ``effect`` could do. Resolves paths; reads nothing else."""
    return max((_risk_of_verb(effect), *_risks_of_paths(effect, policy)))


def _risk_of_verb(effect: Effect) -> Risk:
    applications = applications_of(effect)
    if effect.verb == "drive" or (
        effect.verb == "write" and applications
    ):  # saving through an application's dialog
        return Risk.LEAVE if any(is_one_of(name, CONNECTED) for name in applications) else Risk.DRIVE
    return _BY_VERB[effect.verb]


def _risks_of_paths(effect: Effect, policy: Policy) -> list[Risk]:
    changed = effect.changes
    if effect.verb == "write" and not changed:
        changed = paths_of(effect)
    only_read = [path for path in paths_of(effect) if path not in changed]
    return [_risk_of_change(path, effect, policy) for path in changed] + [
        Risk.READ if inside(path, policy.workspace) else Risk.PRIVATE_READ for path in only_read
    ]


def _risk_of_change(path: Path, effect: Effect, policy: Policy) -> Risk:
    if not effect.undo or (not inside(path, policy.home) and not inside(path, policy.workspace)):
        return Risk.IRREVERSIBLE
    return Risk.REVERSIBLE_WRITE if inside(path, policy.workspace) else Risk.DRIVE
