"""A: what most programs in Python do, ``Llama`` with the stock ``Gemma4ChatHandler``, as its documentation shows it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from llama_cpp import Llama
from llama_cpp.llama_chat_format import Gemma4ChatHandler


class Stock:
    def __init__(self, model: Path, projector: Path, context: int, threads: int) -> None:
        handler = Gemma4ChatHandler(clip_model_path=str(projector), verbose=False)
        self._llama = Llama(
            model_path=str(model),
            chat_handler=handler,
            n_ctx=context,
            n_threads=threads,
            n_threads_batch=threads,
            verbose=False,
        )

    def first_token(self, messages: list[Any], tools: list[Any]) -> tuple[float, int]:
        """Seconds until the first token of an answer, and how many tokens the prompt had."""
        began = time.perf_counter()
        answer: Any = self._llama.create_chat_completion(
            messages, tools=tools, temperature=0.0, repeat_penalty=1.0, max_tokens=1
        )
        return time.perf_counter() - began, answer["usage"]["prompt_tokens"]
