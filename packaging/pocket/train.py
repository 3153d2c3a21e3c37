"""Train the built-in model: ``python packaging/pocket/train.py``. Run from the repository's root.

Writes the build folder (``places.py``): the tokenizer, a checkpoint every few minutes (a second call goes on from
it), the curve. On two CPU cores a step of about 1,500 tokens takes a quarter to half a second; a CUDA device is used
when there is one. What is drawn depends on the seed and the step alone, so a run can be repeated. With ``--minutes``
the learning rate comes down in time, on a slow machine too.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import data
import tokenizer
import torch
from model import Geometry, Pocket
from places import BUILD
from torch import Tensor
from torch.nn import functional

MERGES = 1000
AVERAGING = 0.998
"""The exported weights are a running average over about the last 500 steps: calmer than any single step."""
COPYING_FIRST, COPYING_LATER = 0.4, 0.04
"""Share of pure copy rows in the first few steps of the run, and after them."""


@dataclass(frozen=True, slots=True)
class Options:
    """``peak`` is the highest learning rate; the run ends after ``steps`` or ``minutes``, whichever comes first."""

    steps: int = 14_000
    seed: int = 1
    peak: float = 3e-3
    minutes: float = 165.0


def the_tokenizer() -> tokenizer.Tokenizer:
    path = BUILD / "tokenizer.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        tokenizer.build(data.texts(random.Random(1), 30_000), MERGES).save(path)
    return tokenizer.Tokenizer.load(path)


def batch(step: int, progress: float, seed: int, words: tokenizer.Tokenizer) -> tuple[Tensor, Tensor]:
    """Ids (rows, time) and how much each counts. After the first quarter some rows are longer than the
    window, for the long tasks and for chats that have gone on for a while."""
    rng = random.Random(f"{seed} {step}")
    rows, length = (1, 1280) if progress > 0.25 and rng.random() < 0.35 else (3, 512)
    share = COPYING_FIRST if progress < 0.03 else COPYING_LATER
    made = [
        data.copy_row(rng, words, length) if rng.random() < share else data.chat_row(rng, words, length)
        for _ in range(rows)
    ]
    return torch.tensor([ids for ids, _ in made]), torch.tensor([weights for _, weights in made])


def loss_of(model: Pocket, trunk: torch.nn.Module, ids: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean cross-entropy on the model's own tokens. Only their logits are computed."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        hidden = trunk(ids)
    wanted = weights[:, 1:] > 0
    losses = functional.cross_entropy(
        model.logits(hidden[:, :-1][wanted].float()), ids[:, 1:][wanted], reduction="none"
    )
    return (losses * weights[:, 1:][wanted]).sum() / weights.sum()


def rate(step: int, progress: float, peak: float) -> float:
    """A short warm-up, then a cosine down to 2 % of the peak as ``progress`` goes to 1."""
    warm = min(1.0, (step + 1) / 100)
    return peak * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


@dataclass(slots=True)
class Run:
    """A training run: what is learnt, and how far it has come. The checkpoint holds all of it."""

    options: Options
    model: Pocket
    average: Pocket
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    loss: float = 0.0

    @staticmethod
    def begin(options: Options, geometry: Geometry) -> Run:
        torch.manual_seed(options.seed)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model, average = Pocket(geometry).to(device), Pocket(geometry).to(device)
        average.load_state_dict(model.state_dict())
        return Run(options, model, average, optimizer_for(model, options.peak))

    @property
    def device(self) -> torch.device:
        return self.model.output_norm.weight.device

    @property
    def progress(self) -> float:
        """From 0 to 1, by steps or by time, whichever is further."""
        return max(self.step / self.options.steps, self.seconds / 60 / self.options.minutes)

    def go_on(self, path: Path) -> None:
        """Take up the run that ``path`` holds."""
        saved = torch.load(path, weights_only=True, map_location=self.device)
        if saved["geometry"] != asdict(self.model.geometry):
            raise SystemExit(f"{path} holds a network of another shape: name another folder, or use --fresh.")
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.seconds, self.tokens = saved["step"], saved["seconds"], saved["tokens"]

    def save(self, path: Path) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "geometry": asdict(self.model.geometry),
            **asdict(self.options),
            "step": self.step,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "loss": self.loss,
        }
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def learn(self, trunk: torch.nn.Module, words: tokenizer.Tokenizer) -> None:
        """One step."""
        drawn = batch(self.step, self.progress, self.options.seed, words)
        ids, weights = (tensor.to(self.device) for tensor in drawn)
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.step, self.progress, self.options.peak)
        loss = loss_of(self.model, trunk, ids, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += ids.numel()
        self.loss += (loss.item() - self.loss) * 0.02
        follow(self.average, self.model, min(AVERAGING, self.step / (self.step + 20)))


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
    parser, usual = argparse.ArgumentParser(description=__doc__), Options()
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--peak", type=float, default=usual.peak)
    parser.add_argument("--minutes", type=float, default=usual.minutes)
    parser.add_argument("--fresh", action="store_true", help="start again, whatever checkpoint there is")
    arguments = vars(parser.parse_args())
    fresh = arguments.pop("fresh")
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    words = the_tokenizer()
    run = Run.begin(Options(**arguments), Geometry(vocabulary=len(words.pieces)))
    checkpoint = BUILD / "checkpoint.pt"
    if checkpoint.exists() and not fresh:
        run.go_on(checkpoint)
    trunk = torch.compile(run.model)
    began = time.monotonic() - run.seconds
    while run.progress < 1:
        run.learn(trunk, words)
        run.seconds = time.monotonic() - began
        if run.step % 50 == 0:
            print(f"step {run.step}  loss {run.loss:.4f}  {run.seconds / 60:.1f} minutes", flush=True)
            with (BUILD / "curve.txt").open("a") as curve:
                curve.write(f"{run.step} {run.tokens} {run.seconds:.0f} {run.loss:.5f}\n")
        if run.step % 250 == 0:
            run.save(checkpoint)
    run.save(checkpoint)


if __name__ == "__main__":
    main()
