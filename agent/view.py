"""What the model still sees of a conversation: old turns as a summary, old pictures as words.

A conversation only ever grows. What leaves the prompt leaves it by a :class:`View`, a few numbers that are kept with
the session: the same messages under the same view are always the same prompt, also after a restart. A view changes
rarely and by much, because every change makes the engine read the prompt again from there on. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.messages import Message, ModelMessage, Picture, ToolMessage, UserMessage, Value

PICTURE_GONE = "(an earlier picture of the screen, no longer shown)"


class View(Value):
    """Which messages of a conversation the model is shown.

    Those from ``start`` on, and before it only those of the person at the indexes ``kept``: what a task that is
    older than ``start`` was asked. ``summary`` stands for the rest; it is the model's words on untrusted text, and
    untrusted itself. Pictures in messages before ``pictures_from`` are words. ``start`` and ``pictures_from`` never
    go back.

    With ``in_place`` those pictures are not even words: the engine can take them out of its cache where they stand,
    and reads nothing again. What it read after them was read with them in sight, so this is quick and not exact.
    """

    start: int = 0
    kept: tuple[int, ...] = ()
    summary: str = ""
    pictures_from: int = 0
    in_place: bool = False

    def shows_pictures_of(self, index: int) -> bool:
        """Whether the message at ``index`` is in the prompt with its pictures."""
        return index >= self.pictures_from and (index >= self.start or index in self.kept)


WHOLE = View()


def shown(messages: Sequence[Message], view: View) -> tuple[Message, ...]:
    """The messages of the prompt. The summary stands in the context of the first."""
    seen = [
        messages[index] if view.shows_pictures_of(index) else without_pictures(messages[index], view.in_place)
        for index in (*view.kept, *range(view.start, len(messages)))
    ]
    if not view.start:
        return tuple(seen)
    asked = [message for message in seen[: len(view.kept) or 1] if isinstance(message, UserMessage)]
    return (_opening(asked, view.summary), *seen[len(asked) :])


def cuts(messages: Sequence[Message], view: View, request: int) -> tuple[int, ...]:
    """Where a later view may start, rising. ``request`` is the index of what the running task was asked.

    Up to the request a cut stands before something the person said, after it before a call: a call and its result
    stay together, and what was asked stays with what was done for it.
    """
    return tuple(
        index
        for index in range(view.start + 1, len(messages))
        if isinstance(messages[index], UserMessage if index <= request else ModelMessage)
        and (index <= request or isinstance(messages[index - 1], ToolMessage))
    )


def cut(messages: Sequence[Message], view: View, start: int, request: int, summary: str = "") -> View:
    """The view that starts at ``start``, one of :func:`cuts`, with ``summary`` for what it leaves out."""
    asked = range(request, start)
    kept = tuple(index for index in asked if isinstance(messages[index], UserMessage))
    return view.model_copy(update={"start": start, "kept": kept, "summary": summary.strip()})


def fewer_pictures(messages: Sequence[Message], view: View, keep: int, in_place: bool = False) -> View:
    """``view`` with the newest ``keep`` pictures, once there are more than twice as many; else ``view`` itself.

    The first to leave a conversation decide whether they do so ``in_place``, and those after them do the same. The
    pictures of one message stay together, and those of the newest that has any stay in any case.
    """
    numbers = {
        index: len(pictures)
        for index, message in enumerate(messages)
        if view.shows_pictures_of(index) and (pictures := _pictures(message))
    }
    if sum(numbers.values()) <= 2 * keep:
        return view
    left, oldest = keep, len(messages)
    for index in sorted(numbers, reverse=True):
        left -= numbers[index]
        if left < 0 and oldest < len(messages):
            break
        oldest = index
    in_place = view.in_place if view.pictures_from else in_place
    return view.model_copy(update={"pictures_from": oldest, "in_place": in_place})


def without_lost_pictures(messages: Sequence[Message], view: View) -> View:
    """``view`` for an engine that does not hold the conversation: pictures whose pixels are gone are words."""
    lost = [
        index
        for index, message in enumerate(messages)
        if view.shows_pictures_of(index) and any(not picture.rgb for picture in _pictures(message))
    ]
    return view.model_copy(update={"pictures_from": lost[-1] + 1}) if lost else view


def without_pictures(message: Message, silently: bool = False) -> Message:
    """``message`` with words in place of its pictures, or nothing."""
    if not _pictures(message):
        return message
    if silently:
        return message.model_copy(update={"pictures": ()})
    if isinstance(message, ToolMessage):
        content = f"{message.content}\n{PICTURE_GONE}".lstrip("\n")
        return message.model_copy(update={"content": content, "pictures": ()})
    assert isinstance(message, UserMessage)
    context = f"{message.context}\n{PICTURE_GONE}".lstrip("\n")
    return message.model_copy(update={"context": context, "pictures": ()})


def enclosed(text: str) -> str:
    """Untrusted text that cannot close the block it stands in."""
    return re.sub(r"</(?=\s*(screen|file|summary)\b)", "< /", text, flags=re.IGNORECASE).strip("\n")


def _opening(asked: Sequence[UserMessage], summary: str) -> UserMessage:
    """What was asked, as the first message of a prompt that does not begin at the beginning."""
    block = (f"<summary>\n{enclosed(summary)}\n</summary>",) if summary else ()
    return UserMessage(
        text="\n\n".join(message.text for message in asked if message.text),
        context="\n".join((*block, *(message.context for message in asked if message.context))),
        pictures=tuple(picture for message in asked for picture in message.pictures),
        sounds=tuple(sound for message in asked for sound in message.sounds),
    )


def _pictures(message: Message) -> tuple[Picture, ...]:
    return () if isinstance(message, ModelMessage) else message.pictures
