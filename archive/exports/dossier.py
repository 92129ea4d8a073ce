"""The dossier of a story: its coverage in time order, to read, to save, to send on.

Each text is given once, headed `date YYYY-MM-DD HEADLINE`, with its copies named below it, its
changes after publication and its evidence; undated pieces come last. The same pieces are written as
text, Markdown, JSON or one HTML page that loads nothing from elsewhere.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from itertools import chain
from typing import Any

from markupsafe import Markup

from archive.articles.stories import Story, story_listing
from archive.articles.story_searches import StorySearch, search_lines
from archive.articles.story_searches import story_search as search_of
from archive.errors import UsageError
from archive.exports.citations import date_parts, day_in_words
from archive.exports.dossier_notes import DossierNote, dossier_notes_by_article, story_dossier_notes
from archive.exports.timeline import Timeline, TimelineArticle, build_timeline, timeline_svg
from archive.queries.evidence import ArticleEvidence, evidence_of_articles
from archive.queries.story_changes import ArticleChange, changes_of_articles
from archive.records import text_below_standfirst
from archive.text.about_words import telling_words
from archive.text.formatting import (
    direction,
    many,
    moment,
    percent,
    printed_moment,
    split_paragraphs,
)
from archive.text.html import outward_link
from archive.text.printable import TEXT_WIDTH_COLUMNS, printable_text
from archive.text.searchable import fold_letter_by_letter
from archive.text.unspaced import UNSPACED_RUN

CHANGES_HEADING = "Changed after publication"
SEARCHED_HEADING = "What was searched, and what was not"
MAX_PIECE_TERMS, MAX_STORY_TERMS = 8, 12
"""Terms that are shown for a piece, and for the whole story."""
TEXTS_FOR_ABOUT = 8
"""Articles from which the spelling of the story's terms is taken."""
MAX_TERM_SEARCH_CHARS = 200_000
"""Characters of a text that are searched for the spelling of a term."""


@dataclass(frozen=True, slots=True)
class PieceCopy:
    """The same text as another outlet, or the same one, published it."""

    id: int
    outlet: str
    outlet_name: str | None
    headline: str | None
    published_at: str | None
    published_day: str | None
    """The day of publication as the page states it."""
    published_offset: int | None
    """Minutes of the outlet's clock ahead of UTC; None if it is not stated."""
    url: str
    evidence: ArticleEvidence


@dataclass(frozen=True, slots=True)
class DossierPiece:
    """One text of the coverage."""

    id: int
    headline: str
    date: str | None
    """The day of publication as the page states it."""
    published_at: str | None
    published_offset: int | None
    """Minutes of the outlet's clock ahead of UTC; None if it is not stated."""
    outlet: str
    outlet_name: str
    byline: str | None
    agency: str | None
    language: str | None
    url: str
    standfirst: str | None
    text: str
    """Paragraphs, separated by newlines."""
    probability: float | None
    """The probability that it belongs to the story, 0 to 1."""
    tier: str | None
    """`sure` or `likely`."""
    part: str | None
    """Its relation to the story: `event`, `development` or `background`."""
    terms: tuple[str, ...]
    """The terms that it shares with the story, as the piece itself writes them."""
    verdict: str | None
    """`belongs` if a person confirmed it, else None."""
    copies: tuple[PieceCopy, ...]
    evidence: ArticleEvidence
    changes: tuple[ArticleChange, ...] = ()
    """The changes of this article and its copies after publication, the newest first."""
    notes: tuple[DossierNote, ...] = ()

    @property
    def heading(self) -> str:
        """The date and the headline: `date 2026-03-03 Ferry strike ends`."""
        return f"date {self.date} {self.headline}" if self.date else f"undated {self.headline}"

    @property
    def credits(self) -> str:
        """Outlet, byline and agency: `The Harbour Post · By Mara Lind · AP`."""
        agency = self.agency if self.agency and self.agency not in (self.byline or "") else None
        return " · ".join(filter(None, (self.outlet_name, self.byline, agency)))

    @property
    def why(self) -> str:
        """The reason it belongs: a verdict, or tier and probability; then the shared terms."""
        if self.verdict:
            reason = "confirmed"
        else:
            probability = f"({self.percent})" if self.percent else ""
            reason = " ".join(filter(None, (self.tier, probability)))
        return f"{reason}: {', '.join(self.terms)}" if self.terms else reason

    @property
    def percent(self) -> str:
        """The probability that it belongs, as `87 %`, or empty.

        It is empty for listings made before the archive stored probabilities.
        """
        return "" if self.probability is None else percent(self.probability)

    @property
    def match(self) -> str:
        """`confirmed`, or the tier: `sure` or `likely`."""
        return "confirmed" if self.verdict else self.tier or ""

    @property
    def also_in(self) -> str:
        """The other outlets that published it, each once, such as `The Ridge, Minato`."""
        return ", ".join(dict.fromkeys(copy.outlet_name or copy.outlet for copy in self.others))

    @property
    def others(self) -> list[PieceCopy]:
        """The copies of other outlets, without reprints by the same outlet."""
        return [copy for copy in self.copies if copy.outlet != self.outlet]

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs below the standfirst."""
        return split_paragraphs(text_below_standfirst(self.text, self.standfirst))

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, by the language."""
        return direction(self.language)

    @property
    def day(self) -> str:
        """The day of publication as a reader writes it: `15 February 2024`; empty if unknown."""
        parts = date_parts(self.date)
        return day_in_words(parts) if parts else self.date or ""


