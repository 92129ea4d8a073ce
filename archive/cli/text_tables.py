"""Tables of plain text: hosts, numbers and URLs stay whole, other cells wrap at words.

Widths are those on the screen, so that Chinese, Japanese and Korean letters count twice. Without
room for the columns that stay whole the table is wider than the terminal, which then wraps it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from archive.text.printable import printable_text
from archive.text.unspaced import SPACELESS_RANGES

COLUMN_GAP = "  "
MIN_FOLDED_COLUMNS = 20
"""Least width of a column that wraps."""
MAX_UNBROKEN_COLUMNS = 32
"""Width up to which a long word widens its column rather than being broken."""
NO_LINE_START = "、。，．,.!?！？：；:;）」』】〉》’”)]ー…・々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
"""Characters before which no line is broken."""
TEXT_PIECE = re.compile(
    rf"\s+|[{SPACELESS_RANGES}\uff00-\uffef]|[^\s{SPACELESS_RANGES}\uff00-\uffef]+"
)
"""White space, a letter of a script without spaces between words, or a word of any other."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table for the terminal, with cells as text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    whole: frozenset[str] = frozenset()
    """Heads of the columns that never wrap, besides the first."""
    numbers: frozenset[str] = frozenset()
    """Heads of the columns that are aligned to the right and never wrap."""
    optional: tuple[str, ...] = ()
    """Heads of the columns that are left out, in this order, where there is no room for all."""
    faint_rows: frozenset[int] = frozenset()
    """Places of rows that are shown less bright."""

    def lines(self, width: int) -> Iterator[tuple[int | None, str]]:
        """Yield the lines of the table, each with the place of its row; None for the heads."""
        widths = self._column_widths(width)
        if self.optional and sum(widths) + len(COLUMN_GAP) * (len(widths) - 1) > width:
            yield from self._without_column(self.optional[0]).lines(width)
            return
        for line in self._row_lines(self.heads, widths):
            yield None, line
        for place, row in enumerate(self.rows):
            for line in self._row_lines(row, widths):
                yield place, line

    def _column_widths(self, width: int) -> list[int]:
        """Return the width of each column; what is left by whole ones is shared by the others."""
        columns = list(zip(self.heads, *self.rows, strict=True))
        natural = [max(map(cell_len, cells)) for cells in columns]
        folding = [place for place in range(len(columns)) if not self._is_whole(place)]
        taken = sum(natural[place] for place in range(len(columns)) if place not in folding)
        room = width - taken - len(COLUMN_GAP) * (len(columns) - 1)
        least = {place: min(natural[place], _least_width(columns[place])) for place in folding}
        widths = list(natural)
        # the narrowest first: what one does not need, the others share
        for done, place in enumerate(sorted(folding, key=lambda each: natural[each])):
            share = room // (len(folding) - done)
            widths[place] = max(least[place], min(natural[place], share))
            room -= widths[place]
        return widths

    def _without_column(self, head: str) -> TextTable:
        """Return the table without an optional column."""
        place = self.heads.index(head)
        return replace(
            self,
            heads=self.heads[:place] + self.heads[place + 1 :],
            rows=tuple(row[:place] + row[place + 1 :] for row in self.rows),
            optional=self.optional[1:],
        )

    def _is_whole(self, place: int) -> bool:
        head = self.heads[place]
        return place == 0 or head in self.whole or head in self.numbers

    def _row_lines(self, row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
        """Yield the lines of a row."""
        cells = [
            [cell] if self._is_whole(place) else wrap_cells(cell, widths[place])
            for place, cell in enumerate(row)
        ]
        for number in range(max(map(len, cells))):
            parts = []
            for place, lines in enumerate(cells):
                part = lines[number] if number < len(lines) else ""
                blank = " " * (widths[place] - cell_len(part))
                parts.append(blank + part if self.heads[place] in self.numbers else part + blank)
            yield COLUMN_GAP.join(parts).rstrip()


def text_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    whole: Collection[str] = (),
    numbers: Collection[str] = (),
    optional: Sequence[str] = (),
    faint_rows: Collection[int] = (),
) -> TextTable:
    """Return a table of values; None becomes an empty cell, and a line break a blank."""
    cells = (tuple(" ".join(printable_text(cell).split()) for cell in row) for row in rows)
    return TextTable(
        tuple(heads),
        tuple(cells),
        frozenset(whole),
        frozenset(numbers),
        tuple(optional),
        frozenset(faint_rows),
    )


def wrap_cells(text: str, width: int) -> list[str]:
    """Return the lines of a text that is wrapped to a width on the screen.

    Lines end between words, in scripts without spaces between letters, but not before a closing
    mark. Only a word that is wider than a line is broken.
    """
    lines, line = [], ""
    for piece in _unbroken_pieces(text, width):
        if cell_len(line + piece.rstrip()) <= width:
            line += piece
            continue
        lines.append(line.rstrip())
        line = piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _unbroken_pieces(text: str, width: int) -> Iterator[str]:
    """Yield the pieces of a text that stay together, parts of a word that is wider than a line."""
    held = ""
    for piece in TEXT_PIECE.findall(text):
        if piece[0] in NO_LINE_START or unicodedata.category(piece[0]).startswith("M"):
            held += piece
            continue
        yield from _parts_within(held, width)
        held = piece
    yield from _parts_within(held, width)


def _parts_within(piece: str, width: int) -> Iterator[str]:
    """Yield a piece in parts that are at most as wide as a line."""
    while cell_len(piece) > width > 1:
        end = next(end for end in range(len(piece), 0, -1) if cell_len(piece[:end]) <= width)
        yield piece[:end]
        piece = piece[end:]
    if piece:
        yield piece


def _least_width(cells: Iterable[str]) -> int:
    """Return the least width of a column: that of its longest word, within bounds."""
    words = (cell_len(word) for cell in cells for word in TEXT_PIECE.findall(cell))
    return max(MIN_FOLDED_COLUMNS, min(max(words, default=0), MAX_UNBROKEN_COLUMNS))
