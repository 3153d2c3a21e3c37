"""What a step costs, against what others take for the same step and against what llama.cpp itself can do.

    ./dev bench engine [--json] [--quick]

One run, one model with random weights (:mod:`tests.bench.contenders.model`), the same prompts, greedy sampling, the
same number of threads, one after another in turns: **A** the stock chat handler, **B** the server example, **C** a
bare loop over the C API, and **ours** through its port. ``--quick`` has a shorter history and fewer rounds: it shows
that the bench works, and no more. docs/benchmarks.md says what each figure means.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.engine.port import Prompt
from agent.messages import Message, Picture, UserMessage
from agent.sight import Sight
from tests.bench.contenders.apart import Apart, Unavailable
from tests.bench.contenders.conversation import SCREEN_TOKENS, STEP_TOKENS, Talk, screens
from tests.bench.contenders.floor import Floor
from tests.bench.contenders.model import BenchModel, bench_model
from tests.bench.contenders.others import SERVER, STOCK, Others
from tests.bench.contenders.ours import Ours, Turn
from tests.bench.contenders.report import Report, Times, say, spread


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: tokens of history, rounds of each kind, and the tokens of an answer."""

    system: int
    small: int
    main: int
    large: int
    pictures: int
    rounds: int
    compared: int
    """Rounds with the others."""
    slow: tuple[int, int]
    """How many of these with the one who reads the whole history each time: without and with a new picture."""
    answer: int


FULL = Size(900, 2048, 8192, 16384, pictures=4, rounds=3, compared=2, slow=(1, 1), answer=64)
QUICK = Size(100, 400, 800, 1000, pictures=1, rounds=1, compared=1, slow=(1, 1), answer=16)
SPARE = 6144
"""Positions for the steps that are measured, beyond the history."""
PART = 900
"""Tokens that a tool returns at most while the history grows."""
LONG_READ = 3000
"""Tokens of the prompt that is stopped half-way, and after how many seconds."""
STOP_AFTER = 1.0
COPIED = 200
"""Words of a copy-heavy step that the answer repeats; every so many of them is another one, as in real copies."""
FLAW = 12


class Bench:
    """Ours, the floor, and the conversation that all contenders share."""

    def __init__(self, size: Size, model: BenchModel, report: Report) -> None:
        self.size = size
        self.model = model
        self.report = report
        self.threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        self.screens = screens(0)
        self.talk = Talk(model.read, 1, size.system)
        self.talk.ask()
        context = size.large + SPARE
        self.ours = Ours(model.model, model.projector, context, self.threads, speculate=False)
        self.floor = Apart(Floor, model.model, model.projector, context, self.threads)
        self.read_seconds = 0.0
        """What ours took to read the whole history, a part at a time."""

    def close(self) -> None:
        self.ours.close()
        self.floor.close()

    def grow(self, history: int, pictures: int = 0) -> None:
        """Make the history about ``history`` tokens long, with so many pictures more, for ours and, as a copy of what
        that read, for the floor."""
        holds = self.ours.count(self.talk.prompt)
        while pictures or holds < history - STEP_TOKENS:
            picture = self.screen() if pictures else None
            pictures = max(0, pictures - 1)
            self.talk.step(max(20, min(PART, history - holds - 300 * (pictures + 1))), picture)
            holds = self.ours.count(self.talk.prompt)
        turn = self.ours.turn(self.talk.prompt, 1)
        self.read_seconds += turn.total
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "history"
            self.ours.save(file)
            self.floor.call("take", file)
        say(f"History of {turn.tokens} tokens, {turn.new} of them read in {turn.total:.1f} s")

    def screen(self) -> Picture | None:
        """A new screen, if the engine can see."""
        return next(self.screens) if self.ours.info.sees else None

    def step(self, picture: Picture | None = None, answer: int = 1) -> tuple[Turn, float]:
        """A tool returned something: the turn that follows, and the floor's seconds for the same work."""
        self.talk.step(picture=picture)
        return self.turn(picture, answer)

    def turn(self, picture: Picture | None, answer: int) -> tuple[Turn, float]:
        turn = self.ours.turn(self.talk.prompt, answer)
        pixels = (picture.width, picture.height, picture.rgb) if picture else None
        words = turn.new - (SCREEN_TOKENS if picture else 0)
        floor = self.floor.call("step", words, turn.finished.decoded, pixels)
        if answer > 1:
            self.talk.messages.append(turn.finished.message)
        return turn, floor