@dataclass(frozen=True, slots=True)
class StoryDossier:
    """A story with its coverage, in time order with undated pieces last."""

    story: Story
    pieces: tuple[DossierPiece, ...]
    search: StorySearch | None = None
    """The record of the search for coverage; None if no crawl was made for the story."""
    notes: tuple[DossierNote, ...] = ()
    """Notes on the story and on its events."""

    @property
    def searched(self) -> list[str]:
        """The searches that were made and those that were not, one line each."""
        return [_printable_line(line) for line in search_lines(self.search)] if self.search else []

    @property
    def article_ids(self) -> list[int]:
        """The IDs of all articles, each text followed by its copies."""
        pairs = ((piece.id, *(copy.id for copy in piece.copies)) for piece in self.pieces)
        return list(chain.from_iterable(pairs))

    @property
    def prints(self) -> list[tuple[str, str | None]]:
        """The outlet and the printed day of every article, including copies."""
        originals = [(piece.outlet, piece.date) for piece in self.pieces]
        all_copies = chain.from_iterable(piece.copies for piece in self.pieces)
        return originals + [(copy.outlet, copy.published_day) for copy in all_copies]

    @property
    def count(self) -> str:
        """`12 articles of 5 outlets`."""
        outlets = {outlet for outlet, _ in self.prints}
        return f"{many(len(self.prints), 'article')} of {many(len(outlets), 'outlet')}"

    @property
    def changes(self) -> list[ArticleChange]:
        """The changes of all articles after publication, the newest first."""
        found = chain.from_iterable(piece.changes for piece in self.pieces)
        return sorted(found, key=lambda change: change.seen_at, reverse=True)

    @property
    def timeline(self) -> Timeline | None:
        """The articles over time, including copies; None if none is dated."""
        return build_timeline([*chain.from_iterable(map(_timeline_articles, self.pieces))])

    @property
    def days(self) -> tuple[str, ...]:
        """The first and the last day; empty if no article is dated."""
        days = sorted(day for _, day in self.prints if day)
        return (days[0], days[-1]) if days else ()

    @property
    def summary(self) -> str:
        """`12 articles of 5 outlets, 3 to 20 March 2026`."""
        return ", ".join(filter(None, (self.count, span_in_words(self.days))))

    @property
    def about(self) -> list[str]:
        """The story's most telling terms as its articles write them, confirmed articles first."""
        confirmed_first = sorted(self.pieces, key=lambda piece: not piece.verdict)
        texts = [f"{piece.headline}\n{piece.text}" for piece in confirmed_first[:TEXTS_FOR_ABOUT]]
        written = terms_as_written(self.story.terms[: MAX_STORY_TERMS * 2], "\n".join(texts))
        return list(telling_words(written))[:MAX_STORY_TERMS]


