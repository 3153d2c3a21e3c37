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
    "krunner", "ulauncher", "albert", "xfce4-appfinder", "xfrun4", "gmrun", "run", "launcher", "synapse",
    "application finder", "gnome-shell", "plasmashell", "shell", "tabby", "hyper", "warp", "rio",
    "black box", "terminology", "cool-retro-term", "deepin-terminal", "eterm", "aterm", "mlterm", "sakura", "roxterm",
    "tilda", "wofi", "fuzzel", "bemenu", "kupfer", "code", "vscode", "codium", "vscodium", "cursor", "zed", "emacs",
    "vim", "gvim", "neovim", "neovide", "jupyter", "jupyterlab", "spyder", "idle", "rstudio", "octave", "matlab",
    "powershell", "cmd", "python", "ipython", "gdb",
)  # fmt: skip
"""Terminals, run boxes, and editors and notebooks with a terminal or an interpreter inside: typing there is running."""

CONNECTED = (
    "firefox", "firefox-esr", "librewolf", "chrome", "google-chrome", "chromium", "brave", "brave-browser",
    "edge", "opera", "vivaldi", "epiphany", "falkon", "browser", "web", "thunderbird", "evolution", "geary",
    "kmail", "mail", "outlook", "slack", "discord", "telegram", "signal", "element", "whatsapp", "teams",
    "zoom", "skype", "pidgin", "hexchat", "messages", "remmina", "filezilla", "transmission", "dropbox",
    "nextcloud", "mozilla", "navigator", "waterfox", "floorp", "zen", "tor", "konqueror", "midori", "qutebrowser",
    "nyxt", "claws-mail", "sylpheed", "betterbird", "mailspring", "trojita", "balsa", "mutt", "webex", "viber",
    "wechat", "line", "mattermost", "rocket.chat", "zulip", "fractal", "dino", "gajim", "nheko", "konversation",
    "polari", "quassel", "irc", "mumble", "jitsi", "anydesk", "teamviewer", "rustdesk", "vinagre", "krdc", "putty",
    "qbittorrent", "deluge", "syncthing", "onedrive", "kdeconnect", "kde connect", "warpinator", "localsend",
    "postman", "insomnia", "steam", "obs", "paypal",
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
    "buttercup", "revelation", "keeweb", "gnome-keyring", "ssh askpass", "pinentry-gtk", "pinentry-qt",
    "pinentry-gnome3", "password manager pro", "roboform", "dashlane", "padloc", "psono", "passbolt", "authy",
    "kleopatra", "gnome-authenticator", "policykit", "policykit1", "gksu", "kdesu", "lightdm", "gdm", "screensaver",
)  # fmt: skip
"""Our own windows, password managers and the system's permission dialogs, by their programs' names and by the names
that people see ("Passwords and Keys"): never touched, in no mode."""


_SUPER = frozenset(("super", "win", "windows", "meta", "cmd"))
_WITH_ALT = frozenset(("tab", "space", "escape", "esc", "f1", "f2", "f3", "print"))


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
    """Where ``path`` really leads: links, ``..`` and ``/proc/self/root`` followed as far as they exist and may be."""
    try:
        return Path(os.path.realpath(path))
    except OSError:  # a link that only its owner may follow; whoever may not read it may not go there either
        return Path(os.path.abspath(path))


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


def is_command(effect: Effect) -> bool:
    """Whether a shell is given something to run."""
    return any(target.kind == "command" for target in effect.targets)


def runs_commands(effect: Effect) -> bool:
    """Whether what is typed or pressed may run something: in a terminal or a run box, in a window nobody can name, or
    with keys that the desktop takes for itself and answers with a run box. So does a command outside of the sandbox."""
    if is_command(effect):
        return not effect.contained
    if effect.verb != "drive":
        return False
    names = applications_of(effect)
    keys = (target.value for target in effect.targets if target.kind == "keys")
    return not names or any(is_one_of(name, TERMINALS) for name in names) or any(map(_is_the_desktops, keys))


def _is_the_desktops(keys: str) -> bool:
    for chord in "+".join(part.strip() for part in keys.casefold().split("+")).split():
        pressed = set(chord.split("+"))
        alt, control = pressed & {"alt", "option"}, pressed & {"ctrl", "control"}
        if pressed & _SUPER or (alt and (control or pressed & _WITH_ALT)) or pressed == {"print"}:
            return True
        if control and pressed & {"escape", "esc"}:
            return True
    return False


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
    holds_everything = inside(policy.workspace, path) and os.path.exists(path)
    if (
        holds_everything
        or not effect.undo
        or (not inside(path, policy.home) and not inside(path, policy.workspace))
    ):
        return Risk.IRREVERSIBLE
    return Risk.REVERSIBLE_WRITE if inside(path, policy.workspace) else Risk.DRIVE
