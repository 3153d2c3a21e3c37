"""Programs that are not ours, where they can reach nothing: no network, no home, no other process, no desktop.

sandbox        what a program gets to see, as bubblewrap's arguments, and whether that was shown to hold
demonstration  tries the forbidden things in the sandbox; only what fails there makes it one
launcher       the child that gives things up, lays the workspace's changes apart and becomes bubblewrap
seccomp        the system calls that no program in it needs
limits         how much of the machine it may use: a control group where the system lets us, resource limits
changes        what a program changed in the workspace: looked at, weighed, put in place

Linux alone. Elsewhere, without bubblewrap or where the demonstration fails there is no sandbox, and that is said.
It is no protection against flaws in the kernel.
"""
