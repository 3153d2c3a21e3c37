"""The floors: places that are protected in every mode, whether they exist yet or not.

Keys and credentials, what runs by itself at the next login or the next visit of a folder, and our own folders. They
are neither read nor changed, by whatever spelling they are reached; a folder that holds one is not moved or removed.
What this does not cover: programs that are allowed to run may read whatever their user may.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from agent.broker.policy import Policy, paths_of, resolved
from agent.tool import Effect

_KEYS = (
    ".ssh", ".gnupg", ".password-store", ".local/share/keyrings", ".local/share/kwalletd", ".pki", ".netrc",
    ".pgpass", ".git-credentials", ".aws", ".azure", ".kube", ".docker", ".npmrc", ".pypirc", ".config/gcloud",
    ".config/gh", ".config/rclone", ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium",
    ".config/BraveSoftware", ".config/keepassxc", ".config/Bitwarden", "snap/firefox",
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
    ".tmux.conf", ".screenrc", ".pythonrc", ".Xmodmap",
)  # fmt: skip
_ANYWHERE = frozenset(
    (".git", ".envrc", "mcp.json", ".mcp.json", "mcp_settings.json", "mcp_config.json", "claude_desktop_config.json",
     ".vscode", ".cursor", ".husky", "authorized_keys", "id_rsa", "id_ed25519", "id_ecdsa")
)  # fmt: skip
"""Names that are protected in every folder: hooks and tasks that others run, settings of tool servers."""

_OF_THE_SYSTEM = ("/proc", "/sys", "/dev", "/run/user")


class Places:
    """The floors of one policy. Any thread."""

    def __init__(self, policy: Policy) -> None:
        own = _both(policy.protected, "Deskhand's own files")
        keys = _both([policy.home / place for place in _KEYS], "a place for keys and passwords")
        start_up = _both([policy.home / place for place in _START_UP], "a place for what starts by itself")
        system = _both([Path(place) for place in _OF_THE_SYSTEM], "the system's own")
        self._places = (*own, *keys, *start_up, *system)

    def forbid(self, effect: Effect) -> str:
        """Why this effect is denied in every mode, as one sentence; empty: no floor is touched."""
        for path in paths_of(effect):
            if why := self.reason(path, changing=path in effect.changes or effect.verb in ("write", "erase")):
                return f"{path} is {why}. It is protected in every mode."
        return ""

    def reason(self, path: Path, changing: bool) -> str:
        """What ``path`` is, when it is protected; empty otherwise. ``changing``: folders that hold a protected place
        are protected as well."""
        for spelling in (path, resolved(path)):
            parts = _folded(spelling)
            if _ANYWHERE.intersection(parts):
                return "a place for settings that others run or trust"
            for place, what in self._places:
                if parts[: len(place)] == place or (changing and place[: len(parts)] == parts):
                    return what
        return ""


def _both(places: Iterable[Path], what: str) -> list[tuple[tuple[str, ...], str]]:
    """Each place as it is written and as it resolves: either may be a link to the other side."""
    return [(_folded(spelling), what) for place in places for spelling in {place, resolved(place)}]


def _folded(path: Path) -> tuple[str, ...]:
    """The parts of a path, compared as a file system that ignores capitals would."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in path.parts)
