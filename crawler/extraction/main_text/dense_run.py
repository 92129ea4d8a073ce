"""The densest run of prose in a page's bytes as they are written, found without a tree.

A second opinion on the text: it depends neither on the parser, which may put a page below an
element that is not closed, nor on the names of boxes. Long pieces of text speak for a run, short
and linked ones against it; the best run is the one with the greatest sum (Finn, Kushmerick and
Smyth, 2001). Its time is linear in the length of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from crawler.extraction.blocks import INLINE_TAGS
from crawler.extraction.main_text.line_features import (
    MAX_PROSE_LINKED_SHARE,
    MIN_PROSE_SIZE,
    is_dense_text,
    size_in_letters,
)
from crawler.text.entities import unescape_html

SHORT_PIECE_COST, LINKED_LETTER_COST = 30, 1
"""The cost of a short piece in a run, and that of a letter inside a link, in letters of prose."""
SKIPPED_TAGS = frozenset(
    ("script", "style", "noscript", "template", "svg", "iframe", "textarea", "select", "head")
)
"""Elements whose text is not read, up to their end tags."""
PAGE_TOKEN = re.compile(  # of loops that take many letters at once, and give none back
    r"<!--(?:[^-]++|-(?!->))*+(?:-->)?"
    rf"|<(?P<skipped>{'|'.join(sorted(SKIPPED_TAGS))})\b[^<>]*+>"
    r"(?:[^<]++|<(?!/(?P=skipped)\b|/?body\b))*+(?:</(?P=skipped)\b)?"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][\w:-]*+)[^<>]*+>?",
    re.I,
)


class TextPiece(NamedTuple):
    """A piece of a page's text between two block elements, with its place in the page."""

    text: str
    linked: int
    """The number of its characters inside links."""
    start: int
    end: int


class DenseRun(NamedTuple):
    """The lines of the densest run of prose, and the part of the page that it spans."""

    lines: list[str]
    start: int
    end: int


def find_dense_run(page: str) -> DenseRun:
    """Return the densest run of prose in the text of a page's HTML; empty where it has none."""
    best_sum, best = 0, (0, -1)
    total, first = 0, 0
    pieces = list(pieces_of_page(page))
    for at, piece in enumerate(pieces):
        if total <= 0:
            total, first = 0, at
        total += _weight_of_piece(piece)
        if total > best_sum:
            best_sum, best = total, (first, at)
    run = pieces[best[0] : best[1] + 1]
    if not run:
        return DenseRun([], 0, 0)
    return DenseRun([piece.text for piece in run], run[0].start, run[-1].end)


def _weight_of_piece(piece: TextPiece) -> int:
    """The letters by which a piece speaks for a run, or against it."""
    if is_prose_piece(piece):
        return size_in_letters(piece.text, is_dense_text(piece.text)) - piece.linked
    return -SHORT_PIECE_COST - LINKED_LETTER_COST * piece.linked


def is_prose_piece(piece: TextPiece) -> bool:
    """Return whether a piece is long and hardly linked."""
    if piece.linked > MAX_PROSE_LINKED_SHARE * len(piece.text):
        return False
    return size_in_letters(piece.text, is_dense_text(piece.text)) >= MIN_PROSE_SIZE


def pieces_of_page(page: str) -> Iterator[TextPiece]:
    """Yield the pieces of a page's text in their order."""
    open_piece = _OpenPiece()
    at = 0
    for token in PAGE_TOKEN.finditer(page):
        open_piece.add_text(page[at : token.start()], at)
        at = token.end()
        name = (token["name"] or "").lower()
        if name == "a":
            open_piece.in_link = not token["end"]
        elif name and name not in INLINE_TAGS:
            open_piece.in_link = False
            yield from open_piece.closed_at(token.start())
    open_piece.add_text(page[at:], at)
    yield from open_piece.closed_at(len(page))


@dataclass(slots=True)
class _OpenPiece:
    """The piece of text that is being read."""

    text: str = ""
    linked: int = 0
    start: int = 0
    in_link: bool = False

    def add_text(self, text: str, start: int) -> None:
        """Add a text at a position of the page."""
        if not text or text.isspace():
            self.text += " " if text else ""
            return
        if not self.text.strip():
            self.start = start
        if self.in_link:
            self.linked += len(text.strip())
        self.text += text

    def closed_at(self, end: int) -> Iterator[TextPiece]:
        """Yield the piece, if it has words, and begin a new one."""
        text = " ".join(unescape_html(self.text).split()) if self.text else ""
        if text:
            yield TextPiece(text, min(self.linked, len(text)), self.start, end)
        self.text, self.linked = "", 0
