"""An article's revisions side by side: in the terminal, as a page to keep, and for Datasette."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from archive.articles.revisions import Revision, revisions_of
from archive.errors import UsageError
from archive.records import below_standfirst
from archive.text.diff import Diff, as_html, as_inline_html, as_text, diff
from archive.timestamps import say_the_same

SHOWN = ("headline", "standfirst", "byline", "text")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two revisions of an article and where they differ; `changes` by the field's name, in the
    order of `SHOWN`."""

    old: Revision
    new: Revision
    changes: dict[str, Diff]
    dates: dict[str, tuple[str | None, str | None]]
    """The page's own dates that moved."""


def compare(old: Revision, new: Revision) -> Comparison:
    """Where two revisions differ; one that says that the article was gone has nothing to
    compare."""
    if old.gone or new.gone:
        return Comparison(old, new, {}, {})
    compared = {name: diff(_shown(old, name), _shown(new, name)) for name in SHOWN}
    changes = {name: found for name, found in compared.items() if not found.is_empty}
    stated = {
        "published_at": _published(old, new),
        "modified_at": (old.modified_at, new.modified_at),
    }
    return Comparison(
        old, new, changes, {name: pair for name, pair in stated.items() if not say_the_same(*pair)}
    )


def _published(old: Revision, new: Revision) -> tuple[str | None, str | None]:
    """What the page itself said of its publication then and now; what a feed adds is no word of the
    page."""
    if old.stated_at is not None and new.stated_at is not None:
        return old.stated_at or None, new.stated_at or None
    return old.published_at, new.published_at


def _shown(revision: Revision, name: str) -> str:
    """A field as a reader reads it; of the text what stands below the standfirst."""
    return (
        below_standfirst(revision.text, revision.standfirst)
        if name == "text"
        else getattr(revision, name) or ""
    )


def chosen(
    revisions: list[Revision], first: int | None = None, last: int | None = None
) -> Comparison | None:
    """Two revisions compared: by default the newest with the one before; None if there is but one.

    One that says that the article was gone has no text: it is passed over unless it is asked for.
    Raises UsageError for a number that there is not.
    """
    known = {revision.number: revision for revision in revisions}
    for number in (first, last):
        if number is not None and number not in known:
            raise UsageError(
                f"there is no revision {number}; this article has 1 to {len(revisions)}"
            )
    texts = [number for number in known if not known[number].gone]
    new = last or next((number for number in reversed(texts) if number > (first or 1)), None)
    old = first or next((number for number in reversed(texts) if new and number < new), None)
    return compare(known[old], known[new]) if old and new else None


# -- for people ------------------------------------------------------------------------------------


def told(
    connection: sqlite3.Connection,
    article_id: int,
    first: int | None = None,
    last: int | None = None,
    html: bool = False,
    colour: bool = False,
) -> str:
    """What `dateline diff` prints: the revisions of an article, and two of them compared (see
    `chosen`).

    Raises ArchiveError for an article and UsageError for a revision that there is not.
    """
    revisions = revisions_of(connection, article_id)
    comparison = chosen(revisions, first, last)
    if html:
        return _page(revisions, comparison)
    lines = [headline(revisions), *map(summary, revisions), ""]
    return _plain("\n".join(lines)) + "\n" + "\n".join(_told(comparison, colour))


def _plain(text: str) -> str:
    from archive.text.printable import printable  # with rich, which pages do not need

    return printable(text)


def headline(revisions: list[Revision]) -> str:
    """The newest headline, or which article it is."""
    return next(
        (r.headline for r in reversed(revisions) if r.headline),
        f"Article {revisions[0].article_id}",
    )


def summary(revision: Revision) -> str:
    """A revision in a line: `2  2024-03-01 07:10  headline, body  +12 −4 words  stealth`."""
    counted = revision.words_added is not None
    parts = (
        str(revision.number),
        revision.seen_at[:16].replace("T", " "),
        nature(revision),
        f"+{revision.words_added} −{revision.words_removed} words" if counted else "",
        "stealth" if revision.stealth else "",
    )
    return "  ".join(filter(None, parts))


