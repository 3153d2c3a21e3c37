"""What a model's own chat template puts around the words: learnt once, by rendering a probe conversation.

The file's Jinja template is rendered with unique placeholders for the words and split at them. After that no history
is ever rendered again: a conversation is ``head`` and then words and seams, each appended to the last, so the KV
cache always holds its beginning.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.engine.declaration import declaration
from agent.engine.dialects import call_form
from agent.engine.dialects.call_form import CALL_ID, CallForm
from agent.engine.dialects.sandbox import FailedProbe, SandboxedTemplate, Turn
from agent.engine.port import ToolSpec

PLAIN_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For files that carry no template: ChatML, which most of those were trained with."""

NO_SYSTEM = "{#- no system text -#}"
"""A template with this comment belongs to a model that was trained without a system text (the built-in one): it is
left out, not put before the person's first words as for templates that know no system role."""

SYSTEM, ASKED, SAID, ASKED_AGAIN = "SYSTEM7Q", "ASKED7Q", "SAID7Q", "AGAIN7Q"
SAID_AFTER = "AFTER7Q"
THOUGHT = "THOUGHT7Q"
RESULT = 'RESULT"7Q'
"""Its quote shows whether the template writes a result as it is or as a JSON string."""


@dataclass(frozen=True, slots=True)
class Seams:
    """The texts between the words. All of them are the template's own and may hold control tokens.

    Where a model turn begins there are two: the one to go on from, which may open a thought or rule one out, and
    the one that the template gives to turns of the past.
    """

    user_to_model: str
    user_to_past: str
    user_to_call: str
    """The same for a turn of the past that begins with a call; some templates name the kind of what follows."""
    model_to_user: str
    call_to_result: str
    """Empty when the template knows no tool role. May hold the probe's name in place of the tool's."""
    result_to_model: str
    result_to_past: str
    result_to_call: str
    quotes_results: bool = False
    """A result is written as a JSON string; the quotes are in the seams."""
    thought: tuple[str, str] = ("<think>", "</think>")
    """What stands around a thought; the usual when the template renders none."""
    form: CallForm | None = None
    """How calls are written; None when the template renders none, or in a way we do not know."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How a conversation with certain tools begins, and the seams for the rest of it."""

    before_system: str
    after_system: str
    """Up to the first words of the person; without a system text ``before_system`` is empty."""
    seams: Seams
    lists_tools: bool
    """The template itself tells the model of the tools."""
    takes_system: bool = True
    """Whether the system text is written at all."""


