"""Who wrote a page's article: the byline as printed, the people in it, the agency.

The page's data (JSON-LD, then meta tags, then links to an author's page) name people more surely;
the line beside the headline is what was printed. Agencies, desks and the outlet itself are not
people: they are named as authors only where the data name them and nobody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from crawler.dates.date_parser import without_date
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, folded
from crawler.extraction.fields import author_claims
from crawler.extraction.fields.agencies import (
    agency_in,
    agency_of_credit,
    agency_of_text,
    dateline_of,
)
from crawler.extraction.fields.author_claims import Claim, at_picture, marked_people, names_line
from crawler.extraction.fields.byline import (
    body,
    credits_a_desk,
    credits_other_work,
    is_bare_opening,
    is_byline,
    opening,
    opens_like_byline,
    people,
)
from crawler.extraction.fields.headline import squeezed
from crawler.extraction.fields.metadata import Page, host_word, section

BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line\w*|author\w*|writer\w*|reporter\w*|autor\w*|journalist\w*|auteur\w*)(?:$|[\s_-])",
    re.I,
)
SERVICE = re.compile(r"\(([^()]{2,40})\)")
BODY_ENDS = re.compile(
    r"(?:media|news|online|group|corporation|corp|company|limited|ltd|inc|llc|gmbh|network|publishing|digital|staff|team|"
    r"redaktion|redaccion|redaction|redazione|web|desk|editor|editors|admin)+"
)
GOES_ON = re.compile(r"\w ?[:：] (?:\S+ ){4}")
"""A headline with its author before it: `A guest comment by Greta Holm: How the ferries …`."""
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
    """The byline as printed and the people in it; where none is printed, the names that the page's
    data give."""
    sources = author_claims.sources(page)
    claimed = next(sources, [])
    named = _people_of(claimed, page) or next(
        filter(None, (_full_names(claims, page) for claims in sources)), ()
    )
    named = _unless_body(named, page, near)
    printed = printed_byline(near, named, page.language)
    shown = tuple(name for name in people(printed, page.language) if not _is_nobody(name, page))
    if named and not (_fuller(shown, named) and not _is_role_beside(printed, named, page.language)):
        shown = named
    marked = () if shown else marked_people(page, near, lambda name: _is_nobody(name, page))
    authors = shown or (() if claimed and len(marked) > 1 else marked)
    bodies = tuple(dict.fromkeys(name for claim in claimed if (name := body(claim.text))))
    texts = [claim.text for claim in claimed]
    agency = agency_in(printed) or next((a for text in texts if (a := agency_in(text))), None)
    return Credits(printed or ", ".join(dict.fromkeys(texts)) or None, authors or bodies, agency)


def _people_of(claims: list[Claim], page: Page) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in (name for claim in claims for name in claim.people(page.language)):
        if not _is_nobody(name, page):
            found.setdefault(folded(name), name)
    return tuple(found.values())


def _full_names(claims: list[Claim], page: Page) -> tuple[str, ...]:
    """The people whom a lesser source names: a single word in there is rather a place or a system's
    user."""
    return tuple(name for name in _people_of(claims, page) if " " in name or not name.isascii())


def _unless_body(named: tuple[str, ...], page: Page, near: list[Block]) -> tuple[str, ...]:
    """The names, unless they may be a body's (`Jakarta Post`) and the byline that is printed names
    a person."""
    if (
        not named
        or any(people(name, page.language) for name in named)
        or any(c.isdigit() for c in "".join(named))
    ):
        return named
    shown = people(printed_byline(near, (), page.language), page.language)
    return () if any(" " in name and not _is_nobody(name, page) for name in shown) else named


def _fuller(shown: tuple[str, ...], named: tuple[str, ...]) -> bool:
    """Whether the printed byline names all that the data name, and more."""
    return set(map(folded, shown)) > set(map(folded, named))


def _is_role_beside(printed: str | None, named: tuple[str, ...], language: str | None) -> bool:
    """Whether what a line says beside the names is a role rather than a further name."""
    return (
        bool(printed)
        and not opens_like_byline(printed or "", language)
        and is_little_but(printed or "", named)
    )


def _is_nobody(name: str, page: Page) -> bool:
    """Whether a name is the outlet's own or its section's."""
    return is_outlet(name, page) or folded(name) == folded(section(page) or "")


def is_outlet(name: str, page: Page) -> bool:
    """Whether a name is the outlet's own: with or without its article, and with what such names end
    with."""
    bare = _without_article(name)
    for other in filter(None, map(_without_article, _outlet_names(page))):
        if bare == other:
            return True
        longer, shorter = sorted((bare, other), key=len, reverse=True)
        if (
            len(shorter) > 3
            and longer.startswith(shorter)
            and BODY_ENDS.fullmatch(longer[len(shorter) :])
        ):
            return True
    return False


def _outlet_names(page: Page) -> list[str]:
    publisher = page.article.get("publisher")
    said = [page.meta.get("og:site_name"), page.meta.get("application-name"), host_word(page.url)]
    things = [
        thing.get("name")
        for thing in page.things
        if jsonld.types(thing) & {"WebSite", "NewsMediaOrganization"}
    ]
    texts = [jsonld.plain(value) for value in (publisher, *things) if value]
    return [name for name in (*said, *texts) if name]


def _without_article(name: str) -> str:
    return squeezed(
        re.sub(r"^(?:the|der|die|das|le|la|el|il|los|les|de)\s+", "", name.strip(), flags=re.I)
    )


def printed_byline(
    near: list[Block], named: tuple[str, ...] = (), language: str | None = None
) -> str | None:
    """The line beside the headline that says by whom; where data name people, one that names one of
    them too.

    A line that begins as bylines do comes before what only the mark-up calls one, unless that names
    more people.
    """
    lines = (
        block
        for block in near
        if len(block.text) <= MAX_BYLINE and not credits_other_work(block.text)
    )
    short = [block for block in lines if named or not at_picture(block.element)]
    opened = (line for at in range(len(short)) if (line := _opened_line(short, at, language)))
    first = next(
        (line for line in opened if _credible(line, named, language) and not agency_alone(line)),
        None,
    )
    marked = (line for block in short if (line := _marked_byline(block, language)))
    second = next((line for line in marked if _credible(line, named, language)), None)
    if first and second and set(people(second, language)) > set(people(first, language)):
        return second
    if first or second:
        return first or second
    bare = (block.text for block in short if not block.linked and not agency_alone(block.text))
    return next((text for text in bare if credits_a_desk(text) or is_little_but(text, named)), None)


def _opened_line(blocks: list[Block], at: int, language: str | None) -> str | None:
    """The line that begins there as bylines do, up to its date; a bare `By` with the line below
    it."""
    text, element = blocks[at].text, blocks[at].element
    if is_bare_opening(text, language):
        text = f"{text} {blocks[at + 1].text}" if at + 1 < len(blocks) else ""
        if not any(" " in name or not name.isascii() for name in people(text, language)):
            return None
    elif not opens_like_byline(text, language):
        return None
    elif squeezed(spaced := names_line(element, language)) == squeezed(text):
        text = spaced
    tells = GOES_ON.search(text, opening(text, language)) or "。" in text
    return without_date(text) if len(text) <= MAX_BYLINE and not tells else None


def agency_alone(line: str) -> str | None:
    """The agency where a line is nothing but its name in brackets: `(AP)`."""
    return agency_of_credit(line) if line.strip().startswith(("(", "（", "[")) else None


def is_little_but(line: str, names: tuple[str, ...]) -> bool:
    """Whether a line names one of those people and says hardly more: `Jane Doe, Harbour Editor`,
    `国際部・水野遥`."""
    if len(line) > MAX_BYLINE or line.endswith((".", "!", "?", "”", "。", ":")):
        return False
    whole = folded(line)
    named = [folded(name) for name in names if folded(name) in whole]
    return bool(named) and len(whole) - len(" ".join(named)) <= MAX_ROLE


def _credible(line: str, named: tuple[str, ...], language: str | None) -> bool:
    """Whether a line credits somebody, and nobody whom the page's data do not know."""
    shown = people(line, language)
    if named:
        whole = folded(line)
        return any(folded(name) in whole for name in named)
    return bool(shown or agency_in(line) or "staff" in line.lower())


