"""Presentations (.pptx): the text and tables of each slide from top to bottom as they were made, and its notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pptx
from pptx.presentation import Presentation
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from tools.documents.parts import Document, Line, Trouble, counted, unit_lines
from tools.documents.position import Position

_DEEPEST = 20
"""Groups in groups."""


def read(file: BinaryIO, position: Position) -> Document:
    try:
        presentation = pptx.Presentation(file)
    except ValueError as error:  # its content type is another
        raise Trouble("is a PowerPoint file of a kind that cannot be read: save it as .pptx") from error
    slides = len(presentation.slides)
    if position.unit > max(1, slides):
        raise Trouble(f"has no slide {position.unit}: it has {counted(slides, 'slide')}")
    return Document("presentation", counted(slides, "slide"), _lines(presentation, position), "slide", slides)


def _lines(presentation: Presentation, position: Position) -> Iterator[Line]:
    for number, slide in enumerate(presentation.slides, 1):
        if number >= position.unit:
            start = position.line if number == position.unit else 1
            yield from unit_lines("slide", number, "\n".join(_texts(slide)), start=start)


def _texts(slide: Slide) -> Iterator[str]:
    yield from _of_shapes(slide.shapes, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        if notes:
            yield f"notes: {notes}"


def _of_shapes(shapes: Iterable[BaseShape], depth: int) -> Iterator[str]:
    for shape in shapes:
        if isinstance(shape, GroupShape):
            if depth < _DEEPEST:
                yield from _of_shapes(shape.shapes, depth + 1)
        elif isinstance(shape, GraphicFrame) and shape.has_table:
            for row in shape.table.rows:
                yield " | ".join(" ".join(cell.text.split()) for cell in row.cells)
        elif shape.has_text_frame:
            yield shape.text_frame.text  # pyright: ignore[reportAttributeAccessIssue]  # has_text_frame says so
