"""The floors: places that are protected in every mode, whether they exist yet or not.

Keys and credentials, what runs by itself at the next login or the next visit of a folder, and our own folders. They
are neither read nor changed, by whatever spelling they are reached. A folder that holds one of the places in the home
folder is not moved or removed; one that holds a name that is protected anywhere (a git checkout) is, after asking.
What this does not cover: programs that are allowed to run may read whatever their user may.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.broker.policy import Policy, paths_of, resolved
from agent.tool import Effect

_KEYS = (
    ".ssh", ".gnupg", ".password-store", ".local/share/keyrings", ".local/share/kwalletd", ".pki", ".netrc",
    ".pgpass", ".git-credentials", ".aws", ".azure", ".kube", ".docker", ".npmrc", ".pypirc", ".config/gcloud",
    ".config/gh", ".config/rclone", ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium",
    ".config/BraveSoftware", ".config/keepassxc", ".config/Bitwarden", "snap/firefox", ".config/microsoft-edge",
    ".config/vivaldi", ".config/opera", ".config/op", ".config/hub", ".config/glab-cli", ".config/containers",
    ".config/sops", ".config/Signal", ".config/Slack", ".config/discord", ".cargo/credentials",
    ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml", ".terraform.d", ".my.cnf", ".Xauthority",
    ".ICEauthority", ".var/app", ".librewolf", ".local/share/evolution", ".config/evolution", ".bash_history",
    ".zsh_history", ".python_history", ".local/share/fish",
)  # fmt: skip
_START_UP = (
    ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc",
    ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".cshrc", ".tcshrc", ".login", ".logout",
    ".config/fish", ".inputrc", ".xprofile", ".xinitrc", ".xsession", ".xsessionrc", ".xserverrc",
    ".Xresources", ".pam_environment", ".config/autostart", ".config/autostart-scripts",
    ".config/plasma-workspace", ".config/systemd", ".config/environment.d", ".config/openbox", ".config/i3",
    ".config/sway", ".config/hypr", ".config/labwc", ".config/mimeapps.list", ".local/share/applications",
    ".local/share/dbus-1", ".local/share/systemd", ".local/share/nautilus/scripts", ".local/bin", "bin",
    ".gitconfig", ".config/git", ".vimrc", ".vim", ".config/nvim", ".emacs", ".emacs.d", ".config/emacs",
    ".tmux.conf", ".screenrc", ".pythonrc", ".Xmodmap", ".gdbinit", ".ipython", ".jupyter", ".irbrc", ".Rprofile",
    ".octaverc", ".lldbinit", ".psqlrc", ".curlrc", ".wgetrc", ".forward", ".procmailrc", ".crontab", ".local/lib",
    ".cargo/bin", ".cargo/config.toml", ".cargo/env", ".config/pip", ".pip", ".config/Code", ".config/VSCodium",
    ".config/xfce4", ".config/Thunar", ".config/caja", ".config/nemo", ".local/share/nemo", ".local/share/kio",
    ".local/share/kservices5", ".local/share/gnome-shell", ".local/share/plasma", ".local/share/cinnamon",
    ".config/mpv", ".config/kitty", ".config/alacritty", ".config/wezterm", ".config/tmux", ".config/zsh",
    ".config/bash", ".config/dconf", ".config/starship.toml", ".asdf", ".nvm", ".pyenv", ".rbenv", ".oh-my-zsh",
)  # fmt: skip
_ANYWHERE = frozenset(
    (".git", ".envrc", "mcp.json", ".mcp.json", "mcp_settings.json", "mcp_config.json", "claude_desktop_config.json",
     ".vscode", ".cursor", ".husky", ".idea", ".claude", ".devcontainer", ".pre-commit-config.yaml",
     "authorized_keys", "id_rsa", "id_ed25519", "id_ecdsa")
)  # fmt: skip
"""Names that are protected in every folder: hooks and tasks that others run, settings of tool servers."""

_MAX_ENTRIES = 20_000
"""How much of a folder is looked through for protected names before it counts as one that may hold some."""

_MAX_SEARCHED = 200_000
"""How much of a workspace is looked through for files that are protected by their name: about half a second."""

_CHANGING = ("write", "erase", "send")

_OF_THE_SYSTEM = ("/proc", "/sys", "/dev", "/run/user")


class Places:
    """The floors of one policy. Any thread."""

    def __init__(self, policy: Policy) -> None:
        own = _both(policy.protected, "Deskhand's own files")
        keys = _both([policy.home / place for place in _KEYS], "a place for keys and passwords")
        start_up = _both([policy.home / place for place in _START_UP], "a place for what starts by itself")
        system = _both([Path(place) for place in _OF_THE_SYSTEM], "the system's own")
        self._places = (*own, *keys, *start_up, *system)
        self._secret = [resolved(path) for path in (*policy.protected, *(policy.home / key for key in _KEYS))]

    def forbid(self, effect: Effect) -> str:
        """Why this effect is denied in every mode, as one sentence; empty: no floor is touched."""
        for path in paths_of(effect):
            if why := self.reason(path, changing=path in effect.changes or effect.verb in _CHANGING):
                return f"{path} is {why}. It is protected in every mode."
        return ""

    def held(self, effect: Effect) -> str:
        """Why moving, copying or removing a whole folder must be asked about, as one sentence; empty: it holds
        nothing protected. Walks the folders of ``effect``."""
        if effect.verb not in ("write", "erase"):
            return ""
        for path in paths_of(effect):
            if os.path.islink(path) or not os.path.isdir(path):  # a link is moved without what it leads to
                continue
            if found := _protected_below(path):
                return f"{path} holds {found}."
        return ""

    def kept_from_commands(self, path: Path, gone: bool) -> str:
        """Why a command may not change ``path``, or remove it, in a few words; empty: it may."""
        if why := self.reason(path, changing=True):
            return why
        if not gone or os.path.islink(path) or not os.path.isdir(path):
            return ""
        found = _protected_below(path)
        return f"it holds {found}" if found else ""

    def hidden_in(self, folder: Path) -> tuple[Path, ...]:
        """What a program that may read ``folder`` must not read of it: the places for keys and our own files below it,
        and files that are protected by their name. Looks through so many entries; links are not followed."""
        top = resolved(folder)
        known = [path for path in self._secret if path.is_relative_to(top) and os.path.lexists(path)]
        found: list[Path] = []
        for path in sorted({path for path in (*known, *_files_named(top)) if not path.is_symlink()}):
            if not found or not path.is_relative_to(found[-1]):
                found.append(path)
        return tuple(found)

    def reason(self, path: Path, changing: bool) -> str:
        """What ``path`` is, when it is protected; empty otherwise. ``changing``: folders that hold a protected place
        are protected as well."""
        for spelling in dict.fromkeys((path, resolved(path))):
            parts = _folded(spelling)
            if _ANYWHERE.intersection(parts):
                return "a place for settings that others run or trust"
            for place, what in self._places:
                if parts[: len(place)] == place or (changing and place[: len(parts)] == parts):
                    return what
        return ""


def _protected_below(folder: Path) -> str:
    """The first protected name below ``folder``, links not followed; in doubt, that there may be one."""
    unread: list[OSError] = []
    for seen, entry in enumerate(_below(folder, unread)):
        if _fold(entry.name) in _ANYWHERE:
            return f"“{entry.name}”, a place for settings that others run or trust"
        if unread or seen > _MAX_ENTRIES:
            return "more than could be looked through for settings that others run or trust"
    return "a folder that could not be read" if unread else ""


def _files_named(folder: Path) -> list[Path]:
    """Files below ``folder`` that are protected by their name."""
    entries = itertools.islice(_below(folder, unread=[]), _MAX_SEARCHED)
    named = (entry for entry in entries if _fold(entry.name) in _ANYWHERE)
    return [Path(entry.path) for entry in named if not entry.is_dir() and not entry.is_symlink()]


def _below(folder: Path, unread: list[OSError]) -> Iterator[os.DirEntry[str]]:
    """Everything below ``folder``, however deep, links not followed. What could not be read is added to ``unread``."""
    waiting = [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError as error:
            unread.append(error)
            continue
        yield from entries
        waiting += (entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False))


def _both(places: Iterable[Path], what: str) -> list[tuple[tuple[str, ...], str]]:
    """Each place as it is written and as it resolves: either may be a link to the other side."""
    return [(_folded(spelling), what) for place in places for spelling in {place, resolved(place)}]


def _folded(path: Path) -> tuple[str, ...]:
    """The parts of a path, compared as a file system that ignores capitals would."""
    return tuple(_fold(part) for part in path.parts)


def _fold(name: str) -> str:
    """Without capitals, signs that are not seen, and dots and spaces at the end: some file systems ignore them."""
    plain = "".join(
        sign for sign in name if unicodedata.category(sign) != "Cf" and not 0xFE00 <= ord(sign) <= 0xFE0F
    )
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", plain).casefold())
    return plain.rstrip(" .") or name
