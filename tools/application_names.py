"""Which application a person means: by its name, by its kind ("the browser"), by its other names, loosely.

A kind means the person's own choice. A name that could be several applications is none: whoever asked is asked back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

from tools.desktop.port import TERMINAL, Application, Applications
from tools.matching import matching, similar

_BROWSER, _MAIL, _SHEET = (
    "x-scheme-handler/https",
    "x-scheme-handler/mailto",
    "application/vnd.oasis.opendocument",
)
_KINDS: dict[str, tuple[str, str]] = {
    name: meant
    for names, meant in (
        (("text editor", "editor", "notepad"), ("text/plain", "TextEditor")),
        (("calculator", "pocket calculator"), ("", "Calculator")),
        (("browser", "web browser", "internet browser", "internet", "web"), (_BROWSER, "WebBrowser")),
        (("files", "file manager", "file browser", "file explorer", "explorer", "folders"),
         ("inode/directory", "FileManager")),
        (("terminal", "console", "command line", "shell", "terminal emulator"), (TERMINAL, "TerminalEmulator")),
        (("mail", "email", "e mail", "mail program", "mail client", "email client"), (_MAIL, "Email")),
        (("spreadsheet", "spreadsheets"), (f"{_SHEET}.spreadsheet", "Spreadsheet")),
        (("word processor", "writing program"), (f"{_SHEET}.text", "WordProcessor")),
        (("presentation", "presentations"), (f"{_SHEET}.presentation", "Presentation")),
        (("pdf viewer", "pdf reader", "document viewer"), ("application/pdf", "Viewer")),
        (("image viewer", "picture viewer", "photo viewer", "photos"), ("image/png", "Viewer")),
        (("video player", "media player", "movie player"), ("video/mp4", "Player")),
        (("music player", "music", "audio player"), ("audio/mpeg", "Player")),
        (("calendar",), ("text/calendar", "Calendar")),
        (("settings", "system settings", "control panel"), ("", "Settings")),
    )
    for name in names
}  # fmt: skip
"""What people call a kind of application: the type of which it is the default, and its category."""

_ARTICLES = ("the ", "a ", "an ", "my ", "our ", "der ", "die ", "das ", "den ", "mein ", "meinen ", "meine ")
_ENDINGS = (" application", " app", " program", " window")


def find_application(applications: Applications, said: str) -> Application | None:
    """The one application that a person means; none when there is none, or when it could be several."""
    found = candidates(applications, said)
    return found[0] if len(found) == 1 else None


def candidates(applications: Applications, said: str) -> list[Application]:
    """The application that a person means, or those that it could be."""
    name, with_article = _bare(said)
    if not name:
        return []
    listed = applications.list()
    named = _called(name, listed, lambda each: (each.name,))
    kind = _of_kind(applications, name, listed, named)
    first, second = (kind, named) if with_article else (named, kind)
    found = first or second or _loosely(name, listed)
    return _preferred(applications, found)


def programs_meant(applications: Applications, said: str) -> tuple[frozenset[str], ...]:
    """Which windows a person may mean, by their class, the better guess first: those of the application that is called
    so, then those of any application of that kind, because what is open need not be what would be opened."""
    meant = find_application(applications, said)
    kind = _KINDS.get(_bare(said)[0])
    alike = [each for each in applications.list() if kind and kind[1] in each.categories]
    named = frozenset(meant.programs if meant else ())
    return named, frozenset(program for each in alike for program in each.programs)


def why_not(applications: Applications, said: str) -> str:
    """Why no application was found, as a sentence for a result."""
    found = candidates(applications, said)
    if len(found) > 1:
        names = [f'"{each.name}"' for each in found]
        return (
            f'"{said}" could be several applications; say which one: {", ".join(names[:-1])} or {names[-1]}'
        )
    near = similar(said, [each.name for each in applications.list()])
    hint = f"; similar: {', '.join(near)}" if near else ""
    return f'no application called "{said}"{hint}'


def _bare(said: str) -> tuple[str, bool]:
    """The name alone in lower case, and whether there was an article in front."""
    name = " ".join(said.casefold().split())
    article = next((each for each in _ARTICLES if name.startswith(each)), "")
    name = name.removeprefix(article)
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name.strip(' .!?"'), bool(article)


def _called(
    name: str, listed: Sequence[Application], names: Callable[[Application], Sequence[str]]
) -> list[Application]:
    """Those with exactly that name, without regard to spaces, hyphens and accents: "libre office calc"."""
    wanted = _letters(name)
    return [each for each in listed if wanted and any(_letters(one) == wanted for one in names(each))]


def _of_kind(
    applications: Applications, name: str, listed: Sequence[Application], named: Sequence[Application]
) -> list[Application]:
    if name not in _KINDS:
        return []
    mime, category = _KINDS[name]
    chosen = applications.default_for(mime) if mime else None
    if chosen is not None:
        return [chosen]
    able = [each for each in listed if category in each.categories]
    return [each for each in able if each in named] or able[:1]


def _loosely(name: str, listed: Sequence[Application]) -> list[Application]:
    """Those that have all words of ``name`` in their own name; else those that are also called so; else those that
    have its words in one of their other names; else what is spelled almost like it."""
    words = set(_words(name))
    return (
        [each for each in listed if words <= set(_words(each.name))]
        or _called(name, listed, lambda each: each.names)
        or [each for each in listed if any(words <= set(_words(one)) for one in each.names)]
        or matching(name, listed, lambda each: each.name)
    )


def _preferred(applications: Applications, found: Sequence[Application]) -> list[Application]:
    """Of several: the person's choice, where they are of a kind for which there is one; of two installations of the
    same application, the first."""
    found = list({each.name: each for each in reversed(found)}.values())[::-1]
    if len(found) < 2:
        return found
    for mime, category in dict.fromkeys(_KINDS.values()):
        if mime and all(category in each.categories for each in found):
            chosen = applications.default_for(mime)
            return [chosen] if chosen in found else found
    return found


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", _plain(name))


@lru_cache(maxsize=4096)
def _letters(name: str) -> str:
    return "".join(_words(name)).replace("_", "")


@lru_cache(maxsize=4096)  # the names of everything that is installed, compared again with every call
def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
