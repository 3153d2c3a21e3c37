"""From what was asked for to a model that is ready for turns: files looked at, the machine planned for, parts wired.

Child side, on the thread that will own the context.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agent.engine.bindings import NativeContext, NativeModel, library_version
from agent.engine.cache import persistence
from agent.engine.cache.persistence import Fingerprint
from agent.engine.decoding.assistant import Assistant, usable_drafter
from agent.engine.devices import devices
from agent.engine.dialects import choose_dialect
from agent.engine.dialects.contract import Dialect
from agent.engine.fit import Machine, Plan, Shape, bandwidth, make_plan, towers_bytes
from agent.engine.gguf.header import GgufHeader, read_header
from agent.engine.media.mtmd import WrongLibrary, check_library
from agent.engine.media.projector import MOST_TOKENS, USUAL_TOKENS, ProjectorFacts, usable_projector
from agent.engine.media.senses import EmbeddingCache, Senses
from agent.engine.port import ModelSpec
from agent.engine.turn import TurnRunner
from agent.engine.vocabulary import Vocabulary
from agent.engine.wire import Load, Loaded

MEASURED_BYTES = 256 << 20
"""Files of this size and more are read from memory as fast as memory is; smaller ones stay in the processor's caches,
and how fast memory is says nothing about them."""


@dataclass(frozen=True, slots=True)
class Companions:
    """The files beside the model's that can be used, and what to say of those that cannot."""

    projector: ProjectorFacts | None
    drafter: Path | None
    trouble: str
    picture_tokens: int
    """What a picture needs in one decode; 0 when it can be cut."""

    @classmethod
    def of(cls, spec: ModelSpec, width: int) -> Companions:
        facts, no_projector = _usable_projector(spec.projector, width)
        drafter, no_drafter = usable_drafter(spec.drafter, spec.path)
        picture_tokens = MOST_TOKENS if facts and facts.reads_both_ways(width) else 0
        return cls(facts, drafter, f"{no_projector} {no_drafter}".strip(), picture_tokens)


@dataclass(frozen=True, slots=True)
class Ready:
    """A loaded model. ``model`` keeps the memory that the others point into."""

    model: NativeModel
    dialect: Dialect
    runner: TurnRunner
    senses: Senses | None
    fingerprint: Fingerprint
    told: Loaded


def _usable_projector(path: Path | None, width: int) -> tuple[ProjectorFacts | None, str]:
    """The facts of ``path``, if libmtmd is the one that our bindings are for; else what to say."""
    facts, trouble = usable_projector(path, width)
    try:
        check_library()
    except WrongLibrary as error:
        return None, f"The model reads text only: {error}." if facts else trouble
    return facts, trouble


def load(command: Load, flag: mmap.mmap, on_progress: Callable[[float], bool]) -> Ready:
    """Blocks. Whatever runs later is stopped by the first byte of ``flag``.

    Raises LoadRefused, UnusableTemplate, ModelFileError, and ModelLoadError when it does not fit.
    """
    spec = command.spec
    header = read_header(spec.path)
    companions = Companions.of(spec, header.number("embedding_length"))
    plan = _plan(header, spec, companions)
    chosen = plan.settings
    model = NativeModel(str(spec.path), chosen.gpu_layers, on_progress, chosen.mapped, chosen.lazy)
    vocabulary = Vocabulary(model.vocabulary_pointer)

    def stopped() -> bool:
        return flag[0] != 0

    senses = companions.projector and Senses(
        companions.projector,
        model,
        vocabulary,
        plan.threads,
        chosen.gpu_layers > 0,
        plan.image_tokens,
        stopped,
        EmbeddingCache(plan.embedding_bytes),
    )
    place = senses.place if senses else None
    dialect = choose_dialect(vocabulary, model.chat_template, spec.thinking, command.fingerprint, place)
    context = NativeContext(
        model,
        chosen.context_tokens,
        plan.threads,
        companions.picture_tokens,
        chosen.kv_type,
        chosen.micro_batch,
        chosen.flash,
    )
    context.abort_when_set(ctypes.addressof(ctypes.c_char.from_buffer(flag)))
    drafter = companions.drafter
    runner = TurnRunner(
        context,
        model.sliding_window,
        vocabulary,
        dialect,
        command.fingerprint,
        stopped,
        recurrent=model.recurrent,
        speculate=spec.speculate,
        assistant=drafter and Assistant(drafter, model, context, plan.threads, chosen.gpu_layers),
    )
    runner.ledger.checkpoints.budget = plan.checkpoint_bytes
    if senses:
        senses.serve(context)
        senses.held = lambda media: media in runner.ledger.entries
    told = _told(plan, companions, model, context, vocabulary, dialect)
    return Ready(model, dialect, runner, senses, _fingerprint(spec, plan, context), told)


def _plan(header: GgufHeader, spec: ModelSpec, companions: Companions) -> Plan:
    """How to load the model on this machine as it is now. Raises ModelLoadError when it does not fit."""
    machine = replace(Machine.this().for_this_process(), devices=devices())
    if header.file_bytes >= MEASURED_BYTES:
        machine = replace(machine, bandwidth=bandwidth(machine.cores))
    facts, drafter = companions.projector, companions.drafter
    towers = towers_bytes(read_header(facts.path), spec.image_tokens or USUAL_TOKENS) if facts else 0
    beside = towers + (drafter.stat().st_size if drafter else 0)
    return make_plan(Shape.of(header), machine, spec, beside, companions.picture_tokens)


def _fingerprint(spec: ModelSpec, plan: Plan, context: NativeContext) -> Fingerprint:
    return Fingerprint(
        model=persistence.name_of(spec.path),
        projector=persistence.name_of(spec.projector),
        llama=library_version(),
        context_tokens=context.size,
        kv_type=plan.settings.kv_type,
    )


def _told(
    plan: Plan,
    companions: Companions,
    model: NativeModel,
    context: NativeContext,
    vocabulary: Vocabulary,
    dialect: Dialect,
) -> Loaded:
    facts = companions.projector
    return Loaded(
        context_tokens=context.size,
        trained_context_tokens=model.trained_context,
        vocabulary_size=vocabulary.size,
        dialect=dialect.name,
        sees=facts is not None and facts.sees,
        hears=facts is not None and facts.hears,
        plan=f"{plan.says} {companions.trouble}".strip(),
    )