class ChatTemplate:
    """A Jinja chat template and what was learnt from it. ``ends`` are the texts of the tokens that end a turn.

    Raises UnusableTemplate.
    """

    def __init__(self, source: str, bos: str, eos: str, thinking: bool, ends: Sequence[str] = ()) -> None:
        variables = {"bos_token": bos, "eos_token": eos, "enable_thinking": thinking, "thinking": thinking}
        self._template = SandboxedTemplate(source or PLAIN_TEMPLATE, variables)
        self._takes_system = NO_SYSTEM not in source
        self._ends = [end for end in (*ends, eos) if end]
        self._no_tools: Sequence[Turn] | None = None
        try:
            self.seams = self._learn_seams()
        except FailedProbe:  # some templates go through the tools without asking whether there are any
            self._no_tools = ()
            self.seams = self._learn_seams()

    def frame(self, system: bool, tools: Sequence[ToolSpec]) -> Frame:
        """The frame for these tools. Raises UnusableTemplate."""
        try:
            return self._with_system(tools) if system else self._head(False, tools)
        except FailedProbe:
            if not tools:
                raise
        return self.frame(system, ())  # it cannot show these tools: the dialect tells of them instead

    def _with_system(self, tools: Sequence[ToolSpec]) -> Frame:
        if not self._takes_system:
            return replace(self._head(False, tools), takes_system=False)
        try:
            return self._head(True, tools)
        except FailedProbe:  # no system role: its text goes before the person's first words
            bare = self._head(False, tools)
            return replace(bare, before_system=bare.after_system, after_system="\n\n")

    def _head(self, system: bool, tools: Sequence[ToolSpec]) -> Frame:
        declared = [declaration(tool) for tool in tools]
        start = [_turn("system", SYSTEM)] if system else []
        once = self._render([*start, _turn("user", ASKED)], True, declared)
        head, user_to_model = _split(once, ASKED)
        if user_to_model != self.seams.user_to_model:
            raise FailedProbe("the first turn is framed unlike the others")
        before, after = _split(head, SYSTEM) if system else ("", head)
        lists_tools = bool(tools) and all(tool.name in head for tool in tools)
        return Frame(before, after, self.seams, lists_tools)

    def _learn_seams(self) -> Seams:
        asked = [_turn("user", ASKED)]
        talk = [*asked, _turn("assistant", SAID), _turn("user", ASKED_AGAIN)]
        _, user_to_model = _split(self._render(asked), ASKED)
        _, user_to_past, model_to_user, last = _split(self._render(talk), ASKED, SAID, ASKED_AGAIN)
        if last != user_to_model:
            raise FailedProbe("the second turn is framed unlike the first")
        seams = Seams(user_to_model, user_to_past, user_to_past, model_to_user, "", "", "", "")
        with contextlib.suppress(FailedProbe):
            seams = replace(seams, thought=self._thought(seams))
        for arguments in (dict(call_form.ARGUMENTS), json.dumps(call_form.ARGUMENTS)):
            try:
                return self._with_calls(seams, _call(arguments))
            except FailedProbe:
                continue
        with contextlib.suppress(FailedProbe):
            return self._with_results(seams, _turn("assistant", SAID), (), SAID)
        return seams

    def _thought(self, seams: Seams) -> tuple[str, str]:
        """What the template writes around a thought that it is told apart from the words."""
        said = _turn("assistant", SAID, reasoning_content=THOUGHT)
        _, before, after, _ = _split(self._render([_turn("user", ASKED), said], False), ASKED, THOUGHT, SAID)
        seam = call_form.common_beginning(before, seams.user_to_past)
        if seam.rfind("<") > seam.rfind(">"):  # within a tag that begins like the one there
            seam = seam[: seam.rfind("<")]
        if not (begins := before.removeprefix(seam).strip()) or not (ends := after.strip()):
            raise FailedProbe("nothing marks a thought")
        return begins, ends

    def _with_calls(self, seams: Seams, call: Turn) -> Seams:
        """``seams`` with the form of ``call`` and the seams around its result."""
        _, end_of_turn = _split(self._render([_turn("user", ASKED), _turn("assistant", SAID)], False), SAID)
        _, text = _split(self._render([_turn("user", ASKED), call], False, PROBE), ASKED)
        tail = self._without_end(text.rpartition(call_form.LAST_ARGUMENT)[2], end_of_turn)
        seams = self._with_results(seams, call, PROBE, call_form.LAST_ARGUMENT + tail)
        _, text = _split(self._render([_turn("user", ASKED), call, *_AFTER_CALL], True, PROBE), ASKED)
        text = text[: text.index(call_form.LAST_ARGUMENT + tail) + len(call_form.LAST_ARGUMENT + tail)]
        past, now = seams.user_to_past, seams.user_to_model
        for seam, after_result in ((past, seams.result_to_past), (now, seams.result_to_model)):
            if text.startswith(seam) and (form := call_form.learn(text.removeprefix(seam))):
                return replace(seams, form=form, user_to_call=seam, result_to_call=after_result)
        raise FailedProbe("its calls are of another kind")

    def _with_results(self, seams: Seams, before: Turn, tools: Sequence[Turn], last: str) -> Seams:
        """``seams`` with those around the result that follows ``before``, which ends with ``last``."""
        asked = _turn("user", ASKED)
        now = self._render([asked, before, _RESULT], True, tools)
        past = self._render([asked, before, *_AFTER_CALL], True, tools)
        quoted = json.dumps(RESULT)[1:-1]
        result = quoted if quoted in now else RESULT
        _, to_result, to_model = _split(now, last, result)
        _, to_result_past, to_past, _ = _split(past, last, result, SAID_AFTER)
        if to_result_past != to_result:
            raise FailedProbe("a result is framed unlike the others")
        return replace(
            seams,
            call_to_result=to_result,
            result_to_model=to_model,
            result_to_past=to_past,
            result_to_call=to_past,
            quotes_results=result == quoted,
        )

    def _without_end(self, text: str, end_of_turn: str) -> str:
        """``text`` up to where the model ends its turn."""
        cut = [at for end in self._ends if (at := text.find(end)) >= 0]
        return text[: min(cut, default=len(text))].removesuffix(end_of_turn).rstrip()

    def _render(self, turns: Sequence[Turn], to_be_continued: bool = True, tools: Sequence[Turn] = ()) -> str:
        return self._template.render(turns, tools or self._no_tools, to_be_continued)


def _turn(role: str, content: str, **more: object) -> Turn:
    return {"role": role, "content": content, **more}


def _call(arguments: object) -> Turn:
    function = {"name": call_form.NAME, "arguments": arguments}
    return _turn("assistant", "", tool_calls=[{"id": CALL_ID, "type": "function", "function": function}])


_RESULT = _turn("tool", RESULT, name=call_form.NAME, tool_call_id=CALL_ID)
_AFTER_CALL = (_RESULT, _turn("assistant", SAID_AFTER), _turn("user", ASKED_AGAIN))
PROBE = (declaration(ToolSpec(call_form.NAME, "A probe.", {"type": "object", "properties": {}})),)


def _split(text: str, *placeholders: str) -> list[str]:
    """``text`` cut at each placeholder, which must stand in it once and in this order."""
    parts: list[str] = []
    for placeholder in placeholders:
        if text.count(placeholder) != 1:
            raise FailedProbe(f"{text.count(placeholder)} times {placeholder} in the rendered text")
        part, text = text.split(placeholder)
        parts.append(part)
    return [*parts, text]
