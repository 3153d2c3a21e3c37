"""How a task ended, judged from what was read back. The model's own words never count as proof.

Only steps that change something are judged. When the same thing was tried more than once the last try counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.errors import DeskhandError
from agent.events import Evidence, Outcome, PlanStep
from agent.messages import ToolCall
from agent.tool import Status, ToolResult

_ACTS = frozenset({"write", "drive", "run", "send", "erase"})


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step that was made or refused."""

    title: str
    call: ToolCall
    verb: str
    result: ToolResult


def judge(
    *,
    answer: str,
    records: Sequence[StepRecord],
    plan_left: Sequence[PlanStep],
    changed: tuple[str, ...],
    stopped: bool,
    error: DeskhandError | None,
) -> Outcome:
    """The outcome of a task, with the evidence for it."""
    last = {(record.call.name, record.title): record for record in records if record.verb in _ACTS}
    evidence = tuple(
        Evidence(
            claim=record.title,
            proof=record.result.evidence or record.result.content,
            holds=record.result.status == "confirmed",
        )
        for record in last.values()
    )
    return Outcome(
        status=_status(records, list(last.values()), plan_left, stopped, error),
        answer=answer.strip(),
        evidence=evidence,
        changed=changed,
        error=error.what if error else "",
        remedy=error.remedy if error else "",
    )


def _status(
    records: Sequence[StepRecord],
    acts: Sequence[StepRecord],
    plan_left: Sequence[PlanStep],
    stopped: bool,
    error: DeskhandError | None,
) -> Status | Literal["answered", "stopped"]:
    if stopped:
        return "stopped"
    if error is not None:
        return "failed"
    statuses: list[Status] = [record.result.status for record in acts]
    if not statuses:
        trouble: list[Status] = [r.result.status for r in records if r.result.status in ("failed", "refused")]
        if trouble and len(trouble) == len(records):
            return trouble[-1]
        return "suspected_noop" if plan_left else "answered"
    if set(statuses) == {"confirmed"}:
        return "partial" if plan_left else "confirmed"
    if not set(statuses) & {"confirmed", "partial"}:
        return statuses[-1]
    if set(statuses) & {"partial", "failed", "refused"}:
        return "partial"
    return "suspected_noop" if "suspected_noop" in statuses else "unverifiable"
