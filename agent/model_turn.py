"""One turn of the model: the prompt is made to fit, words stream out, what was said is kept. Agent thread only."""

from __future__ import annotations

from agent import events
from agent.cancel import Cancel
from agent.compaction import Room, compacted
from agent.context import Profile
from agent.conversation import Conversation
from agent.engine.port import Engine, Finished, Piece, Prefill, Prompt, Restarted, ToolSpec
from agent.events import Emit
from agent.view import fewer_pictures


class ModelTurns:
    """The turns of one task. ``request`` is the index of what it was asked."""

    def __init__(
        self,
        *,
        engine: Engine,
        emit: Emit,
        conversation: Conversation,
        request: int,
        system: str,
        tools: tuple[ToolSpec, ...],
        context_tokens: int,
        profile: Profile,
    ) -> None:
        self._engine = engine
        self._emit = emit
        self._conversation = conversation
        self._request = request
        self._system = system
        self._tools = tools
        self._context_tokens = context_tokens
        self._profile = profile
        self._room = Room(engine, context_tokens)

    def take(self, cancel: Cancel) -> Finished:
        """Let the model go on; its message is in the conversation when this returns. Raises Cancelled when it was
        stopped before it began, ModelError when the prompt cannot be made to fit, EngineDied, StorageError."""
        if self._profile.sees:
            self._drop_pictures()
        prompt = self._prompt()
        if not self._room.holds(prompt):
            self._compact(prompt, cancel)
            prompt = self._prompt()
        turn = self._stream(prompt, cancel)
        self._room.note(prompt, turn)
        self._conversation.append(turn.message)
        return turn

    def _prompt(self) -> Prompt:
        return self._conversation.prompt(self._system, self._tools, self._profile.sees)

    def _drop_pictures(self) -> None:
        messages, view = self._conversation.messages, self._conversation.view
        fewer = fewer_pictures(messages, view, self._profile.pictures, self._profile.in_place)
        if fewer == view:
            return
        self._conversation.see(fewer)
        gone = sum(
            len(message.pictures)
            for index, message in enumerate(messages)
            if message.role != "model"
            and view.shows_pictures_of(index)
            and not fewer.shows_pictures_of(index)
        )
        self._emit(events.Compacted(pictures=gone))

    def _compact(self, prompt: Prompt, cancel: Cancel) -> None:
        conversation = self._conversation
        messages, view = conversation.messages, conversation.view
        later = compacted(
            self._engine,
            self._room,
            prompt,
            messages,
            view,
            self._request,
            cancel,
            self._profile.summarises,
            self._profile.sees,
        )
        if later == view:
            return
        conversation.see(later)
        gone = (later.start - len(later.kept)) - (view.start - len(view.kept))
        self._emit(events.Compacted(messages=gone, summary=later.summary))

    def _stream(self, prompt: Prompt, cancel: Cancel) -> Finished:
        for event in self._engine.generate(prompt, cancel):
            match event:
                case Prefill(tokens, reused, seconds):
                    self._emit(events.Prefilled(tokens=tokens, reused=reused, seconds=seconds))
                case Piece(text, thought):
                    delta = events.ThoughtDelta if thought else events.TextDelta
                    self._emit(delta(text=text))
                case Restarted(cause, attempt):
                    self._emit(events.EngineRestarted(cause=cause, attempt=attempt))
                    self._emit(events.TurnRestarted())
                case Finished():
                    self._emit(
                        events.Usage(
                            context_used=event.context_used,
                            context_tokens=self._context_tokens,
                            decoded=event.decoded,
                            tokens_per_second=event.decoded / event.seconds if event.seconds > 0 else 0.0,
                        )
                    )
                    return event
        raise AssertionError("the engine ended a turn without Finished")
