"""A stop is asked for once and reaches everyone who registered."""

from __future__ import annotations

import threading

import pytest

from agent.cancel import Cancel, Cancelled


def test_a_stop_calls_each_registered_callback_once() -> None:
    cancel, calls = Cancel(), []
    with cancel.calling(lambda: calls.append("decode")), cancel.calling(lambda: calls.append("child")):
        cancel.request()
        cancel.request()
    assert sorted(calls) == ["child", "decode"]


def test_whoever_registers_after_the_stop_is_called_at_once() -> None:
    cancel, calls = Cancel(), []
    cancel.request()
    with cancel.calling(lambda: calls.append("late")):
        assert calls == ["late"]


def test_a_callback_is_forgotten_when_its_block_ends() -> None:
    cancel, calls = Cancel(), []
    with cancel.calling(lambda: calls.append("over")):
        pass
    cancel.request()
    assert calls == []


def test_check_raises_and_wait_returns_after_a_stop_from_another_thread() -> None:
    cancel = Cancel()
    cancel.check()
    threading.Thread(target=cancel.request).start()
    assert cancel.wait(10)
    with pytest.raises(Cancelled):
        cancel.check()
