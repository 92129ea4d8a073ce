"""The archive in a terminal: coloured where it is one, plain text where it is a pipe."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from archive.queries.lookup import Row
from archive.queries.search import Hit
from archive.queries.status import Report
from archive.records import below_standfirst
from archive.text.passages import MARK_CLOSE, MARK_OPEN
from archive.text.printable import printable

STEPS = "▁▂▃▄▅▆▇█"
PLAIN_STEPS = ".:-=+*#@"


def console() -> Console:
    """Where commands print; what the terminal's character set lacks is shown as a question mark."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(
        highlight=False,
        soft_wrap=not sys.stdout.isatty(),
        width=None if sys.stdout.isatty() else 120,
    )


def data_output() -> TextIO:
    """Standard output for data: UTF-8, whatever the terminal's character set, and line ends as they
    are written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def day(moment: str | None) -> str:
    """A moment for a list: its day, or that there is none."""
    return moment[:10] if moment else "undated"


def hits(found: Sequence[Hit]) -> Iterable[RenderableType]:
    """A search's hits, the ID to `show` first."""
    for hit in found:
        line = Text.assemble(
            (str(hit.id), "bold cyan"), "  ", day(hit.published_at), "  ", (printable(hit.outlet), "green"), "  ",
            (printable(hit.headline or hit.url), "bold"), (also_in(hit.other_outlets), "dim"),
        )  # fmt: skip
        yield line
        yield from _indented(marked(hit.passage))


def _indented(passage: Text) -> Iterable[RenderableType]:
    """Below its headline: folded to the width of a terminal, on one line in a pipe, where a width
    would cut it off."""
    if sys.stdout.isatty():
        yield Padding(passage, (0, 0, 1, 4), expand=False)
    else:
        yield Text("    ").append_text(passage)
        yield Text()


def also_in(outlets: int) -> str:
    """Where else a text stands, to add to its line."""
    return f"  also in {outlets} other outlet{'s' * (outlets > 1)}" if outlets else ""


def marked(passage: str) -> Text:
    """A passage, its ⟦words⟧ emphasised; in plain text they keep brackets."""
    text = Text()
    for piece in re.split(f"({MARK_OPEN}.*?{MARK_CLOSE})", printable(passage)):
        found = piece.startswith(MARK_OPEN) and piece.endswith(MARK_CLOSE)
        word = piece if not found else piece[1:-1] if sys.stdout.isatty() else f"[{piece[1:-1]}]"
        text.append(word, "bold yellow" if found else "")
    return text


def article(record: Row) -> Iterable[RenderableType]:
    """An article to read: its headline, what is known of it, its text."""
    yield Text(printable(record["headline"] or record["page_title"] or record["url"]), "bold")
    if record["standfirst"]:
        yield Text(printable(record["standfirst"]), "italic")
    yield Text()
    yield _facts(record)
    for paragraph in below_standfirst(record["text"], record["standfirst"]).split("\n"):
        yield Text()
        yield Text(printable(paragraph))


def address(row: Row) -> str:
    """What is known of an address that is no article."""
    if not row["outcome"]:
        return f"{printable(row['url'])}: seen {day(row['found_at'])}, not fetched yet; the next crawl takes it"
    why = f" ({printable(row['reason'])})" if row["reason"] else ""
    return f"{printable(row['url'])}: {row['outcome']}{why} when it was looked at on {day(row['checked_at'])}"


def status(report: Report) -> Iterable[RenderableType]:
    """How the archive stands, the whole first, then what wants a look."""
    yield _totals(report)
    yield from _section(_span(report["days"]), [_days(report)] if report["articles"] else [])
    yield from _table("Last crawls", report["crawls"],
                      ("id", "started_at", "state", "seconds", "new", "changed", "failed", "reason"))  # fmt: skip
    yield from _table("Outlets that fell silent", report["silent_outlets"],
                      ("outlet", "last_found_at", "silent_hours", "usual_hours"))  # fmt: skip
    yield from _table("Waiting", report["waiting_by_outlet"], ("outlet", "waiting"))
    yield from _table(
        "Sources that fail", report["failing_sources"], ("outlet", "kind", "url", "reason", "tries")
    )
    yield from _table(
        "Pages that fail",
        report["failing_pages"],
        ("outlet", "pages", "outcome", "reason", "example"),
    )
    yield from _table("Pages that are no article", report["not_articles"], ("type", "pages"))
    silent = ", ".join(map(printable, report["outlets_without_articles"]))
    yield from _section("Outlets without an article", [Text(silent)] if silent else [])
    if not report["articles"]:
        yield Text(_next_step(report))


def _next_step(report: Report) -> str:
    if not report["outlets"]:
        return "\nThe archive is empty. Start with `dateline outlet add HOST`, or with `dateline crawl URL` for one page."
    return "\nThere is no article yet. `dateline crawl` fetches what the outlets list."


