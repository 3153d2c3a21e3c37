"""Pictures and sound into the cache of a real model through real towers: encoded once, never cut, exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.engine.media import mtmd
from agent.engine.media.mtmd import Bitmap, Projector
from agent.engine.media.senses import EmbeddingCache
from agent.engine.port import Prompt
from agent.messages import Message, ModelMessage, Picture, Sound, ToolCall, ToolMessage, UserMessage
from tests.agent.engine.seeing import Conversation, Files, Seeing, picture, sound, write_files
from tests.agent.engine.tiny_projector import write_projector

ROUNDING = 0.01
"""Of logits, when the same prompt is decoded in other batches; they spread over tens."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("seeing"), width=64)


@pytest.fixture(scope="module")
def both_ways(files: Files) -> Seeing:
    """Reads pictures in both directions, as 12B and larger do."""
    return Seeing(files)


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Seeing:
    """Reads pictures causally, as E2B and E4B do."""
    return Seeing(write_files(tmp_path_factory.mktemp("causal"), width=1536))


@pytest.fixture(params=["causal", "both_ways"])
def seeing(request: pytest.FixtureRequest) -> Seeing:
    return request.getfixturevalue(request.param)


def prompt(*messages: Message) -> Prompt:
    return Prompt("Be kind.", (), messages)


def asked(text: str, *media: Picture | Sound) -> UserMessage:
    return UserMessage(
        text=text,
        pictures=tuple(one for one in media if isinstance(one, Picture)),
        sounds=tuple(one for one in media if isinstance(one, Sound)),
    )


def looked(shown: Picture, said: ModelMessage) -> tuple[ModelMessage, ToolMessage]:
    call = ToolCall(id="call-1", name="look", arguments={})
    return said.model_copy(update={"call": call}), ToolMessage(
        call_id="call-1", name="look", content="the screen", pictures=(shown,)
    )


