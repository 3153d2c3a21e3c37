"""Tiny models of several families, each with the control tokens and the template of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.agent.engine.tiny_gemma3n import write_gemma3n
from tests.agent.engine.tiny_model import write_gemma, write_llama
from tests.agent.engine.tiny_qwen import (
    GLM_MARKS,
    GLM_TEMPLATE,
    LLAMA3_MARKS,
    LLAMA3_TEMPLATE,
    MISTRAL_MARKS,
    MISTRAL_TEMPLATE,
    NAMED_RESULTS_TEMPLATE,
    QWEN3_5_TEMPLATE,
    QWEN3_TEMPLATE,
    QWEN_MARKS,
    write_qwen,
)


@dataclass(frozen=True, slots=True)
class Family:
    """A template, its control tokens, and what makes a random model begin calls."""

    template: str
    marks: Mapping[str, int]
    words: tuple[str, ...]
    eager: Mapping[str, float]


TEMPLATED = {
    "qwen3": Family(QWEN3_TEMPLATE, QWEN_MARKS, (), {"<tool_call>": 8.0}),
    "qwen3.5": Family(QWEN3_5_TEMPLATE, QWEN_MARKS, (), {"<tool_call>": 8.0}),
    "glm": Family(GLM_TEMPLATE, GLM_MARKS, (), {"<tool_call>": 8.0}),
    "named": Family(NAMED_RESULTS_TEMPLATE, QWEN_MARKS, (), {"<tool_call>": 8.0}),
    "llama3": Family(LLAMA3_TEMPLATE, LLAMA3_MARKS, ('{"name": ',), {'{"name": ': -16.0}),
    "mistral": Family(MISTRAL_TEMPLATE, MISTRAL_MARKS, (), {"[TOOL_CALLS]": 8.0}),
}
"""The families whose calls are learnt from their template."""

FAMILIES = ("gemma4", "gemma3n", "chatml", *TEMPLATED)


def write(family: str, folder: Path) -> Path:
    """A file of one of FAMILIES."""
    path = folder / f"{family}.gguf"
    match family:
        case "gemma4":
            return write_gemma(path)
        case "gemma3n":
            return write_gemma3n(path)
        case "chatml":
            return write_llama(path)
        case _:
            one = TEMPLATED[family]
            return write_qwen(path, template=one.template, marks=one.marks, words=one.words, eager=one.eager)