def _facts(record: Row) -> Table:
    byline, authors = printable(record["byline"]), printable(", ".join(record["authors"]))
    facts = {
        "outlet": printable(record["outlet_name"] or record["outlet"]),
        "byline": byline,
        "authors": authors if authors != byline else "",
        "agency": printable(record["agency"]),
        "published": _moment(record, "published"),
        "modified": _moment(record, "modified"),
        "fetched": printable(record["fetched_at"]),
        "section": printable(record["section"]),
        "language": printable(record["language"]),
        "words": f"{record['word_count']:,}",
        "address": printable(record["url"]),
        "also at": "\n".join(
            f"{printable(other['url'])} ({other['role']})" for other in record["addresses"]
        ),
        "leads to": "\n".join(map(_leads_to, record["leads_to"])),
        "gone": _gone(record),
        "changed": f"{record['revisions'] - 1} × (dateline diff {record['id']})"
        if record["revisions"]
        else "",
        "versions": "\n".join(
            f"{other['id']}  {day(other['published_at'])}  {printable(other['outlet'])}  {other['how']}"
            for other in record["related"]
        ),
    }
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, "dim"), Text(value, overflow="fold"))
    return table


def _leads_to(other: Row) -> str:
    what = printable(other["headline"] or other["leads_to"])
    return f"article {other['article_id']} now, {what}\n  from {printable(other['url'])}"


def _gone(record: Row) -> str:
    gone = record["gone"]
    return (
        f"since {day(gone['seen_at'])}: {printable(gone['how'] or 'HTTP 404, 410 or 451')}"
        if gone
        else ""
    )


def _moment(record: Row, name: str) -> str:
    """A moment as understood, and as the page wrote it where that says it otherwise."""
    understood, raw = printable(record[f"{name}_at"]), printable(record[f"{name}_raw"])
    return f"{understood or 'undated'}  ({raw})" if raw and raw != understood else understood


def _totals(report: Report) -> Table:
    sizes = " + ".join(f"{name} {_bytes(size)}" for name, size in report["size"].items() if size)
    table = Table.grid(padding=(0, 2))
    table.add_row(Text("archive", "dim"), Text(f"{printable(report['archive'])}  ({sizes})"))
    undated = f", {report['undated']:,} of them undated" if report["undated"] else ""
    last = f"; the last fetched {report['last_fetched_at']}" if report["last_fetched_at"] else ""
    table.add_row(Text("articles", "dim"), Text(f"{report['articles']:,}{undated}{last}"))
    table.add_row(
        Text("outlets", "dim"),
        Text(f"{report['outlets']:,} with {report['sources']:,} feeds and sitemaps"),
    )
    table.add_row(
        Text("pages", "dim"), Text(f"{report['urls']:,} seen, {report['waiting']:,} waiting")
    )
    due = f"{report['due']['sources']:,} feeds and sitemaps, {report['due']['pages']:,} pages"
    table.add_row(Text("due now", "dim"), Text(due))
    running = f"{report['running']} is at it" if report["running"] else "none is running"
    ended = (
        f"; the last came to its end {report['last_crawl_at']}" if report["last_crawl_at"] else ""
    )
    table.add_row(Text("crawls", "dim"), Text(running + ended))
    table.add_row(Text("disk", "dim"), Text(f"{_bytes(report['free'])} free"))
    return table


def _span(days: dict[str, int]) -> str:
    return f"Articles a day, {min(days)} to {max(days)}"


def _days(report: Report) -> Table:
    """By the day on which articles were fetched and by the day that they are dated: after a first
    crawl they differ."""
    table = Table.grid(padding=(0, 2))
    for name, key in (("fetched", "days"), ("published", "published_days")):
        days = report[key]
        counted = f"{sum(days.values()):,}, at most {max(days.values()):,}"
        table.add_row(Text(name, "dim"), Text(_bars(days)), Text(counted))
    return table


def _bars(days: dict[str, int]) -> str:
    most = max(days.values()) or 1
    utf = (sys.stdout.encoding or "").lower().startswith("utf")
    steps, none = (STEPS, "·") if utf else (PLAIN_STEPS, " ")
    return "".join(
        steps[min(7, count * 8 // (most + 1))] if count else none for count in days.values()
    )


def _table(title: str, rows: Sequence[Row], columns: Sequence[str]) -> Iterable[RenderableType]:
    shown = [name for name in columns if any(row[name] not in (None, "") for row in rows)]
    table = Table(
        *(Column(Text(name.removesuffix("_at"), "dim")) for name in shown), box=None, pad_edge=False
    )
    for row in rows:
        table.add_row(*(Text(_cell(row[name]), overflow="fold") for name in shown))
    return _section(title, [table] if rows else [])


def _section(title: str, contents: Sequence[RenderableType]) -> Iterable[RenderableType]:
    if contents:
        yield Text(f"\n{title}", "bold")
        yield from contents


def _cell(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else printable(value)


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
