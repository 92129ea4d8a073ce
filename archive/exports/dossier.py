"""The dossier of a story: its coverage in time order, to read, to keep, to send on.

Each text stands once, under `date YYYY-MM-DD HEADLINE`, and its copies are named below it; undated
pieces come last. The same pieces are written as text, Markdown, JSON or one HTML page that needs
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
from typing import Any

from archive.articles.stories import Story, listing
from archive.articles.story_searches import Search
from archive.articles.story_searches import lines as search_lines
from archive.articles.story_searches import search as search_of
from archive.errors import UsageError
from archive.records import below_standfirst
from archive.text.formatting import direction, paragraphs, percent
from archive.text.html import web_link
from archive.text.printable import TEXT_WIDTH, printable
from archive.text.searchable import fold_letters
from archive.text.unspaced import UNSPACED_RUN

WHAT_WAS_SEARCHED = "What was searched, and what was not"
FEW, MANY = 8, 12
"""Terms that are shown of a piece, and of the whole story."""
READ_FOR_TERMS = 200_000
"""Letters of a text that are looked through for how it writes a term."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Another outlet's print of a piece."""

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
    """Its day, as the page dates it."""
    published_at: str | None
    outlet: str
    outlet_name: str
    byline: str | None
    agency: str | None
    language: str | None
    url: str
    standfirst: str | None
    text: str
    """Paragraphs parted by a line feed."""
    probability: float | None
    """That it belongs, 0 to 1."""
    tier: str | None
    """`sure` or `likely`."""
    part: str | None
    """What it is to the story: `event`, `development` or `background`."""
    terms: tuple[str, ...]
    """What it has in common with the story, as the piece itself writes it."""
    verdict: str | None
    """`belongs`, or None where nobody said anything."""
    copies: tuple[Copy, ...]

    @property
    def heading(self) -> str:
        return f"date {self.date} {self.headline}" if self.date else f"undated {self.headline}"

    @property
    def credits(self) -> str:
        """Outlet, byline, agency: `The Harbour Post · By Mara Lind · AP`."""
        agency = self.agency if self.agency and self.agency not in (self.byline or "") else None
        return " · ".join(filter(None, (self.outlet_name, self.byline, agency)))

    @property
    def why(self) -> str:
        """Why it belongs: a person's word, or how likely it is, and what it has in common."""
        word = (
            "confirmed"
            if self.verdict
            else " ".join(filter(None, (self.tier, self.percent and f"({self.percent})")))
        )
        return f"{word}: {', '.join(self.terms)}" if self.terms else word

    @property
    def percent(self) -> str:
        """How likely it belongs: `87 %`; empty where the story was not listed since the archive
        learnt to say so."""
        return "" if self.probability is None else percent(self.probability)

    @property
    def match(self) -> str:
        """`confirmed`, `sure` or `likely`."""
        return "confirmed" if self.verdict else self.tier or ""

    @property
    def also_in(self) -> str:
        """The other outlets that ran it, each once: `The Ridge, Minato`; empty where it was its own
        outlet alone."""
        return ", ".join(dict.fromkeys(copy.outlet_name or copy.outlet for copy in self.others))

    @property
    def others(self) -> list[Copy]:
        """The copies that are another outlet's: one that runs its own text again is nobody's
        copy."""
        return [copy for copy in self.copies if copy.outlet != self.outlet]

    @property
    def paragraphs(self) -> list[str]:
        """Of the text, below the standfirst."""
        return paragraphs(below_standfirst(self.text, self.standfirst))

    @property
    def direction(self) -> str:
        return direction(self.language)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A story with its coverage, the pieces in time order and undated ones last."""

    story: Story
    pieces: tuple[Piece, ...]
    search: Search | None = None
    """Where it was looked for; None where no crawl for it was made."""

    @property
    def searched(self) -> list[str]:
        """What was searched and what was not, a line each."""
        return [_line(line) for line in search_lines(self.search)] if self.search else []

    @property
    def prints(self) -> list[tuple[str, str | None]]:
        """Outlet and date of each article, copies among them."""
        copies = [(copy.outlet, copy.published_at) for each in self.pieces for copy in each.copies]
        return [(each.outlet, each.published_at) for each in self.pieces] + copies

    @property
    def count(self) -> str:
        """`12 articles of 5 outlets`."""
        return f"{_many(len(self.prints), 'article')} of {_many(len({outlet for outlet, _ in self.prints}), 'outlet')}"

    @property
    def days(self) -> tuple[str, ...]:
        """The first and the last day; none where nothing is dated."""
        days = sorted(published_at[:10] for _, published_at in self.prints if published_at)
        return (days[0], days[-1]) if days else ()

    @property
    def summary(self) -> str:
        """`12 articles of 5 outlets, 2026-03-03 to 2026-03-20`."""
        return ", ".join(filter(None, (self.count, " to ".join(self.days))))

    @property
    def about(self) -> list[str]:
        """The story's best terms, as its articles write them, those first that a person
        confirmed."""
        texts = [
            f"{piece.headline}\n{piece.text}"
            for piece in sorted(self.pieces, key=lambda piece: not piece.verdict)
        ]
        return list(as_written(self.story.terms[:MANY], "\n".join(texts[:FEW])))


def dossier(
    connection: sqlite3.Connection, story: Story, languages: Collection[str] = ()
) -> Dossier:
    """The dossier of a story, as the archive stands; only of some languages (ISO 639-1), if any are
    named.

    Raises UsageError, with the languages that there are, where nothing is in any of these.
    """
    rows = listing(connection, story.id)
    there = Counter(row["language"] for row in rows if row["language"])
    if languages and not there.keys() & set(languages):
        known = (
            ", ".join(f"{code} {many}" for code, many in there.most_common())
            or "none that is known"
        )
        raise UsageError(
            f"{story.name}: nothing in {', '.join(languages)}; the languages of what is listed: {known}"
        )
    pieces = tuple(
        _piece(connection, row) for row in rows if not languages or row["language"] in languages
    )
    return Dossier(story, pieces, search_of(connection, story.id))


def _piece(connection: sqlite3.Connection, row: dict[str, Any]) -> Piece:
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
        copies=tuple(
            Copy(**{name: copy[name] for name in Copy.__slots__}) for copy in row["copies"]
        ),
    )


def as_written(terms: Iterable[str], text: str) -> Iterator[str]:
    """Stems as a text writes them, each word once: of `embassi` `embassies` or `embassy`, whichever
    it has more often.

    A word that is the stem itself goes before all others: of `korea` it is Korea, also where Korean
    stands more often or first. The stem's last letter may be the stemmer's own: `embassi` of
    `embassy`. A stem that is not found stays as it is.
    """
    text = text[:READ_FOR_TERMS]
    folded, told = fold_letters(text), set()
    for term in terms:
        word = _as_written(term, text, folded)
        if fold_letters(word) not in told:
            told.add(fold_letters(word))
            yield word


def _as_written(term: str, text: str, folded: str) -> str:
    if UNSPACED_RUN.match(term):
        at = folded.find(term)
        return text[at : at + len(term)] if at >= 0 else term
    stem, shorter = re.escape(term), re.escape(term[:-1]) if len(term) > 3 else re.escape(term)
    found = [match.span() for match in re.finditer(rf"(?<!\w)(?:{stem}|{shorter})\w*", folded)]
    if not found:
        return term
    often = Counter(folded[a:b] for a, b in found)
    best = term if term in often else often.most_common(1)[0][0]
    return next(text[a:b] for a, b in found if folded[a:b] == best)


def _line(text: str | None) -> str:
    """On one line, and without what would steer a terminal."""
    return " ".join(printable(text).split())


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# -- text ------------------------------------------------------------------------------------------


def as_text(told: Dossier) -> str:
    """Plain text, paragraphs broken at 88 columns; a heading is never broken."""
    head = [told.story.title, told.summary, *_facts(told)]
    blocks = ["\n".join(head), *("\n".join(_text_lines(piece)) for piece in told.pieces)]
    if told.searched:
        blocks.append(
            "\n".join(
                [
                    WHAT_WAS_SEARCHED,
                    "",
                    *(part for line in told.searched for part in _wrapped(line)),
                ]
            )
        )
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
    """Lines of at most 88 columns, of which Chinese characters take two."""
    from rich.console import Console
    from rich.text import Text

    lines = Text(text).wrap(Console(width=TEXT_WIDTH), TEXT_WIDTH)
    return [line.plain.rstrip() for line in lines]


def _facts(told: Dossier) -> list[str]:
    """What a person asked of the story, and what it is about."""
    story = told.story
    window = " ".join(
        filter(
            None, (story.since and f"since {story.since}", story.until and f"until {story.until}")
        )
    )
    asked = {
        "about": ", ".join(told.about),
        "words": story.words,
        "languages": ", ".join(story.languages),
        "published": window,
        "outlets": ", ".join(story.hosts),
    }
    return [f"{name}: {printable(value)}" for name, value in asked.items() if value]


# -- Markdown --------------------------------------------------------------------------------------

MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!$])")
LINE_STARTS = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
WEB = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)


def as_markdown(told: Dossier) -> str:
    """CommonMark; nothing that a page said is markup in it."""
    head = [f"# {markdown(told.story.title)}", told.summary, *map(markdown, _facts(told))]
    blocks = [*head, *(block for piece in told.pieces for block in _markdown_blocks(piece))]
    if told.searched:
        blocks += [
            f"## {WHAT_WAS_SEARCHED}",
            "\n".join(f"- {markdown(line)}" for line in told.searched),
        ]
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
    """A line of text that Markdown shows as it is."""
    escaped = MARKUP.sub(r"\\\1", _line(text))
    return LINE_STARTS.sub(
        lambda at: f"{at[1]}{at[2]}\\" if at[2].isdigit() else f"{at[1]}\\{at[2]}", escaped
    )


def _markdown_link(url: str) -> str:
    return f"<{url}>" if WEB.fullmatch(url) else markdown(url)


# -- JSON and HTML ---------------------------------------------------------------------------------


def as_json(told: Dossier) -> str:
    """One JSON object: `story` (the fields of Story but its id), `coverage` (those of Piece, and
    `why` in words), and `search` (where it was looked for; null where no crawl for it was made).
    """
    story = {name: value for name, value in asdict(told.story).items() if name != "id"}
    coverage = [asdict(piece) | {"why": piece.why} for piece in told.pieces]
    search = told.search and asdict(told.search) | {
        "requests": told.search.requests,
        "days": told.search.days,
    }
    document = {"story": story, "summary": told.summary, "coverage": coverage, "search": search}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_html(told: Dossier) -> str:
    """One page without scripts that asks no other host for anything; dark where the reader's system
    is."""
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (files("archive.exports") / "dossier.html").read_text("utf-8")
    )
    return (
        page.render(
            told=told, facts=_facts(told), link=lambda url: web_link(url) or url, plain=printable
        )
        + "\n"
    )


FORMATS: dict[str, Callable[[Dossier], str]] = {
    "text": as_text,
    "md": as_markdown,
    "json": as_json,
    "html": as_html,
}
ENDINGS = {
    ".txt": "text",
    ".md": "md",
    ".markdown": "md",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
}
"""The formats that a file's name tells."""


# -- a table ---------------------------------------------------------------------------------------


def as_table(pieces: Sequence[Piece]) -> Any:
    """The coverage as a table for a terminal: number, day, how likely it belongs, part, outlet,
    headline, why."""
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
