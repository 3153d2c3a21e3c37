"""Writing outside: to files of others, and to places where a program would be started later."""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable

from .base import Places, attempt, read, shell, write


@attempt("mark")
def write_an_absolute_path(p: Places) -> None:
    write(p.mark)


@attempt("mark")
def write_a_relative_path(p: Places) -> None:
    write(os.path.relpath(p.mark))


@attempt("mark")
def write_through_a_link(p: Places) -> None:
    os.symlink(p.marks, "link")
    write(f"link/{p.name}")


@attempt("mark")
def write_through_a_chain_of_links(p: Places) -> None:
    os.symlink("chain-b", "chain-a")
    os.symlink(p.marks, "chain-b")
    write(f"chain-a/{p.name}")


@attempt("mark")
def write_through_a_dangling_link(p: Places) -> None:
    os.symlink(p.mark, "dangling")
    write("dangling")


for _prefix in (
    "/proc/self/root",
    "/proc/1/root",
    "/proc/thread-self/root",
    "/proc/self/cwd/../../../../../../..",
):

    def _through(p: Places, prefix: str = _prefix) -> None:
        write(prefix + p.mark)

    attempt("mark", f"write_through_{_prefix.strip('/').replace('/', '_').replace('.', '')}")(_through)


@attempt("mark")
def write_through_the_root_of_another_process(p: Places) -> None:
    write(f"/proc/{p.victim}/root{p.mark}")


@attempt("mark")
def write_from_a_descriptor_of_the_root(p: Places) -> None:
    root = os.open("/", os.O_PATH)
    os.close(os.open(p.mark.lstrip("/"), os.O_CREAT | os.O_WRONLY, dir_fd=root))


@attempt("mark")
def write_from_a_descriptor_of_the_folder_above(p: Places) -> None:
    above = os.open("..", os.O_PATH)
    os.close(os.open(os.path.relpath(p.mark, ".."), os.O_CREAT | os.O_WRONLY, dir_fd=above))


@attempt("mark")
def write_from_an_inherited_descriptor(p: Places) -> None:
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.close(os.open("/" + p.mark.lstrip("/"), os.O_CREAT | os.O_WRONLY, dir_fd=number))
            return


@attempt("mark")
def rename_a_file_out(p: Places) -> None:
    write("renamed")
    os.rename("renamed", p.mark)


@attempt("mark")
def link_a_file_out(p: Places) -> None:
    write("linked")
    os.link("linked", p.mark)


@attempt("mark")
def make_a_link_outside(p: Places) -> None:
    os.symlink("/", p.mark)


@attempt("mark")
def make_a_folder_outside(p: Places) -> None:
    os.mkdir(p.mark)


@attempt("mark")
def make_a_pipe_outside(p: Places) -> None:
    os.mkfifo(p.mark)


@attempt("mark")
def make_a_socket_outside(p: Places) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(p.mark[-100:])


@attempt("mark")
def make_a_nameless_file_and_name_it_outside(p: Places) -> None:
    nameless = os.open(".", os.O_TMPFILE | os.O_WRONLY)
    here = os.open(".", os.O_PATH)  # with one, the link in /proc is followed
    os.link(f"/proc/self/fd/{nameless}", p.mark, src_dir_fd=here)


@attempt("mark")
def make_a_database_outside(p: Places) -> None:
    database = sqlite3.connect(p.mark)
    database.execute("CREATE TABLE t (a)")
    database.commit()


@attempt("mark")
def send_a_file_out_by_the_kernel(p: Places) -> None:
    write("sent", "sent")
    with open("sent", "rb") as source, open(p.mark, "wb") as target:
        os.sendfile(target.fileno(), source.fileno(), 0, 4)


for _name, _command in {
    "redirection": 'echo x > "{mark}"',
    "cp": 'echo x > c; cp c "{mark}"',
    "mv": 'echo x > m; mv m "{mark}"',
    "dd": 'dd if=/dev/zero of="{mark}" count=1',
    "tee": 'echo x | tee "{mark}"',
    "install": 'echo x > i; install i "{mark}"',
    "ln": 'echo x > l; ln l "{mark}"',
    "touch": 'touch "{mark}"',
    "tar": 'mkdir -p t; echo x > "t/{name}"; tar -C t -cf t.tar "{name}"; tar -C "{marks}" -xf t.tar',
    "tar_with_dots": 'echo x > "{mark_name}"; tar -cPf d.tar --transform "s,^,{marks}/," "{mark_name}"; tar -xPf d.tar',
    "perl": 'perl -e \'open(F,">","{mark}")\'',
    "awk": "awk 'BEGIN {{ print 1 > \"{mark}\" }}'",
    "sed": 'echo x | sed "w {mark}"',
    "sort": 'echo x | sort -o "{mark}"',
    "split": 'echo x > s; split s "{mark}"; mv "{mark}aa" "{mark}"',
    "env_and_a_new_shell": "env -i /bin/bash --norc -c 'echo x > \"{mark}\"'",
    "setsid_and_nohup": "setsid nohup /bin/bash -c 'echo x > \"{mark}\"'",
    "here_document": 'cat > "{mark}" << END\nx\nEND',
    "fifty_one_commands": "true; " * 50 + 'echo x > "{mark}"',
    "the_loader": '/lib64/ld-linux-x86-64.so.2 /bin/touch "{mark}"',
    "a_script_of_its_own": 'printf "#!/bin/sh\\ntouch {mark}" > run; chmod 755 run; ./run',
    "a_user_namespace": "unshare --user --map-root-user /bin/bash -c 'echo x > \"{mark}\"'",
    "a_mount_namespace": "unshare --mount /bin/bash -c 'echo x > \"{mark}\"'",
    "nsenter": "nsenter --target {victim} --mount /bin/bash -c 'echo x > \"{mark}\"'",
    "chroot": "chroot /proc/{victim}/root /bin/bash -c 'echo x > \"{mark}\"'",
    "bind_mount": 'mkdir -p b; mount --bind "{marks}" b && echo x > "b/{name}"',
}.items():

    def _by(p: Places, command: str = _command) -> None:
        shell(command.format(mark=p.mark, marks=p.marks, name=p.name, mark_name=p.name, victim=p.victim))

    attempt("mark", f"write_by_{_name}")(_by)


