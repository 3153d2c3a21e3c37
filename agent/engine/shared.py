"""Pixels and samples from parent to child: once each, through shared memory, beside the frames of the wire.

The parent copies them into a piece of anonymous memory and sends its descriptor (``SCM_RIGHTS``) with a frame that
names it; prompts travel without data. Both sides keep the same book of what the child has: a prompt that is decoded
makes both forget what it does not mention. A new child has nothing and is given everything again.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from agent.engine.port import Prompt
from agent.messages import ModelMessage, Picture, Sound, ToolMessage, UserMessage

Media = Picture | Sound


def handle(media: Media) -> str:
    """Names what a child is given. A picture is kept in the size that its budget makes of it, so that is part of it."""
    return f"{media.key}/{media.budget}" if isinstance(media, Picture) else media.key


def media_of(prompt: Prompt) -> Iterator[Media]:
    """Every picture and sound of ``prompt``, in order."""
    for message in prompt.messages:
        if not isinstance(message, ModelMessage):
            yield from message.pictures
        if isinstance(message, UserMessage):
            yield from message.sounds


def handles(prompt: Prompt) -> frozenset[str]:
    return frozenset(map(handle, media_of(prompt)))


def without_data(prompt: Prompt) -> Prompt:
    """``prompt`` as it travels: media by their digests."""
    return replace(prompt, messages=tuple(map(_without_data, prompt.messages)))


def _without_data(
    message: UserMessage | ModelMessage | ToolMessage,
) -> UserMessage | ModelMessage | ToolMessage:
    if isinstance(message, ModelMessage) or (not message.pictures and not _sounds(message)):
        return message
    update: dict[str, object] = {"pictures": tuple(picture.without_data() for picture in message.pictures)}
    if isinstance(message, UserMessage):
        update["sounds"] = tuple(sound.without_data() for sound in message.sounds)
    return message.model_copy(update=update)


def _sounds(message: UserMessage | ToolMessage) -> tuple[Sound, ...]:
    return message.sounds if isinstance(message, UserMessage) else ()


class Given:
    """The parent's book of what one child has been given."""

    def __init__(self) -> None:
        self._handles: set[str] = set()

    def missing(self, prompt: Prompt) -> Iterator[tuple[Media, bytes]]:
        """What of ``prompt`` the child has yet to be given, and its data; after each it counts as given."""
        for media in media_of(prompt):
            data = media.rgb if isinstance(media, Picture) else media.pcm
            name = handle(media)
            if data and name not in self._handles:
                yield media, data
                self._handles.add(name)

    def forget_all_but(self, prompt: Prompt) -> None:
        self._handles &= handles(prompt)


@contextmanager
def mapped(descriptor: int) -> Iterator[memoryview]:
    """What the memory behind ``descriptor`` holds, for the block; then that is closed."""
    with (
        os.fdopen(descriptor, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory,
        memoryview(memory) as data,
    ):
        yield data


def memory(data: bytes) -> int:
    """A descriptor of anonymous memory that holds ``data``; the caller closes it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("media", os.MFD_CLOEXEC)
    else:  # macOS has none
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return descriptor
