"""The dossier of a story: its coverage in time order, to read, to save, to send on.

Each text is given once, headed `date YYYY-MM-DD HEADLINE`, with its copies named below it; undated
pieces come last. The same pieces are written as text, Markdown, JSON or one HTML page that loads
nothing from elsewhere.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from itertools import chain
from typing import Any

from archive.articles.stories import Story, story_listing
from archive.articles.story_searches import StorySearch, search_lines
from archive.articles.story_searches import story_search as search_of
from archive.errors import UsageError
from archive.exports.dossier_notes import DossierNote, dossier_notes_by_article, story_dossier_notes
from archive.records import text_below_standfirst
from archive.text.formatting import direction, many, percent, split_paragraphs
from archive.text.html import outward_link
from archive.text.printable import TEXT_WIDTH_COLUMNS, printable_text
from archive.text.searchable import fold_letter_by_letter
from archive.text.unspaced import UNSPACED_RUN

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
    url: str


@dataclass(frozen=True, slots=True)
class DossierPiece:
    """One text of the coverage."""

    id: int
    headline: str
    date: str | None
    """The day of publication as the page states it."""
    published_at: str | None
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
        """The copies of other outlets, without an outlet's reprints of its own text."""
        return [copy for copy in self.copies if copy.outlet != self.outlet]

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs below the standfirst."""
        return split_paragraphs(text_below_standfirst(self.text, self.standfirst))

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, by the language."""
        return direction(self.language)


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
    def prints(self) -> list[tuple[str, str | None]]:
        """The outlet and date of every article, including copies."""
        originals = [(piece.outlet, piece.published_at) for piece in self.pieces]
        all_copies = chain.from_iterable(piece.copies for piece in self.pieces)
        return originals + [(copy.outlet, copy.published_at) for copy in all_copies]

    @property
    def count(self) -> str:
        """`12 articles of 5 outlets`."""
        outlets = {outlet for outlet, _ in self.prints}
        return f"{many(len(self.prints), 'article')} of {many(len(outlets), 'outlet')}"

    @property
    def days(self) -> tuple[str, ...]:
        """The first and the last day; empty if no article is dated."""
        days = sorted(published_at[:10] for _, published_at in self.prints if published_at)
        return (days[0], days[-1]) if days else ()

    @property
    def summary(self) -> str:
        """`12 articles of 5 outlets, 2026-03-03 to 2026-03-20`."""
        return ", ".join(filter(None, (self.count, " to ".join(self.days))))

    @property
    def about(self) -> list[str]:
        """The story's most telling terms as its articles write them, confirmed articles first."""
        confirmed_first = sorted(self.pieces, key=lambda piece: not piece.verdict)
        texts = [f"{piece.headline}\n{piece.text}" for piece in confirmed_first[:TEXTS_FOR_ABOUT]]
        return list(terms_as_written(self.story.terms[:MAX_STORY_TERMS], "\n".join(texts)))


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
    pieces = tuple(_dossier_piece(connection, row) for row in wanted)
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


def _dossier_piece(connection: sqlite3.Connection, row: dict[str, Any]) -> DossierPiece:
    """Return a row of the story's listing as a piece, with its text."""
    query = (
        "SELECT page_title, standfirst, byline, authors, agency, text FROM articles WHERE id = ?"
    )
    article = connection.execute(query, (row["id"],)).fetchone()
    headline = row["headline"] or article["page_title"] or row["url"]
    return DossierPiece(
        id=row["id"],
        headline=_printable_line(headline),
        date=(row["published_at"] or "")[:10] or None,
        published_at=row["published_at"],
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
        copies=tuple(map(_piece_copy, row["copies"])),
    )


def _piece_copy(row: dict[str, Any]) -> PieceCopy:
    return PieceCopy(**{name: row[name] for name in PieceCopy.__slots__})


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
    blocks = ["\n".join(head), *("\n".join(_piece_text_lines(piece)) for piece in content.pieces)]
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
    for note in piece.notes:
        yield from _wrapped_lines(f"{note.heading}: {note.line}")
    for paragraph in filter(None, (piece.standfirst, *piece.paragraphs)):
        yield ""
        yield from _wrapped_lines(printable_text(paragraph))


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
    coverage = [asdict(piece) | {"why": piece.why} for piece in content.pieces]
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


def dossier_as_html(content: StoryDossier) -> str:
    """Return one HTML page without scripts or external resources, dark where the system is."""
    from jinja2 import Environment

    source = (files("archive.exports") / "dossier.html").read_text("utf-8")
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    text = page.render(
        dossier=content,
        facts=_story_facts(content),
        link=lambda url: outward_link(url) or url,
        plain=printable_text,
    )
    return text + "\n"


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


# -- a table ---------------------------------------------------------------------------------------


def dossier_table(pieces: Sequence[DossierPiece]) -> Any:
    """Return the coverage as a table for a terminal.

    Its columns are the number, day, probability, tier, part, outlet, headline and shared terms.
    """
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(
        "id",
        "date",
        Column("likely", justify="right"),
        "match",
        "part",
        "outlet",
        "headline",
        "why",
        box=None,
    )
    for piece in pieces:
        also = f" (also in {piece.also_in})" if piece.also_in else ""
        why = ", ".join(piece.terms[:5])
        cells = (
            str(piece.id),
            piece.date or "undated",
            piece.percent,
            piece.match,
            piece.part or "",
            piece.outlet,
            piece.headline + also,
            why,
        )
        table.add_row(
            *(Text(cell) for cell in cells),
            style="" if piece.verdict or piece.tier == "sure" else "dim",
        )
    return table
