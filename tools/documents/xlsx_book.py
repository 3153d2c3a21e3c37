"""An Excel file as a package: its sheets, its other parts, and what it says about computing. ECMA-376, part 1, 18.2.
Child side."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZipFile

from tools.documents.packages import Element, element, parsed, replaced, serialised
from tools.documents.parts import Trouble
from tools.documents.position import Cells, parse

_RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_STRICT_RELATIONSHIP = "{http://purl.oclc.org/ooxml/officeDocument/relationships}"
_WORKBOOK, STYLES, _CHAIN = "xl/workbook.xml", "xl/styles.xml", "xl/calcChain.xml"
_WORKBOOK_LINKS, _TYPES = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
_BEFORE_CALCULATION = (
    "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups",
    "externalReferences", "definedNames",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str


class Book:
    """The parts of one workbook, parsed when they are needed; what was changed is written anew."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._trees: dict[str, Element] = {}
        self._changed: set[str] = set()
        self._dropped: set[str] = set()
        if any(name.startswith("_xmlsignatures/") for name in archive.namelist()):
            raise Trouble("is signed; a change would break the signature, so make it in its application")
        self.workbook = self.tree(_WORKBOOK)
        self.namespace = self.workbook.tag.rpartition("}")[0] + "}"
        self.sheets = list(self._sheets())
        names = self.workbook.iter(f"{self.namespace}definedName")
        self.names = [each.get("name", "") for each in names]
        settings = self.workbook.find(f"{self.namespace}workbookPr")
        since_1904 = settings is not None and settings.get("date1904") in ("1", "true")
        self.day_zero = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)

    def tree(self, name: str) -> Element:
        if name not in self._trees:
            self._trees[name] = parsed(self._archive, name)
        return self._trees[name]

    def keep(self, name: str) -> None:
        """Write that part anew."""
        self._changed.add(name)

    def drop(self, name: str) -> None:
        """Leave that part out."""
        self._dropped.add(name)

    def has(self, name: str) -> bool:
        return name in self._archive.namelist()

    def links(self, name: str) -> dict[str, tuple[str, str]]:
        """The relationships of a part: id to the end of its type and the part it leads to."""
        folder, _, file = name.rpartition("/")
        links = f"{folder}/_rels/{file}.rels"
        if not self.has(links):
            return {}
        return {
            link.get("Id", ""): (
                link.get("Type", "").rpartition("/")[2],
                _target(folder, link.get("Target", "")),
            )
            for link in self.tree(links)
            if link.get("TargetMode") != "External"
        }

    def bytes(self) -> bytes:
        changed = {name: serialised(self._trees[name]) for name in self._changed}
        return replaced(self._archive, changed | dict.fromkeys(self._dropped))

    def _sheets(self) -> Iterator[Sheet]:
        links = self.links(_WORKBOOK)
        for sheet in self.workbook.iter(f"{self.namespace}sheet"):
            id = sheet.get(f"{_RELATIONSHIP}id") or sheet.get(f"{_STRICT_RELATIONSHIP}id") or ""
            kind, target = links.get(id, ("", ""))
            if kind == "worksheet" and self.has(target):
                yield Sheet(sheet.get("name", ""), target)


def drop_chain(book: Book) -> None:
    """The order in which formulas were computed; without it, it is worked out anew."""
    if not book.has(_CHAIN):
        return
    for name, attribute, ending in (
        (_WORKBOOK_LINKS, "Target", "calcChain.xml"),
        (_TYPES, "PartName", "/xl/calcChain.xml"),
    ):
        tree = book.tree(name)
        for each in [each for each in tree if each.get(attribute, "").endswith(ending)]:
            tree.remove(each)
        book.keep(name)
    book.drop(_CHAIN)


def compute_when_opened(book: Book) -> None:
    root, namespace = book.workbook, book.namespace
    settings = root.find(f"{namespace}calcPr")
    if settings is None:
        settings = element(f"{namespace}calcPr")
        before = [index for index, each in enumerate(root) if _local(each) in _BEFORE_CALCULATION]
        root.insert(max(before, default=-1) + 1, settings)
    settings.set("fullCalcOnLoad", "1")
    book.keep(_WORKBOOK)


def cells_of(reference: str) -> Cells | None:
    try:
        return parse(reference.replace("$", "")).cells
    except Trouble:
        return None


def edges(cells: Cells) -> tuple[int, int, int, int]:
    return cells.first_column, cells.first_row, cells.last_column, cells.last_row


def _target(folder: str, target: str) -> str:
    return (
        target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
    )


def _local(each: Element) -> str:
    return each.tag.rpartition("}")[2] if isinstance(each.tag, str) else ""
