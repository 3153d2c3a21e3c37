"""The child that writes cells: it gets the descriptors of a spreadsheet and of an order, and answers with the bytes of
the new file. It is as confined as the one that reads (``worker``) and writes no file itself."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import BinaryIO

from tools.documents.kinds import HEAD, kind_of
from tools.documents.parts import TOO_LARGE, Trouble
from tools.documents.worker import UNREADABLE, bound, no_more_files
from tools.documents.written import Order, Written

NO_CELLS = "has no cells that could be written: it is no .xlsx, .ods or .csv"


def main() -> None:
    """``sys.argv``: the descriptors of the spreadsheet and of the order. Answers with a line of JSON, then the file."""
    descriptor, order_from = int(sys.argv[1]), int(sys.argv[2])
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    bound()
    data = b""
    try:
        with open(order_from, "rb", closefd=False) as file:
            file.seek(0)
            order = Order.model_validate_json(file.read())
        with open(descriptor, "rb", closefd=False) as file:
            file.seek(0)
            written = _write(file, order)
        target, data = written.target, written.data
        answer: dict[str, object] = {"sheet": written.sheet, "outdated": written.outdated}
        answer["target"] = [target.first_column, target.first_row, target.last_column, target.last_row]
    except Trouble as trouble:
        answer = {"trouble": str(trouble)}
    except MemoryError:
        answer = {"trouble": TOO_LARGE}
    answer_to.write(json.dumps(answer).encode() + b"\n" + data)
    answer_to.flush()
    os._exit(0)


def _write(file: BinaryIO, order: Order) -> Written:
    if order.fresh:
        return _write_new(order)
    kind = kind_of(file.read(HEAD))
    file.seek(0)
    if kind in UNREADABLE:
        raise Trouble(UNREADABLE[kind])
    if kind == "zip":
        return _write_zip(file, order)
    if kind:
        raise Trouble(NO_CELLS)
    if order.format != "csv":
        raise Trouble("is not what its name says: it is plain text")
    from tools.documents.csv_cells import write

    no_more_files()
    return write(file, order)


def _write_new(order: Order) -> Written:
    from tools.documents import new_books

    name = new_books.sheet_name(order.sheet)
    if order.format == "csv":
        from tools.documents.csv_cells import write

        no_more_files()
        return write(io.BytesIO(), order.model_copy(update={"sheet": ""}))
    made = new_books.workbook(name) if order.format == "xlsx" else new_books.spreadsheet(name)
    return _write_zip(io.BytesIO(made), order.model_copy(update={"sheet": name}))


def _write_zip(file: BinaryIO, order: Order) -> Written:
    from tools.documents.office import kind_inside, opened

    archive = opened(file)
    kind = kind_inside(archive)
    if kind == "spreadsheet":
        from tools.documents.xlsx_cells import write
    elif kind == "opendocument":
        from tools.documents.ods_cells import write
    else:
        raise Trouble(NO_CELLS)
    if order.format != ("xlsx" if kind == "spreadsheet" else "ods"):
        raise Trouble(
            "is a spreadsheet of another kind than its name says; save it under the right name first"
        )
    no_more_files()
    return write(archive, order)
