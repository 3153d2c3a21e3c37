"""Train the built-in model: ``python packaging/pocket/train.py --steps 12000``. Run from the repository's root.

Writes ``build/pocket/``: the tokenizer, a checkpoint every few minutes (a second call goes on from it), a log. On two
CPU cores a step of about 1,500 tokens takes a quarter of a second. What is drawn depends on the seed and the step
alone, so a run can be repeated.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from dataclasses import asdict
from pathlib import Path

import data
import tokenizer
import torch
from model import Geometry, Pocket
from torch import Tensor
from torch.nn import functional

BUILD = Path("build/pocket")
MERGES = 1000
AVERAGING = 0.998
"""The exported weights are a running average over about the last 500 steps: calmer than any single step."""
COPYING_FIRST, COPYING_LATER = 0.4, 0.04
"""Share of pure copy rows in the first few steps of the run, and after them."""


def the_tokenizer() -> tokenizer.Tokenizer:
    path = BUILD / "tokenizer.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        tokenizer.build(data.texts(random.Random(1), 20_000), MERGES).save(path)
    return tokenizer.Tokenizer.load(path)


def batch(step: int, progress: float, seed: int, words: tokenizer.Tokenizer) -> tuple[Tensor, Tensor]:
    """Ids (rows, time) and which of them are to be learnt. After the first quarter some rows are longer than the
    window, for the long tasks and for chats that have gone on for a while."""
    rng = random.Random(f"{seed} {step}")
    rows, length = (1, 1280) if progress > 0.25 and rng.random() < 0.35 else (3, 512)
    share = COPYING_FIRST if progress < 0.03 else COPYING_LATER
    made = [
        data.copy_row(rng, words, length) if rng.random() < share else data.chat_row(rng, words, length)
        for _ in range(rows)
    ]
    return torch.tensor([ids for ids, _ in made]), torch.tensor([learnt for _, learnt in made])


def loss_of(model: Pocket, trunk: torch.nn.Module, ids: Tensor, learnt: Tensor) -> Tensor:
    """Mean cross-entropy on the model's own tokens. Only their logits are computed."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = trunk(ids)
    wanted = learnt[:, 1:]
    return functional.cross_entropy(model.logits(hidden[:, :-1][wanted].float()), ids[:, 1:][wanted])


def rate(step: int, steps: int, peak: float) -> float:
    """A short warm-up, then a cosine down to 2 % of the peak."""
    if step < 100:
        return peak * (step + 1) / 100
    done = (step - 100) / max(1, steps - 100)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def optimizer_for(model: Pocket, peak: float) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98), fused=True)


@torch.no_grad()
def follow(average: Pocket, model: Pocket, keep: float) -> None:
    """Move ``average`` a little towards ``model``."""
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peak", type=float, default=3e-3)
    parser.add_argument("--fresh", action="store_true", help="start again, whatever checkpoint there is")
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    words = the_tokenizer()
    geometry = Geometry(vocabulary=len(words.pieces), width=256, heads=4, layers=6, feed_forward=640)
    model, average = Pocket(geometry), Pocket(geometry)
    average.load_state_dict(model.state_dict())
    optimizer = optimizer_for(model, options.peak)
    checkpoint = BUILD / "checkpoint.pt"
    step, seconds = 0, 0.0
    if checkpoint.exists() and not options.fresh:
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, seconds = saved["step"], saved["seconds"]
    trunk = torch.compile(model)
    log = (BUILD / "log.jsonl").open("a")
    began, losses, tokens = time.monotonic() - seconds, [], 0
    while step < options.steps:
        ids, learnt = batch(step, step / options.steps, options.seed, words)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options.steps, options.peak)
        loss = loss_of(model, trunk, ids, learnt)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        follow(average, model, min(AVERAGING, step / (step + 20)))
        losses.append(loss.item())
        tokens += ids.numel()
        if step % 50 == 0 or step == options.steps:
            line = {
                "step": step,
                "loss": round(sum(losses) / len(losses), 4),
                "seconds": round(time.monotonic() - began),
            }
            print(json.dumps(line), file=log, flush=True)
            print(line, flush=True)
            losses.clear()
        if step % 250 == 0 or step == options.steps:
            state = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
                "steps": options.steps,
                "peak": options.peak,
                "seconds": time.monotonic() - began,
                "seed": options.seed,
                "geometry": asdict(geometry),
            }
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)


if __name__ == "__main__":
    main()