def build_dossier(
    connection: sqlite3.Connection,
    story: Story,
    languages: Collection[str] = (),
    *,
    with_notes: bool = True,
) -> StoryDossier:
    """Return the dossier of a story from the archive's present listing, with notes if wanted.

    With `languages` (ISO 639-1) it holds only articles in these. Raises UsageError, naming the
    languages of the listing, if no article is in any of them.
    """
    rows = story_listing(connection, story.id)
    found = Counter(row["language"] for row in rows if row["language"])
    if languages and not found.keys() & set(languages):
        known = ", ".join(f"{code} {many}" for code, many in found.most_common())
        raise UsageError(
            f"{story.name}: nothing in {', '.join(languages)}; "
            f"the languages of what is listed: {known or 'unknown'}"
        )
    wanted = [row for row in rows if not languages or row["language"] in languages]
    ids = list(chain.from_iterable(map(_row_ids, wanted)))
    evidence = evidence_of_articles(connection, ids)
    changes = changes_of_articles(connection, ids)
    pieces = tuple(_dossier_piece(connection, row, evidence, changes) for row in wanted)
    dossier = StoryDossier(story, pieces, search_of(connection, story.id))
    return _with_notes(connection, dossier) if with_notes else dossier


def _with_notes(connection: sqlite3.Connection, dossier: StoryDossier) -> StoryDossier:
    """Return a dossier with the notes on the story, its events and its articles."""
    by_article = dossier_notes_by_article(connection, dossier.story.id)

    def with_own_notes(piece: DossierPiece) -> DossierPiece:
        """Return a piece with the notes on it and on its copies."""
        ids = (piece.id, *(copy.id for copy in piece.copies))
        return replace(piece, notes=tuple(note for id in ids for note in by_article.get(id, ())))

    notes = story_dossier_notes(connection, dossier.story.id)
    return replace(dossier, pieces=tuple(map(with_own_notes, dossier.pieces)), notes=notes)


def _row_ids(row: dict[str, Any]) -> list[int]:
    """Return the IDs of an article of the listing and of its copies."""
    return [row["id"], *(copy["id"] for copy in row["copies"])]


def _dossier_piece(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    evidence: Mapping[int, ArticleEvidence],
    changes: Sequence[ArticleChange],
) -> DossierPiece:
    """Return a row of the story's listing as a piece, with its text."""
    query = (
        "SELECT page_title, standfirst, byline, authors, agency, text FROM articles WHERE id = ?"
    )
    article = connection.execute(query, (row["id"],)).fetchone()
    headline = row["headline"] or article["page_title"] or row["url"]
    return DossierPiece(
        id=row["id"],
        headline=_printable_line(headline),
        date=row["published_day"],
        published_at=row["published_at"],
        published_offset=row["published_offset"],
        outlet=row["outlet"],
        outlet_name=_printable_line(row["outlet_name"] or row["outlet"]),
        byline=_printable_line(article["byline"] or ", ".join(json.loads(article["authors"])))
        or None,
        agency=article["agency"],
        language=row["language"],
        url=row["url"],
        standfirst=_printable_line(article["standfirst"]) or None,
        text=article["text"],
        probability=row["probability"],
        tier=row["tier"],
        part=row["part"],
        terms=tuple(
            terms_as_written(row["terms"][:MAX_PIECE_TERMS], f"{headline}\n{article['text']}")
        ),
        verdict=row["verdict"],
        copies=tuple(_piece_copy(copy, evidence) for copy in row["copies"]),
        evidence=evidence[row["id"]],
        changes=tuple(change for change in changes if change.article_id in _row_ids(row)),
    )


def _piece_copy(row: dict[str, Any], evidence: Mapping[int, ArticleEvidence]) -> PieceCopy:
    columns = ("id", "outlet", "outlet_name", "headline", "published_at", "published_day",
               "published_offset", "url")  # fmt: skip
    return PieceCopy(**{name: row[name] for name in columns}, evidence=evidence[row["id"]])


def _timeline_articles(piece: DossierPiece) -> Iterator[TimelineArticle]:
    """Yield a piece and its copies as the timeline needs them."""
    revised: dict[int, list[str]] = {}
    for change in piece.changes:
        revised.setdefault(change.article_id, []).append(change.seen_at)
    versions: list[tuple[str, str, str | None, DossierPiece | PieceCopy]] = [
        (piece.outlet_name, piece.headline, piece.date, piece)
    ]
    for copy in piece.copies:
        name, headline = copy.outlet_name or copy.outlet, copy.headline or piece.headline
        versions.append((name, headline, copy.published_day, copy))
    for name, headline, day, version in versions:
        yield TimelineArticle(
            version.id,
            name,
            headline,
            version.published_at,
            version.outlet != piece.outlet,
            tuple(revised.get(version.id, ())),
            day,
            version.published_offset,
        )


