"""Find who wrote a page's article: the printed byline, the people in it, the agency.

The page's data (JSON-LD, then meta tags, then links to an author's page) name people more reliably;
the line beside the headline is the printed byline. Agencies, desks and the outlet itself are not
people. They become authors only where the data name them and no person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from lxml.html import HtmlElement

from crawler.dates.date_parser import without_date_at_end
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.fields import author_claims
from crawler.extraction.fields.agencies import (
    agency_in_credit,
    agency_of_credit,
    agency_of_text,
    dateline_of,
)
from crawler.extraction.fields.author_claims import (
    AuthorClaim,
    is_at_picture,
    marked_people,
    names_line,
)
from crawler.extraction.fields.byline import (
    byline_opening_end,
    is_bare_opening,
    is_byline,
    is_desk_credit,
    is_other_work_credit,
    opens_like_byline,
    organisation_in_claim,
    people_in_byline,
)
from crawler.extraction.fields.headline import squeeze_words
from crawler.extraction.fields.metadata import OpenedPage, section_of_page, site_word_of_host

BYLINE_MARK = re.compile(
    r"(?:^|[\s_-])(?:by-?line\w*|author\w*|writer\w*|reporter\w*|autor\w*|journalist\w*|"
    r"auteur\w*)(?:$|[\s_-])",
    re.I,
)
"""Classes, ids and properties of bylines."""
BRACKET_IN_DATELINE = re.compile(r"\(([^()]{2,40})\)")
"""A text in brackets, as the agency in a dateline."""
ORGANISATION_ENDINGS = re.compile(
    r"(?:media|news|online|group|corporation|corp|company|limited|ltd|inc|llc|gmbh|network|"
    r"publishing|digital|staff|team|redaktion|redaccion|redaction|redazione|web|desk|editor|"
    r"editors|admin)+"
)
"""Endings of an organisation's name after the outlet's name."""
SENTENCE_AFTER_AUTHOR = re.compile(r"\w ?[:：] (?:\S+ ){4}")
"""A colon and a sentence after an author: `A guest comment by Greta Holm: How the ferries …`."""
TITLE_END = re.compile(r"\s[-–—|•·»:]+\s([^-–—|•·»:]{3,60})$")
"""The end of a page's title, which is the name of the outlet."""
OUTLET_DATA_TYPES = frozenset(("WebSite", "NewsMediaOrganization"))
"""Types whose name is the outlet's."""
ARTICLE_BEFORE_NAME = re.compile(r"^(?:the|der|die|das|le|la|el|il|los|les|de)\s+", re.I)
MAX_PRINTED_BYLINE_CHARS = 160
"""Characters of a printed byline."""
MAX_BYLINE_ELEMENTS = 12
"""Elements of a block whose mark-up may call them a byline."""
MAX_FURTHER_BYLINES = 12
"""Lines below a byline that may each name a further author."""
MAX_ROLE_CHARS = 24
"""Letters of a byline beside the names: a role, a desk, a place."""


@dataclass(frozen=True, slots=True)
class ArticleCredits:
    """The printed byline, the people in it, and the agency."""

    byline: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None


def read_credits(page: OpenedPage, near: list[Block]) -> ArticleCredits:
    """Return the printed byline and the people in it.

    Where no byline is printed, the names in the page's data are returned as the byline.
    """
    sources = author_claims.claims_by_source(page)
    claimed = next(sources, [])
    named = _people_of_claims(claimed, page)
    if not named:
        others = (_full_names_of_claims(claims, page) for claims in sources)
        named = next(filter(None, others), ())
    named = _without_organisations(named, page, near)
    printed = printed_byline(near, named, page.language)
    authors = _people_of_byline_or_data(printed, named, page)
    if not named:
        authors, printed = _with_people_of_other_lines(authors, printed, page, near)
    if not authors:
        marked = marked_people(page, near, lambda name: _is_outlet_or_section(name, page))
        authors = () if claimed and len(marked) > 1 else marked
    texts = [claim.text for claim in claimed]
    bodies = tuple(dict.fromkeys(filter(None, map(organisation_in_claim, texts))))
    agencies = filter(None, map(agency_in_credit, (printed, *texts)))
    byline = printed or ", ".join(dict.fromkeys(texts)) or None
    return ArticleCredits(byline, authors or bodies, next(agencies, None))


def credits_of_byline(byline: str, general: ArticleCredits, language: str | None) -> ArticleCredits:
    """Return the credits in a byline that an outlet's rules give.

    It names the authors in any case; only the agency may be `general`.
    """
    people = people_in_byline(byline, language) or people_in_byline(byline, language, sure=True)
    body = organisation_in_claim(byline)
    agency = agency_in_credit(byline) or general.agency
    return ArticleCredits(byline, people or ((body,) if body else ()), agency)


