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

from archive.text.printable import printable_text
from crawler.extraction.explain import FIRST_FINDERS, ExplainedLine, Explanation

MIN_WIDE_COLUMNS = 100
"""Columns from which reasons are printed beside their lines instead of below them."""
MAX_EXPLAIN_COLUMNS = 140
"""Columns used at most: longer lines are hard to read."""
REASON_COLUMNS = 38
"""Columns of the reasons."""
MIN_FOLDED_LINES = 3
"""Consecutive minor lines from which only their number is printed."""


def explain_heading(explained: Explanation) -> str:
    """Return the headline of the article, or the URL of the page."""
    return printable_text(
        explained.article.headline or explained.article.page_title or explained.article.url
    )


def explain_summary(explained: Explanation) -> str:
    """Return the number of lines kept, by the step that found them, and of those left out."""
    kept = Counter(line.by for line in explained.lines if line.kept)
    by = ", ".join(f"{count} by {who}" for who, count in kept.most_common())
    out = sum(1 for line in explained.lines if line.by and not line.kept)
    rest = sum(1 for line in explained.lines if not line.by)
    lines = f"{kept.total()} line{'s' * (kept.total() != 1)} kept"
    if by:
        lines += f" ({by})"
    return f"{lines}, {out} left out of what was found, {rest} of the page not selected"


def line_note(line: ExplainedLine) -> str:
    """Return the remark on a line; empty for one that was found at first and that was kept."""
    if line.kept:
        return "" if line.by in FIRST_FINDERS else f"added by {line.by}"
    return f"left out: {printable_text(line.why)}" if line.by else printable_text(line.why)


def line_mark(line: ExplainedLine) -> str:
    """Return the sign before a line: `+` added, `-` left out, `·` not selected, blank otherwise."""
    if line.kept:
        return " " if line.by in FIRST_FINDERS else "+"
    return "-" if line.by else "·"


def group_lines(lines: Iterable[ExplainedLine]) -> Iterator[tuple[bool, Sequence[ExplainedLine]]]:
    """Yield runs of lines, and whether a run is folded: menus, lists and buttons."""
    for is_minor, group in groupby(lines, lambda line: line.is_minor):
        run = list(group)
        yield is_minor and len(run) >= MIN_FOLDED_LINES, run


def folded_run_text(lines: Sequence[ExplainedLine]) -> str:
    """Return the line that stands for a folded run."""
    return f"{len(lines)} short lines and links, not selected"


# -- in the terminal -------------------------------------------------------------------------------


def explain_in_terminal(explained: Explanation, width: int | None) -> Iterator[RenderableType]:
    """Yield the report for a terminal of `width` columns; None (a pipe) wraps no line."""
    wide = width is not None and width >= MIN_WIDE_COLUMNS
    yield Text(explain_heading(explained), "bold")
    yield Text()
    yield from _facts_beside(explained) if wide else _facts_below(explained)
    if explained.rules:
        yield Text()
        yield from _rules_in_terminal(explained)
    yield Text()
    yield Text(explain_summary(explained), "dim")
    yield Text()
    for is_folded, run in group_lines(explained.lines):
        if is_folded:
            yield Text(f"⋯ {folded_run_text(run)}", "dim italic")
        elif wide:
            yield from map(_line_with_note_beside, run)
        else:
            for line in run:
                yield from _line_with_note_below(line)


def _facts_beside(explained: Explanation) -> Iterator[RenderableType]:
    """Yield the fields of the article as a table, for wide terminals."""
    table = Table.grid(padding=(0, 2))
    for field in explained.fields:
        said_by = printable_text(", ".join(field.said_by))
        table.add_row(
            Text(field.name, "dim"),
            Text(printable_text(field.value), overflow="fold"),
            Text(said_by, "dim"),
        )
    yield table


def _facts_below(explained: Explanation) -> Iterator[RenderableType]:
    """Yield a line for each field of the article."""
    for field in explained.fields:
        said_by = f"  [{printable_text(', '.join(field.said_by))}]" if field.said_by else ""
        yield Text.assemble(
            (f"{field.name}: ", "dim"), printable_text(field.value), (said_by, "dim")
        )


def _rules_in_terminal(explained: Explanation) -> Iterator[RenderableType]:
    """Yield a line for each selector of the outlet's rules, and for what its template says."""
    for rule in explained.rules:
        yield Text.assemble(
            (f"{rule.kind} {rule.key}: ", "dim"),
            printable_text(rule.selector),
            (f"  {printable_text(rule.result)}", "dim" if rule.is_used else "yellow"),
        )


LINE_STYLES = {" ": "", "+": "green", "-": "dim", "·": "dim"}


def _line_with_note_beside(line: ExplainedLine) -> RenderableType:
    """Return a line with its remark at the right."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=1)
    table.add_column(ratio=1)
    table.add_column(width=REASON_COLUMNS)
    style = LINE_STYLES[line_mark(line)]
    table.add_row(
        Text(line_mark(line), style),
        Text(printable_text(line.text), style),
        Text(line_note(line), "dim italic"),
    )
    return Padding(table, (0, 0, 1, 0)) if line.kept else table


def _line_with_note_below(line: ExplainedLine) -> Iterator[RenderableType]:
    """Yield a line, and its remark below it."""
    yield Text(f"{line_mark(line)} {printable_text(line.text)}", LINE_STYLES[line_mark(line)])
    if said := line_note(line):
        yield Padding(Text(f"→ {said}", "dim italic"), (0, 0, 0, 4), expand=False)


# -- as a page -------------------------------------------------------------------------------------


def explain_as_html(explained: Sequence[Explanation]) -> str:
    """Return the report as one HTML page.

    It has no scripts and loads nothing from other hosts; it is dark where the system is.
    """
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (files("crawler.cli.reports") / "explain_report.html").read_text("utf-8")
    )
    words = {
        "heading": explain_heading,
        "summary": explain_summary,
        "note": line_note,
        "grouped": group_lines,
        "folded_run": folded_run_text,
    }
    html = page.render(
        all=explained,
        plain=printable_text,
        kinds={"+": "added", "-": "out", "·": "rest"},
        mark=line_mark,
        **words,
    )
    return html + "\n"