def span_in_words(days: Sequence[str]) -> str:
    """Return the first and last day as a reader writes them, such as `3 to 20 March 2026`."""
    if not days:
        return ""
    first, last = (date_parts(day) for day in (days[0], days[-1]))
    if first == last or not (first and last):
        return day_in_words(first) if first else " to ".join(days)
    shared = next((at for at in range(3) if first[at] != last[at]), 3)
    start = day_in_words(first).split(" ")[: max(1, 3 - shared)]
    return f"{' '.join(start)} to {day_in_words(last)}"


def terms_as_written(terms: Iterable[str], text: str) -> Iterator[str]:
    """Yield stems as a text writes them, each word once.

    For `embassi` that is `embassies` or `embassy`, whichever is more frequent. A word equal to the
    stem wins over all others: for `korea` it is Korea, even if Korean is more frequent or comes
    first. The stem's last letter may be the stemmer's own, as in `embassi` for `embassy`. A stem
    that is not found is yielded as it is.
    """
    text = text[:MAX_TERM_SEARCH_CHARS]
    folded, seen = fold_letter_by_letter(text), set()
    for term in terms:
        word = _term_as_written(term, text, folded)
        if fold_letter_by_letter(word) not in seen:
            seen.add(fold_letter_by_letter(word))
            yield word


def _term_as_written(term: str, text: str, folded: str) -> str:
    """Return one stem as the text writes it; `folded` is the text folded, position by position."""
    if UNSPACED_RUN.match(term):
        at = folded.find(term)
        return text[at : at + len(term)] if at >= 0 else term
    shorter = term[:-1] if len(term) > 3 else term
    pattern = rf"(?<!\w)(?:{re.escape(term)}|{re.escape(shorter)})\w*"
    spans = [match.span() for match in re.finditer(pattern, folded)]
    if not spans:
        return term
    counts = Counter(folded[start:end] for start, end in spans)
    best = term if term in counts else counts.most_common(1)[0][0]
    return next(text[start:end] for start, end in spans if folded[start:end] == best)


def _printable_line(text: str | None) -> str:
    """Return a text on one line, without characters that would control a terminal."""
    return " ".join(printable_text(text).split())


# -- text ------------------------------------------------------------------------------------------


def dossier_as_text(content: StoryDossier) -> str:
    """Return plain text with paragraphs wrapped at 88 columns; headings are never wrapped."""
    notes = [f"{note.heading}: {note.line}" for note in content.notes]
    head = [
        *[content.story.title, content.summary, *_story_facts(content)],
        *chain.from_iterable(map(_wrapped_lines, notes)),
    ]
    blocks = ["\n".join(head)]
    if content.changes:
        lines = chain.from_iterable(_wrapped_lines(f"- {line}") for line in change_lines(content))
        blocks.append("\n".join([CHANGES_HEADING, "", *lines]))
    blocks += ["\n".join(_piece_text_lines(piece)) for piece in content.pieces]
    if content.searched:
        wrapped = chain.from_iterable(_wrapped_lines(line) for line in content.searched)
        blocks.append("\n".join([SEARCHED_HEADING, "", *wrapped]))
    return "\n\n\n".join(blocks) + "\n"


def _piece_text_lines(piece: DossierPiece) -> Iterator[str]:
    yield piece.heading
    yield piece.credits
    yield printable_text(piece.url)
    yield from _wrapped_lines(f"why: {piece.why}")
    if piece.also_in:
        yield from _wrapped_lines(f"also in: {piece.also_in}")
    for line in evidence_lines(piece):
        yield from _wrapped_lines(line)
    for note in piece.notes:
        yield from _wrapped_lines(f"{note.heading}: {note.line}")
    for paragraph in filter(None, (piece.standfirst, *piece.paragraphs)):
        yield ""
        yield from _wrapped_lines(printable_text(paragraph))


