"""Empty spreadsheets, as small as their formats allow. Child side; standard library only."""

from __future__ import annotations

import io
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_LONGEST_NAME = 31
_WHEN = (1980, 1, 1, 0, 0, 0)


def sheet_name(wanted: str) -> str:
    """A name that a sheet may have."""
    plain = "".join(sign for sign in wanted if sign not in "[]:*?/\\'")
    return plain.strip()[:_LONGEST_NAME] or "Sheet1"


def workbook(sheet: str) -> bytes:
    """An Excel file with one sheet (ECMA-376, part 1, 12.2)."""
    links = (("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"))
    return _package(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_CONTENT}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/></Types>',
            "_rels/.rels": _relationships((("officeDocument", "xl/workbook.xml"),)),
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relationships(links),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData/></worksheet>',
            "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
            '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
        }
    )


def spreadsheet(sheet: str) -> bytes:
    """An OpenDocument spreadsheet with one sheet (OpenDocument 1.3, parts 2 and 3)."""
    oasis = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = {"office": "office", "style": "style", "table": "table", "text": "text", "number": "datastyle"}
    names = "".join(f' xmlns:{prefix}="{oasis}:{name}:1.0"' for prefix, name in spaces.items())
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    return _package(
        {
            "mimetype": mime,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{oasis}:manifest:1.0" manifest:version="1.3">'
            f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{mime}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>",
            "content.xml": f'<office:document-content{names} xmlns:of="{oasis}:of:1.2" office:version="1.3">'
            f"<office:body><office:spreadsheet><table:table table:name={quoteattr(sheet)}><table:table-column/>"
            "<table:table-row><table:table-cell/></table:table-row></table:table></office:spreadsheet>"
            "</office:body></office:document-content>",
        }
    )


def _relationships(links: tuple[tuple[str, str], ...]) -> str:
    entries = (
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(entries)}</Relationships>'


def _package(parts: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w") as package:
        for name, text in parts.items():
            plain = name == "mimetype"  # must stand first, and not packed
            packed = ZIP_STORED if plain else ZIP_DEFLATED
            package.writestr(
                ZipInfo(name, _WHEN), text if plain else _DECLARATION + text, compress_type=packed
            )
    return made.getvalue()
