"""What goes wrong between here and a server: it is asked again where that may help, told plainly where it does not."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace

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
from agent.engine.remote import RemoteEngine, address_of, look
from agent.engine.remote.address import Address
from agent.errors import EngineDied, ModelError, ModelLoadError
from agent.messages import Sound, UserMessage
from tests.agent.engine.odd_server import Answer, Exchange, OddServer, called, ended, words
from tests.agent.engine.remote.test_remote import last, nothing, said, spec

pytestmark = pytest.mark.timeout(60)

QUICK = (0.01, 0.02, 0.03)
LOOK = ToolSpec("look", "Look", {"type": "object", "properties": {"window": {"type": "string"}}})
ASKED = Prompt("Help.", (LOOK,), (UserMessage(text="what is there?"),))
PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def well(exchange: Exchange) -> None:
    exchange.stream(words("All "), words("well."), ended())


def opened(server: OddServer, silence: float = 30.0, key: str = "") -> RemoteEngine:
    engine = RemoteEngine(QUICK, silence)
    engine.load(spec(ServerSpec(server.url, key=key)), nothing)
    return engine


def turn(server: OddServer, silence: float = 30.0) -> list[EngineEvent]:
    return list(opened(server, silence).generate(ASKED, Cancel()))


def busy(exchange: Exchange) -> None:
    exchange.reply(429, {"error": {"message": "too many requests"}}, retry_after="0.01")


def loading(exchange: Exchange) -> None:
    exchange.reply(503, {"error": {"message": "Loading model", "code": 503}})


def balancer(exchange: Exchange) -> None:
    exchange.reply(502, PAGE, "text/html")


def replica_died(exchange: Exchange) -> None:
    exchange.begin()
    exchange.send(words("Half"), {"error": {"message": "the replica died", "code": 500}})


def breaks_off(exchange: Exchange) -> None:
    exchange.begin()
    exchange.send(words("Half"))


def aborts(exchange: Exchange) -> None:
    exchange.stream(words("Half"), ended("abort"))


def stalls(exchange: Exchange) -> None:
    exchange.begin()
    exchange.send(words("Half"))
    exchange.fall_silent()


@pytest.mark.parametrize("trouble", [busy, loading, balancer])
def test_what_may_be_over_in_a_moment_is_tried_again_and_nobody_hears_of_it(trouble: Answer) -> None:
    with OddServer([trouble, well]) as server:
        events = turn(server)
    assert last(events).message.text == "All well."
    assert not any(isinstance(event, Restarted) for event in events)
    assert len(server.asked) == 2
    assert server.asked[0] == server.asked[1]


@pytest.mark.parametrize("trouble", [breaks_off, replica_died, aborts])
def test_a_half_answer_is_void_and_comes_again(trouble: Answer) -> None:
    with OddServer([trouble, well]) as server:
        events = turn(server)
    assert [type(event) for event in events] == [Piece, Restarted, Piece, Piece, Prefill, Finished]
    assert said(events) == last(events).message.text == "All well."


def test_a_server_that_stalls_in_mid_answer_is_left_after_its_silence() -> None:
    with OddServer([stalls, well]) as server:
        events = turn(server, silence=0.2)
    (restarted,) = [event for event in events if isinstance(event, Restarted)]
    assert "fell silent" in restarted.cause
    assert last(events).message.text == "All well."


@pytest.mark.parametrize(
    ("trouble", "told"),
    [(busy, "is busy. It says: too many requests"), (balancer, "had an error"), (breaks_off, "broke off")],
)
def test_what_does_not_end_is_given_up_with_its_reason(trouble: Answer, told: str) -> None:
    with OddServer([trouble]) as server, pytest.raises(EngineDied, match="nothing is lost") as caught:
        turn(server)
    assert told in caught.value.what
    assert "html" not in caught.value.what
    assert len(server.asked) == len(QUICK) + 1


def test_an_error_of_the_server_s_own_is_not_tried_for_long() -> None:
    with OddServer([lambda it: it.reply(500, {"error": {"message": "boom"}})]) as server:
        with pytest.raises(EngineDied, match="boom"):
            turn(server)
        assert len(server.asked) == 3


def test_a_server_that_wants_minutes_of_peace_gets_them_and_the_person_is_told() -> None:
    with OddServer([lambda it: it.reply(429, {}, retry_after="600")]) as server:
        with pytest.raises(EngineDied, match="600 seconds"):
            turn(server)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda it: it.stream("this is {not} JSON"), "not in the form of the API"),
        (lambda it: it.stream('{"choices": 7}'), "not in the form of the API"),
        (lambda it: it.reply(200, {"choices": []}), "answered with application/json, not with a stream"),
        (lambda it: it.reply(200, PAGE, "text/html"), "answered with text/html"),
        (lambda it: it.reply(404, PAGE, "text/html"), "does not have what was asked for"),
        (lambda it: it.reply(302, "", location="http://127.0.0.1:9/elsewhere"), "sends us elsewhere"),
        (lambda it: it.reply(400, {"error": {"message": "context too long"}}), "context too long"),
        (lambda it: it.stream({"error": {"message": "bad picture", "code": 400}}), "bad picture"),
    ],
)
def test_what_asking_again_would_not_change_is_told_at_once(answer: Answer, told: str) -> None:
    with OddServer([answer]) as server:
        with pytest.raises(ModelError) as caught:
            turn(server)
        assert len(server.asked) == 1
    assert told in caught.value.what
    assert "<" not in str(caught.value)
    assert caught.value.remedy


def test_a_server_without_a_tool_parser_is_told_what_it_needs() -> None:
    says = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
    refuses = OddServer([lambda it: it.reply(400, {"object": "error", "message": says})])
    with refuses as server, pytest.raises(ModelError, match="tool parser"):
        turn(server)


@pytest.mark.parametrize("where", ["before the headers", "in mid-answer"])
def test_a_stop_closes_the_request_while_the_server_is_silent(where: str) -> None:
    started = threading.Event()

    def silent(exchange: Exchange) -> None:
        if where == "in mid-answer":
            exchange.begin()
            exchange.send(words("Half"))
        started.set()
        exchange.fall_silent()

    cancel = Cancel()
    threading.Thread(target=lambda: (started.wait(10), cancel.request()), daemon=True).start()
    with OddServer([silent]) as server:
        events = list(opened(server).generate(ASKED, cancel))
        assert server.left.acquire(timeout=10), "the server did not notice"
    assert last(events).reason == "cancelled"
    assert last(events).message.text == said(events)


def test_a_stop_between_two_attempts_ends_the_waiting() -> None:
    cancel = Cancel()

    def stop(exchange: Exchange) -> None:
        cancel.request()
        exchange.reply(503, {}, retry_after="100")

    with OddServer([stop]) as server:
        (finished,) = opened(server).generate(ASKED, cancel)
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"


def test_a_stop_does_not_wait_for_a_machine_that_does_not_answer() -> None:
    with OddServer([well]) as server:
        engine = opened(server)
    # One connection fills the queue of a listener that never accepts: the next one hangs while it connects.
    place = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_server(place, backlog=0), socket.create_connection(place):
        cancel = Cancel()
        threading.Timer(0.1, cancel.request).start()
        assert last(list(engine.generate(ASKED, cancel))).reason == "cancelled"


def test_closing_ends_a_turn_from_another_thread() -> None:
    with OddServer([stalls]) as server:
        engine = opened(server)
        events = engine.generate(ASKED, Cancel())
        assert next(events) == Piece("Half")
        threading.Thread(target=engine.close, daemon=True).start()
        assert last(list(events)).reason == "cancelled"
        engine.close()
    with pytest.raises(EngineDied, match="No model is loaded"):
        next(engine.generate(ASKED, Cancel()))


def test_a_call_that_cannot_be_read_is_asked_for_once_more() -> None:
    answers = [
        lambda it: it.stream(called(0, "look", '{"window": '), ended("tool_calls")),
        lambda it: it.stream(called(0, "look", '{"window": "a"}'), ended("tool_calls")),
    ]
    with OddServer(answers) as server:
        events = turn(server)
    call = last(events).message.call
    assert call is not None
    assert call.arguments == {"window": "a"}
    assert [type(event) for event in events] == [Restarted, Prefill, Finished]
    repairing = server.asked[1]["messages"]
    assert isinstance(repairing, list)
    assert "not valid JSON" in repairing[-1]["content"]


def test_a_call_that_stays_unreadable_ends_the_turn_and_nothing_is_done() -> None:
    with OddServer([lambda it: it.stream(called(0, "look", "[1]"), ended("tool_calls"))]) as server:
        with pytest.raises(ModelError, match=r"not a JSON object.*nothing was done"):
            turn(server)
        assert len(server.asked) == 2


def test_what_the_server_counted_is_what_is_reported() -> None:
    usage = {
        "choices": [],
        "usage": {
            "prompt_tokens": 900,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 850},
        },
    }
    with OddServer([lambda it: it.stream(words("Hi"), words("."), ended(), usage)]) as server:
        engine = opened(server)
        events = list(engine.generate(ASKED, Cancel()))
        longer = Prompt(ASKED.system, ASKED.tools, (*ASKED.messages, UserMessage(text="thanks")))
        assert 900 < engine.count_tokens(longer) < 930
        assert server.asked[0]["stream_options"] == {"include_usage": True}
    (prefill,) = [event for event in events if isinstance(event, Prefill)]
    assert (prefill.tokens, prefill.reused) == (900, 850)
    assert (last(events).decoded, last(events).context_used) == (2, 902)


def test_no_more_is_asked_for_than_the_context_has_room_for() -> None:
    with OddServer([well], PAGES["vLLM"] | {"/tokenize": {"count": 32000}}) as server:
        engine = opened(server)
        list(engine.generate(ASKED, Cancel()))
        long = Prompt(ASKED.system, ASKED.tools, (UserMessage(text="milk " * 30_000),))
        list(engine.generate(long, Cancel()))
        list(engine.generate(long, Cancel(), Sampling(max_tokens=100)))
    assert [asked["max_tokens"] for asked in server.asked] == [1024, 768, 100]


def test_thoughts_are_kept_apart_by_either_of_their_names() -> None:
    def thinks(exchange: Exchange) -> None:
        names = ("reasoning_content", "reasoning")
        exchange.stream(*({"choices": [{"delta": {name: "Hm. "}}]} for name in names), words("Yes."), ended())

    with OddServer([thinks]) as server:
        events = turn(server)
    assert [event for event in events if isinstance(event, Piece) and event.thought] == [
        Piece("Hm. ", True),
        Piece("Hm. ", True),
    ]
    assert (last(events).message.text, last(events).message.thought) == ("Yes.", "Hm. Hm. ")


def test_the_key_goes_to_the_server_and_into_no_message(capsys: pytest.CaptureFixture[str]) -> None:
    def refuses(exchange: Exchange) -> None:
        exchange.reply(401, {"error": {"message": f"bad key {exchange.headers['authorization'][7:]}"}})

    server_spec = ServerSpec("http://127.0.0.1", key="s3cr3t-key")
    assert "s3cr3t-key" not in repr(server_spec)
    with OddServer([refuses]) as server:
        engine = opened(server, key="s3cr3t-key")
        with pytest.raises(ModelError, match="does not accept the key") as caught:
            list(engine.generate(ASKED, Cancel()))
        assert server.headers[0]["authorization"] == "Bearer s3cr3t-key"
    assert "s3cr3t-key" not in str(caught.value)


def test_a_key_with_characters_that_no_header_takes_is_refused_kindly() -> None:
    with pytest.raises(ModelLoadError, match="characters that no key has"):
        RemoteEngine().load(spec(ServerSpec("http://127.0.0.1", key="two\nlines")), nothing)


def test_a_server_that_speaks_no_https_is_told_of_in_plain_words() -> None:
    with (
        OddServer() as server,
        pytest.raises(ModelLoadError, match=r"it speaks no https there \(wrong version"),
    ):
        look(ServerSpec(server.url.replace("http:", "https:")))


def test_a_voice_is_sent_to_a_server_on_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Prompt("Talk.", (), (UserMessage(text="hear", sounds=(Sound.of(bytes(4000)),)),))
    for here in (True, False):

        def address(server: ServerSpec, here: bool = here) -> Address:
            return replace(address_of(server), here=here)

        monkeypatch.setattr("agent.engine.remote.engine.address_of", address)
        with OddServer([well], PAGES["llama-server"]) as server:
            engine = RemoteEngine(QUICK)
            info = engine.load(spec(ServerSpec(server.url)), nothing)
            list(engine.generate(spoken, Cancel()))
            assert ("input_audio" in json.dumps(server.asked), info.hears, info.away) == (
                here,
                here,
                not here,
            )


def test_a_model_that_its_server_names_by_a_path_is_shown_by_its_file() -> None:
    entries = [{"id": "/srv/models/gemma.gguf"}, {"id": "org/gemma"}]
    with OddServer(pages={"/v1/models": {"data": entries}}) as server:
        named = [
            RemoteEngine().load(spec(ServerSpec(server.url, model=model)), nothing).name
            for model in ("/srv/models/gemma.gguf", "org/gemma")
        ]
    assert named == ["gemma.gguf", "org/gemma"]


def test_a_name_that_no_name_server_could_know_is_told_of() -> None:
    with pytest.raises(ModelLoadError, match="not the name of a server"):
        look(ServerSpec("http://½"))


def test_a_server_of_something_else_is_no_server_of_models() -> None:
    other = OddServer(pages={"/v1/models": {"hello": "world"}})
    with other as server, pytest.raises(ModelLoadError, match="lists no models"):
        look(ServerSpec(server.url))


def test_a_proxy_of_the_environment_does_not_see_what_stays_in_the_own_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with OddServer([well]) as server:
        assert last(turn(server)).message.text == "All well."


PAGES = {
    "llama-server": {
        "/v1/models": {"data": [{"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072}}]},
        "/props": {
            "default_generation_settings": {"n_ctx": 16384},
            "modalities": {"vision": True, "audio": True},
        },
        "/apply-template": {"prompt": "one two three"},
        "/tokenize": {"tokens": [1, 2, 3]},
    },
    "vLLM": {
        "/v1/models": {"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 32768}]},
        "/tokenize": {"count": 7, "max_model_len": 32768, "tokens": []},
    },
    "SGLang": {
        "/v1/models": {"data": [{"id": "m", "owned_by": "sglang", "max_model_len": 65536}]},
        "/get_model_info": {"has_image_understanding": True},
    },
    "Ollama": {
        "/v1/models": {"data": [{"id": "m", "owned_by": "library"}]},
        "/api/show": {"capabilities": ["completion", "vision", "tools"]},
        "/api/ps": {"models": [{"model": "m", "context_length": 12288}]},
    },
}


@pytest.mark.parametrize(
    ("kind", "context", "sees", "hears", "tokens"),
    [
        ("llama-server", 16384, True, True, 3),
        ("vLLM", 32768, False, False, 7),
        ("SGLang", 65536, True, False, None),
        ("Ollama", 12288, True, False, None),
    ],
)
def test_each_kind_of_server_is_asked_about_its_model_in_its_own_way(
    kind: str, context: int, sees: bool, hears: bool, tokens: int | None
) -> None:
    with OddServer([well], PAGES[kind]) as server:
        engine = RemoteEngine(QUICK)
        info = engine.load(
            ModelSpec(spec(ServerSpec(server.url)).path, server=ServerSpec(server.url)), nothing
        )
        counted = engine.count_tokens(ASKED)
    assert (info.architecture, info.context_tokens, info.sees, info.hears) == (kind, context, sees, hears)
    assert counted == tokens if tokens else 10 < counted < 200