def measure(bench: Bench) -> None:
    size, report = bench.size, bench.report
    report.value("load_s", bench.ours.load_seconds)
    bench.grow(size.small)
    short = first_tokens(bench)
    bench.grow(size.main, size.pictures)
    compare(bench)
    decode(bench)
    unchanged_screen(bench)
    bench.grow(size.large)
    long = first_tokens(bench)
    for key, name in (("history_slope", "ours"), ("history_slope_floor", "floor")):
        report.over(key, ("long history", long.of(name)), ("short", short.of(name)))
    with report.part("peak_memory_vs_prediction"):
        peak, predicted = bench.ours.peak_bytes(), bench.ours.predicted_peak
        told = f"{peak / 1e9:.2f} GB, predicted {predicted / 1e9:.2f} GB"
        report.value("peak_memory_vs_prediction", peak / predicted, told)
    with report.part("restore_vs_prefill"):
        restore(bench)
    with report.part("spec_ratio", "spec_idle_ratio"):
        speculate(bench)


def first_tokens(bench: Bench) -> Times:
    times = Times()
    for _ in range(bench.size.rounds):
        turn, floor = bench.step()
        times.add("ours", turn.total)
        times.add("floor", floor)
    say(f"  first token: ours {spread(times.of('ours'))}, floor {spread(times.of('floor'))}")
    return times


def compare(bench: Bench) -> None:
    """The same steps for everybody, first without a new picture, then with one."""
    others = Others(bench.model, bench.size.main + SPARE, bench.threads)
    prompt = bench.talk.prompt
    with suppress(Unavailable):
        say(f"  the server read the history in {others.first_token(SERVER, prompt):.1f} s")
    for key, seen in (("", False), ("_picture", True)):
        times = Times()
        for number in range(bench.size.compared):
            turn, floor = bench.step(bench.screen() if seen else None)
            times.add("ours", turn.total)
            times.add("floor", floor)
            for name in (SERVER, STOCK) if number < bench.size.slow[seen] else (SERVER,):
                with suppress(Unavailable):  # told below, where its figures are due
                    times.add(name, others.first_token(name, bench.talk.prompt))
        for name in (STOCK, SERVER):
            with bench.report.part(f"ttft_vs_{name}{key}"):
                others.check(name)
                if seen and not bench.ours.info.sees:
                    raise Unavailable("the engine does not see")
                bench.report.over(f"ttft_vs_{name}{key}", (name, times.of(name)), ("ours", times.of("ours")))
        if seen and bench.ours.info.sees:
            bench.report.over("eta_picture", ("floor", times.of("floor")), ("ours", times.of("ours")))
    others.close()


def decode(bench: Bench) -> None:
    """Steps with a whole answer: words after a tool's result, and after a request a call under its grammar."""
    report, size = bench.report, bench.size
    times, overhead = Times(), list[float]()
    for _ in range(size.rounds):
        turn, floor = bench.step(answer=size.answer)
        times.add("ours", turn.total)
        times.add("floor", floor)
        times.add("words", turn.decode)
        overhead.append(turn.parent_cpu / max(1, turn.finished.decoded))
        bench.talk.ask(STEP_TOKENS)
        turn, _ = bench.turn(None, size.answer)
        times.add("call", turn.decode)
    report.over("eta", ("floor", times.of("floor")), ("ours", times.of("ours")))
    report.over("grammar_ratio", ("words", times.of("words")), ("call", times.of("call")))
    report.value("decode_ms", statistics.median(times.of("words")) * 1000, "a token, from the child's clock")
    report.value("parent_overhead_ms_per_token", statistics.median(overhead) * 1000)
    with report.part("stop_ms_over_decode_ms", "stop_prefill_ms_over_decode_ms"):
        stop(bench, times.of("words"))


