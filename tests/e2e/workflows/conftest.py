"""Failed workflows say what was compared, as tests do."""

import pytest

for name in ("browsers", "files", "office", "senses", "stage"):
    pytest.register_assert_rewrite(f"tests.e2e.workflows.{name}")
