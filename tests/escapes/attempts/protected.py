"""Changing protected places in the workspace, and leaving traps there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from .base import DID, Places, attempt, read, shell, write

for _inside in (
    ".git/hooks/pre-commit", ".git/config", "new/project/.git/hooks/post-checkout", ".envrc", ".vscode/tasks.json",
    "mcp.json", ".mcp.json", ".cursor/mcp.json", ".claude/settings.json", ".husky/pre-commit", ".idea/workspace.xml",
    ".pre-commit-config.yaml", ".devcontainer/devcontainer.json", "keys/authorized_keys", "keys/id_ed25519",
    ".GIT/hooks/pre-push", "odd/.git./hooks/pre-push", "odd/.g\u200cit/hooks/pre-push",
):  # fmt: skip

    def _protected(p: Places, place: str = _inside) -> None:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        write(place, p.name)

    def _changed(p: Places, place: str = _inside) -> bool:
        path = os.path.join(p.work, place)
        return os.path.exists(path) and p.name in read(path)

    attempt(_changed, f"change_{_inside.encode('ascii', 'replace').decode()}_in_the_workspace")(_protected)


def _in_work(place: str, word: str = "") -> Callable[[Places], bool]:
    def there(p: Places) -> bool:
        path = os.path.join(p.work, place)
        return os.path.exists(path) and (word or p.name) in read(path)

    return there


@attempt(_in_work(".git/hooks/by-link"))
def change_a_hook_through_a_link(p: Places) -> None:
    os.symlink(".git", "harmless")
    os.makedirs("harmless/hooks", exist_ok=True)
    write("harmless/hooks/by-link", p.name)


@attempt(_in_work("renamed-folder/.git/hooks/pre-commit"))
def rename_a_folder_to_a_protected_name(p: Places) -> None:
    os.makedirs("renamed-folder/staging/hooks")
    write("renamed-folder/staging/hooks/pre-commit", p.name)
    os.rename("renamed-folder/staging", "renamed-folder/.git")


@attempt(_in_work(".git/HEAD"))
def change_a_protected_file_by_its_second_name(p: Places) -> None:
    os.link(".git/HEAD", "head")
    write("head", p.name)


@attempt(lambda p: not os.path.exists(os.path.join(p.work, "repository/.git/config")))
def remove_a_folder_with_a_protected_place(p: Places) -> None:
    shell("rm -rf repository")


@attempt(lambda p: os.path.islink(os.path.join(p.work, "shortcut")))
def leave_a_link_that_leads_out(p: Places) -> None:
    os.symlink(os.path.join(p.home, ".ssh"), "shortcut")


@attempt(lambda p: os.path.islink(os.path.join(p.work, "deep", "relative")))
def leave_a_relative_link_that_leads_out(p: Places) -> None:
    os.mkdir("deep")
    os.symlink("../../.ssh", "deep/relative")


@attempt(lambda p: bool(os.stat(os.path.join(p.work, "privileged")).st_mode & stat.S_ISUID))
def leave_a_program_with_the_owners_rights(p: Places) -> None:
    write("privileged")
    os.chmod("privileged", 0o4755)


@attempt(lambda p: os.path.exists(os.path.join(p.work, "waiting")))
def leave_a_pipe_that_readers_wait_for(p: Places) -> None:
    os.mkfifo("waiting")


@attempt("did")
def chown_a_file_to_somebody_else(p: Places) -> str:
    write("given")
    os.chown("given", 12345, 12345)
    return DID
