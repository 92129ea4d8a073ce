"""Report of `dateline extract --explain`, for the terminal and as an HTML page."""

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
"""Columns from which reasons are printed beside their lines instead of below them."""
MOST = 140
"""Columns used at most: longer lines are hard to read."""
MARGIN = 38
"""Columns of the reasons."""
FOLDED = 3
"""Consecutive minor lines from which only their number is printed."""


def heading(explained: Explained) -> str:
    """Return the headline of the article, or the URL of the page."""
    return printable(
        explained.article.headline or explained.article.page_title or explained.article.url
    )


def summary(explained: Explained) -> str:
    """Return the number of lines kept, by the step that found them, and of those left out."""
    kept = Counter(line.by for line in explained.lines if line.kept)
    by = ", ".join(f"{count} by {who}" for who, count in kept.most_common())
    out = sum(1 for line in explained.lines if line.by and not line.kept)
    rest = sum(1 for line in explained.lines if not line.by)
    lines = f"{kept.total()} line{'s' * (kept.total() != 1)} kept"
    if by:
        lines += f" ({by})"
    return f"{lines}, {out} left out of what was found, {rest} of the page not selected"


def note(line: Line) -> str:
    """Return the remark on a line; empty for a line that trafilatura found and that was kept."""
    if line.kept:
        return "" if line.by == TRAFILATURA else f"added by {line.by}"
    return f"left out: {printable(line.why)}" if line.by else printable(line.why)


def mark(line: Line) -> str:
    """Return the sign before a line: `+` added, `-` left out, `·` not selected, blank otherwise."""
    if line.kept:
        return " " if line.by == TRAFILATURA else "+"
    return "-" if line.by else "·"


def grouped(lines: Iterable[Line]) -> Iterator[tuple[bool, Sequence[Line]]]:
    """Yield runs of lines, and whether a run is folded: menus, lists and buttons."""
    for is_minor, group in groupby(lines, lambda line: line.is_minor):
        run = list(group)
        yield is_minor and len(run) >= FOLDED, run


def folded_run(lines: Sequence[Line]) -> str:
    """Return the line that stands for a folded run."""
    return f"{len(lines)} short lines and links, not selected"


# -- in the terminal -------------------------------------------------------------------------------


def in_terminal(explained: Explained, width: int | None) -> Iterator[RenderableType]:
    """Yield the report for a terminal of `width` columns; None (a pipe) wraps no line."""
    wide = width is not None and width >= WIDE
    yield Text(heading(explained), "bold")
    yield Text()
    yield from _facts_beside(explained) if wide else _facts_below(explained)
    yield Text()
    yield Text(summary(explained), "dim")
    yield Text()
    for is_folded, run in grouped(explained.lines):
        if is_folded:
            yield Text(f"⋯ {folded_run(run)}", "dim italic")
        elif wide:
            yield from map(_beside, run)
        else:
            for line in run:
                yield from _below(line)


def _facts_beside(explained: Explained) -> Iterator[RenderableType]:
    """Yield the fields of the article as a table, for wide terminals."""
    table = Table.grid(padding=(0, 2))
    for field in explained.fields:
        said_by = printable(", ".join(field.said_by))
        table.add_row(
            Text(field.name, "dim"),
            Text(printable(field.value), overflow="fold"),
            Text(said_by, "dim"),
        )
    yield table


def _facts_below(explained: Explained) -> Iterator[RenderableType]:
    """Yield a line for each field of the article."""
    for field in explained.fields:
        said_by = f"  [{printable(', '.join(field.said_by))}]" if field.said_by else ""
        yield Text.assemble((f"{field.name}: ", "dim"), printable(field.value), (said_by, "dim"))


STYLES = {" ": "", "+": "green", "-": "dim", "·": "dim"}


def _beside(line: Line) -> RenderableType:
    """Return a line with its remark at the right."""
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
    """Yield a line, and its remark below it."""
    yield Text(f"{mark(line)} {printable(line.text)}", STYLES[mark(line)])
    if said := note(line):
        yield Padding(Text(f"→ {said}", "dim italic"), (0, 0, 0, 4), expand=False)


# -- as a page -------------------------------------------------------------------------------------


def as_html_page(explained: Sequence[Explained]) -> str:
    """Return the report as one HTML page.

    It has no scripts and loads nothing from other hosts; it is dark where the system is.
    """
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
    html = page.render(
        all=explained,
        plain=printable,
        kinds={"+": "added", "-": "out", "·": "rest"},
        mark=mark,
        **words,
    )
    return html + "\n"
