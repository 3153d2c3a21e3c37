"""A stranger's Jinja template, run so that it can do nothing but write a text of bounded length in bounded time.

jinja2's immutable sandbox keeps a template from our objects, but not from an endless loop or a string of gigabytes.
Here it gets two seconds of processor time (looked at with every line it runs), half a gigabyte of address space
beyond what the process has (Linux) and numbers that stay small, for those are computed in one step that no clock
can interrupt. What slips through meets the engine process's own end: its parent waits only so long.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import FrameType
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

Turn = Mapping[str, object]

SECONDS = 2.0
"""Processor time for one compilation or rendering; the largest known template takes a hundredth of it."""

LOOK_EVERY = 256
"""Lines of template code between two looks at the clock."""

MEMORY = 512 * 2**20
"""Bytes of address space that a template may add."""

SOURCE_LIMIT, TEXT_LIMIT = 2**18, 2**22
"""Characters of a template, and of what it writes."""

BITS = 4096
"""Size of the largest integer a template may compute by multiplying."""


class UnusableTemplate(Exception):
    """The template is beyond its bounds: too large, too slow, too greedy."""


class FailedProbe(UnusableTemplate):
    """The template fails on this conversation, or drops or repeats what it is given; it may do well on another."""


class SandboxedTemplate:
    """A compiled chat template. ``variables`` are what it may read besides the conversation.

    Raises UnusableTemplate here and in :meth:`render`, whatever the source.
    """

    def __init__(self, source: str, variables: Mapping[str, object]) -> None:
        if len(source) > SOURCE_LIMIT:
            raise UnusableTemplate(f"it has {len(source)} characters")
        environment = _Environment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
        )
        environment.filters["tojson"] = _to_json
        environment.filters.pop("round")  # 10 to a power of the template's choosing
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        with _bounded():
            self._template = environment.from_string(source)
        self._variables = variables

    def render(self, turns: Sequence[Turn], tools: Sequence[Turn] | None, to_be_continued: bool) -> str:
        """The conversation as text; ``to_be_continued`` opens the model's turn at its end."""
        with _bounded():
            text = self._template.render(
                messages=list(turns),
                tools=None if tools is None else list(tools),
                add_generation_prompt=to_be_continued,
                **self._variables,
            )
        if len(text) > TEXT_LIMIT:
            raise UnusableTemplate(f"it writes {len(text)} characters")
        return text


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * right
        elif isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() + right.bit_length()
        else:
            bits = 0
        if bits > BITS:
            raise SecurityError("a number grows too large")
        return super().call_binop(context, operator, left, right)


class _Generation(Extension):
    """``{% generation %}`` marks what a trainer learns from; for reading it means nothing."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _TookTooLong(BaseException):
    """Past the reach of any handler between the template and us."""


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Run a template within its bounds: UnusableTemplate beyond them, FailedProbe for whatever it raises itself."""
    try:
        with _time_bound(), _memory_bound():
            yield
    except _TookTooLong:
        raise UnusableTemplate("it does not come to an end") from None
    except MemoryError:
        raise UnusableTemplate("it asks for too much memory") from None
    except RecursionError:
        raise UnusableTemplate("it calls itself without end") from None
    except (TemplateError, SyntaxError, TypeError, LookupError) as error:
        raise FailedProbe(_told(error)) from error
    except (ValueError, AttributeError, ArithmeticError, AssertionError) as error:
        raise FailedProbe(_told(error)) from error


def _told(error: Exception) -> str:
    """Its words are the template's: as many as fit into a sentence."""
    return f"{type(error).__name__}: {str(error)[:200]}"


@contextlib.contextmanager
def _time_bound() -> Iterator[None]:
    """Raises _TookTooLong inside, at a line of Python, once this thread has worked for SECONDS. A trace function
    does what no other thread and no signal could: it works on any thread and cannot strike too late. Garbage waits
    meanwhile: what is raised while a finaliser runs is lost, and the trace function with it."""
    ends = time.thread_time() + SECONDS
    lines = 0

    def look(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        lines += 1
        if lines % LOOK_EVERY == 0 and time.thread_time() > ends:
            raise _TookTooLong
        return look

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()


@contextlib.contextmanager
def _memory_bound() -> Iterator[None]:
    """Allocations beyond MEMORY more than now fail inside. For the whole process, hence for this moment alone."""
    if sys.platform != "linux":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as statm:
        limit = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + MEMORY
    known = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _to_json(
    value: object,
    indent: int | None = None,
    ensure_ascii: bool = False,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """What Hugging Face's templates expect of ``tojson``: nothing escaped for HTML."""
    return json.dumps(
        value, indent=indent, ensure_ascii=ensure_ascii, separators=separators, sort_keys=sort_keys
    )


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)
