"""An object in a process of its own, so that what is compared shares neither memory nor an interpreter."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

START_SECONDS = 300.0


class Unavailable(Exception):
    """A contender cannot be had here; the text says why."""


class Apart:
    """``make(*arguments)`` in a child; :meth:`call` runs one of its methods there and returns the result."""

    def __init__(self, make: Callable[..., object], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._answer(START_SECONDS)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def call(self, method: str, *arguments: object, timeout: float = 600.0) -> Any:
        """Raises Unavailable when it fails, dies or takes longer than ``timeout`` seconds."""
        self._connection.send((method, arguments))
        return self._answer(timeout)

    def close(self) -> None:
        self._process.kill()
        self._process.join()

    def _answer(self, timeout: float) -> Any:
        try:
            if not self._connection.poll(timeout):
                self.close()
                raise Unavailable(f"no answer within {timeout:.0f} s")
            failed, result = self._connection.recv()
        except EOFError:
            self._process.join()
            raise Unavailable(f"its process ended with code {self._process.exitcode}") from None
        if failed:
            raise Unavailable(result)
        return result


def _serve(connection: Connection, make: Callable[..., object], arguments: tuple[object, ...]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # llama.cpp and mtmd tell of every prompt
    try:
        target = make(*arguments)
        connection.send((False, None))
        while True:
            method, given = connection.recv()
            connection.send((False, getattr(target, method)(*given)))
    except EOFError:
        return
    except Exception as error:  # whatever it is, it is told to the one who waits, and this process ends
        connection.send((True, f"{type(error).__name__}: {error}"[:300]))
