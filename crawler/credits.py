"""Who wrote a page's article: the byline as printed, the people in it, the agency.

The page's data (JSON-LD, then meta tags, then links to an author's page) name people more surely; the line beside the
headline is what was printed. Agencies, desks and the outlet itself are not people: they are named as authors only where
the data name them and nobody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lxml.html import HtmlElement

from crawler import jsonld
from crawler.agencies import agency_in, agency_of_text, dateline_of
from crawler.blocks import Block, folded
from crawler.bylines import body, credits_a_desk, is_byline, opens_like_byline, people
from crawler.headlines import squeezed
from crawler.metadata import Page, host_word
from crawler.moments import without_date

AUTHOR_META = (
    "author",
    "article:author",
    "article:author_name",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
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
ASIDE = re.compile(r"comment|related|recommend|teaser|card|sidebar|widget|footer|nav|reply|popular|bio\b", re.I)
SERVICE = re.compile(r"\(([^()]{2,40})\)")
MAX_BYLINE = 160
MAX_CLAIM = 500
MAX_NAMES = MAX_MARKED = 60  # more are a hostile page's
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
    sources = _claims(page)
    claimed = next(sources, [])
    named = _people_of(claimed, page) or next(filter(None, (_full_names(claims, page) for claims in sources)), ())
    printed = printed_byline(near, named)
    shown = tuple(name for name in people(printed) if not _is_outlet(name, page))
    if named and not (_fuller(shown, named) and not _is_role_beside(printed, named)):
        shown = named
    authors = shown or _marked_people(page) or tuple(dict.fromkeys(filter(None, map(body, claimed))))
    agency = agency_in(printed) or next((a for claim in claimed if (a := agency_in(claim))), None)
    return Credits(printed or ", ".join(dict.fromkeys(claimed)) or None, authors, agency)


def _people_of(claims: Iterable[str], page: Page) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in (name for claim in claims for name in people(claim)):
        if not _is_outlet(name, page):
            found.setdefault(folded(name), name)
    return tuple(found.values())


def _full_names(claims: list[str], page: Page) -> tuple[str, ...]:
    """The people whom a lesser source names: a single word in there is rather a place or a system's user."""
    return tuple(name for name in _people_of(claims, page) if " " in name or not name.isascii())


def _fuller(shown: tuple[str, ...], named: tuple[str, ...]) -> bool:
    """Whether the printed byline names all that the data name, and more."""
    return set(map(folded, shown)) > set(map(folded, named))


def _is_role_beside(printed: str | None, named: tuple[str, ...]) -> bool:
    """Whether what a line says beside the names is a role rather than a further name."""
    return bool(printed) and not opens_like_byline(printed or "") and is_little_but(printed or "", named)


def _is_outlet(name: str, page: Page) -> bool:
    publisher = page.article.get("publisher")
    names = [page.meta.get("og:site_name"), jsonld.plain(publisher) if publisher else None, host_word(page.url)]
    return squeezed(name) in {squeezed(other) for other in names if other}


def _claims(page: Page) -> Iterator[list[str]]:
    """The names that each of the page's data gives for its author, the surest first."""
    given = jsonld.resolved(page.article.get("author") or page.article.get("creator") or [], page.things)
    if names := _names([jsonld.plain(item) for item in given]):
        yield names
    said: defaultdict[str, list[str | None]] = defaultdict(list)
    for tag in page.tree.iter("meta"):
        said[(tag.get("property") or tag.get("name") or "").lower()].append(tag.get("content"))
    for wanted in AUTHOR_META:
        if names := _names([jsonld.plain(content) for content in said.get(wanted, ())]):
            yield names


def _names(texts: list[str | None]) -> list[str]:
    return [text for text in texts[:MAX_NAMES] if text and len(text) <= MAX_CLAIM and not _is_address(text)]


def _is_address(text: str) -> bool:
    return text.startswith(("http", "//", "@", "www.")) or "facebook.com" in text or (" " not in text and "@" in text)


def _marked_people(page: Page) -> tuple[str, ...]:
    """Whom the mark-up around the headline calls the author; nobody where it names several in different places."""
    marked = [each for each in islice(filter(_is_marked, page.elements[1:]), MAX_MARKED) if not _stands_aside(each)]
    names = (name for element in marked for name in people(_short_text(element)) if not _is_outlet(name, page))
    found = tuple(dict.fromkeys(name for name in names if " " in name or not name.isascii()))
    return found if len(found) == 1 else ()


def _is_marked(element: HtmlElement) -> bool:
    """Whether mark-up calls an element an author, or it links to one's page. An XPath would take ten times as long."""
    called = element.get("class")
    if called and ("author" in called or "byline" in called):
        return True
    if element.get("rel") == "author" or element.get("itemprop") == "author":
        return True
    address = (element.get("href") or "") if element.tag == "a" else ""
    return "/author" in address or "/autor" in address


def _stands_aside(element: HtmlElement) -> bool:
    if len(element.text_content()) > MAX_BYLINE:
        return True
    around = [element, *element.iterancestors()]
    return any(
        step.tag in ("footer", "nav", "aside") or ASIDE.search(f"{step.get('class')} {step.get('id')}")
        for step in around
        if step.tag not in ("body", "html")
    )


def _short_text(element: HtmlElement) -> str:
    return without_date(" ".join(element.text_content().split()))


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


def with_text(who: Credits, lines: list[str], aside: list[str]) -> Credits:
    """The credits, completed by what stood at the ends of the text (`aside`) and by the agency that its lines name."""
    agency = who.agency or agency_of_text([*lines, *aside])
    if who.byline:
        return replace(who, agency=agency)
    printed = next((line for line in aside if is_byline(line)), None)
    return Credits(printed, who.authors or people(printed), agency or agency_in(printed))


def without_service(who: Credits, lines: list[str]) -> Credits:
    """The credits without an "author" whom a dateline names in brackets: `HALDEN (Northwire)` says an agency's."""
    if not who.byline or who.agency:
        return who
    datelines = (line for part in lines if (line := dateline_of(part)))
    services = {folded(fits[1]): fits[1] for line in datelines if (fits := SERVICE.search(line))}
    credited = f" {folded(who.byline)} "
    named = next((service for name, service in services.items() if f" {name} " in credited), None)
    return replace(who, authors=tuple(name for name in who.authors if folded(name) not in services), agency=named)
