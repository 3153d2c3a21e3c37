"""How model families write. Which one a file speaks is read from its vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from agent.engine.dialects.contract import Dialect, Place
from agent.engine.dialects.frame import ChatTemplate
from agent.engine.dialects.gemma4 import Gemma4, speaks_gemma4
from agent.engine.dialects.generic import Generic
from agent.engine.script import Entry
from agent.engine.vocabulary import Vocabulary
from agent.messages import Picture, Sound


def choose_dialect(
    vocabulary: Vocabulary, template: str, thinking: bool, fingerprint: str, place: Place | None = None
) -> Dialect:
    """The dialect of a loaded file. Raises UnusableTemplate when its chat template cannot be read.

    ``place`` puts pictures and sound into prompts; without it they are left out.
    """
    bos = vocabulary.text(vocabulary.bos) if vocabulary.bos is not None else ""
    eos = vocabulary.text(vocabulary.eos) if vocabulary.eos is not None else ""
    ends = sorted(map(vocabulary.text, vocabulary.ends))
    chat = ChatTemplate(template, bos, eos, thinking, ends)
    chat.frame(system=True, tools=())  # a template that does not work is better known now
    family = Gemma4 if speaks_gemma4(vocabulary) else Generic
    return family(vocabulary, chat, fingerprint, place or _leave_out)


def _leave_out(media: Picture | Sound) -> Sequence[Entry]:
    return ()
