"""The closed union of everything that happens: the window, ``--json``, the session log and the tests consume it.

Producers emit through a plain callable, ``Emit``; it must not raise and returns at once, from any thread.
One event is one line of JSON with a ``type``; the last event of a request is always :class:`TaskFinished`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from agent.messages import Request, Value
from agent.tool import Status


class QuestionLine(Value):
    """One exact value of an approval. ``origin`` says where it came from: "you said it", "from your settings",
    "from what was read", "proposed by the model"."""

    label: str
    value: str
    origin: str = ""


class Question(Value):
    """What the person is asked before something happens. Shown as plain text, control characters made visible."""

    id: str
    title: str
    lines: tuple[QuestionLine, ...] = ()
    undo: str = ""
    reason: str = ""
    always: str = ""
    """What a standing permission would cover ("in Documents"); empty: not offered."""


Choice = Literal["allow", "always", "deny"]


class PlanStep(Value):
    """One line of a plan: a tool, what it is about, and how it reads ("Open **Text Editor**")."""

    tool: str
    about: str
    title: str


class Evidence(Value):
    """One thing that was read back, and whether it is as it should be."""

    claim: str
    proof: str
    holds: bool


class Outcome(Value):
    """How a request ended. ``answer`` is what the model said; ``status`` and ``evidence`` are what we know."""

    status: Status | Literal["answered", "stopped"]
    answer: str = ""
    evidence: tuple[Evidence, ...] = ()
    changed: tuple[str, ...] = ()
    """What was changed and can be undone, one line each."""
    error: str = ""
    remedy: str = ""


class ModelLoading(Value):
    type: Literal["model_loading"] = "model_loading"
    model: str
    fraction: float


class ModelReady(Value):
    type: Literal["model_ready"] = "model_ready"
    model: str
    context_tokens: int
    seconds: float


class EngineRestarted(Value):
    """The engine process died and is back; the turn goes on. ``cause`` is one sentence."""

    type: Literal["engine_restarted"] = "engine_restarted"
    cause: str
    attempt: int


class TaskStarted(Value):
    type: Literal["task_started"] = "task_started"
    task: str
    session: str
    request: Request


class Prefilled(Value):
    """The prompt is in the KV cache: ``reused`` of its ``tokens`` were there already."""

    type: Literal["prefilled"] = "prefilled"
    tokens: int
    reused: int
    seconds: float


class TextDelta(Value):
    """A piece of the answer, as it is decoded."""

    type: Literal["text_delta"] = "text_delta"
    text: str


class ThoughtDelta(Value):
    type: Literal["thought_delta"] = "thought_delta"
    text: str


class TurnRestarted(Value):
    """The text streamed since the last step is void (the engine died in mid-answer); it will be streamed again."""

    type: Literal["turn_restarted"] = "turn_restarted"


class PlanMade(Value):
    type: Literal["plan_made"] = "plan_made"
    steps: tuple[PlanStep, ...]


class StepStarted(Value):
    type: Literal["step_started"] = "step_started"
    step: str
    tool: str
    title: str
    arguments: dict[str, Any]
    plan_index: int | None = None


class StepProgress(Value):
    type: Literal["step_progress"] = "step_progress"
    step: str
    text: str


class StepFinished(Value):
    type: Literal["step_finished"] = "step_finished"
    step: str
    status: Status
    evidence: str
    content: str
    seconds: float
    details: dict[str, Any] = Field(default_factory=dict)


class QuestionAsked(Value):
    type: Literal["question_asked"] = "question_asked"
    question: Question


class QuestionAnswered(Value):
    type: Literal["question_answered"] = "question_answered"
    id: str
    choice: Choice
    by: Literal["window", "voice", "terminal", "nobody", "stop"]


class Notice(Value):
    """Something worth a row in the conversation: what happened and what to do."""

    type: Literal["notice"] = "notice"
    level: Literal["info", "warning", "error"]
    text: str
    remedy: str = ""


class Compacted(Value):
    """The context was full, so the model is shown less from now on; the conversation itself is kept whole.

    ``messages`` old ones left the prompt and ``summary``, in the model's words, stands for them; it is empty when they
    were left out. ``pictures`` old ones are words.
    """

    type: Literal["compacted"] = "compacted"
    messages: int = 0
    pictures: int = 0
    summary: str = ""


def told_of(event: Compacted) -> tuple[str, ...]:
    """``event`` in words for the person: a line, and the summary if there is one."""
    if event.pictures:
        return (f"The model no longer sees {_number(event.pictures, 'older picture')} of the screen.",)
    gone = _number(event.messages, "older message")
    if not event.summary:
        return (f"The model's context was full: it no longer reads {gone}. You keep everything.",)
    return (
        f"The model's context was full: it goes on with its notes on {gone}. You keep everything.",
        event.summary,
    )


def _number(count: int, thing: str) -> str:
    return f"one {thing}" if count == 1 else f"{count} {thing}s"


class SessionTitled(Value):
    """The session has a title of its own, in place of the first words of its first request."""

    type: Literal["session_titled"] = "session_titled"
    session: str
    title: str


class Usage(Value):
    """Where the context stands after a model turn."""

    type: Literal["usage"] = "usage"
    context_used: int
    context_tokens: int
    decoded: int
    tokens_per_second: float


class ListeningChanged(Value):
    type: Literal["listening"] = "listening"
    on: bool


class SoundLevel(Value):
    """The microphone's level, 0 to 1, about 20 times a second while listening."""

    type: Literal["sound_level"] = "sound_level"
    level: float
    speech: bool


class Heard(Value):
    """The transcript so far; ``final`` once, at the end."""

    type: Literal["heard"] = "heard"
    text: str
    final: bool


class SpeakingChanged(Value):
    type: Literal["speaking"] = "speaking"
    on: bool


class ReminderDue(Value):
    type: Literal["reminder_due"] = "reminder_due"
    text: str


class PointedAt(Value):
    """Where on the screen something is that the answer talks about: whoever shows events draws a ring there for some
    seconds. ``name`` and ``label`` are untrusted text; ``bounds`` are x, y, width and height in screen pixels;
    ``window`` is the id of the window it is in: when that moves or closes, the ring goes."""

    type: Literal["pointed_at"] = "pointed_at"
    name: str
    label: str = ""
    bounds: tuple[int, int, int, int]
    window: int
    application: str = ""


class TaskFinished(Value):
    type: Literal["task_finished"] = "task_finished"
    task: str
    outcome: Outcome
    seconds: float


Event = Annotated[
    ModelLoading
    | ModelReady
    | EngineRestarted
    | TaskStarted
    | Prefilled
    | TextDelta
    | ThoughtDelta
    | TurnRestarted
    | PlanMade
    | StepStarted
    | StepProgress
    | StepFinished
    | QuestionAsked
    | QuestionAnswered
    | Notice
    | Compacted
    | SessionTitled
    | Usage
    | ListeningChanged
    | SoundLevel
    | Heard
    | SpeakingChanged
    | ReminderDue
    | PointedAt
    | TaskFinished,
    Field(discriminator="type"),
]

Emit = Callable[[Event], None]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads an event back from its JSON."""