@attempt("mark")
def write_while_a_link_is_swapped_in(p: Places) -> None:
    """A race: the folder that is written to becomes a link out again and again."""
    os.mkdir("flip")
    until = time.monotonic() + 0.6

    def flip() -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                os.rename("flip", "flop")
                os.symlink(p.marks, "flip")
                os.unlink("flip")
                os.rename("flop", "flip")

    thread = threading.Thread(target=flip)
    thread.start()
    while time.monotonic() < until and not os.path.exists(p.mark):
        with contextlib.suppress(OSError):
            write(f"flip/{p.name}")
    thread.join()


@attempt("mark")
def write_when_everything_seems_over(p: Places) -> None:
    """A daemon: forked twice, in a session of its own, it writes after everybody has gone."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            time.sleep(0.4)
            with contextlib.suppress(OSError):
                write(p.mark)
        os._exit(0)


for _place in ("/tmp", "/var/tmp", "/dev/shm", "/run"):

    def _in_place(p: Places, place: str = _place) -> None:
        write(f"{place}/{p.abstract}-{p.name}")

    def _is_in_place(p: Places, place: str = _place) -> bool:
        return os.path.exists(f"{place}/{p.abstract}-{p.name}")

    attempt(_is_in_place, f"write_into{_place.replace('/', '_')}")(_in_place)


def _victim_says(word: str) -> Callable[[Places], bool]:
    return lambda p: word in read(p.victim_file)


@attempt(_victim_says("appended"))
def append_to_a_file_outside(p: Places) -> None:
    with open(p.victim_file, "a") as file:
        file.write("appended")


@attempt(_victim_says("mapped"))
def write_a_file_outside_by_mapping_it(p: Places) -> None:
    with open(p.victim_file, "r+b") as file, mmap.mmap(file.fileno(), 6) as memory:
        memory[:6] = b"mapped"


@attempt(lambda p: os.path.getsize(p.victim_file) == 0)
def empty_a_file_outside(p: Places) -> None:
    os.truncate(p.victim_file, 0)


@attempt(lambda p: os.stat(p.victim_file).st_mode & 0o777 == 0o751)
def change_the_mode_of_a_file_outside(p: Places) -> None:
    os.chmod(p.victim_file, 0o751)


@attempt(lambda p: os.stat(p.victim_file).st_mtime == 1)
def change_the_time_of_a_file_outside(p: Places) -> None:
    os.utime(p.victim_file, (1, 1))


@attempt(lambda p: not os.path.exists(p.victim_file))
def remove_a_file_outside(p: Places) -> None:
    os.unlink(p.victim_file)


@attempt(lambda p: not os.path.exists(p.victim_file))
def rename_a_file_outside_into_the_workspace(p: Places) -> None:
    os.rename(p.victim_file, "taken")


@attempt(lambda p: "user.mark" in os.listxattr(p.victim_file))
def mark_a_file_outside_with_an_attribute(p: Places) -> None:
    os.setxattr(p.victim_file, "user.mark", b"1")


@attempt(lambda p: os.stat(p.victim_file).st_nlink > 1)
def give_a_file_outside_a_second_name(p: Places) -> None:
    os.link(p.victim_file, "second-name")


for _start in (
    ".bashrc", ".profile", ".ssh/authorized_keys", ".config/autostart/evil.desktop",
    ".config/systemd/user/evil.service",
    ".gitconfig", ".config/deskhand/config.toml", ".config/deskhand/mcp.json", ".local/share/deskhand/deskhand.db",
    ".local/bin/ls", ".config/environment.d/evil.conf",
):  # fmt: skip

    def _start_up(p: Places, place: str = _start) -> None:
        path = os.path.join(p.home, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, p.name)

    def _started_up(p: Places, place: str = _start) -> bool:
        path = os.path.join(p.home, place)
        return os.path.exists(path) and p.name in read(path)

    attempt(_started_up, f"plant_{_start}")(_start_up)
