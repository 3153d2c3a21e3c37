"""What the engine costs: tokens a second, and the time to the first token of a step against the history before it.

    python -m tests.bench.builtin [model.gguf] [--threads N]

Prints one JSON line. Every step adds the same amount of new text, so its prefill should take the same time however
long the conversation already is; ``first_token_last_over_first`` is that as a ratio within one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from agent.cancel import Cancel
from agent.engine.port import Finished, ModelSpec, Piece, Prefill, Prompt, Sampling
from agent.engine.supervisor import LlamaEngine
from agent.messages import Message, UserMessage

BUILT_IN = Path(__file__).parents[2] / "assets" / "builtin" / "deskhand-pocket.gguf"
NEW_TEXT = " ".join(f"line {number} of what is new" for number in range(20))
ANSWER = Sampling(temperature=1.0, seed=1, max_tokens=48)


def measure(model: Path, threads: int) -> dict[str, object]:
    engine = LlamaEngine()
    began = time.perf_counter()
    info = engine.load(ModelSpec(model, threads=threads), lambda _: None)
    load_seconds = time.perf_counter() - began
    messages: list[Message] = []
    steps: list[dict[str, float]] = []
    while not steps or steps[-1]["history"] < info.context_tokens * 0.85:
        messages.append(UserMessage(text=f"step {len(steps)}: {NEW_TEXT}"))
        step, finished = take_step(engine, Prompt("Be brief.", (), tuple(messages)))
        messages.append(finished.message)
        steps.append(step)
    engine.close()
    third = max(1, len(steps) // 3)
    first, last = steps[1 : third + 1], steps[-third:]
    return {
        "model": info.name,
        "context_tokens": info.context_tokens,
        "load_seconds": round(load_seconds, 2),
        "steps": len(steps),
        "tokens_per_second": round(statistics.median(step["tokens_per_second"] for step in steps)),
        "first_token_ms_early": round(1000 * statistics.median(step["first_token"] for step in first), 1),
        "first_token_ms_late": round(1000 * statistics.median(step["first_token"] for step in last), 1),
        "first_token_last_over_first": round(
            statistics.median(step["first_token"] for step in last)
            / statistics.median(step["first_token"] for step in first),
            2,
        ),
        "decoded_again_at_most": max(step["again"] for step in steps[1:]),
    }


def take_step(engine: LlamaEngine, prompt: Prompt) -> tuple[dict[str, float], Finished]:
    began = time.perf_counter()
    first_token = 0.0
    prefill = Prefill(0, 0, 0.0)
    finished: Finished | None = None
    for event in engine.generate(prompt, Cancel(), ANSWER):
        match event:
            case Prefill():
                prefill = event
            case Piece() if not first_token:
                first_token = time.perf_counter() - began
            case Finished():
                finished = event
    assert finished is not None
    step = {
        "history": float(prefill.tokens),
        "first_token": first_token or time.perf_counter() - began,
        "again": float(prefill.tokens - prefill.reused),
        "tokens_per_second": finished.decoded / max(finished.seconds, 1e-6),
    }
    return step, finished


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path, nargs="?", default=BUILT_IN)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.model, arguments.threads)))


if __name__ == "__main__":
    main()
