"""Commands for a shell: one tool, run in the sandbox where there is one.

Without a sandbox the same command runs with all that the person may do; the effect says so, and the broker asks.
"""

from tools.commands.commands import Commands, Shell
from tools.commands.tool import tools

__all__ = ["Commands", "Shell", "tools"]
