"""What may go wrong with a server.

DeskhandError
├── ServerError        it could not be asked, died, hung or talked nonsense
│   └── ServerSaid     it answered that it will not
└── ServerMissing      it is not named in ``mcp.json``, or must not be started
"""

from __future__ import annotations

from agent.errors import DeskhandError


class ServerError(DeskhandError):
    """A server that could not be asked; a sentence for the model and the person alike."""


class ServerSaid(ServerError):
    """A server that answered with an error; it can be asked again."""


class ServerMissing(DeskhandError):
    """A server that is not there to be asked."""