def change_lines(content: StoryDossier) -> list[str]:
    """Return the changes of all articles after publication, one line each."""
    return [_printable_line(change_in_words(change)) for change in content.changes]


def change_in_words(change: ArticleChange) -> str:
    """Return a change as a line: when, where and how, the headline before and after."""
    headline = f"“{change.headline}”"
    if change.headline_before or change.headline_after:
        before, after = change.headline_before, change.headline_after
        headline = f"“{before or 'no headline'}” became “{after or 'no headline'}”"
    parts = [moment(change.seen_at), change.outlet_name, change.manner, change.kinds_in_words]
    return f"{', '.join(filter(None, (*parts, change.words)))}: {headline}"


def evidence_lines(piece: DossierPiece) -> list[str]:
    """Return the evidence for a piece and each of its copies, one line each."""
    lines = [f"evidence: {evidence_in_words(piece.evidence)}"]
    for copy in piece.copies:
        words = evidence_in_words(copy.evidence)
        lines.append(f"evidence, {copy.outlet_name or copy.outlet}: {words}")
    return [_printable_line(line) for line in lines]


def evidence_in_words(evidence: ArticleEvidence) -> str:
    """Return when a page was published, modified and seen, its SHA-256, copy and deposit."""
    parts = [
        f"published as printed “{evidence.published_as_printed}”"
        if evidence.published_as_printed
        else "no date printed",
        f"modified {evidence.modified}" if evidence.modified else None,
        f"first seen {moment(evidence.first_seen)}",
        f"last seen {moment(evidence.last_seen)}",
    ]
    if evidence.sha256:
        parts.append(f"SHA-256 {evidence.sha256}")
    if evidence.copy_of_outlet:
        parts.append(f"copy of {evidence.copy_of_outlet}")
    if evidence.snapshot_url:
        parts.append(f"deposited {moment(evidence.snapshot_at)}: {evidence.snapshot_url}")
    return ", ".join(filter(None, parts))


def _wrapped_lines(text: str) -> list[str]:
    """Return lines of at most 88 columns; a Chinese character takes two."""
    from rich.console import Console
    from rich.text import Text

    lines = Text(text).wrap(Console(width=TEXT_WIDTH_COLUMNS), TEXT_WIDTH_COLUMNS)
    return [line.plain.rstrip() for line in lines]


def _story_facts(content: StoryDossier) -> list[str]:
    """Return the story's terms and the limits that a person set for it, one line each."""
    story = content.story
    limits = [
        f"since {story.since}" if story.since else None,
        f"until {story.until}" if story.until else None,
    ]
    window = " ".join(filter(None, limits))
    facts = {
        "about": ", ".join(content.about),
        "words": story.words,
        "languages": ", ".join(story.languages),
        "published": window,
        "outlets": ", ".join(story.hosts),
    }
    return [f"{name}: {printable_text(value)}" for name, value in facts.items() if value]


# -- Markdown --------------------------------------------------------------------------------------

MARKDOWN_SPECIALS = re.compile(r"([\\`*_{}\[\]<>#|~&!$])")
MARKDOWN_LINE_STARTS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
MARKDOWN_URL = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)


def dossier_as_markdown(content: StoryDossier) -> str:
    """Return CommonMark in which no text of a page acts as markup."""
    blocks = [f"# {escape_markdown(content.story.title)}", content.summary]
    blocks += map(escape_markdown, _story_facts(content))
    blocks += (f"> {escape_markdown(f'{note.heading}: {note.line}')}" for note in content.notes)
    if content.changes:
        items = [f"- {escape_markdown(line)}" for line in change_lines(content)]
        blocks += [f"## {CHANGES_HEADING}", "\n".join(items)]
    blocks += chain.from_iterable(_piece_markdown_blocks(piece) for piece in content.pieces)
    if content.searched:
        items = [f"- {escape_markdown(line)}" for line in content.searched]
        blocks += [f"## {SEARCHED_HEADING}", "\n".join(items)]
    return "\n\n".join(blocks) + "\n"


