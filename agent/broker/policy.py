"""The four modes and the risk of an effect: a table, computed from what the tool declared and from resolved paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.tool import Effect, Risk

Mode = Literal["read-only", "ask", "workspace", "full"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the person has set. ``protected`` are our own configuration and data folders."""

    mode: Mode
    workspace: Path
    home: Path
    protected: tuple[Path, ...] = ()


def risk_of(effect: Effect, policy: Policy) -> Risk:
    """The worst that ``effect`` could do. Resolves paths; reads nothing else."""
    raise NotImplementedError
