"""ZIP packages of XML (Office, OpenDocument): one part changed, every other handed on byte for byte. Child side."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Protocol, cast, overload
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from lxml import etree  # type: ignore[attr-defined]  # it has no types; Element is what we use of it

from tools.documents.parts import DAMAGED, Trouble

MOST_XML_BYTES = 64 << 20
"""Of one part: as a tree it takes some ten times as much."""
_TOO_LARGE = "is too large to be changed through the file; change it in its application"


class Element(Protocol):
    """An element of lxml, which keeps prefixes and the order of attributes as they were. Comments and processing
    instructions have a ``tag`` that is no text."""

    tag: str
    text: str | None
    tail: str | None

    @property
    def attrib(self) -> MutableMapping[str, str]: ...
    @property
    def nsmap(self) -> Mapping[str | None, str]: ...
    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, default: str, /) -> str: ...
    def set(self, key: str, value: str, /) -> None: ...
    def find(self, path: str, /) -> Element | None: ...
    def findall(self, path: str, /) -> list[Element]: ...
    def xpath(self, path: str, /, *, namespaces: Mapping[str, str]) -> list[Element]: ...
    def iter(self, *tags: str) -> Iterator[Element]: ...
    def iterchildren(self, *tags: str) -> Iterator[Element]: ...
    def append(self, element: Element, /) -> None: ...
    def insert(self, index: int, element: Element, /) -> None: ...
    def remove(self, element: Element, /) -> None: ...
    def addprevious(self, element: Element, /) -> None: ...
    def addnext(self, element: Element, /) -> None: ...
    def getparent(self) -> Element | None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Element: ...
    def __iter__(self) -> Iterator[Element]: ...


def element(tag: str, attributes: Mapping[str, str] | None = None) -> Element:
    return cast("Element", etree.Element(tag, dict(attributes or {})))


def child(parent: Element, tag: str, text: str | None = None) -> Element:
    """A new element at the end of ``parent``."""
    made = element(tag)
    made.text = text
    parent.append(made)
    return made


def twin(original: Element) -> Element:
    """A copy with everything in it, and nothing after it."""
    made = copy.deepcopy(original)
    made.tail = None
    return made


def canonical_form(part: Element) -> bytes:
    """The same bytes for elements that mean the same (C14N)."""
    return cast("bytes", etree.tostring(part, method="c14n"))


def parsed(archive: ZipFile, name: str) -> Element:
    """The root of a part. Raises Trouble when it is too large, damaged, or declares entities, which no such part
    does."""
    try:
        if archive.getinfo(name).file_size > MOST_XML_BYTES:
            raise Trouble(_TOO_LARGE)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(archive.read(name), parser)
    except (KeyError, BadZipFile, etree.XMLSyntaxError) as error:
        raise Trouble(DAMAGED) from error
    if root.getroottree().docinfo.doctype:
        raise Trouble(DAMAGED)
    return cast("Element", root)


def serialised(root: Element) -> bytes:
    return cast("bytes", etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True))


def replaced(archive: ZipFile, parts: Mapping[str, bytes | None]) -> bytes:
    """The package with ``parts`` in the place of those of the same name; what is None is left out. The others keep
    their order, times and compression."""
    made = io.BytesIO()
    with ZipFile(made, "w") as package:
        for entry in archive.infolist():
            data = parts.get(entry.filename, b"") if entry.filename in parts else archive.read(entry)
            if data is None:
                continue
            kept = entry.compress_type if entry.compress_type in (ZIP_STORED, ZIP_DEFLATED) else ZIP_DEFLATED
            package.writestr(entry, data, compress_type=kept)
    return made.getvalue()
