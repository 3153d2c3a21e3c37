"""Applications as somebody has set them up who does not want to be greeted: fresh profiles without first-run pages,
and without the network. What accessibility needs is not here, the product knows that itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHROMIUM = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--password-store=basic",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
)
_FIREFOX = {
    "app.normandy.enabled": "false",
    "app.update.enabled": "false",
    "browser.aboutwelcome.enabled": "false",
    "browser.newtabpage.enabled": "false",
    "browser.safebrowsing.malware.enabled": "false",
    "browser.safebrowsing.phishing.enabled": "false",
    "browser.shell.checkDefaultBrowser": "false",
    "browser.startup.homepage_override.mstone": '"ignore"',
    "browser.startup.page": "0",
    "browser.topsites.contile.enabled": "false",
    "datareporting.policy.dataSubmissionEnabled": "false",
    "extensions.update.enabled": "false",
    "network.captive-portal-service.enabled": "false",
    "network.connectivity-service.enabled": "false",
    "signon.rememberSignons": "false",
    "startup.homepage_welcome_url": '""',
    "toolkit.cosmeticAnimations.enabled": "false",
}
_LIBREOFFICE = (
    ("Office.Common/Misc", "ShowTipOfTheDay", "false"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Setup/Product", "ooSetupLastVersion", "7.4"),
    ("Office.Recovery/RecoveryInfo", "Enabled", "false"),
)


@contextmanager
def fresh_profiles(home: Path) -> Iterator[None]:
    """Profiles that nobody has used yet, in ``home``; removed afterwards."""
    kept = [
        home / name
        for name in (".mozilla", ".config/chromium", ".config/libreoffice", ".local/share/applications")
    ]
    for folder in kept:
        shutil.rmtree(folder, ignore_errors=True)
    _libreoffice(home / ".config/libreoffice/4/user")
    entries = home / ".local/share/applications"
    entries.mkdir(parents=True)
    # Chromium's own sandbox does not work for root, which is who tests are in a container.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    _start_with(entries, "chromium", "/usr/bin/chromium", *sandbox, *_CHROMIUM)
    profile = _firefox(home / ".mozilla/profile")
    _start_with(entries, "firefox-esr", "/usr/lib/firefox-esr/firefox-esr", "--profile", str(profile))
    try:
        yield
    finally:
        for folder in kept:
            shutil.rmtree(folder, ignore_errors=True)


def _start_with(entries: Path, name: str, *command: str) -> None:
    """The person's own starter of an application, which wins over the system's."""
    shipped = Path(f"/usr/share/applications/{name}.desktop")
    if not shipped.exists():
        return  # not installed
    lines = shipped.read_text("utf-8").splitlines()
    text = "\n".join(f"Exec={' '.join(command)} %u" if line.startswith("Exec=") else line for line in lines)
    (entries / shipped.name).write_text(text + "\n", "utf-8")


def _firefox(profile: Path) -> Path:
    profile.mkdir(parents=True)
    (profile / "user.js").write_text(
        "".join(f'user_pref("{name}", {value});\n' for name, value in _FIREFOX.items())
    )
    return profile


def _libreoffice(user: Path) -> None:
    user.mkdir(parents=True)
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}">'
        f'<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _LIBREOFFICE
    )
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>"
    )
