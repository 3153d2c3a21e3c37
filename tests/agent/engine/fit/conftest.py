"""Shapes of models: one of Gemma 4's kind from a real file, and machines that we make up."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.engine.fit import Machine, Shape
from agent.engine.gguf.header import read_header
from tests.agent.engine import shaped_model

GIB = 1 << 30
MIB = 1 << 20

LAPTOP = Machine(memory_bytes=16 * GIB, free_bytes=12 * GIB, cores=8, repacks=frozenset({"Q4_0", "Q4_K"}))

GEMMA = shaped_model.Shape(
    layers=10, width=256, feed=512, heads=4, shared=5, per_layer=32, vocabulary=4096, weights="Q8_0"
)
"""Layers 4 and 9 are full ones; the last five use the KV of earlier ones."""


@pytest.fixture(scope="session")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Shape:
    folder = tmp_path_factory.mktemp("shapes")
    return shape_of(folder / "gemma.gguf", GEMMA)


def shape_of(path: Path, shape: shaped_model.Shape) -> Shape:
    return Shape.of(read_header(shaped_model.write_shaped(path, shape)))