def _people_of_byline_or_data(
    printed: str | None, named: tuple[str, ...], page: OpenedPage
) -> tuple[str, ...]:
    """The people whom the data name, or those of the printed byline if it names more people."""
    shown = tuple(
        name
        for name in people_in_byline(printed, page.language)
        if not _is_outlet_or_section(name, page)
    )
    if not named:
        return shown
    is_fuller = _names_more_people(shown, named) and not _is_role_beside_names(
        printed, named, page.language
    )
    return shown if is_fuller else named


def _with_people_of_other_lines(
    authors: tuple[str, ...], printed: str | None, page: OpenedPage, near: list[Block]
) -> tuple[tuple[str, ...], str | None]:
    """The people of a printed byline and the byline, with those in further lines.

    The mark-up calls them authors, or the lines are marked up as the byline is, and each names one
    person.
    """
    if printed is None or not authors:
        return authors, printed
    marked = marked_people(page, near, lambda name: _is_outlet_or_section(name, page))
    if set(marked) > set(authors):
        return marked, ", ".join((printed, *(name for name in marked if name not in printed)))
    lines = list(_lines_alike_below(printed, near, page.language))
    further = [
        people[0]
        for line in lines
        if len(people := people_in_byline(line, page.language)) == 1 and " " in people[0]
    ]
    if not further or len(further) < len(lines):
        return authors, printed
    people = (*authors, *(name for name in further if not _is_outlet_or_section(name, page)))
    return tuple(dict.fromkeys(people)), ", ".join(dict.fromkeys((printed, *lines)))


def _lines_alike_below(printed: str, near: list[Block], language: str | None) -> Iterator[str]:
    """The lines below a byline that are marked up as it is and are no more than a name."""
    place = next((at for at, block in enumerate(near) if block.text == printed), None)
    if place is None:
        return
    shape = _shape_of_block(near[place])
    for block in near[place + 1 : place + 1 + MAX_FURTHER_BYLINES]:
        opens = opens_like_byline(block.text, language)
        names = people_in_byline(block.text, language)
        if _shape_of_block(block) != shape or is_other_work_credit(block.text):
            return
        if not opens and not (names_little_else(block.text, names) and "," not in block.text):
            return
        yield block.text


def _shape_of_block(block: Block) -> tuple[object, ...]:
    """The mark-up of a block and of the box around it."""
    around = block.element.getparent()
    boxes = (block.element, around) if around is not None else (block.element,)
    return tuple((box.tag, box.get("class")) for box in boxes)


def _people_of_claims(claims: list[AuthorClaim], page: OpenedPage) -> tuple[str, ...]:
    """The people whom a source names, each once, without the outlet and its section."""
    found: dict[str, str] = {}
    for name in chain.from_iterable(claim.people_named(page.language) for claim in claims):
        if not _is_outlet_or_section(name, page):
            found.setdefault(fold_text(name), name)
    if any(" " in name for name in found.values()):
        return tuple(name for name in found.values() if not _is_acronym(name))
    return tuple(found.values())


def _is_acronym(name: str) -> bool:
    """Return whether a name is one word in capitals, as a body's is beside a person's."""
    return " " not in name and name.isascii() and name.isupper() and len(name) > 2


def _full_names_of_claims(claims: list[AuthorClaim], page: OpenedPage) -> tuple[str, ...]:
    """The people whom a less reliable source names, without single words: places and user names."""
    return tuple(
        name for name in _people_of_claims(claims, page) if " " in name or not name.isascii()
    )


def _without_organisations(
    named: tuple[str, ...], page: OpenedPage, near: list[Block]
) -> tuple[str, ...]:
    """The names, or none if they may be an organisation and the printed byline names a person.

    `Jakarta Post` is such a name.
    """
    if not named or any(people_in_byline(name, page.language) for name in named):
        return named
    if any(map(str.isdigit, "".join(named))):
        return named
    shown = people_in_byline(printed_byline(near, (), page.language), page.language)
    names_person = any(" " in name and not _is_outlet_or_section(name, page) for name in shown)
    return () if names_person else named


def _names_more_people(shown: tuple[str, ...], named: tuple[str, ...]) -> bool:
    """Return whether the printed byline names all people of the data, and others."""
    return set(map(fold_text, shown)) > set(map(fold_text, named))


def _is_role_beside_names(
    printed: str | None, named: tuple[str, ...], language: str | None
) -> bool:
    """Return whether a line gives a role beside the names, not another name."""
    if not printed or opens_like_byline(printed, language):
        return False
    return names_little_else(printed, named)