def nature(revision: Revision) -> str:
    """What a revision is, in words."""
    kinds = ", ".join(revision.kinds) or "first seen"
    if revision.gone and revision.how:
        return f"{kinds} ({revision.how})"
    return f"{kinds} (as {revision.restores})" if revision.restores else kinds


def _told(comparison: Comparison | None, colour: bool) -> Iterator[str]:
    if comparison is None:
        yield NO_CHANGE
        return
    yield f"{comparison.old.number} → {comparison.new.number}"
    for name, moved in comparison.dates.items():
        yield _plain(f"{name}: {_moved(moved)}")
    for name, found in comparison.changes.items():
        shown = as_text(found, colour)
        yield f"\n{shown}" if name == "text" else f"{name}: {shown.replace(chr(10) * 2, ' ')}"
    if not comparison.changes:
        yield _no_text(comparison)


NO_CHANGE = "There is no change to show: it has been seen in no other form."


def _no_text(comparison: Comparison) -> str:
    """Why two revisions show no difference."""
    if comparison.new.gone:
        how = comparison.new.how
        return f"The page was gone: {f'{how}, twice in a row' if how else 'two looks in a row met 404, 410 or 451'}."
    return "They read the same."


def _moved(dates: tuple[str | None, str | None]) -> str:
    return " → ".join(date or "none" for date in dates)


STYLE = """body { font: 1.1rem/1.6 Georgia, "Noto Serif", serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
ins { background: #d8f5dc; color: #0b3d16; }
del { background: #fbe0e0; color: #6b1111; }
.dateline-moved { background: #e3e8fb; color: #1c2a66; }
summary { color: #5c636b; cursor: pointer; }
ul { font: .9rem/1.5 system-ui, sans-serif; }
.dateline-spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }"""


def _page(revisions: list[Revision], comparison: Comparison | None) -> str:
    """A whole HTML page, to be kept or sent on."""
    items = "\n".join(f"<li>{escape(summary(revision))}</li>" for revision in revisions)
    body = as_markup(comparison) if comparison else f"<p>{NO_CHANGE}</p>"
    return (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(headline(revisions))}</title>\n'
        f"<style>\n{STYLE}\n</style>\n<ul>\n{items}\n</ul>\n{body}\n"
    )


def as_markup(comparison: Comparison) -> str:
    """The changed fields as HTML; the texts are escaped."""
    tags = {"headline": "h3", "standfirst": "p", "byline": "p"}
    blocks = [f"<h2>{comparison.old.number} → {comparison.new.number}</h2>"]
    blocks += (
        f"<p>{name}: {escape(_moved(moved))}</p>" for name, moved in comparison.dates.items()
    )
    for name, found in comparison.changes.items():
        tag = tags.get(name)
        blocks.append(
            f'<{tag} dir="auto">{as_inline_html(found)}</{tag}>' if tag else as_html(found)
        )
    if not comparison.changes:
        blocks.append(f"<p>{_no_text(comparison)}</p>")
    return "\n".join(blocks)


def page_rows(
    connection: sqlite3.Connection, article_id: int, number: int | None = None
) -> dict[str, Any]:
    """What a page of an article's changes shows: its revisions, newest first, and one compared with
    that before it.

    `revisions` are dicts with `nature` besides their columns and without their text; `comparison`
    is HTML or None. Raises ArchiveError and UsageError as `told`.
    """
    revisions = revisions_of(connection, article_id)
    comparison = chosen(revisions, last=number)
    language = connection.execute(
        "SELECT language FROM articles WHERE id = ?", (article_id,)
    ).fetchone()[0]
    return {
        "article_id": article_id,
        "language": language,
        "headline": headline(revisions),
        "revisions": [asdict(r) | {"nature": nature(r), "text": None} for r in reversed(revisions)],
        "number": comparison.new.number if comparison else 1,
        "comparison": as_markup(comparison) if comparison else None,
    }
