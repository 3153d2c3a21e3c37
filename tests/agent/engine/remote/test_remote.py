"""The engine over a real server: ``python -m llama_cpp.server`` on 127.0.0.1, with real models."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from agent.cancel import Cancel
from agent.engine.port import (
    EngineEvent,
    Finished,
    ModelSpec,
    Piece,
    Prefill,
    Prompt,
    Restarted,
    Sampling,
    ServerSpec,
    ToolSpec,
)
from agent.engine.remote import RemoteEngine, look
from agent.errors import EngineDied, ModelLoadError
from agent.messages import Picture, ToolMessage, UserMessage
from tests.agent.engine.real_server import RealServer
from tests.agent.engine.tiny_model import write_gemma
from tests.agent.engine.tiny_projector import write_projector

pytestmark = pytest.mark.timeout(90)

QUICK = (0.05, 0.1, 0.2)
PATIENT = (0.2,) * 200
"""Long enough for a server that starts again on a busy machine."""

READ_FILE = ToolSpec(
    "read_file",
    "Read a file",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
ASKED = Prompt("You are Deskhand.", (READ_FILE,), (UserMessage(text="read shopping.txt"),))
TALK = Prompt("Talk.", (), (UserMessage(text="go on"),))


def nothing(_fraction: float) -> None:
    pass


def spec(server: ServerSpec) -> ModelSpec:
    return ModelSpec(Path("server"), server=server)


def opened(url: str, back_off: tuple[float, ...] = QUICK, sees: bool | None = None) -> RemoteEngine:
    engine = RemoteEngine(back_off)
    engine.load(spec(ServerSpec(url, sees=sees)), nothing)
    return engine


def said(events: list[EngineEvent]) -> str:
    """What was streamed since the last restart."""
    text = ""
    for event in events:
        match event:
            case Piece(piece):
                text += piece
            case Restarted():
                text = ""
            case _:
                pass
    return text


def last(events: list[EngineEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


@pytest.fixture(scope="module")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that runs the built-in model."""
    model = Path(str(resources.files("assets").joinpath("builtin", "deskhand-pocket.gguf")))
    log = tmp_path_factory.mktemp("pocket") / "server.log"
    server = RealServer(model, log, ("--model_alias", "pocket"), context=4096).start()
    yield server.url
    server.kill()


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Gemma that never ends its turn by itself and speaks in whole characters: half ones the server holds back."""
    silent = [
        "<eos>",
        "<turn|>",
        "<|tool_response>",
        "<|channel>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
    ]
    return write_gemma(tmp_path_factory.mktemp("chatty") / "tiny.gguf", eager=dict.fromkeys(silent, 0.0))


@pytest.fixture(scope="module")
def endless(chatty: Path) -> Iterator[RealServer]:
    """A server whose model goes on until it is told to stop. Who kills it starts it again."""
    server = RealServer(chatty, chatty.with_name("server.log")).start()
    yield server
    server.kill()


def test_it_says_what_the_server_has(pocket: str) -> None:
    info = RemoteEngine().load(spec(ServerSpec(f"{pocket}/v1/")), nothing)
    assert (info.name, info.sees, info.away) == ("pocket", False, False)
    assert info.server == pocket.removeprefix("http://")
    address, facts = look(ServerSpec(pocket))
    assert (address.here, facts.models, facts.kind) == (True, ("pocket",), "llama-cpp-python")


def test_a_model_that_the_server_does_not_have_is_refused_with_what_it_has(pocket: str) -> None:
    with pytest.raises(ModelLoadError, match=r"no model called other.*pocket"):
        RemoteEngine().load(spec(ServerSpec(pocket, model="other")), nothing)


def test_a_real_call_is_made_its_result_is_read_and_the_answer_streams(pocket: str) -> None:
    engine = opened(pocket)
    events = list(engine.generate(ASKED, Cancel()))
    turn = last(events)
    assert turn.reason == "call"
    assert turn.message.call is not None
    assert (turn.message.call.name, turn.message.call.arguments) == ("read_file", {"path": "shopping.txt"})
    assert said(events) == turn.message.text
    assert [type(event) for event in events].count(Prefill) == 1

    result = ToolMessage(call_id=turn.message.call.id, name="read_file", content="Milk\nBread")
    more = Prompt(ASKED.system, ASKED.tools, (*ASKED.messages, turn.message, result))
    events = list(engine.generate(more, Cancel()))
    turn = last(events)
    assert (turn.reason, turn.message.call) == ("stop", None)
    assert "Milk" in said(events)
    assert said(events) == turn.message.text
    assert turn.context_used > turn.decoded > 1


def test_prompts_are_counted_by_the_server_s_tokeniser_and_grow_with_what_is_said(pocket: str) -> None:
    engine = opened(pocket)
    longer = Prompt(ASKED.system, ASKED.tools, (*ASKED.messages, UserMessage(text="milk " * 100)))
    short, long = engine.count_tokens(ASKED), engine.count_tokens(longer)
    assert 20 < short < 400
    assert 90 < long - short < 400


def test_a_side_question_is_answered_in_words(pocket: str) -> None:
    assert opened(pocket).ask(Prompt("", (), (UserMessage(text="hello"),)), "And what is 2 + 2?", Cancel())


def test_nothing_is_kept_of_the_cache(pocket: str, tmp_path: Path) -> None:
    engine = opened(pocket)
    engine.save(tmp_path / "cache")
    assert not engine.restore(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_stop_ends_the_turn_and_the_server_takes_the_next_one(endless: RealServer) -> None:
    engine, cancel = opened(endless.url), Cancel()
    events: list[EngineEvent] = []
    for event in engine.generate(TALK, cancel, Sampling(max_tokens=1000)):
        events.append(event)
        if isinstance(event, Piece) and not cancel.requested:
            threading.Timer(0.05, cancel.request).start()
    turn = last(events)
    assert turn.reason == "cancelled"
    assert said(events) == turn.message.text
    assert turn.decoded < 1000
    again = last(list(engine.generate(TALK, Cancel(), Sampling(max_tokens=5))))
    assert (again.reason, bool(again.message.text)) == ("length", True)


def test_a_turn_given_up_half_way_leaves_the_server_free(endless: RealServer) -> None:
    engine = opened(endless.url)
    for event in engine.generate(TALK, Cancel(), Sampling(max_tokens=1000)):
        if isinstance(event, Piece):
            break
    assert last(list(engine.generate(TALK, Cancel(), Sampling(max_tokens=3)))).reason == "length"


def test_a_server_killed_in_mid_answer_and_started_again_answers_as_if_nothing_had_been(
    endless: RealServer,
) -> None:
    engine, sampling = opened(endless.url, PATIENT), Sampling(max_tokens=400)
    undisturbed = last(list(engine.generate(TALK, Cancel(), sampling))).message.text
    events: list[EngineEvent] = []
    for event in engine.generate(TALK, Cancel(), sampling):
        if isinstance(event, Piece) and not any(isinstance(earlier, Piece) for earlier in events):
            endless.kill()
            endless.start()
        events.append(event)
    assert any(isinstance(event, Restarted) for event in events)
    assert last(events).message.text == undisturbed == said(events)


def test_a_server_that_stays_away_is_told_of_and_the_task_goes_on_when_it_is_back(
    endless: RealServer,
) -> None:
    engine = opened(endless.url)
    endless.kill()
    with pytest.raises(EngineDied, match=r"cannot be reached: Connection refused.*nothing is lost.*go on"):
        list(engine.generate(TALK, Cancel()))
    endless.start()
    assert last(list(engine.generate(TALK, Cancel(), Sampling(max_tokens=3)))).message.text


def test_a_server_that_is_not_there_is_told_of_at_once() -> None:
    with pytest.raises(ModelLoadError, match=r"127\.0\.0\.1:9 cannot be reached: Connection refused"):
        RemoteEngine().load(spec(ServerSpec("http://127.0.0.1:9")), nothing)


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose model sees, with random weights and a random projector."""
    folder = tmp_path_factory.mktemp("seeing")
    model = write_gemma(folder / "tiny.gguf", media=True)
    projector = write_projector(folder / "projector.gguf")
    arguments = ("--chat_format", "gemma4", "--clip_model_path", str(projector))
    server = RealServer(model, folder / "server.log", arguments).start()
    yield server.url
    server.kill()


def picture(shade: Callable[[int], int]) -> Picture:
    rgb = bytes(value for place in range(96 * 96) for value in (shade(place), 128, 255 - shade(place)))
    return Picture(width=96, height=96, rgb=rgb)


def test_the_pixels_of_a_picture_reach_a_real_model(seeing: str) -> None:
    engine = opened(seeing, sees=True)

    def answer(shown: Picture) -> str:
        prompt = Prompt("Look.", (), (UserMessage(text="what is this?", pictures=(shown,)),))
        return last(list(engine.generate(prompt, Cancel(), Sampling(max_tokens=30)))).message.text

    dark, busy = picture(lambda place: 0), picture(lambda place: place * 37 % 251)
    assert answer(dark) == answer(dark)
    assert answer(dark) != answer(busy)


def test_the_remote_engine_brings_no_llama_cpp_into_the_process() -> None:
    code = "import sys; import agent.engine.remote; sys.exit('llama_cpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
