"""Each workflow from beginning to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.workflows.catalogue import WORKFLOWS
from tests.e2e.workflows.stage import Stage, stage
from tests.virtual_desktop import VirtualDesktop
from tools.desktop.port import Desktop

pytestmark = pytest.mark.e2e


@pytest.fixture
def on_stage(desktop: VirtualDesktop, connected: Desktop) -> Iterator[Stage]:
    with stage(desktop, connected) as made:
        yield made


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_comes_to_what_was_asked_for(on_stage: Stage, name: str) -> None:
    workflow = WORKFLOWS[name]
    if workflow.missing:
        pytest.skip(
            f"not installed: {', '.join(workflow.missing)}; ./dev test brings it where the system has it"
        )
    workflow.do(on_stage)