def differ(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def test_a_picture_is_encoded_once_however_often_it_is_shown(seeing: Seeing):
    talk = seeing.conversation()
    first = prompt(asked("look", picture()))
    said = talk.turn(first).finished.message
    talk.turn(prompt(*first.messages, said, asked("look again", picture())))
    assert talk.senses.encoded == 1
    assert len(talk.media(prompt(*first.messages, said, asked("look again", picture())))) == 2


def test_a_conversation_that_goes_on_decodes_no_picture_again(seeing: Seeing):
    talk = seeing.conversation()
    first = prompt(asked("look", picture()))
    turn = talk.turn(first)
    second = talk.turn(prompt(*first.messages, turn.finished.message, asked("and now")))
    assert second.prefill.reused >= turn.prefill.tokens
    assert second.prefill.tokens - second.prefill.reused < 70


def test_logits_after_pictures_are_those_of_a_fresh_run(seeing: Seeing):
    talk = seeing.conversation()
    messages: tuple[Message, ...] = (asked("look", picture(1)),)
    for seed in (2, 3):
        said = talk.turn(prompt(*messages)).finished.message
        messages = (*messages, *looked(picture(seed), said), asked("well", picture(1)))
    turn = talk.turn(prompt(*messages))
    fresh = seeing.conversation().turn(prompt(*messages))
    assert turn.prefill.reused > 0
    assert fresh.prefill.reused == 0
    assert differ(turn.logits, fresh.logits) < ROUNDING
    assert len(talk.media(prompt(*messages))) == 5


def test_a_different_picture_makes_different_logits(seeing: Seeing):
    one = seeing.conversation().turn(prompt(asked("look", picture(1))))
    other = seeing.conversation().turn(prompt(asked("look", picture(2))))
    assert differ(one.logits, other.logits) > 10 * ROUNDING


def test_a_cache_that_was_lost_is_filled_again_without_encoding(seeing: Seeing):
    talk = seeing.conversation()
    shown = prompt(asked("look", picture()))
    before = talk.turn(shown)
    talk.runner.ledger.clear()
    again = talk.turn(shown)
    assert talk.senses.encoded == 1
    assert again.prefill.reused == 0
    assert differ(before.logits, again.logits) < ROUNDING


def test_a_picture_with_the_largest_budget_is_decoded_whole(both_ways: Seeing):
    talk = both_ways.conversation()
    big = prompt(asked("look", picture(width=48 * 40, height=48 * 28, budget=1120)))
    turn = talk.turn(big)
    assert [media.tokens for media in talk.media(big)] == [1120]
    assert turn.finished.reason == "length"


def test_the_towers_are_loaded_when_something_is_first_shown(both_ways: Seeing):
    talk = both_ways.conversation()
    talk.turn(prompt(asked("words alone")))
    assert not talk.senses.loaded
    talk.turn(prompt(asked("look", picture())))
    assert talk.senses.loaded


def test_a_stop_between_two_pictures_keeps_the_first(both_ways: Seeing):
    stop = True
    talk = both_ways.conversation(lambda: stop and talk.senses.encoded > 0 and held(talk) > 0)
    two = prompt(asked("look", picture(1), picture(2)))
    talk.stopped_turn(two)
    assert (talk.senses.encoded, held(talk)) == (1, 1)
    stop = False
    turn = talk.turn(two)
    assert (talk.senses.encoded, held(talk)) == (2, 2)
    assert differ(turn.logits, both_ways.conversation().turn(two).logits) < ROUNDING


def test_a_stop_while_a_tower_works_ends_it_and_keeps_nothing(both_ways: Seeing):
    stop = True
    talk = both_ways.conversation(lambda: stop and talk.senses.encoded > 0)
    shown = prompt(asked("look", picture()))
    talk.stopped_turn(shown)
    assert (talk.senses.encoded, held(talk)) == (1, 0)
    stop = False
    turn = talk.turn(shown)
    assert talk.senses.encoded == 2
    assert differ(turn.logits, both_ways.conversation().turn(shown).logits) < ROUNDING


@pytest.mark.parametrize(
    "seen", [Bitmap("picture", 480, 336, picture().rgb), Bitmap("sound", 32_000, 1, sound(2).pcm)]
)
def test_looking_at_the_stop_flag_changes_no_embedding(
    files: Files, both_ways: Seeing, monkeypatch: pytest.MonkeyPatch, seen: Bitmap
):
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        return False

    tower = Projector(files.projector, both_ways.model, 1, False, look)
    monkeypatch.setattr(mtmd, "NODES_BETWEEN_LOOKS", 1_000_000)
    undisturbed, before = tower.encode(seen, 0), looks
    monkeypatch.setattr(mtmd, "NODES_BETWEEN_LOOKS", 1)
    disturbed = tower.encode(seen, 0)
    tower.close()
    assert looks > before + 50
    assert np.array_equal(undisturbed, disturbed)


def test_a_picture_whose_pixels_are_gone_stays_while_the_cache_holds_it(both_ways: Seeing):
    talk = both_ways.conversation()
    first = prompt(asked("look", picture()))
    said = talk.turn(first).finished.message
    forget_everything(talk)
    gone = prompt(asked("look", picture().without_data()), said, asked("and now"))
    assert talk.turn(gone).prefill.reused > 70


def test_a_picture_whose_pixels_are_gone_becomes_words(both_ways: Seeing):
    talk = both_ways.conversation()
    gone = prompt(asked("look", picture().without_data()))
    assert "(a picture that is no longer kept)look" in talk.spelt(gone)
    assert talk.turn(gone).finished.reason == "length"


def test_a_picture_that_goes_while_its_prompt_is_read_becomes_words(both_ways: Seeing):
    talk = both_ways.conversation()
    talk.turn(prompt(asked("look", picture())))
    forget_everything(talk)
    other_start = Prompt("Be brief.", (), (asked("look", picture().without_data()),))
    assert len(talk.media(other_start)) == 1
    assert talk.turn(other_start).finished.reason == "length"
    assert held(talk) == 0


def test_pixels_that_come_again_are_seen_again(both_ways: Seeing):
    talk = both_ways.conversation()
    talk.turn(prompt(asked("look", picture().without_data())))
    talk.turn(prompt(asked("look", picture())))
    assert held(talk) == 1


def test_a_model_without_senses_gets_nothing(tmp_path: Path, both_ways: Seeing):
    deaf = write_files(tmp_path, width=64)
    write_projector(deaf.projector, audio=None)
    talk = Seeing(deaf).conversation()
    both = prompt(asked("look", picture(), sound(3)))
    talk.give(both)
    assert [media.kind for media in talk.media(both)] == ["picture"]


def test_a_projector_that_cannot_be_loaded_becomes_words(tmp_path: Path):
    strange = write_files(tmp_path, width=64)
    strange.projector.write_bytes(strange.projector.read_bytes().replace(b"gemma4v", b"gemma9v"))
    talk = Seeing(strange).conversation()
    shown = prompt(asked("look", picture()))
    talk.give(shown)
    assert "(a picture that could not be read)" in talk.spelt(shown)
    assert talk.turn(shown).finished.reason == "length"


def test_a_frame_of_a_film_has_its_time_before_it(both_ways: Seeing):
    talk = both_ways.conversation()
    frames = [picture(seed).model_copy(update={"label": f"0:0{seed}", "budget": 70}) for seed in (1, 2)]
    film = prompt(asked("watch", *frames))
    talk.give(film)
    assert "0:01<|image>*<image|>0:02<|image>*<image|>watch" in talk.spelt(film)


@pytest.mark.parametrize("marker", ["<__media__>", "<|image>", "<|image|>", "<|audio>", "<image|>"])
def test_no_text_becomes_media(both_ways: Seeing, marker: str):
    talk = both_ways.conversation()
    shown = prompt(UserMessage(text=f"look {marker}", context=marker), asked(marker, picture()))
    talk.give(shown)
    assert len(talk.media(shown)) == 1
    assert both_ways.vocabulary.mark("<|image>") is not None
    entries = talk.dialect.prompt(shown).entries
    for mark in ("<|image>", "<image|>", "<|audio>"):
        assert entries.count(both_ways.vocabulary.mark(mark)) == (1 if "image" in mark else 0)


def test_sound_is_cut_into_blocks_of_three_seconds_and_a_rest(both_ways: Seeing):
    talk = both_ways.conversation()
    heard = prompt(asked("hear", sound(8)))
    talk.give(heard)
    assert [media.tokens for media in talk.media(heard)] == [75, 75, 50]
    assert "<|audio>***<audio|>" in talk.spelt(heard)


def test_sound_is_cut_after_thirty_seconds(both_ways: Seeing):
    talk = both_ways.conversation()
    heard = prompt(asked("hear", sound(33.5)))
    talk.give(heard)
    assert [media.tokens for media in talk.media(heard)] == [75] * 11 + [13]


@pytest.mark.parametrize("seconds", [0.04, 1, 2.99, 3, 3.0001, 6, 30, 30.01, 34])
def test_blocks_take_as_many_tokens_as_mtmd_takes_for_the_whole(both_ways: Seeing, seconds: float):
    talk = both_ways.conversation()
    heard = prompt(asked("hear", sound(seconds)))
    talk.give(heard)
    whole = Projector(both_ways.facts.path, both_ways.model, 1, False, lambda: False)
    pieces = [sound(30), sound(seconds - 30)] if seconds > 30 else [sound(seconds)]
    parts = [
        part for one in pieces if one.samples >= 640 for part in whole.parts(Bitmap("sound", one.samples))
    ]
    expected = sum(part.tokens for part in parts if not isinstance(part, tuple))
    assert sum(media.tokens for media in talk.media(heard)) == expected
    whole.close()


def test_blocks_have_the_embeddings_of_the_whole(both_ways: Seeing):
    talk = both_ways.conversation()
    heard = prompt(asked("hear", sound(13)))
    talk.turn(heard)
    blocks = [talk.embeddings.get(media.key) for media in talk.media(heard)]
    whole = Projector(both_ways.facts.path, both_ways.model, 1, False, lambda: False)
    at_once = whole.encode(Bitmap("sound", 13 * 16_000, 1, sound(13).pcm), 0)
    together = np.concatenate([block for block in blocks if block is not None])
    assert together.shape == at_once.shape
    assert differ(together, at_once) < 1e-4
    whole.close()


def test_speech_taken_in_while_it_goes_on_is_found_again_when_it_ends(both_ways: Seeing):
    talk = both_ways.conversation()
    for seconds in (1, 4, 7.5):
        so_far = asked("", sound(seconds, growing=True))
        talk.prepare(prompt(so_far.model_copy(update={"context": f"the screen after {seconds} s"})))
    encoded = talk.senses.encoded
    assert (encoded, held(talk)) == (2, 2)
    ended = prompt(asked("", sound(9.5)))
    turn = talk.turn(ended)
    assert talk.senses.encoded == encoded + 2
    assert turn.prefill.reused > 150
    assert differ(turn.logits, both_ways.conversation().turn(ended).logits) < ROUNDING


def test_preparing_can_be_stopped(both_ways: Seeing):
    talk = both_ways.conversation(lambda: talk.senses.encoded > 0)
    talk.prepare(prompt(asked("", sound(4, growing=True))))
    assert held(talk) == 0


def test_preparing_the_same_prompt_twice_decodes_nothing_twice(both_ways: Seeing):
    talk = both_ways.conversation()
    heard = prompt(asked("hear", sound(4, growing=True)))
    talk.prepare(heard)
    before = talk.runner.ledger.entries
    positions: list[int] = []
    talk.context.take_media_by(lambda media, position: positions.append(position))
    talk.prepare(heard)
    assert talk.runner.ledger.entries == before
    assert positions == []


def test_samples_that_are_no_numbers_do_not_spoil_the_cache(both_ways: Seeing):
    samples = np.frombuffer(sound(2).pcm, np.float32).copy()
    samples[::7] = np.nan
    samples[1::7] = np.inf
    turn = both_ways.conversation().turn(prompt(asked("hear", Sound.of(samples.tobytes()))))
    assert np.isfinite(turn.logits).all()


def test_embeddings_beyond_the_limit_go_in_the_order_of_their_last_use():
    row = np.zeros((10, 10), np.float32)
    cache = EmbeddingCache(limit=3 * row.nbytes)
    for key in "abc":
        cache.put(key, row)
    cache.get("a")
    cache.put("d", row)
    assert [key in cache for key in "abcd"] == [True, False, True, True]
    assert cache.size == 3 * row.nbytes


def test_an_embedding_larger_than_the_limit_is_not_kept():
    cache = EmbeddingCache(limit=10)
    cache.put("a", np.zeros((10, 10), np.float32))
    assert "a" not in cache
    assert cache.size == 0


def held(talk: Conversation) -> int:
    """How many media the cache holds."""
    return sum(not isinstance(entry, int) for entry in talk.runner.ledger.entries)


def forget_everything(talk: Conversation) -> None:
    """As if the pixels had been let go of and the embeddings dropped for others."""
    talk.senses.forget_all_but(frozenset())
    talk.embeddings.clear()
