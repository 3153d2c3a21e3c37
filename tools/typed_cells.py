"""Text typed into a table, cell by cell, as it is found there afterwards. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from tools.desktop.port import Node


def typed_cells(before: Sequence[Node], after: Sequence[Node], text: str) -> tuple[Node, ...]:
    """The cells that show what was typed with tabs and line breaks between: one for each piece, in this order, and none
    of them as it was before. Empty when a piece is missing, and for a single piece, which is looked for where the focus
    is."""
    pieces = [piece.strip() for line in text.splitlines() for piece in line.split("\t") if piece.strip()]
    if len(pieces) < 2:
        return ()
    old = {(node.key, _shown(node)) for node in before}
    fresh = iter([node for node in after if node.role == "cell" and (node.key, _shown(node)) not in old])
    found = [next((node for node in fresh if _shown(node) == piece), None) for piece in pieces]
    cells = tuple(node for node in found if node is not None)
    return cells if len(cells) == len(pieces) else ()


def _shown(node: Node) -> str:
    return (node.value or node.name).strip()