def _is_outlet_or_section(name: str, page: OpenedPage) -> bool:
    """Return whether a name is that of the outlet or of its section."""
    return is_name_of_outlet(name, page) or fold_text(name) == fold_text(
        section_of_page(page) or ""
    )


def is_name_of_outlet(name: str, page: OpenedPage) -> bool:
    """Return whether a name is the outlet's own, with or without an article or a usual ending."""
    bare = _without_leading_article(name)
    others = filter(None, map(_without_leading_article, _names_of_outlet(page)))
    return any(_is_same_organisation(bare, other) for other in others)


def _is_same_organisation(one: str, other: str) -> bool:
    """Return whether two squeezed names are equal, or one is the other with a usual ending."""
    if one == other:
        return True
    longer, shorter = sorted((one, other), key=len, reverse=True)
    if len(shorter) <= 3 or not longer.startswith(shorter):
        return False
    return ORGANISATION_ENDINGS.fullmatch(longer[len(shorter) :]) is not None


def _names_of_outlet(page: OpenedPage) -> list[str]:
    """The names of the outlet in the page's data, and its host's."""
    said = (
        page.meta.get("og:site_name"),
        page.meta.get("application-name"),
        site_word_of_host(page.url),
    )
    outlets = (thing for thing in page.things if jsonld.types_of_thing(thing) & OUTLET_DATA_TYPES)
    values = (page.article.get("publisher"), *(thing.get("name") for thing in outlets))
    ends_title = TITLE_END.search(page.title or "")
    of_title = ends_title[1] if ends_title else None
    return list(filter(None, (*said, *map(jsonld.plain_text_of, values), of_title)))


def _without_leading_article(name: str) -> str:
    """A name without an article before it, squeezed."""
    return squeeze_words(ARTICLE_BEFORE_NAME.sub("", name.strip()))


def printed_byline(
    near: list[Block], named: tuple[str, ...] = (), language: str | None = None
) -> str | None:
    """Return the printed byline beside the headline; with `named`, one that names any of them.

    A line that begins as bylines do comes before one that only the mark-up calls a byline, unless
    that one names more people.
    """
    short = [block for block in near if _may_be_byline_block(block, bool(named))]
    opened = _first_opened_line(short, named, language)
    marked = _first_marked_line(short, named, language)
    if opened and marked:
        # `By Greta Holm` may be one part of a line whose mark-up names two people
        is_fuller = set(people_in_byline(marked, language)) > set(
            people_in_byline(opened, language)
        )
        return marked if is_fuller else opened
    return opened or marked or _first_line_without_opening(short, named)


def _may_be_byline_block(block: Block, with_names: bool) -> bool:
    """Return whether a block may be a byline: short, without credits of other work.

    Without `with_names`, it must not be at a picture either.
    """
    if len(block.text) > MAX_PRINTED_BYLINE_CHARS or is_other_work_credit(block.text):
        return False
    return with_names or not is_at_picture(block.element)


def _first_line_without_opening(blocks: list[Block], named: tuple[str, ...]) -> str | None:
    """The first line without an opening that is only a desk or one of the names."""
    unlinked = (block.text for block in blocks if not block.linked)
    bare = (text for text in unlinked if not agency_in_brackets_alone(text))
    return next(
        (text for text in bare if is_desk_credit(text) or names_little_else(text, named)), None
    )


def _first_opened_line(
    blocks: list[Block], named: tuple[str, ...], language: str | None
) -> str | None:
    """The first credible line that begins as bylines do and is not only an agency."""
    opened = filter(None, (_line_with_opening(blocks, at, language) for at in range(len(blocks))))
    credible = (line for line in opened if _is_credible_byline(line, named, language))
    return next((line for line in credible if not agency_in_brackets_alone(line)), None)


def _first_marked_line(
    blocks: list[Block], named: tuple[str, ...], language: str | None
) -> str | None:
    """The first credible line that the mark-up calls a byline."""
    marked = filter(None, (_byline_by_markup(block, language) for block in blocks))
    return next((line for line in marked if _is_credible_byline(line, named, language)), None)


def _line_with_opening(blocks: list[Block], at: int, language: str | None) -> str | None:
    """The line at this place if it begins as bylines do, up to its date.

    A bare `By` is joined with the line below it.
    """
    text, element = blocks[at].text, blocks[at].element
    if is_bare_opening(text, language):
        text = f"{text} {blocks[at + 1].text}" if at + 1 < len(blocks) else ""
        if not any(" " in name or not name.isascii() for name in people_in_byline(text, language)):
            return None
    elif not opens_like_byline(text, language):
        return None
    else:
        spaced = names_line(element, language)
        if squeeze_words(spaced) == squeeze_words(text):
            text = spaced
    is_sentence = (
        SENTENCE_AFTER_AUTHOR.search(text, byline_opening_end(text, language)) or "。" in text
    )
    return (
        without_date_at_end(text)
        if len(text) <= MAX_PRINTED_BYLINE_CHARS and not is_sentence
        else None
    )


