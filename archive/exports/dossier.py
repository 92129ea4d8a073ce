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
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import chain
from typing import Any

from archive.articles.stories import Story, listing
from archive.articles.story_searches import Search
from archive.articles.story_searches import lines as search_lines
from archive.articles.story_searches import search as search_of
from archive.errors import UsageError
from archive.records import below_standfirst
from archive.text.formatting import direction, many, paragraphs, percent
from archive.text.html import web_link
from archive.text.printable import TEXT_WIDTH, printable
from archive.text.searchable import fold_letters
from archive.text.unspaced import UNSPACED_RUN

WHAT_WAS_SEARCHED = "What was searched, and what was not"
FEW, MANY = 8, 12
"""Terms that are shown for a piece, and for the whole story."""
TEXTS_FOR_ABOUT = 8
"""Articles from which the spelling of the story's terms is taken."""
READ_FOR_TERMS = 200_000
"""Characters of a text that are searched for the spelling of a term."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The same text as another outlet, or the same one, published it."""

    id: int
    outlet: str
    outlet_name: str | None
    headline: str | None
    published_at: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Piece:
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
    copies: tuple[Copy, ...]

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
    def others(self) -> list[Copy]:
        """The copies of other outlets, without an outlet's reprints of its own text."""
        return [copy for copy in self.copies if copy.outlet != self.outlet]

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs below the standfirst."""
        return paragraphs(below_standfirst(self.text, self.standfirst))

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, by the language."""
        return direction(self.language)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A story with its coverage, in time order with undated pieces last."""

    story: Story
    pieces: tuple[Piece, ...]
    search: Search | None = None
    """The record of the search for coverage; None if no crawl was made for the story."""

    @property
    def searched(self) -> list[str]:
        """The searches that were made and those that were not, one line each."""
        return [_line(line) for line in search_lines(self.search)] if self.search else []

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
        return list(as_written(self.story.terms[:MANY], "\n".join(texts)))


def dossier(
    connection: sqlite3.Connection, story: Story, languages: Collection[str] = ()
) -> Dossier:
    """Return the dossier of a story from the archive's present listing.

    With `languages` (ISO 639-1) it holds only articles in these. Raises UsageError, naming the
    languages of the listing, if no article is in any of them.
    """
    rows = listing(connection, story.id)
    found = Counter(row["language"] for row in rows if row["language"])
    if languages and not found.keys() & set(languages):
        known = ", ".join(f"{code} {many}" for code, many in found.most_common())
        raise UsageError(
            f"{story.name}: nothing in {', '.join(languages)}; "
            f"the languages of what is listed: {known or 'unknown'}"
        )
    wanted = [row for row in rows if not languages or row["language"] in languages]
    pieces = tuple(_piece(connection, row) for row in wanted)
    return Dossier(story, pieces, search_of(connection, story.id))


def _piece(connection: sqlite3.Connection, row: dict[str, Any]) -> Piece:
    """Return a row of the story's listing as a piece, with its text."""
    query = (
        "SELECT page_title, standfirst, byline, authors, agency, text FROM articles WHERE id = ?"
    )
    article = connection.execute(query, (row["id"],)).fetchone()
    headline = row["headline"] or article["page_title"] or row["url"]
    return Piece(
        id=row["id"],
        headline=_line(headline),
        date=(row["published_at"] or "")[:10] or None,
        published_at=row["published_at"],
        outlet=row["outlet"],
        outlet_name=_line(row["outlet_name"] or row["outlet"]),
        byline=_line(article["byline"] or ", ".join(json.loads(article["authors"]))) or None,
        agency=article["agency"],
        language=row["language"],
        url=row["url"],
        standfirst=_line(article["standfirst"]) or None,
        text=article["text"],
        probability=row["probability"],
        tier=row["tier"],
        part=row["part"],
        terms=tuple(as_written(row["terms"][:FEW], f"{headline}\n{article['text']}")),
        verdict=row["verdict"],
        copies=tuple(map(_copy, row["copies"])),
    )


def _copy(row: dict[str, Any]) -> Copy:
    return Copy(**{name: row[name] for name in Copy.__slots__})


def as_written(terms: Iterable[str], text: str) -> Iterator[str]:
    """Yield stems as a text writes them, each word once.

    For `embassi` that is `embassies` or `embassy`, whichever is more frequent. A word equal to the
    stem wins over all others: for `korea` it is Korea, even if Korean is more frequent or comes
    first. The stem's last letter may be the stemmer's own, as in `embassi` for `embassy`. A stem
    that is not found is yielded as it is.
    """
    text = text[:READ_FOR_TERMS]
    folded, seen = fold_letters(text), set()
    for term in terms:
        word = _as_written(term, text, folded)
        if fold_letters(word) not in seen:
            seen.add(fold_letters(word))
            yield word


def _as_written(term: str, text: str, folded: str) -> str:
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


def _line(text: str | None) -> str:
    """Return a text on one line, without characters that would control a terminal."""
    return " ".join(printable(text).split())


