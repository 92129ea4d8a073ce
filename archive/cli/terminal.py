"""The archive in a terminal: coloured on a terminal, plain text in a pipe."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from archive.cli.text_tables import TextTable, text_table
from archive.exports.dossier import DossierPiece
from archive.queries.lookup import PlainRow
from archive.queries.rule_matches import rules_note
from archive.queries.search import SearchHit
from archive.queries.search_advice import SearchAdvice
from archive.queries.status import StatusReport
from archive.records import RENDERED_MARK, text_below_standfirst
from archive.text.formatting import many
from archive.text.passages import MARK_CLOSE, MARK_OPEN
from archive.text.printable import printable_text, readable_url

URL_COLUMNS = ("url", "example")
MAX_SHOWN_WORKERS = 16
"""Workers of a cluster that the status lists."""
BAR_CHARACTERS = "▁▂▃▄▅▆▇█"
ASCII_BAR_CHARACTERS = ".:-=+*#@"


def terminal_console() -> Console:
    """Return the console for output, which replaces characters that the terminal lacks by `?`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(
        highlight=False,
        soft_wrap=not sys.stdout.isatty(),
        width=None if sys.stdout.isatty() else 120,
    )


def data_output() -> TextIO:
    """Return standard output for data.

    It writes UTF-8 whatever the terminal's character set, and leaves line ends as they are.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def day_or_undated(timestamp: str | None) -> str:
    """Return the day of an ISO timestamp, or `undated`."""
    return timestamp[:10] if timestamp else "undated"


def hit_lines(found: Sequence[SearchHit], archives: Sequence[str] = ()) -> Iterable[RenderableType]:
    """Yield the hits of a search, each with the ID for `dateline show` first.

    `archives` are those of the hits, where there are several.
    """
    for hit, archive in zip_longest(found, archives, fillvalue=""):
        assert not isinstance(hit, str)
        place = ((printable_text(archive), "magenta"), "  ") if archive else ()
        line = Text.assemble(
            (str(hit.id), "bold cyan"), "  ", *place, day_or_undated(hit.published_day), "  ",
            (printable_text(hit.outlet), "green"), "  ",
            (printable_text(hit.headline or hit.url), "bold"), (also_in_note(hit.other_outlets), "dim"),
        )  # fmt: skip
        yield line
        yield from _indented_passage(highlighted_passage(hit.passage))


def advice_lines(advice: SearchAdvice) -> list[str]:
    """Return similar searches that find something, and the articles with each word alone."""
    lines = [f"Did you mean: {each}" for each in advice.queries]
    alone = [f"{each.word} {each.articles:,}" for each in advice.words]
    return lines + ([f"Articles with each word alone: {', '.join(alone)}"] if alone else [])


def _indented_passage(passage: Text) -> Iterable[RenderableType]:
    """Yield a passage to show below its headline.

    It is wrapped on a terminal; in a pipe it stays on one line, where a width would cut it off.
    """
    if sys.stdout.isatty():
        yield Padding(passage, (0, 0, 1, 4), expand=False)
    else:
        yield Text("    ").append_text(passage)
        yield Text()


def also_in_note(outlets: int) -> str:
    """Return the number of other outlets with the same text, to append to its line."""
    return f"  also in {outlets} other outlet{'s' * (outlets > 1)}" if outlets else ""


def highlighted_passage(passage: str) -> Text:
    """Return a passage with its ⟦words⟧ highlighted, or in plain text in [brackets]."""
    text = Text()
    for piece in re.split(f"({MARK_OPEN}.*?{MARK_CLOSE})", printable_text(passage)):
        found = piece.startswith(MARK_OPEN) and piece.endswith(MARK_CLOSE)
        if not found:
            text.append(piece)
            continue
        word = piece[1:-1]
        text.append(word if sys.stdout.isatty() else f"[{word}]", "bold yellow")
    return text


def article_lines(record: PlainRow) -> Iterable[RenderableType]:
    """Yield an article to read: its headline, its details, its text."""
    yield Text(printable_text(record["headline"] or record["page_title"] or record["url"]), "bold")
    if record["standfirst"]:
        yield Text(printable_text(record["standfirst"]), "italic")
    yield Text()
    yield _article_facts(record)
    for paragraph in text_below_standfirst(record["text"], record["standfirst"]).split("\n"):
        yield Text()
        yield Text(printable_text(paragraph))
    for note in record["notes"]:
        yield Text()
        yield from _note_lines(note)


def _note_lines(note: PlainRow) -> Iterable[RenderableType]:
    """Yield a note: number, author and time, then its text, indented."""
    from archive.cli.note_commands import note_heading

    yield Text(note_heading(note), "bold")
    for line in note["text"].splitlines():
        yield Padding(Text(printable_text(line)), (0, 0, 0, 2))


def url_state_text(row: PlainRow) -> str:
    """Return what the archive knows of a URL that led to no article."""
    url = printable_text(row["url"])
    if not row["outcome"]:
        return f"{url}: found on {day_or_undated(row['found_at'])}, not fetched yet; the next crawl fetches it"
    reason = f" ({printable_text(row['reason'])})" if row["reason"] else ""
    return f"{url}: {row['outcome']}{reason} when it was fetched on {day_or_undated(row['fetched_at'])}"


def status_lines(report: StatusReport) -> Iterable[RenderableType | TextTable]:
    """Yield the archive's status: first the totals, then what needs attention."""
    yield _totals_table(report)
    yield from _titled_section(
        _days_title(report["days"]), [_days_table(report)] if report["articles"] else []
    )
    yield from _titled_table("Last crawls", report["crawls"],
                      ("id", "started_at", "state", "seconds", "new", "changed", "failed", "reason"))  # fmt: skip
    yield from _titled_table("Outlets that fell silent", report["silent_outlets"],
                      ("outlet", "last_found_at", "silent_hours", "usual_hours"))  # fmt: skip
    yield from _titled_table("Waiting", report["waiting_by_outlet"], ("outlet", "waiting"))
    yield from _titled_table(
        "Sources that fail",
        report["failing_sources"],
        ("outlet", "kind", "failures", "reason", "url"),
        whole=("kind", "url"),
    )
    yield from _titled_table(
        "Rules that are out of date",
        report["rules_out_of_date"],
        ("outlet", "rule", "unmatched", "articles"),
    )
    yield from _titled_table(
        "Alerts that cannot be sent",
        report["failing_targets"],
        ("alert", "target", "error", "failures", "retry_at", "waiting"),
        whole=("target",),
    )
    yield from _titled_table(
        "Deposits that failed",
        report["failed_deposits"],
        ("article", "service", "error", "failures", "retry_at", "url"),
        whole=("url",),
    )
    yield from _titled_table(
        "Pages that fail",
        report["failing_pages"],
        ("outlet", "pages", "outcome", "reason", "example"),
        whole=("example",),
    )
    yield from _titled_table(
        "Pages that are not articles", report["not_articles"], ("type", "pages")
    )
    silent = ", ".join(map(printable_text, report["outlets_without_articles"]))
    yield from _titled_section("Outlets without an article", [Text(silent)] if silent else [])
    if not report["articles"]:
        yield Text(_next_step_hint(report))


