"""Compare an article's revisions: in the terminal, as an HTML page to save, and for Datasette."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from archive.articles.revisions import Revision, article_revisions
from archive.errors import UsageError
from archive.records import text_below_standfirst
from archive.text.diff import TextDiff, diff_as_html, diff_as_inline_html, diff_as_text, diff_texts
from archive.text.formatting import moment
from archive.timestamps import can_be_same_time

DIFFED_FIELDS = ("headline", "standfirst", "byline", "text")
"""The fields that are compared, in the order in which they are shown."""
DATE_LABELS = {"published_at": "Published", "modified_at": "Modified"}
"""Labels of the dates of a revision on pages."""


@dataclass(frozen=True, slots=True)
class RevisionComparison:
    """Two revisions of an article and their differences."""

    old: Revision
    new: Revision
    changes: dict[str, TextDiff]
    """The differences by field name, in the order of `DIFFED_FIELDS`."""
    dates: dict[str, tuple[str | None, str | None]]
    """The page's own dates that changed, before and after."""


def compare_revisions(old: Revision, new: Revision) -> RevisionComparison:
    """Return the differences between two revisions.

    A revision that says the article is gone has no text to compare.
    """
    if old.gone or new.gone:
        return RevisionComparison(old, new, {}, {})
    compared = {
        name: diff_texts(_compared_field_text(old, name), _compared_field_text(new, name))
        for name in DIFFED_FIELDS
    }
    changes = {name: found for name, found in compared.items() if not found.is_empty}
    stated = {
        "published_at": _stated_publication_dates(old, new),
        "modified_at": (old.modified_at, new.modified_at),
    }
    dates = {name: pair for name, pair in stated.items() if not can_be_same_time(*pair)}
    return RevisionComparison(old, new, changes, dates)


def _stated_publication_dates(old: Revision, new: Revision) -> tuple[str | None, str | None]:
    """Return the publication dates that the page itself stated, then and now.

    A date that only a feed gave is not the page's own statement.
    """
    if old.stated_at is not None and new.stated_at is not None:
        return old.stated_at or None, new.stated_at or None
    return old.published_at, new.published_at


def _compared_field_text(revision: Revision, name: str) -> str:
    """Return a field as a reader sees it; the text without a repeated standfirst."""
    if name == "text":
        return text_below_standfirst(revision.text, revision.standfirst)
    return getattr(revision, name) or ""


def compare_chosen_revisions(
    revisions: list[Revision], first: int | None = None, last: int | None = None
) -> RevisionComparison | None:
    """Compare two revisions, by default the newest with the one before it.

    Returns None if there is only one. Revisions that say the article is gone have no text, so they
    are skipped unless requested. Raises UsageError for an unknown revision number.
    """
    by_number = {revision.number: revision for revision in revisions}
    for number in (first, last):
        if number is not None and number not in by_number:
            raise UsageError(
                f"there is no revision {number}; this article has 1 to {len(revisions)}"
            )
    with_text = [number for number, revision in by_number.items() if not revision.gone]
    new = last or _newest_between(with_text, after=first or 1)
    old = first or (new and _newest_between(with_text, before=new))
    return compare_revisions(by_number[old], by_number[new]) if old and new else None


def _newest_between(
    numbers: list[int], after: int | None = None, before: int | None = None
) -> int | None:
    """Return the highest number above `after` and below `before`, or None."""
    fitting = (
        number
        for number in numbers
        if (after is None or number > after) and (before is None or number < before)
    )
    return max(fitting, default=None)


# -- for people ------------------------------------------------------------------------------------


def render_revision_diff(
    connection: sqlite3.Connection,
    article_id: int,
    first: int | None = None,
    last: int | None = None,
    html: bool = False,
    colour: bool = False,
) -> str:
    """Return what `dateline diff` prints: the article's revisions and two of them compared.

    Raises ArchiveError for an unknown article and UsageError for an unknown revision.
    """
    revisions = article_revisions(connection, article_id)
    comparison = compare_chosen_revisions(revisions, first, last)
    if html:
        return _diff_page(revisions, comparison)
    lines = [latest_headline(revisions), *map(revision_summary_line, revisions), ""]
    return (
        _printable_text("\n".join(lines)) + "\n" + "\n".join(_comparison_lines(comparison, colour))
    )


def _printable_text(text: str) -> str:
    from archive.text.printable import printable_text  # with rich, which pages do not need

    return printable_text(text)


def latest_headline(revisions: list[Revision]) -> str:
    """Return the newest headline, or the article's number if it never had one."""
    return next(
        (r.headline for r in reversed(revisions) if r.headline),
        f"Article {revisions[0].article_id}",
    )


