"""Fit: from a model's header and the machine to how the model is loaded, how much memory that takes and how fast it is.

No ``llama_cpp`` here: the engine process plans just before it loads (:func:`make_plan`), and the application asks the
same question about files that are only lying there (:func:`plan_file`). ``machine`` reads the machine, ``shape`` the
header, ``memory`` and ``speed`` hold the formulas, ``plan`` chooses.
"""

from agent.engine.fit.machine import Device, Machine
from agent.engine.fit.memory import Memory, Settings, predict
from agent.engine.fit.plan import Plan, make_plan, plan_file, size
from agent.engine.fit.shape import Shape
from agent.engine.fit.speed import bandwidth, tokens_per_second
from agent.engine.fit.towers import towers_bytes

__all__ = [
    "Device",
    "Machine",
    "Memory",
    "Plan",
    "Settings",
    "Shape",
    "bandwidth",
    "make_plan",
    "plan_file",
    "predict",
    "size",
    "tokens_per_second",
    "towers_bytes",
]
