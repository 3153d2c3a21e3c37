"""One task from request to outcome: observe, decide, gate, act, read back.

``Task.run`` is the whole of it. A tool call is three small functions: prepare (parse, refuse repetition, ask the
broker and perhaps the person), execute (journal, run), finalise (tell, remember). What goes wrong in a tool is a
result that the model reads. Everything happens on the agent thread; ``said`` may be called from any.
"""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from agent import events
from agent.actions import MAX_REFUSALS, Actions
from agent.broker import Broker, Decision, Scope
from agent.broker.contract import QUIET
from agent.budget import Budget
from agent.cancel import Cancel, Cancelled
from agent.context import Attachment, Profile, fitting, tool_spec, user_message
from agent.conversation import Conversation
from agent.engine.port import Engine
from agent.errors import DeskhandError, ModelError
from agent.events import Choice, Emit, Outcome, PlanStep, Question
from agent.journal import Journal, JournalEntry
from agent.messages import ModelMessage, Picture, Request, ToolCall, ToolMessage, UserMessage
from agent.model_turn import ModelTurns
from agent.outcome import StepRecord, judge
from agent.plan import PLAN, PlanArguments, Progress, plan_steps
from agent.tool import Arguments, Effect, Tool, ToolResult

PLAN_TITLE = "Carry out the plan"
_PLANNING = Effect("compute")


@dataclass(frozen=True, slots=True)
class Ports:
    """What the loop works with; put together in ``app.compose``."""

    engine: Engine
    tools: Mapping[str, Tool]
    broker: Broker
    journal: Journal
    ask: Callable[[Question, Cancel], Choice]
    """Puts a question to the person and waits. Nobody there, or a stop, means deny."""
    emit: Emit
    saw: Callable[[tuple[Picture, ...]], None] = lambda pictures: None
    """Is told, before each call, which pictures the model was shown last: a point that it names is one of theirs. Must
    not raise."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that may be made."""

    tool: Tool
    arguments: Arguments
    effect: Effect


class Errand:
    """One request on its way: what was asked, where it belongs, whether it shall stop, what was said about it since.

    Made when the person asks, so that a stop reaches it before it starts. Any thread.
    """

    def __init__(self, request: Request, conversation: Conversation) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.request = request
        self.conversation = conversation
        self.cancel = Cancel()
        self.said: queue.SimpleQueue[str] = queue.SimpleQueue()

    def stop(self) -> None:
        """End it, with what was said about it until now."""
        self.cancel.request()
        for _ in self.take_said():
            pass

    def take_said(self) -> Iterator[str]:
        """What was said since the last time, oldest first."""
        with contextlib.suppress(queue.Empty):  # another thread may take the same
            while True:
                yield self.said.get_nowait()


