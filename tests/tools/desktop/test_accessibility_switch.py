"""Applications are told to show their controls, and nobody's screen reader is started."""

from __future__ import annotations

import logging
import os
from unittest import mock

import pytest
from jeepney import DBusAddress, Properties
from jeepney.io.blocking import open_dbus_connection

from tests.tools.desktop.wayland.portal_stand_in import message_bus_of_its_own
from tools.desktop.accessibility_switch import switch_on


@pytest.mark.e2e
def test_the_switch_is_turned_on_and_the_one_for_screen_readers_is_left_alone() -> None:
    status = Properties(DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Status"))
    with (
        message_bus_of_its_own() as address,
        mock.patch.dict(os.environ, DBUS_SESSION_BUS_ADDRESS=address),
        open_dbus_connection(address) as bus,
    ):

        def is_on(name: str) -> bool:
            return bool(bus.send_and_get_reply(status.get(name), timeout=15).body[0][1])

        assert not is_on("IsEnabled")
        for _ in range(2):
            switch_on()
            assert is_on("IsEnabled")
            assert not is_on("ScreenReaderEnabled")


def test_without_a_bus_it_is_noted_and_nothing_else_happens(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with caplog.at_level(logging.WARNING, "tools"):
        switch_on()
    assert "could not be switched on" in caplog.text