def revision_summary_line(revision: Revision) -> str:
    """Return a revision in one line: `2 2024-03-01 07:10 headline, body +12 −4 words stealth`."""
    counted = revision.words_added is not None
    parts = (
        str(revision.number),
        revision.seen_at[:16].replace("T", " "),
        revision_kinds_text(revision),
        f"+{revision.words_added} −{revision.words_removed} words" if counted else "",
        "stealth" if revision.stealth else "",
    )
    return "  ".join(filter(None, parts))


def revision_kinds_text(revision: Revision) -> str:
    """Return the kinds of change in words, such as `headline, body` or `first seen`."""
    kinds = ", ".join(revision.kinds) or "first seen"
    if revision.gone and revision.gone_reason:
        return f"{kinds} ({revision.gone_reason})"
    return f"{kinds} (as {revision.restores})" if revision.restores else kinds


def _comparison_lines(comparison: RevisionComparison | None, colour: bool) -> Iterator[str]:
    """Yield the lines of a comparison for the terminal."""
    if comparison is None:
        yield NO_CHANGE_MESSAGE
        return
    yield f"{comparison.old.number} → {comparison.new.number}"
    for name, moved in comparison.dates.items():
        yield _printable_text(f"{name}: {_date_change(moved)}")
    for name, found in comparison.changes.items():
        shown = diff_as_text(found, colour)
        on_one_line = shown.replace("\n\n", " ")
        yield f"\n{shown}" if name == "text" else f"{name}: {on_one_line}"
    if not comparison.changes:
        yield _no_change_reason(comparison)


NO_CHANGE_MESSAGE = "There is no change to show: no earlier version has been seen."


def _no_change_reason(comparison: RevisionComparison) -> str:
    """Return a sentence that says why two revisions show no difference."""
    if comparison.new.gone:
        stated = comparison.new.gone_reason
        reason = (
            f"{stated}, twice in a row" if stated else "two fetches in a row met 404, 410 or 451"
        )
        return f"The page was gone: {reason}."
    return "The two read the same."


def _date_change(dates: tuple[str | None, str | None]) -> str:
    return " → ".join(date or "none" for date in dates)


DIFF_PAGE_STYLE = """body { font: 1.1rem/1.6 Georgia, "Noto Serif", serif; max-width: 42rem;
  margin: 2rem auto; padding: 0 1rem; }
ins { background: #d8f5dc; color: #0b3d16; }
del { background: #fbe0e0; color: #6b1111; }
.dateline-moved { background: #e3e8fb; color: #1c2a66; }
summary { color: #5c636b; cursor: pointer; }
ul { font: .9rem/1.5 system-ui, sans-serif; }
.dateline-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }"""


def _diff_page(revisions: list[Revision], comparison: RevisionComparison | None) -> str:
    """Return a whole HTML page, to save or send on."""
    items = "\n".join(
        f"<li>{escape(revision_summary_line(revision))}</li>" for revision in revisions
    )
    body = comparison_as_html(comparison) if comparison else f"<p>{NO_CHANGE_MESSAGE}</p>"
    return (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(latest_headline(revisions))}</title>\n'
        f"<style>\n{DIFF_PAGE_STYLE}\n</style>\n<ul>\n{items}\n</ul>\n{body}\n"
    )


def comparison_as_html(comparison: RevisionComparison) -> str:
    """Return the changed fields as HTML, with the texts escaped."""
    tags = {"headline": "h3", "standfirst": "p", "byline": "p"}
    blocks = [f"<h2>From revision {comparison.old.number} to {comparison.new.number}</h2>"]
    for name, dates in comparison.dates.items():
        before, after = (escape(moment(date) if date else "no date") for date in dates)
        blocks.append(f"<p>{DATE_LABELS[name]}: {before} → {after}</p>")
    for name, found in comparison.changes.items():
        tag = tags.get(name)
        if tag:
            blocks.append(f'<{tag} dir="auto">{diff_as_inline_html(found)}</{tag}>')
        else:
            blocks.append(diff_as_html(found))
    if not comparison.changes:
        blocks.append(f"<p>{_no_change_reason(comparison)}</p>")
    return "\n".join(blocks)


def revision_page_data(
    connection: sqlite3.Connection, article_id: int, number: int | None = None
) -> dict[str, Any]:
    """Return the data for an article's page of changes: its revisions and one comparison.

    `revisions` are dicts, newest first, with `revision_kinds_text` besides their columns and
    without their text. `comparison` is HTML, or None. Raises ArchiveError and UsageError as
    `render_revision_diff` does.
    """
    revisions = article_revisions(connection, article_id)
    comparison = compare_chosen_revisions(revisions, last=number)
    language = connection.execute(
        "SELECT language FROM articles WHERE id = ?", (article_id,)
    ).fetchone()[0]
    return {
        "article_id": article_id,
        "language": language,
        "headline": latest_headline(revisions),
        "revisions": [
            asdict(r) | {"nature": revision_kinds_text(r), "text": None}
            for r in reversed(revisions)
        ],
        "number": comparison.new.number if comparison else 1,
        "comparison": comparison_as_html(comparison) if comparison else None,
    }