# -- text ------------------------------------------------------------------------------------------


def as_text(content: Dossier) -> str:
    """Return plain text with paragraphs wrapped at 88 columns; headings are never wrapped."""
    head = [content.story.title, content.summary, *_facts(content)]
    blocks = ["\n".join(head), *("\n".join(_text_lines(piece)) for piece in content.pieces)]
    if content.searched:
        wrapped = chain.from_iterable(_wrapped(line) for line in content.searched)
        blocks.append("\n".join([WHAT_WAS_SEARCHED, "", *wrapped]))
    return "\n\n\n".join(blocks) + "\n"


def _text_lines(piece: Piece) -> Iterator[str]:
    yield piece.heading
    yield piece.credits
    yield printable(piece.url)
    yield from _wrapped(f"why: {piece.why}")
    if piece.also_in:
        yield from _wrapped(f"also in: {piece.also_in}")
    for paragraph in filter(None, (piece.standfirst, *piece.paragraphs)):
        yield ""
        yield from _wrapped(printable(paragraph))


def _wrapped(text: str) -> list[str]:
    """Return lines of at most 88 columns; a Chinese character takes two."""
    from rich.console import Console
    from rich.text import Text

    lines = Text(text).wrap(Console(width=TEXT_WIDTH), TEXT_WIDTH)
    return [line.plain.rstrip() for line in lines]


def _facts(content: Dossier) -> list[str]:
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
    return [f"{name}: {printable(value)}" for name, value in facts.items() if value]


# -- Markdown --------------------------------------------------------------------------------------

MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!$])")
LINE_STARTS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
WEB = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)


def as_markdown(content: Dossier) -> str:
    """Return CommonMark in which no text of a page acts as markup."""
    blocks = [f"# {markdown(content.story.title)}", content.summary]
    blocks += map(markdown, _facts(content))
    blocks += chain.from_iterable(_markdown_blocks(piece) for piece in content.pieces)
    if content.searched:
        items = [f"- {markdown(line)}" for line in content.searched]
        blocks += [f"## {WHAT_WAS_SEARCHED}", "\n".join(items)]
    return "\n\n".join(blocks) + "\n"


def _markdown_blocks(piece: Piece) -> Iterator[str]:
    yield f"## {markdown(piece.heading)}"
    facts = [
        f"**{markdown(piece.credits)}**",
        _markdown_link(piece.url),
        f"Why: {markdown(piece.why)}",
    ]
    if piece.also_in:
        facts.append(f"Also in: {markdown(piece.also_in)}")
    yield "  \n".join(facts)
    if piece.standfirst:
        yield f"*{markdown(piece.standfirst)}*"
    yield from map(markdown, piece.paragraphs)


def markdown(text: str) -> str:
    """Return a line of text escaped so that Markdown shows it as it is."""
    escaped = MARKUP.sub(r"\\\1", _line(text))
    return LINE_STARTS.sub(_escape_line_start, escaped)


def _escape_line_start(start: re.Match[str]) -> str:
    """Escape what would open a list or a heading: `1\\.` and `\\-`."""
    indent, marker = start[1], start[2]
    return f"{indent}{marker}\\" if marker.isdigit() else f"{indent}\\{marker}"


def _markdown_link(url: str) -> str:
    return f"<{url}>" if WEB.fullmatch(url) else markdown(url)


# -- JSON and HTML ---------------------------------------------------------------------------------


def as_json(content: Dossier) -> str:
    """Return one JSON object with `story`, `summary`, `coverage` and `search`.

    `story` has the fields of Story except its id, `coverage` those of Piece and `why` in words.
    `search` says where coverage was looked for; it is null if no crawl was made for the story.
    """
    story = {name: value for name, value in asdict(content.story).items() if name != "id"}
    coverage = [asdict(piece) | {"why": piece.why} for piece in content.pieces]
    search = None
    if content.search:
        totals = {"requests": content.search.requests, "days": content.search.days}
        search = asdict(content.search) | totals
    document = {"story": story, "summary": content.summary, "coverage": coverage, "search": search}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_html(content: Dossier) -> str:
    """Return one HTML page without scripts or external resources, dark where the system is."""
    from jinja2 import Environment

    source = (files("archive.exports") / "dossier.html").read_text("utf-8")
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    text = page.render(
        dossier=content,
        facts=_facts(content),
        link=lambda url: web_link(url) or url,
        plain=printable,
    )
    return text + "\n"


FORMATS: dict[str, Callable[[Dossier], str]] = {
    "text": as_text,
    "md": as_markdown,
    "json": as_json,
    "html": as_html,
}
"""Writers by the format's name."""
ENDINGS = {
    ".txt": "text",
    ".md": "md",
    ".markdown": "md",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
}
"""Formats by the ending of a file's name."""


# -- a table ---------------------------------------------------------------------------------------


def as_table(pieces: Sequence[Piece]) -> Any:
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
