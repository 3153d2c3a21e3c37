"""A web page with every kind of field, opened in a real browser."""

from __future__ import annotations

from pathlib import Path

from tests.virtual_desktop import VirtualDesktop

FORM = """<!doctype html><meta charset=utf-8><title>Order</title><h1>Order</h1>
<form action=/ onsubmit="document.title='Sent ' + new FormData(this).get('name'); return false">
<p><label>Full name <input name=name></label>
<p><label>Fixed <input name=fixed value=ours readonly></label>
<p><label>Pieces <input name=pieces type=number value=3></label>
<p><label>Volume <input name=volume type=range min=0 max=10 value=5></label>
<p><label>Colour <select name=colour><option>Red<option>Green<option>Blue</select></label>
<p><label><input type=checkbox name=news> Newsletter</label>
<p><label>Notes <textarea name=notes></textarea></label>
<p><button>Send</button> <button type=button disabled onclick="document.title='Deleted'">Delete</button>
</form><div style="height:3000px"></div>
<button onclick="document.title='Far pressed'">Far away</button>
"""

_FIREFOX = """user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
"""


def open_in_chromium(desktop: VirtualDesktop, folder: Path) -> None:
    # Tests run as root in a container, where Chromium's own sandbox does not start.
    desktop.start(
        "chromium",
        "--no-sandbox",
        "--no-first-run",
        "--disable-gpu",
        "--force-renderer-accessibility",
        f"--user-data-dir={folder / 'chromium'}",
        _page(folder),
    )


def open_in_firefox(desktop: VirtualDesktop, folder: Path) -> None:
    profile = folder / "firefox"
    profile.mkdir()
    (profile / "user.js").write_text(_FIREFOX)
    desktop.start("firefox-esr", "--no-remote", "--profile", str(profile), _page(folder))


def _page(folder: Path) -> str:
    page = folder / "order.html"
    page.write_text(FORM)
    return page.as_uri()