class Task:
    """An errand being worked on."""

    def __init__(
        self,
        *,
        errand: Errand,
        ports: Ports,
        profile: Profile,
        system: str,
        context_tokens: int,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        self.id = errand.id
        self.cancel = errand.cancel
        self._said, self._take_said = errand.said, errand.take_said
        self._request = errand.request
        self._conversation = errand.conversation
        self._ports = ports
        self._profile = profile
        self._attachments = attachments
        self._turns = ModelTurns(
            engine=ports.engine,
            emit=ports.emit,
            conversation=errand.conversation,
            request=len(errand.conversation.messages),
            system=system,
            tools=tuple(tool_spec(tool) for tool in ports.tools.values()),
            context_tokens=context_tokens,
            profile=profile,
        )
        self._scope = Scope.of(
            errand.request, earlier=errand.conversation.said, tainted=errand.conversation.tainted
        )
        self._actions = Actions()
        self._progress = Progress()
        self._records: list[StepRecord] = []
        self._answers: list[str] = []
        self._budget = Budget(profile)

    # -- the whole of it ------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Work until the model has nothing more to do, a budget ends or someone says stop. Never raises
        DeskhandError: what went wrong is in the outcome."""
        started = time.monotonic()
        self._ports.emit(
            events.TaskStarted(
                task=self.id, session=self._conversation.session, request=self._request.for_show()
            )
        )
        error = None
        try:
            self._conversation.append(self._asked())
            self._work()
        except Cancelled:
            self._answer_open_call("the person stopped the task")
        except DeskhandError as trouble:
            error = trouble
            self._answer_open_call("the task ended with an error")
        outcome = judge(
            answer="\n\n".join(filter(None, self._answers)),
            records=self._records,
            plan_left=[step for step in self._progress.left if step.tool not in QUIET],
            changed=self._changed(),
            stopped=self.cancel.requested,
            error=error,
        )
        self._ports.emit(
            events.TaskFinished(task=self.id, outcome=outcome, seconds=time.monotonic() - started)
        )
        return outcome

    def _work(self) -> None:
        while True:
            self.cancel.check()
            self._take_in()
            said = self._model_turn()
            if said.call is None:
                self._answers.append(said.text.strip())
                if self._said.empty():
                    return
                continue
            result = self._step(said.call)
            self._conversation.append(self._observation(said.call, result))
            if ended := self._spent():
                self._answers.append(ended)
                return

    def _changed(self) -> tuple[str, ...]:
        with contextlib.suppress(DeskhandError):
            return self._ports.journal.changes(self.id)
        return ()

    def _answer_open_call(self, why: str) -> None:
        """A conversation must not end in a call without a result: it goes on later."""
        last = self._conversation.messages[-1] if self._conversation.messages else None
        if isinstance(last, ModelMessage) and last.call is not None:
            content = ToolResult.refused(why).content
            with contextlib.suppress(DeskhandError):
                self._conversation.append(
                    ToolMessage(call_id=last.call.id, name=last.call.name, content=content)
                )

    # -- what the model reads and says ----------------------------------------------------------------------------

    def _asked(self) -> UserMessage:
        profile = self._profile
        message = user_message(self._request, self._attachments, profile.sees, profile.hears, profile.narrow)
        pictures, words = self._glance(message.pictures)
        context = "\n".join(filter(None, (message.context, words)))
        return message.model_copy(update={"context": context, "pictures": pictures})

    def _observation(self, call: ToolCall, result: ToolResult) -> ToolMessage:
        pictures, words = self._glance(result.pictures)
        whole = result.content == "\n".join(line.text for line in result.lines)
        text = (
            self._conversation.tell(result.lines) if whole and self._profile.differences else result.content
        )
        content = "\n".join(filter(None, (text, words)))
        return ToolMessage(call_id=call.id, name=call.name, content=content, pictures=pictures)

    def _glance(self, pictures: tuple[Picture, ...]) -> tuple[tuple[Picture, ...], str]:
        """What of ``pictures`` the model has not seen yet, and words for the rest."""
        keep = self._profile.pictures
        glances = [self._conversation.glance(picture, keep) for picture in pictures]
        seen = tuple(picture for glance in glances for picture in glance.pictures)
        return seen, "\n".join(glance.words for glance in glances if glance.words)

    def _take_in(self) -> None:
        for text in self._take_said():
            self._scope.hear(text)
            self._conversation.append(UserMessage(text=text))

    def _model_turn(self) -> ModelMessage:
        turn = self._turns.take(self.cancel)
        self.cancel.check()
        if turn.reason == "length":
            self._answers.append(turn.message.text.strip())
            raise ModelError(
                "The answer was cut off: it became longer than this model may answer.",
                "Ask for less at once, or choose a larger model.",
            )
        return turn.message

    # -- one call: prepare, execute, finalise ---------------------------------------------------------------------

    def _step(self, call: ToolCall) -> ToolResult:
        step = f"{self.id}-{len(self._records) + 1}"
        began = time.monotonic()
        tool = self._ports.tools.get(call.name)
        if tool is not None and tool.name == PLAN.name:
            return self._plan(call)
        index = self._progress.index_of(call.name, call.arguments)
        prepared = self._prepare(tool, call)
        title = _title(tool, prepared, call)
        self._ports.emit(
            events.StepStarted(
                step=step, tool=call.name, title=title, arguments=call.arguments, plan_index=index
            )
        )
        result = prepared if isinstance(prepared, ToolResult) else self._permitted(step, title, prepared)
        result = fitting(result, self._profile.observation_chars, self._profile.narrow)
        if index is not None and result.status not in ("failed", "refused"):
            self._progress.tick_off(index)
        self._finalise(step, title, call, prepared, result, time.monotonic() - began)
        return result

    def _prepare(self, tool: Tool | None, call: ToolCall) -> Prepared | ToolResult:
        if tool is None:
            return ToolResult.failed(f"there is no tool called {call.name}")
        try:
            arguments = tool.arguments.model_validate(call.arguments)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            return ToolResult.failed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        self._ports.saw(self._conversation.pictures_shown_last)
        try:
            effect = tool.effect(arguments)
        except DeskhandError as trouble:
            return ToolResult.failed(str(trouble))
        if self._actions.repeats(tool, call.arguments, effect):
            return ToolResult.refused("this was just done, and nothing has changed since")
        return Prepared(tool, arguments, effect)

    def _permitted(self, step: str, title: str, prepared: Prepared) -> ToolResult:
        decision = self._ports.broker.decide(prepared.tool, prepared.arguments, prepared.effect, self._scope)
        if decision.choice == "deny":
            return ToolResult.refused(decision.reason)
        if decision.choice == "ask":
            if not self._allowed(decision):
                return ToolResult.refused("the person said no")
            self._scope.allow(prepared.effect)
        self.cancel.check()
        result = self._execute(step, title, prepared)
        self._scope.ran(prepared.tool, prepared.effect, result)
        return result

    def _allowed(self, decision: Decision) -> bool:
        assert decision.question is not None
        choice = self._ask(decision.question)
        if choice == "always":
            self._ports.broker.grant(decision)
        return choice != "deny"

    def _ask(self, question: Question) -> Choice:
        with self._budget.waiting():
            return self._ports.ask(question, self.cancel)

    def _execute(self, step: str, title: str, prepared: Prepared) -> ToolResult:
        """Journal, run, journal. A step that the journal could not write down is not run."""
        entries: list[JournalEntry] = []

        def keep(paths: tuple[Path, ...]) -> None:
            changing = replace(prepared.effect, changes=paths)
            entries.append(self._ports.journal.prepare(self.id, step, title, changing))

        context = _StepContext(self.cancel, step, self._ports.emit, keep)
        try:
            if prepared.effect.changes:
                keep(prepared.effect.changes)
            with self._budget.waiting() if prepared.tool.waits else contextlib.nullcontext():
                result = prepared.tool.run(prepared.arguments, context)
        except DeskhandError as trouble:
            result = ToolResult.failed(str(trouble))
        for entry in entries:
            self._settle(entry, result)
        return result

    def _settle(self, entry: JournalEntry, result: ToolResult) -> None:
        """Write down how the step ended. If the disk refuses, it stays uncertain and is settled at the next start."""
        try:
            if result.status in ("failed", "refused"):
                self._ports.journal.failed(entry)
            else:
                self._ports.journal.done(entry)
        except DeskhandError as trouble:
            self._ports.emit(events.Notice(level="warning", text=trouble.what, remedy=trouble.remedy))

    def _finalise(
        self,
        step: str,
        title: str,
        call: ToolCall,
        prepared: Prepared | ToolResult,
        result: ToolResult,
        seconds: float,
    ) -> None:
        if isinstance(prepared, Prepared):
            self._actions.record(prepared.tool, call.arguments, prepared.effect, result)
            self._records.append(StepRecord(title, call, prepared.effect.verb, result))
        else:
            verb = "compute" if call.name in QUIET else "write"
            self._records.append(StepRecord(title, call, verb, result))
        self._ports.emit(
            events.StepFinished(
                step=step,
                status=result.status,
                evidence=result.evidence,
                content=result.content,
                seconds=seconds,
                details=result.details,
            )
        )

    # -- the plan -------------------------------------------------------------------------------------------------

    def _plan(self, call: ToolCall) -> ToolResult:
        """Show the plan, ask once for all of it, and let the broker hold the model to it."""
        steps = self._usable_plan(call)
        self._actions.record(PLAN, call.arguments, _PLANNING, ToolResult("confirmed", "planned"))
        if isinstance(steps, ToolResult):
            self._records.append(StepRecord(PLAN_TITLE, call, "compute", steps))
            return steps
        self._ports.emit(events.PlanMade(steps=steps))
        self._progress = Progress(steps)
        question = self._ports.broker.contract_question(steps, self._scope)
        if question is not None and self._ask(question) == "deny":
            self.cancel.check()
            self._progress = Progress()
            result = ToolResult.refused("the person said no to the plan")
            self._records.append(StepRecord(PLAN_TITLE, call, "run", result))
            return result
        self._scope.approve(self._ports.broker.contract_of(steps, self._scope))
        context = _StepContext(self.cancel, call.id, self._ports.emit, keep=lambda paths: None)
        return PLAN.run(PlanArguments.model_validate(call.arguments), context)

    def _usable_plan(self, call: ToolCall) -> tuple[PlanStep, ...] | ToolResult:
        if self._actions.repeats(PLAN, call.arguments, _PLANNING):
            return ToolResult.refused("this plan was made before")
        try:
            return plan_steps(PlanArguments.model_validate(call.arguments), self._ports.tools)
        except (ValidationError, ValueError) as wrong:
            return ToolResult.failed(f"this plan cannot be used: {wrong}")

    # -- budgets --------------------------------------------------------------------------------------------------

    def _spent(self) -> str:
        """Why the task must end now, as its last sentence; empty while there is room."""
        steps = len(self._records)
        if self._actions.refusals >= MAX_REFUSALS:
            return "I stopped: I kept asking for the same step although nothing changed."
        if ended := self._budget.spent(steps):
            return ended
        if self._budget.warns(steps):
            text = "This task has used three quarters of its steps or time."
            self._ports.emit(events.Notice(level="warning", text=text))
        return ""


@dataclass(frozen=True, slots=True)
class _StepContext:
    """See :class:`agent.tool.ToolContext`."""

    cancel: Cancel
    step: str
    emit: Emit
    keep: Callable[[tuple[Path, ...]], None]

    def progress(self, text: str) -> None:
        self.emit(events.StepProgress(step=self.step, text=text))


def _title(tool: Tool | None, prepared: Prepared | ToolResult, call: ToolCall) -> str:
    if tool is not None and isinstance(prepared, Prepared):
        return tool.title(prepared.arguments)
    return call.name.replace("_", " ").capitalize()
