"""Fit: from a model's header and the machine to how the model is loaded, how much memory that takes and how fast it is.

No ``llama_cpp`` here: the engine process plans just before it loads (:func:`make_plan`), and the application asks the
same question about files that are only lying there (:func:`predict`). ``machine`` reads the machine, ``shape`` the
header, ``memory`` and ``speed`` hold the formulas, ``plan`` chooses.
"""

from agent.engine.fit.machine import Device, Machine
from agent.engine.fit.memory import Memory, Settings, predict
from agent.engine.fit.plan import Plan, make_plan, size
from agent.engine.fit.shape import Shape
from agent.engine.fit.speed import bandwidth, tokens_per_second

__all__ = [
    "Device",
    "Machine",
    "Memory",
    "Plan",
    "Settings",
    "Shape",
    "bandwidth",
    "make_plan",
    "predict",
    "size",
    "tokens_per_second",
]


def context_tokens(asked: int, trained: int) -> int:  # until the worker asks for a plan
    wanted = asked or 8192
    return min(wanted, trained) if trained > 0 else wanted


def threads(asked: int, parameters: int) -> int:  # until the worker asks for a plan
    return asked or (1 if parameters < 50_000_000 else Machine.this().cores)