def _next_step_hint(report: StatusReport) -> str:
    """Return what to do with an archive that has no articles."""
    if not report["outlets"]:
        return (
            "\nThe archive is empty. Start with `dateline outlet add HOST`, "
            "or with `dateline crawl URL` for one page."
        )
    return "\nNo articles yet. `dateline crawl` fetches what the outlets list."


def _article_facts(record: PlainRow) -> Table:
    """Return a table of what is known about an article, without empty fields."""
    byline, authors = printable_text(record["byline"]), printable_text(", ".join(record["authors"]))
    facts = {
        "outlet": printable_text(record["outlet_name"] or record["outlet"]),
        "byline": byline,
        "authors": authors if authors != byline else "",
        "agency": printable_text(record["agency"]),
        "published": _date_with_raw(record, "published"),
        "modified": _date_with_raw(record, "modified"),
        "fetched": printable_text(record["fetched_at"]),
        "section": printable_text(record["section"]),
        "type": record["page_type"] if record["page_type"] != "article" else "",
        "language": printable_text(record["language"]),
        "words": f"{record['word_count']:,}",
        "rendered": rendering_note(record["extractor"]),
        "rules": rules_note(record["extractor"]),
        "address": readable_url(printable_text(record["url"])),
        "also at": "\n".join(map(_also_at_line, record["addresses"])),
        "leads to": "\n".join(map(_leads_to_line, record["leads_to"])),
        "gone": _gone_note(record),
        "changed": _changed_note(record),
        "versions": "\n".join(map(_related_line, record["related"])),
    }
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, "dim"), Text(value, overflow="fold"))
    return table


