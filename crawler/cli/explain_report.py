"""What `dateline extract --explain` shows: in the terminal, and as a page to keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive.text.printable import printable
from crawler.extraction.explain import TRAFILATURA, Explained, Line

WIDE = 100
"""Columns from which reasons stand beside their lines, not below."""
MOST = 140
"""Columns that are used at most: longer lines are hard to read."""
MARGIN = 38
"""Columns of the reasons."""
FOLDED = 3
"""Minor lines in a row from which only their number is shown."""


def heading(told: Explained) -> str:
    """The article's headline, or which page it is."""
    return printable(told.article.headline or told.article.page_title or told.article.url)


def summary(told: Explained) -> str:
    """How many lines were kept, by whom they came, and how many were not."""
    kept = Counter(line.by for line in told.lines if line.kept)
    by = ", ".join(f"{count} by {who}" for who, count in kept.most_common())
    out = sum(1 for line in told.lines if line.by and not line.kept)
    rest = sum(1 for line in told.lines if not line.by)
    lines = f"{kept.total()} line{'s' * (kept.total() != 1)} kept" + (f" ({by})" if by else "")
    return f"{lines}, {out} left out of what was found, {rest} of the page that nobody took"


def note(line: Line) -> str:
    """What is to be said of a line; nothing of one that was kept as trafilatura found it."""
    if line.kept:
        return "" if line.by == TRAFILATURA else f"added by {line.by}"
    return f"left out: {printable(line.why)}" if line.by else printable(line.why)


def mark(line: Line) -> str:
    """A sign before a line: added, left out, never taken; none of one that was kept as trafilatura
    found it."""
    if line.kept:
        return " " if line.by == TRAFILATURA else "+"
    return "-" if line.by else "·"


def grouped(lines: Iterable[Line]) -> Iterator[tuple[bool, Sequence[Line]]]:
    """Runs of lines, and whether one is to be folded: menus, lists and buttons that nobody took for
    the text."""
    for is_minor, group in groupby(lines, lambda line: line.is_minor):
        run = list(group)
        yield is_minor and len(run) >= FOLDED, run


def folded_run(lines: Sequence[Line]) -> str:
    """A folded run in words."""
    return f"{len(lines)} short lines and links that nobody took"


# -- in the terminal -------------------------------------------------------------------------------


def in_terminal(told: Explained, width: int | None) -> Iterator[RenderableType]:
    """For a terminal of so many columns; None: for a pipe, where no line is wrapped."""
    wide = width is not None and width >= WIDE
    yield Text(heading(told), "bold")
    yield Text()
    yield from _facts_beside(told) if wide else _facts_below(told)
    yield Text()
    yield Text(summary(told), "dim")
    yield Text()
    for is_folded, run in grouped(told.lines):
        if is_folded:
            yield Text(f"⋯ {folded_run(run)}", "dim italic")
        else:
            yield from (
                map(_beside, run) if wide else (part for line in run for part in _below(line))
            )


def _facts_beside(told: Explained) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2))
    for field in told.fields:
        said_by = printable(", ".join(field.said_by))
        table.add_row(
            Text(field.name, "dim"),
            Text(printable(field.value), overflow="fold"),
            Text(said_by, "dim"),
        )
    yield table


def _facts_below(told: Explained) -> Iterator[RenderableType]:
    for field in told.fields:
        said_by = f"  [{printable(', '.join(field.said_by))}]" if field.said_by else ""
        yield Text.assemble((f"{field.name}: ", "dim"), printable(field.value), (said_by, "dim"))


STYLES = {" ": "", "+": "green", "-": "dim", "·": "dim"}


def _beside(line: Line) -> RenderableType:
    """A line with what is to be said of it at its right."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1)
    table.add_column(width=MARGIN)
    style = STYLES[mark(line)]
    table.add_row(
        Text(mark(line), style), Text(printable(line.text), style), Text(note(line), "dim italic")
    )
    return Padding(table, (0, 0, 1, 0)) if line.kept else table


def _below(line: Line) -> Iterator[RenderableType]:
    """A line, and below it what is to be said of it."""
    yield Text(f"{mark(line)} {printable(line.text)}", STYLES[mark(line)])
    if said := note(line):
        yield Padding(Text(f"→ {said}", "dim italic"), (0, 0, 0, 4), expand=False)


# -- as a page -------------------------------------------------------------------------------------


def as_html_page(told: Sequence[Explained]) -> str:
    """One page without scripts that asks no other host for anything; dark where the reader's system
    is."""
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (files("crawler.cli") / "explain_report.html").read_text("utf-8")
    )
    words = {
        "heading": heading,
        "summary": summary,
        "note": note,
        "grouped": grouped,
        "folded_run": folded_run,
    }
    return (
        page.render(
            all=told,
            plain=printable,
            kinds={"+": "added", "-": "out", "·": "rest"},
            mark=mark,
            **words,
        )
        + "\n"
    )
