"""Where a server is, and whether it may be spoken to like that."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine.port import ServerSpec
from agent.engine.remote import address_of
from agent.errors import ModelLoadError


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        ("localhost:8080", "http://localhost:8080/v1"),
        ("192.168.1.20:8080", "http://192.168.1.20:8080/v1"),
        ("gpu", "http://gpu/v1"),
        ("models.example.org", "https://models.example.org/v1"),
        ("https://example.org/llm/v1", "https://example.org/llm/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_may_be_written_in_many_ways(written: str, base: str) -> None:
    assert address_of(ServerSpec(written)).base == base


@pytest.mark.parametrize(
    ("host", "here", "private"),
    [
        ("127.0.0.1", True, True),
        ("[::1]", True, True),
        ("localhost", True, True),
        ("10.1.2.3", False, True),
        ("192.168.1.20", False, True),
        ("100.101.102.103", False, True),
        ("169.254.3.4", False, True),
        ("[fd00::5]", False, True),
        ("spark", False, True),
        ("spark.local", False, True),
        ("gpu.home.arpa", False, True),
    ],
)
def test_the_own_network_may_be_spoken_to_without_encryption(host: str, here: bool, private: bool) -> None:
    address = address_of(ServerSpec(f"http://{host}:8000"))
    assert (address.here, address.private) == (here, private)


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "models.example.org", "local.example.org", "[2606:4700::1]", "0.0.0.0"]
)
def test_the_world_outside_may_not_unless_the_person_says_so(host: str) -> None:
    with pytest.raises(ModelLoadError, match="everybody on the way") as caught:
        address_of(ServerSpec(f"http://{host}"))
    assert "https" in caught.value.remedy
    assert address_of(ServerSpec(f"http://{host}", plain_http=True)).base.startswith("http://")
    assert not address_of(ServerSpec(f"https://{host}")).private


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ftp://x",
        "http://",
        "http://host:port",
        "http://host/?key=1",
        "https://host/v1#x",
        "file:///etc/passwd",
        "http://[::1",
        "[::1",
        "a b",
        "https://a..b",
        "http://" + "a" * 64,
        "http://ho\x00st",
        "http://host/\x07",
        "http://134744072",
        "http://0x08080808",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ModelLoadError):
        address_of(ServerSpec(written))


@given(st.one_of(st.text(), st.text().map("http://{}".format), st.text("[]:./@%v1", max_size=12)))
def test_whatever_is_written_it_is_an_address_or_is_refused(written: str) -> None:
    with contextlib.suppress(ModelLoadError):
        assert address_of(ServerSpec(written)).host


def test_an_address_holds_no_password() -> None:
    with pytest.raises(ModelLoadError, match="must not hold a name or a password") as caught:
        address_of(ServerSpec("https://ada:secret@example.org"))
    assert "secret" not in str(caught.value)