def rendering_note(extractor: str | None) -> str:
    """Return that an article was read from a page as a browser shows it; empty if it was not."""
    return "in a browser, by the page’s scripts" if RENDERED_MARK in (extractor or "") else ""


def _also_at_line(other: PlainRow) -> str:
    return f"{readable_url(printable_text(other['url']))} ({other['role']})"


def _leads_to_line(other: PlainRow) -> str:
    title = printable_text(other["headline"] or other["leads_to"])
    return f"article {other['article_id']} now, {title}\n  from {printable_text(other['url'])}"


def _changed_note(record: PlainRow) -> str:
    """Return how often the article changed, and the command that shows it."""
    if not record["revisions"]:
        return ""
    return f"{record['revisions'] - 1} × (dateline diff {record['id']})"


def _related_line(other: PlainRow) -> str:
    published = day_or_undated(other["published_day"])
    return f"{other['id']}  {published}  {printable_text(other['outlet'])}  {other['how']}"


def _gone_note(record: PlainRow) -> str:
    """Return since when the page is gone and how the server answered, or an empty text."""
    gone = record["gone"]
    if not gone:
        return ""
    return f"since {day_or_undated(gone['seen_at'])}: {printable_text(gone['reason'] or 'HTTP 404, 410 or 451')}"


def _date_with_raw(record: PlainRow, name: str) -> str:
    """Return a date as understood, and as the page wrote it if that differs."""
    understood, raw = printable_text(record[f"{name}_at"]), printable_text(record[f"{name}_raw"])
    return f"{understood or 'undated'}  ({raw})" if raw and raw != understood else understood


def _totals_table(report: StatusReport) -> Table:
    """Return a table of the totals, one line each."""
    sizes = " + ".join(
        f"{name} {_size_text(size)}" for name, size in report["size"].items() if size
    )
    undated = f", {report['undated']:,} of them undated" if report["undated"] else ""
    last_fetched = report["last_fetched_at"]
    fetched = f"; last fetched {last_fetched}" if last_fetched else ""
    due = report["due"]
    running = f"running: {report['running']}" if report["running"] else "none running"
    last_crawl = report["last_crawl_at"]
    finished = f"; last finished {last_crawl}" if last_crawl else ""
    cluster = report["cluster"]
    lines = {
        "archive": f"{printable_text(report['archive'])}  ({sizes})",
        "articles": f"{report['articles']:,}{undated}{fetched}",
        "outlets": f"{report['outlets']:,} with {report['sources']:,} feeds and sitemaps",
        "pages": f"{report['urls']:,} seen, {report['waiting']:,} waiting",
        "due now": f"{due['sources']:,} feeds and sitemaps, {due['pages']:,} pages",
        "crawls": running + finished,
        **({"cluster": _cluster_text(cluster)} if cluster else {}),
        "disk": f"{_size_text(report['free'])} free",
        "deposits": "; ".join(map(_deposits_line, report["deposits"])),
    }
    table = Table.grid(padding=(0, 2))
    for name, line in lines.items():
        if line:
            table.add_row(Text(name, "dim"), Text(line))
    return table


def _deposits_line(row: PlainRow) -> str:
    """Return how many articles another archive keeps, and whether it rests."""
    paused = f", not asked before {row['paused_until']}" if row["paused_until"] else ""
    refused = f", {row['refused']:,} refused" if row["refused"] else ""
    return f"{row['done']:,} at {row['service']}, {row['waiting']:,} waiting{refused}{paused}"


def _cluster_text(cluster: PlainRow) -> str:
    """Return what a cluster does for the archive at the moment, with a line for each worker."""
    total = sum(worker["pages_per_second"] for worker in cluster["workers"])
    parts = [
        printable_text(cluster["address"]),
        f"{total:.1f} pages/s",
        f"{many(cluster['waiting'], 'page')} waiting",
        f"{many(cluster['lost'], 'worker')} lost",
    ]
    if cluster["dashboard"]:
        parts.append(f"dashboard {printable_text(cluster['dashboard'])}")
    lines = [", ".join(parts)]
    for worker in cluster["workers"][:MAX_SHOWN_WORKERS]:
        name, pages, pace = worker["name"], worker["pages"], worker["pages_per_second"]
        lines.append(f"worker {printable_text(name)}: {pages:,} pages, {pace:.1f} a second")
    if len(cluster["workers"]) > MAX_SHOWN_WORKERS:
        lines.append(f"and {len(cluster['workers']) - MAX_SHOWN_WORKERS:,} more workers")
    return "\n".join(lines)


