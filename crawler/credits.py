"""Who wrote a page's article: the byline as printed, the people in it, the agency.

The page's data (JSON-LD, then meta tags) name people more surely; the line beside the headline is what was printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler import jsonld
from crawler.agencies import agency_in
from crawler.blocks import Block, folded
from crawler.bylines import credits_a_desk, opens_like_byline, people
from crawler.metadata import Page, host_word
from crawler.moments import without_date

AUTHOR_META = (
    "author",
    "article:author",
    "article:author_name",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "dc.creator",
    "dcterms.creator",
    "dc.author",
    "citation_author",
    "authors",
    "creator",
    "shareaholic:article_author_name",
    "byline",
    "rbauthors",
)
BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line\w*|author\w*|writer\w*|reporter\w*|autor\w*|journalist\w*|auteur\w*)(?:$|[\s_-])", re.I
)
MAX_BYLINE = 160
MAX_ROLE = 24
"""Letters of a byline beside the names: a role, a desk, a place."""


@dataclass(frozen=True, slots=True)
class Credits:
    """Who wrote it, as printed and as understood."""

    byline: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None


def credits(page: Page, near: list[Block]) -> Credits:
    """The byline as printed and the people in it; where none is printed, the names that the page's data give."""
    claimed = list(_claimed_names(page))
    named = tuple(dict.fromkeys(name for claim in claimed for name in people(claim)))
    printed = printed_byline(near, named)
    shown = people(printed)
    fuller = _fuller(shown, named) and not _is_role_beside(printed, named)
    authors = named if named and not fuller else shown
    authors = tuple(name for name in authors if not _is_outlet(name, page))
    agency = agency_in(printed) or next((a for claim in claimed if (a := agency_in(claim))), None)
    return Credits(printed or ", ".join(dict.fromkeys(claimed)) or None, authors, agency)


def _fuller(shown: tuple[str, ...], named: tuple[str, ...]) -> bool:
    """Whether the printed byline names all that the data name, and more."""
    return set(map(folded, shown)) > set(map(folded, named))


def _is_role_beside(printed: str | None, named: tuple[str, ...]) -> bool:
    """Whether what a line says beside the names is a role rather than a further name."""
    return bool(printed) and not opens_like_byline(printed or "") and is_little_but(printed or "", named)


def _is_outlet(name: str, page: Page) -> bool:
    publisher = page.article.get("publisher")
    names = [page.meta.get("og:site_name"), jsonld.plain(publisher) if publisher else None, host_word(page.url)]
    return folded(name).replace(" ", "") in {folded(other).replace(" ", "") for other in names if other}


def _claimed_names(page: Page) -> Iterator[str]:
    given = jsonld.resolved(page.article.get("author") or page.article.get("creator") or [], page.things)
    names = [text for item in given if (text := jsonld.plain(item)) and not text.startswith("http")]
    if not names:
        metas = (page.meta.get(name) for name in AUTHOR_META)
        names = [
            text for text in metas if text and not text.startswith(("http", "//", "@")) and "facebook.com" not in text
        ][:1]
    yield from dict.fromkeys(names)


def printed_byline(near: list[Block], named: tuple[str, ...] = ()) -> str | None:
    """The line beside the headline that says by whom; where data name people, one that names one of them too."""
    for block in near:
        if len(block.text) <= MAX_BYLINE and opens_like_byline(block.text):
            line = without_date(block.text)
            if _credible(line, named):
                return line
    for block in near:
        if (marked := _marked_byline(block)) and _credible(marked, named):
            return marked
    bare = (block.text for block in near if not block.linked)
    return next((text for text in bare if credits_a_desk(text) or is_little_but(text, named)), None)


def is_little_but(line: str, names: tuple[str, ...]) -> bool:
    """Whether a line names one of those people and says hardly more: `Jane Doe, Harbour Editor`, `国際部・水野遥`."""
    if len(line) > MAX_BYLINE or line.endswith((".", "!", "?", "”", "。", ":")):
        return False
    whole = folded(line)
    named = [folded(name) for name in names if folded(name) in whole]
    return bool(named) and len(whole) - len(" ".join(named)) <= MAX_ROLE


def _credible(line: str, named: tuple[str, ...]) -> bool:
    """Whether a line credits somebody, and nobody whom the page's data do not know."""
    shown = people(line)
    if named:
        whole = folded(line)
        return any(folded(name) in whole for name in named)
    return bool(shown or agency_in(line) or "staff" in line.lower())


def _marked_byline(block: Block) -> str | None:
    """The part of a block that its mark-up calls a byline."""
    if len(block.text) > MAX_BYLINE:
        return None
    inside = [e for e in block.element.iter() if isinstance(e.tag, str)][:12]
    for element in [*inside, *_near_ancestors(block.element)]:
        marks = " ".join(element.get(name) or "" for name in ("class", "rel", "itemprop", "id"))
        if BYLINE_CLASS.search(marks):
            text = " ".join(element.text_content().split())
            if 3 < len(text) <= MAX_BYLINE and not any(c.isdigit() for c in text):
                return text
    return None


def _near_ancestors(element: HtmlElement) -> list[HtmlElement]:
    return [ancestor for _, ancestor in zip(range(2), element.iterancestors(), strict=False)]