def stop(bench: Bench, token: list[float]) -> None:
    """Seconds from the request to the end of the turn, against a decode step."""
    times = Times()
    for _ in range(bench.size.rounds):
        bench.talk.step()
        message, seconds = bench.ours.stop_while_decoding(bench.talk.prompt, after=5)
        bench.talk.messages.append(message)
        times.add("decoding", seconds)
        reading = Talk(bench.model.read, 7, bench.size.system, messages=list(bench.talk.messages))
        reading.step(LONG_READ)
        long = Prompt(bench.talk.prompt.system, bench.talk.prompt.tools, tuple(reading.messages))
        times.add("reading", bench.ours.stop_while_reading(long, STOP_AFTER))
    bench.report.over("stop_ms_over_decode_ms", ("stop", times.of("decoding")), ("token", token))
    bench.report.over("stop_prefill_ms_over_decode_ms", ("stop", times.of("reading")), ("token", token))


def unchanged_screen(bench: Bench) -> None:
    """What a second look at the same screen adds to the prompt, besides the words that say so."""
    with bench.report.part("unchanged_screen_tokens"):
        picture = bench.screen()
        if picture is None:
            raise Unavailable("the engine does not see")
        sight = Sight()
        sight.glance(picture, at=0, most_crops=1)
        again = sight.glance(picture.model_copy(), at=1, most_crops=1)
        bare: list[Message] = [UserMessage(text="x")]
        seen: list[Message] = [UserMessage(text="x", pictures=again.pictures)]
        counts = [bench.ours.count(Prompt("", (), tuple(messages))) for messages in (seen, bare)]
        bench.report.value("unchanged_screen_tokens", counts[0] - counts[1])


def restore(bench: Bench) -> None:
    """Another engine process takes the saved conversation up, instead of reading it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "conversation"
        saved = bench.ours.save(file)
        spec, megabytes = bench.ours.spec, file.stat().st_size / 1e6
        bench.ours.close()
        bench.ours = Ours(spec.path, spec.projector, spec.context_tokens, spec.threads, speculate=False)
        restored = bench.ours.restore(file)
    turn = bench.ours.turn(bench.talk.prompt, 1)
    if turn.new > STEP_TOKENS:
        raise Unavailable(f"{turn.new} tokens were read again after restoring")
    told = f"{megabytes:.0f} MB saved in {saved:.2f} s, restored in {restored:.2f} s, first token {turn.total:.2f} s"
    bench.report.value("restore_vs_prefill", bench.read_seconds / (restored + turn.total), told)


def speculate(bench: Bench) -> None:
    """The same turns with and without drafts: answers that repeat what was just read, and answers that do not."""
    size, model = bench.size, bench.model
    bench.ours.close()
    engines = {
        name: Ours(model.model, None, size.small + SPARE, bench.threads, speculate=name == "with")
        for name in ("without", "with")
    }
    times = Times()
    for number in range(size.rounds):
        copy = Talk(model.read, 100 + number, 20, tools=())
        copy.messages.append(UserMessage(text=flawed(model.said[:COPIED], copy)))
        idle = Talk(model.read, 200 + number, 20, tools=())
        idle.ask(COPIED)
        for kind, talk, answer in (("copy", copy, COPIED - 20), ("idle", idle, size.answer)):
            turns = {name: engine.turn(talk.prompt, answer) for name, engine in engines.items()}
            if turns["with"].finished.message.tokens != turns["without"].finished.message.tokens:
                raise Unavailable("the words were not the same with drafts")
            for name, turn in turns.items():
                times.add(f"{kind} {name}", turn.decode)
    for engine in engines.values():
        engine.close()
    for key, kind in (("spec_ratio", "copy"), ("spec_idle_ratio", "idle")):
        bench.report.over(
            key,
            ("without drafts", times.of(f"{kind} without")),
            ("with", times.of(f"{kind} with")),
        )


def flawed(words: tuple[str, ...], talk: Talk) -> str:
    return " ".join(talk.text(1) if index % FLAW == FLAW - 1 else word for index, word in enumerate(words))


def main() -> None:
    parser = argparse.ArgumentParser(description="What a step of the engine costs, and against what.")
    parser.add_argument("--json", action="store_true", help="a last line with all figures as JSON")
    parser.add_argument("--quick", action="store_true", help="a short history and few rounds")
    options = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda number, frame: sys.exit(128 + number)
    )  # so that all processes are ended
    report = Report(options.quick)
    bench = Bench(QUICK if options.quick else FULL, bench_model(say), report)
    say(f"{bench.threads} threads; {bench.ours.info.plan}")
    try:
        measure(bench)
    finally:
        bench.close()
    if options.json:
        print(report.json(threads=bench.threads))


if __name__ == "__main__":
    main()