def _piece_markdown_blocks(piece: DossierPiece) -> Iterator[str]:
    yield f"## {escape_markdown(piece.heading)}"
    facts = [
        f"**{escape_markdown(piece.credits)}**",
        _markdown_link(piece.url),
        f"Why: {escape_markdown(piece.why)}",
    ]
    if piece.also_in:
        facts.append(f"Also in: {escape_markdown(piece.also_in)}")
    facts += [escape_markdown(line[:1].upper() + line[1:]) for line in evidence_lines(piece)]
    yield "  \n".join(facts)
    for note in piece.notes:
        yield f"> {escape_markdown(f'{note.heading}: {note.line}')}"
    if piece.standfirst:
        yield f"*{escape_markdown(piece.standfirst)}*"
    yield from map(escape_markdown, piece.paragraphs)


def escape_markdown(text: str) -> str:
    """Return a line of text escaped so that Markdown shows it as it is."""
    escaped = MARKDOWN_SPECIALS.sub(r"\\\1", _printable_line(text))
    return MARKDOWN_LINE_STARTS.sub(_escape_line_start, escaped)


def _escape_line_start(start: re.Match[str]) -> str:
    """Escape what would open a list or a heading: `1\\.` and `\\-`."""
    indent, marker = start[1], start[2]
    return f"{indent}{marker}\\" if marker.isdigit() else f"{indent}\\{marker}"


def _markdown_link(url: str) -> str:
    return f"<{url}>" if MARKDOWN_URL.fullmatch(url) else escape_markdown(url)


# -- JSON and HTML ---------------------------------------------------------------------------------


def dossier_as_json(content: StoryDossier) -> str:
    """Return one JSON object with `story`, `summary`, `notes`, `coverage` and `search`.

    `story` has the fields of Story except its id, `coverage` those of Piece and `why` in words.
    `search` says where coverage was looked for; it is null if no crawl was made for the story.
    """
    story = {name: value for name, value in asdict(content.story).items() if name != "id"}
    coverage = [_piece_as_object(piece) for piece in content.pieces]
    search = None
    if content.search:
        totals = {"requests": content.search.requests, "days": content.search.days}
        search = asdict(content.search) | totals
    notes = [asdict(note) for note in content.notes]
    document = {
        "story": story,
        "summary": content.summary,
        "notes": notes,
        "coverage": coverage,
        "search": search,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _piece_as_object(piece: DossierPiece) -> dict[str, Any]:
    """Return a piece with the words for why it belongs and for how it was changed."""
    changes = [asdict(change) | {"manner": change.manner} for change in piece.changes]
    return asdict(piece) | {"why": piece.why, "changes": changes}


SITE_COLOURS = re.compile(
    r":root \{.*?\n\}\n@media \(prefers-color-scheme: dark\) \{.*?\n\}\n", re.DOTALL
)
"""Where the style sheet of the pages defines colours and fonts, light and dark."""


def site_colours() -> str:
    """Return the colours and fonts of the archive's pages as CSS, for a file in the same dress."""
    style = (files("archive") / "plugin" / "static" / "dateline.css").read_text("utf-8")
    found = SITE_COLOURS.search(style)
    return found.group() if found else ""


def dossier_as_html(content: StoryDossier) -> str:
    """Return one HTML page without scripts or external resources, dark where the system is."""
    from jinja2 import Environment

    source = (files("archive.exports") / "dossier.html").read_text("utf-8")
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    anchors = {copy.id: piece.id for piece in content.pieces for copy in piece.copies}
    timeline = content.timeline
    text: str = page.render(
        dossier=content,
        colours=Markup(site_colours()),  # noqa: S704  our own style sheet
        timeline=timeline and timeline_svg(timeline, lambda id: f"#article-{anchors.get(id, id)}"),
        facts=_story_facts(content),
        span=span_in_words(content.days),
        link=lambda url: outward_link(url) or url,
        plain=printable_text,
        moment=moment,
        printed_moment=printed_moment,
        many=many,
    )
    return text.lstrip() + "\n"


DOSSIER_WRITERS: dict[str, Callable[[StoryDossier], str]] = {
    "text": dossier_as_text,
    "md": dossier_as_markdown,
    "json": dossier_as_json,
    "html": dossier_as_html,
}
"""Writers by the format's name."""
DOSSIER_FILE_ENDINGS = {
    ".txt": "text",
    ".md": "md",
    ".markdown": "md",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
}
"""Formats by the ending of a file's name."""