def _marked_byline(block: Block, language: str | None) -> str | None:
    """The part of a block that its mark-up calls a byline."""
    inside = [e for e in block.element.iter() if isinstance(e.tag, str)][:12]
    for element in [*inside, *_near_ancestors(block.element)]:
        if not _is_called_byline(element) or len(element.text_content()) > 2 * MAX_BYLINE:
            continue
        text = without_date(names_line(_with_others(element), language))
        if 3 < len(text) <= MAX_BYLINE and not any(c.isdigit() for c in text):
            return text
    return None


def _with_others(element: HtmlElement) -> HtmlElement:
    """The box of a marked name where it holds several, each marked."""
    around = element.getparent()
    if around is None or not _is_called_byline(element) or len(around.text_content()) > MAX_BYLINE:
        return element
    alike = [each for each in around if each.tag == element.tag and _marks(each) == _marks(element)]
    return around if len(alike) > 1 else element


def _marks(element: HtmlElement) -> list[str | None]:
    return [element.get(name) for name in ("class", "rel", "itemprop")]


def _is_called_byline(element: HtmlElement) -> bool:
    marks = " ".join(element.get(name) or "" for name in ("class", "rel", "itemprop", "id"))
    return bool(BYLINE_CLASS.search(marks))


def _near_ancestors(element: HtmlElement) -> list[HtmlElement]:
    return [ancestor for _, ancestor in zip(range(2), element.iterancestors(), strict=False)]


def with_text(who: Credits, lines: list[str], aside: list[str]) -> Credits:
    """The credits, completed by what stood at the ends of the text (`aside`) and by the agency that
    its lines name."""
    agency = who.agency or agency_of_text([*lines, *aside])
    if who.byline:
        return replace(who, agency=agency)
    printed = next((line for line in aside if is_byline(line)), None)
    return Credits(printed, who.authors or people(printed), agency or agency_in(printed))


def without_service(who: Credits, lines: list[str]) -> Credits:
    """The credits without an "author" whom a dateline names in brackets: `HALDEN (Northwire)` says
    an agency's."""
    if not who.byline or who.agency:
        return who
    datelines = (line for part in lines if (line := dateline_of(part)))
    services = {folded(fits[1]): fits[1] for line in datelines if (fits := SERVICE.search(line))}
    credited = f" {folded(who.byline)} "
    named = next((service for name, service in services.items() if f" {name} " in credited), None)
    return replace(
        who,
        authors=tuple(name for name in who.authors if folded(name) not in services),
        agency=named,
    )