def _days_title(days: dict[str, int]) -> str:
    return f"Articles per day, {min(days)} to {max(days)}"


def _days_table(report: StatusReport) -> Table:
    """Return articles per day, once by the day of fetching and once by the day of publication.

    After a first crawl the two differ.
    """
    table = Table.grid(padding=(0, 2))
    for name, key in (("fetched", "days"), ("published", "published_days")):
        days = report[key]
        counted = f"{sum(days.values()):,}, at most {max(days.values()):,}"
        table.add_row(Text(name, "dim"), Text(_day_bars(days)), Text(counted))
    return table


def _day_bars(days: dict[str, int]) -> str:
    """Return a bar of one character for each day, in ASCII if the terminal lacks Unicode."""
    most = max(days.values()) or 1
    utf = (sys.stdout.encoding or "").lower().startswith("utf")
    steps, empty = (BAR_CHARACTERS, "·") if utf else (ASCII_BAR_CHARACTERS, " ")
    heights = [min(7, count * 8 // (most + 1)) for count in days.values()]
    counts_and_heights = zip(days.values(), heights, strict=True)
    return "".join(steps[height] if count else empty for count, height in counts_and_heights)


def print_table(console: Console, table: TextTable) -> None:
    """Print a table; a line that is wider than the terminal is not cut."""
    for place, line in table.lines(console.width):
        style = "bold" if place is None else "dim" if place in table.faint_rows else ""
        console.print(Text(line, style), soft_wrap=True)


def coverage_table(pieces: Sequence[DossierPiece]) -> TextTable:
    """Return the coverage of a story as a table; reason and part go first where it is narrow."""
    rows = [
        (
            piece.id,
            piece.date or "undated",
            piece.percent,
            piece.match,
            piece.part,
            piece.outlet,
            f"{piece.headline} (also in {piece.also_in})" if piece.also_in else piece.headline,
            ", ".join(piece.terms[:5]),
        )
        for piece in pieces
    ]
    faint = [
        place for place, piece in enumerate(pieces) if not piece.verdict and piece.tier != "sure"
    ]
    return text_table(
        ("id", "date", "likely", "match", "part", "outlet", "headline", "why"),
        rows,
        whole=("date", "match", "part", "outlet"),
        numbers=("id", "likely"),
        optional=("why", "part", "match"),
        faint_rows=faint,
    )


def _titled_table(
    title: str,
    rows: Sequence[PlainRow],
    columns: Sequence[str],
    whole: Collection[str] = (),
) -> Iterable[RenderableType | TextTable]:
    """Return rows as a titled table, without columns that are empty in all rows.

    Numbers, hosts and the columns in `whole` are never cut.
    """

    def is_used(name: str) -> bool:
        """Return True if a row has a value in this column."""
        return any(row[name] not in (None, "") for row in rows)

    shown = [name for name in columns if is_used(name)]
    heads = {name: name.removesuffix("_at") for name in shown}
    numbers = [
        heads[name] for name in shown if all(isinstance(row[name], int | float) for row in rows)
    ]
    table = text_table(
        list(heads.values()),
        [[_table_cell(name, row[name]) for name in shown] for row in rows],
        whole=[heads[name] for name in shown if name.endswith("_at") or name in whole],
        numbers=numbers,
    )
    return _titled_section(title, [table] if rows else [])


def _titled_section(
    title: str, contents: Sequence[RenderableType | TextTable]
) -> Iterable[RenderableType | TextTable]:
    """Yield contents below a title, or nothing without contents."""
    if contents:
        yield Text(f"\n{title}", "bold")
        yield from contents


def _table_cell(name: str, value: Any) -> str:
    if name in URL_COLUMNS:
        return readable_url(printable_text(value))
    return f"{value:,.0f}" if isinstance(value, int | float) else printable_text(value)


def _size_text(size: float) -> str:
    """Return a size in decimal units: `1.2 MB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
