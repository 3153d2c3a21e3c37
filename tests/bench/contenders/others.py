"""A and B side by side: whoever fails is left out from then on, and why is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.engine.port import Prompt
from tests.bench.contenders.apart import Apart, Unavailable
from tests.bench.contenders.conversation import chat_messages, chat_tools
from tests.bench.contenders.model import BenchModel
from tests.bench.contenders.server import Server
from tests.bench.contenders.stock import Stock

FirstToken = Callable[[list[Any], list[Any]], tuple[float, int]]

STOCK, SERVER = "stock", "server"


class Others:
    """The stock handler in a process of its own, and the server example."""

    def __init__(self, model: BenchModel, context: int, threads: int) -> None:
        self._reasons: dict[str, str] = {}
        self._askers: dict[str, FirstToken] = {}
        self._closers: list[Callable[[], None]] = []
        script = model.source / "examples" / "server" / "server.py"
        self._start(STOCK, lambda: self._stock(model.model, model.projector, context, threads))
        self._start(SERVER, lambda: self._server(script, model, context, threads))

    def first_token(self, name: str, prompt: Prompt) -> float:
        """Seconds until the first token of an answer to ``prompt``. Raises Unavailable."""
        self.check(name)
        messages = chat_messages(prompt, arguments_as_text=name == SERVER)
        try:
            seconds, _ = self._askers[name](messages, chat_tools(prompt))
        except Unavailable as error:
            self._reasons[name] = str(error)
            raise
        return seconds

    def check(self, name: str) -> None:
        """Raises Unavailable when ``name`` was left out."""
        if name in self._reasons:
            raise Unavailable(self._reasons[name])

    def close(self) -> None:
        for close in self._closers:
            close()

    def _start(self, name: str, start: Callable[[], FirstToken]) -> None:
        try:
            self._askers[name] = start()
        except Unavailable as error:
            self._reasons[name] = str(error)

    def _stock(self, model: Path, projector: Path, context: int, threads: int) -> FirstToken:
        stock = Apart(Stock, model, projector, context, threads)
        self._closers.append(stock.close)
        return lambda messages, tools: stock.call("first_token", messages, tools)

    def _server(self, script: Path, model: BenchModel, context: int, threads: int) -> FirstToken:
        server = Server(script, model.model, model.projector, context, threads)
        self._closers.append(server.close)
        return server.first_token
