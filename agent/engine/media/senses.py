"""Pictures and sound in the engine process: from pixels and samples to entries of a prompt, and into the cache.

:meth:`Senses.place` says what stands in a prompt for a picture or a sound, without encoding anything; the ledger asks
:meth:`Senses.decode` for what the cache does not hold yet, and only then a tower works, unless the embeddings are still
kept. The towers are loaded when something is first placed. All on the thread that owns the context.

Sound is cut into pieces of 30 s, which no tower looks across, and those into blocks of 3 s. Gemma 4's audio tower looks
backwards alone, so a block that is encoded together with as much of what went before it as the tower can see has the
embeddings that it has in the whole piece, whatever follows: a sound can be taken in while it still goes on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image

from agent.engine.bindings import DecodeAborted, NativeContext, NativeModel
from agent.engine.media.mtmd import (
    Bitmap,
    Embeddings,
    EncodeAborted,
    EncodeFailed,
    Projector,
    ProjectorRefused,
    Span,
)
from agent.engine.media.projector import (
    LEAST_TOKENS,
    MOST_TOKENS,
    TOKEN_SAMPLES,
    USUAL_TOKENS,
    ProjectorFacts,
    fitted,
)
from agent.engine.script import Entry, Media
from agent.engine.shared import handle
from agent.engine.vocabulary import Vocabulary
from agent.messages import SOUND_BLOCK, SOUND_PIECE, Picture, Sound, block_ends

EMBEDDING_BYTES = 128 << 20
"""All embeddings that are kept: a picture of 264 tokens takes 1.6 MB for E2B, 5.7 MB for 31B."""

GONE = "(a {} that is no longer kept)"
UNREADABLE = "(a {} that could not be read)"


class MediaLost(Exception):
    """Embeddings that the prompt counted on cannot be had. The cache is as it was; written again, the prompt has words
    in their place."""


class EmbeddingCache:
    """Embeddings by the key of their medium; beyond ``limit`` bytes the least recently used are dropped."""

    def __init__(self, limit: int = EMBEDDING_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Embeddings] = OrderedDict()
        self.size = 0
        """Bytes."""

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str) -> Embeddings | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def clear(self) -> None:
        self._kept.clear()
        self.size = 0

    def put(self, key: str, embeddings: Embeddings) -> None:
        if key in self._kept or embeddings.nbytes > self._limit:
            return
        self._kept[key] = embeddings
        self.size += embeddings.nbytes
        while self.size > self._limit:
            self.size -= self._kept.popitem(last=False)[1].nbytes


@dataclass(frozen=True, slots=True)
class Source:
    """What a medium of the prompt is made from: one span of ``bitmap``, which begins at the sample ``offset`` of the
    sound, less the embeddings before ``first``. ``placeholder`` has just as many tokens as are left."""

    handle: str
    bitmap: Bitmap
    placeholder: Bitmap
    span: int = 0
    first: int = 0
    offset: int = 0


class Senses:
    """What the model behind ``facts`` sees and hears. ``stopped`` is asked while a tower is at work."""

    def __init__(
        self,
        facts: ProjectorFacts,
        model: NativeModel,
        vocabulary: Vocabulary,
        threads: int,
        use_gpu: bool,
        picture_tokens: int,
        stopped: Callable[[], bool],
        embeddings: EmbeddingCache | None = None,
    ) -> None:
        self._facts = facts
        self._model = model
        self._vocabulary = vocabulary
        self._threads, self._use_gpu = threads, use_gpu
        self._usual_tokens = picture_tokens or USUAL_TOKENS
        self._stopped = stopped
        self._projector: Projector | None = None
        self._refused = False
        self._context: NativeContext | None = None
        self._embeddings = embeddings or EmbeddingCache()
        self._given: dict[str, bytes] = {}
        self._sources: dict[str, Source] = {}
        self._unreadable: set[str] = set()
        self._lost: set[str] = set()
        self._parts = lru_cache(maxsize=256)(self._parts_of)
        self.held: Callable[[Media], bool] = lambda media: False
        """Whether the cache holds it; the one who owns the ledger says."""
        self.encoded = 0
        """How many bitmaps a tower has worked on."""

    @property
    def loaded(self) -> bool:
        return self._projector is not None

    def serve(self, context: NativeContext) -> None:
        """Put media into ``context`` from now on."""
        self._context = context
        context.take_media_by(self.decode)

    def give(self, media: Picture | Sound, data: bytes | memoryview) -> None:
        """Keep ``data``, the pixels or samples of ``media``. Of pixels only those that its budget leaves are kept."""
        self._lost.discard(handle(media))
        if isinstance(media, Picture):
            size = self._fitted(media)
            image = Image.frombytes("RGB", (media.width, media.height), data)
            resized = image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)
            self._given[handle(media)] = resized.tobytes()
        else:
            samples = np.nan_to_num(np.frombuffer(data, np.float32), posinf=0.0, neginf=0.0)
            self._given[handle(media)] = samples.tobytes()

    def forget_all_but(self, handles: frozenset[str]) -> None:
        """Let go of what was given for other media than these."""
        self._given = {name: data for name, data in self._given.items() if name in handles}
        self._sources = {key: source for key, source in self._sources.items() if source.handle in handles}

    def place(self, media: Picture | Sound) -> Sequence[Entry]:
        """What stands in a prompt for ``media``: words when it cannot be had, nothing for a model without the sense."""
        kind = "picture" if isinstance(media, Picture) else "sound"
        if not (self._facts.sees if kind == "picture" else self._facts.hears):
            return ()
        if handle(media) in self._unreadable:
            return self._vocabulary.plain(UNREADABLE.format(kind))
        try:
            entries = self._picture(media) if isinstance(media, Picture) else self._sound(media)
        except (ProjectorRefused, EncodeFailed):
            return self._vocabulary.plain(UNREADABLE.format(kind))
        if not all(self._to_be_had(entry) for entry in entries if isinstance(entry, Media)):
            return self._vocabulary.plain(GONE.format(kind))
        return entries

    def decode(self, media: Media, position: int) -> None:
        """Put ``media`` into the cache. Raises DecodeAborted, DecodeFailed and MediaLost."""
        assert self._context is not None
        source = self._sources[media.key]
        embeddings = self._embeddings.get(media.key)
        if embeddings is None:
            embeddings = self._encode(media, source)
            self._embeddings.put(media.key, embeddings)
        self._towers().decode(self._context, source.placeholder, source.span, embeddings, position)

    def _picture(self, picture: Picture) -> list[Entry]:
        bitmap = Bitmap("picture", *self._fitted(picture))
        name = f"{picture.key} {bitmap.width}x{bitmap.height}"
        entries: list[Entry] = list(self._vocabulary.plain(picture.label)) if picture.label else []
        spans = 0
        for part in self._parts(bitmap):
            if isinstance(part, Span):
                source = Source(handle(picture), bitmap, bitmap, span=spans)
                entries.append(self._medium("picture", f"{name} {spans}", part, source))
                spans += 1
            else:
                entries += part
        return entries

    def _sound(self, sound: Sound) -> list[Entry]:
        """The tokens before, the blocks and, once it has ended, the tokens after."""
        blocks = list(self._blocks(sound))
        if not blocks:
            return []
        around = self._parts(Bitmap("sound", SOUND_BLOCK))
        at = next(index for index, part in enumerate(around) if isinstance(part, Span))
        before = [token for part in around[:at] if not isinstance(part, Span) for token in part]
        after = [token for part in around[at:] if not isinstance(part, Span) for token in part]
        return [*before, *blocks, *(() if sound.growing else after)]

    def _blocks(self, sound: Sound) -> Iterator[Media]:
        """What the towers take of ``sound`` by itself: blocks of a piece, or whole pieces; last what is left over, if
        it has ended."""
        step = SOUND_PIECE if self._facts.lookback is None else SOUND_BLOCK
        done = 0
        for key, reach in zip(sound.block_keys, block_ends(sound.samples), strict=True):
            end = reach // SOUND_BLOCK * SOUND_BLOCK
            if end % step == 0:
                yield from self._block(sound, f"{key} {step}", end - step, reach)
                done = end
        if not sound.growing and sound.samples - done // SOUND_PIECE * SOUND_PIECE >= TOKEN_SAMPLES:
            yield from self._block(sound, f"{sound.key} rest", done, sound.samples)

    def _block(self, sound: Sound, key: str, start: int, reach: int) -> Iterator[Media]:
        """The tokens from the sample ``start`` on, made from the samples before ``reach``; none, if there are none."""
        lookback = self._facts.lookback or 0
        offset = max(start // SOUND_PIECE * SOUND_PIECE, start - lookback * TOKEN_SAMPLES)
        bitmap = Bitmap("sound", reach - offset)
        first = (start - offset) // TOKEN_SAMPLES
        spans = [part for part in self._parts(bitmap) if isinstance(part, Span)]
        tokens = sum(span.tokens for span in spans) - first
        if self._facts.lookback is None:
            placeholder = bitmap
        else:
            whole = SOUND_BLOCK // TOKEN_SAMPLES
            tokens = min(tokens, whole)
            placeholder = Bitmap("sound", tokens * TOKEN_SAMPLES)
        if tokens > 0:
            source = Source(handle(sound), bitmap, placeholder, first=first, offset=offset)
            yield self._medium("sound", key, Span(tokens, tokens), source)

    def _medium(self, kind: Literal["picture", "sound"], key: str, span: Span, source: Source) -> Media:
        self._sources[key] = source
        return Media(kind, key, span.tokens, span.positions)

    def _to_be_had(self, media: Media) -> bool:
        name = self._sources[media.key].handle
        if name in self._given or media.key in self._embeddings:
            return True
        return name not in self._lost and self.held(media)

    def _encode(self, media: Media, source: Source) -> Embeddings:
        data = self._given.get(source.handle)
        if data is None:  # it was placed because the cache held it, which has rewound since
            self._lost.add(source.handle)
            raise MediaLost(media.key)
        if media.kind == "sound":
            data = data[4 * source.offset : 4 * (source.offset + source.bitmap.width)]
        self.encoded += 1
        try:
            embeddings = self._towers().encode(replace(source.bitmap, data=data), source.span)
        except EncodeAborted as error:
            raise DecodeAborted from error
        except EncodeFailed as error:
            self._unreadable.add(source.handle)
            raise MediaLost(media.key) from error
        return embeddings[source.first : source.first + media.tokens]

    def _fitted(self, picture: Picture) -> tuple[int, int]:
        """The size in pixels that the towers get to see."""
        if not self._facts.tile:
            return picture.width, picture.height
        budget = max(LEAST_TOKENS, min(MOST_TOKENS, picture.budget or self._usual_tokens))
        return fitted(picture.width, picture.height, budget, self._facts.tile)

    def _parts_of(self, bitmap: Bitmap) -> tuple[tuple[int, ...] | Span, ...]:
        return tuple(self._towers().parts(bitmap))

    def _towers(self) -> Projector:
        """Loaded when first wanted. Raises ProjectorRefused."""
        if self._refused:
            raise ProjectorRefused
        if self._projector is None:
            self._refused = True
            most = MOST_TOKENS if self._facts.tile else 0
            self._projector = Projector(
                self._facts.path, self._model, self._threads, self._use_gpu, self._stopped, most
            )
            self._refused = False
        return self._projector
