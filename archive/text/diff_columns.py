"""Two texts side by side: the paragraphs of a comparison as rows of a table with two columns.

An inline comparison of texts with little in common is a wall of removed and added passages. Here
each column reads as its own text, and what both have in common is marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby, zip_longest

from archive.text.diff import (
    DiffChange,
    DiffParagraph,
    DiffPiece,
    TextDiff,
    count_diff_words,
)
from archive.text.unspaced import SPACELESS_RANGES, SUPPLEMENTARY_HAN_RANGE

EARLIER_CHANGES: frozenset[DiffChange] = frozenset({"same", "removed", "moved away"})
"""Changes whose passages stand in the earlier text."""
LATER_CHANGES: frozenset[DiffChange] = frozenset({"same", "added", "moved here"})
"""Changes whose passages stand in the later text."""
SHARED_PIECE_MARKS: dict[DiffChange, tuple[str, str]] = {
    "same": ("<mark>", "</mark>"),
    "moved away": ('<mark class="dateline-moved" title="at another place in the later text">', "</mark>"),
    "moved here": ('<mark class="dateline-moved" title="at another place in the earlier text">', "</mark>"),
}  # fmt: skip
"""HTML around the passages that both texts have."""

_WORD_ENDS = re.compile(rf"[^\s{SPACELESS_RANGES}{SUPPLEMENTARY_HAN_RANGE}\"'“‘«(\[\-–—/]$")
_WORD_STARTS = re.compile(rf"(?![{SPACELESS_RANGES}{SUPPLEMENTARY_HAN_RANGE}])\w").match

ColumnRow = tuple[list[DiffParagraph], list[DiffParagraph]]
"""Paragraphs of the earlier and of the later text that face each other."""


def shared_word_share(compared: TextDiff) -> float:
    """Return the share of words that two texts have in common (Dice's coefficient), from 0 to 1.

    Passages at another place count as common. Two texts without words share all.
    """
    pieces = [piece for paragraph in compared.paragraphs for piece in paragraph]
    common = sum(
        count_diff_words(piece.text) for piece in pieces if piece.change in ("same", "moved here")
    )
    total = 2 * common + compared.words_added + compared.words_removed
    return 2 * common / total if total else 1.0


def column_rows(compared: TextDiff) -> list[ColumnRow]:
    """Return the rows of two columns: a paragraph that both texts have in part faces itself, and
    the paragraphs between two such ones face each other as a block."""
    rows: list[ColumnRow] = []
    for has_both, group in groupby(compared.paragraphs, _has_shared_words):
        paragraphs = list(group)
        for block in [[paragraph] for paragraph in paragraphs] if has_both else [paragraphs]:
            rows.append(
                (
                    list(_of_one_text(block, EARLIER_CHANGES)),
                    list(_of_one_text(block, LATER_CHANGES)),
                )
            )
    return rows


def _has_shared_words(paragraph: DiffParagraph) -> bool:
    """Return whether a paragraph has a passage of both texts at this place."""
    return any(piece.change == "same" and piece.text.strip() for piece in paragraph)


def _of_one_text(
    paragraphs: Iterable[DiffParagraph], changes: frozenset[DiffChange]
) -> Iterator[DiffParagraph]:
    """Yield the paragraphs as one of the texts has them, without empty ones."""
    for paragraph in paragraphs:
        pieces = [piece for piece in paragraph if piece.change in changes]
        if any(piece.text.strip() for piece in pieces):
            yield tuple(_with_spaces(pieces))


def _with_spaces(pieces: list[DiffPiece]) -> Iterator[DiffPiece]:
    """Yield pieces with a space where two words would touch.

    A comparison keeps the spaces of the later text alone; the earlier one may go on where the
    later one ends.
    """
    for piece, following in zip_longest(pieces, pieces[1:]):
        touches = following and _WORD_ENDS.search(piece.text) and _WORD_STARTS(following.text)
        yield DiffPiece(piece.change, piece.text + " ") if touches else piece


def columns_as_html(compared: TextDiff) -> str:
    """Return the rows of a table with a column for each text, with all texts escaped.

    Rows of the class `alike` say the same in both columns.
    """
    rows = []
    for earlier, later in column_rows(compared):
        start = '<tr class="alike">' if earlier == later else "<tr>"
        rows.append(f"{start}<td>{_cell_html(earlier)}</td><td>{_cell_html(later)}</td></tr>")
    return "\n".join(rows)


def _cell_html(paragraphs: Iterable[DiffParagraph]) -> str:
    """Return paragraphs of one text as HTML."""
    return "".join(
        f'<p dir="auto">{"".join(map(_column_piece_html, paragraph))}</p>'
        for paragraph in paragraphs
    )


def _column_piece_html(piece: DiffPiece) -> str:
    """Return a passage as HTML, marked if both texts have it."""
    before, after = SHARED_PIECE_MARKS.get(piece.change, ("", ""))
    return before + escape(piece.text) + after