def agency_in_brackets_alone(line: str) -> str | None:
    """Return the agency if a line is only its name in brackets: `(AP)`."""
    return agency_of_credit(line) if line.strip().startswith(("(", "（", "[")) else None


def names_little_else(line: str, names: tuple[str, ...]) -> bool:
    """Return whether a line names one of these people and hardly more: `Jane Doe, Editor`."""
    if len(line) > MAX_PRINTED_BYLINE_CHARS or line.endswith((".", "!", "?", "”", "。", ":")):
        return False
    whole = fold_text(line)
    named = [fold_text(name) for name in names if fold_text(name) in whole]
    return bool(named) and len(whole) - len(" ".join(named)) <= MAX_ROLE_CHARS


def _is_credible_byline(line: str, named: tuple[str, ...], language: str | None) -> bool:
    """Return whether a line credits the people of the page's data, or any where it names none."""
    if named:
        whole = fold_text(line)
        return any(fold_text(name) in whole for name in named)
    return bool(
        people_in_byline(line, language) or agency_in_credit(line) or "staff" in line.lower()
    )


def _byline_by_markup(block: Block, language: str | None) -> str | None:
    """The part of a block that its mark-up calls a byline."""
    tagged = (each for each in block.element.iter() if isinstance(each.tag, str))
    inside = islice(tagged, MAX_BYLINE_ELEMENTS)
    for element in (*inside, *_two_ancestors(block.element)):
        if (
            not _is_marked_byline(element)
            or len(element.text_content()) > 2 * MAX_PRINTED_BYLINE_CHARS
        ):
            continue
        text = without_date_at_end(names_line(_box_of_marked_names(element), language))
        if 3 < len(text) <= MAX_PRINTED_BYLINE_CHARS and not any(map(str.isdigit, text)):
            return text
    return None


def _box_of_marked_names(element: HtmlElement) -> HtmlElement:
    """The box around a marked name if it contains several names with the same mark-up."""
    around = element.getparent()
    if (
        around is None
        or not _is_marked_byline(element)
        or len(around.text_content()) > MAX_PRINTED_BYLINE_CHARS
    ):
        return element
    alike = [
        each
        for each in around
        if each.tag == element.tag and _mark_attributes(each) == _mark_attributes(element)
    ]
    return around if len(alike) > 1 else element


def _mark_attributes(element: HtmlElement) -> list[str | None]:
    """The attributes that mark an element as a byline."""
    return [element.get(name) for name in ("class", "rel", "itemprop")]


def _is_marked_byline(element: HtmlElement) -> bool:
    """Return whether the mark-up calls an element a byline."""
    marks = " ".join(element.get(name) or "" for name in ("class", "rel", "itemprop", "id"))
    return bool(BYLINE_MARK.search(marks))


def _two_ancestors(element: HtmlElement) -> list[HtmlElement]:
    """The two innermost elements around an element."""
    return list(islice(element.iterancestors(), 2))


def complete_with_text(who: ArticleCredits, lines: list[str], aside: list[str]) -> ArticleCredits:
    """Return the credits completed from the text.

    `aside` are the credits removed from its ends; the agency may be named in any of its `lines`.
    """
    agency = who.agency or agency_of_text([*lines, *aside])
    if who.byline:
        return replace(who, agency=agency)
    printed = next((line for line in aside if is_byline(line)), None)
    return ArticleCredits(
        printed, who.authors or people_in_byline(printed), agency or agency_in_credit(printed)
    )


def without_agency_as_author(who: ArticleCredits, lines: list[str]) -> ArticleCredits:
    """Return the credits without an author whom a dateline names in brackets.

    `HALDEN (Northwire)` says that Northwire is an agency.
    """
    if not who.byline or who.agency:
        return who
    datelines = filter(None, map(dateline_of, lines))
    brackets = filter(None, map(BRACKET_IN_DATELINE.search, datelines))
    services = {fold_text(bracket[1]): bracket[1] for bracket in brackets}
    credited = f" {fold_text(who.byline)} "
    named = next((service for name, service in services.items() if f" {name} " in credited), None)
    authors = tuple(name for name in who.authors if fold_text(name) not in services)
    return replace(who, authors=authors, agency=named)
