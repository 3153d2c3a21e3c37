"""How much of the machine a model gets."""

from __future__ import annotations

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


def test_threads_are_as_many_as_asked_or_at_least_one():
    assert fit.threads(3) == 3
    assert fit.threads(0) >= 1
