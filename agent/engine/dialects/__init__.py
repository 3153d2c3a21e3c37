"""How model families write. Which one a file speaks is read from its vocabulary."""

from __future__ import annotations

from agent.engine.dialects.contract import Dialect
from agent.engine.dialects.frame import ChatTemplate
from agent.engine.dialects.gemma4 import Gemma4, speaks_gemma4
from agent.engine.dialects.generic import Generic
from agent.engine.vocabulary import Vocabulary


def choose_dialect(vocabulary: Vocabulary, template: str, thinking: bool, fingerprint: str) -> Dialect:
    """The dialect of a loaded file. Raises UnusableTemplate when its chat template cannot be read."""
    bos = vocabulary.text(vocabulary.bos) if vocabulary.bos is not None else ""
    eos = vocabulary.text(vocabulary.eos) if vocabulary.eos is not None else ""
    chat = ChatTemplate(template, bos, eos, thinking)
    chat.frame(system=True, tools=())  # a template that does not work is better known now
    family = Gemma4 if speaks_gemma4(vocabulary) else Generic
    return family(vocabulary, chat, fingerprint)
