"""How much of the machine a model gets."""

from __future__ import annotations

import os

import pytest

from agent.engine import fit


@pytest.mark.parametrize(
    ("asked", "trained", "made"),
    [(0, 131072, 8192), (0, 2048, 2048), (32768, 131072, 32768), (32768, 4096, 4096)],
)
def test_the_context_is_what_was_asked_or_8192_and_never_more_than_was_trained(
    asked: int, trained: int, made: int
):
    assert fit.context_tokens(asked, trained) == made


def test_threads_are_as_many_as_asked():
    assert fit.threads(3, parameters=1) == 3


def test_a_small_model_gets_one_thread_and_a_large_one_no_more_than_the_cores():
    assert fit.threads(0, parameters=5_000_000) == 1
    assert 1 <= fit.threads(0, parameters=2_000_000_000) <= (os.cpu_count() or 1)
