"""Find the headline as the readers of an article see it, from the page's claims and its headings.

Two claims are written for the article itself: those of JSON-LD and OpenGraph. Where they differ, a
heading that the page shows decides, unless JSON-LD has an `alternativeHeadline` too, since then the
site distinguishes its headlines itself. A heading also decides where it is the HTML title and has
other words than OpenGraph alone. Without both claims, other meta tags count, then the HTML title,
each without the outlet's name and section. Where all of these only name the outlet, the line set
large above the text is the headline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product, takewhile
from urllib.parse import unquote, urlsplit

from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, folded
from crawler.extraction.fields.byline import opens_like_byline
from crawler.extraction.fields.metadata import Page, host_word, section
from crawler.text.soft_hyphens import SOFT_HYPHEN

OTHER_META = (
    "twitter:title",
    "headline",
    "parsely-title",
    "sailthru.title",
    "dc.title",
    "citation_title",
    "title",
)
"""Meta tags with the headline, the most reliable first."""
PARTING = re.compile(r"\s+[|–—•·«»<>:-]+\s+|\s*[|｜_»«]\s*")
"""Separators between the parts of a title."""
RIGHTS = re.compile(r"©|\(c\)\s*(?:19|20)\d\d|\bcopyright\b", re.I)
"""Words of lines that claim copyright."""
SENTENCE_ENDS = (".", "!", "?", "”", "。", "…", '"')
GIVEN = ("the", "der", "die", "das", "le", "la", "el", "il")
"""Articles of the languages in which outlets have them in their name."""
ARTICLES = re.compile(rf"^(?:{'|'.join(GIVEN)})\s+", re.I)
DENSE = re.compile("[぀-ヿ㐀-鿿]")
"""Scripts without blanks between words."""
CUT = ("…", "...")
"""Endings of a headline that was cut short."""
QUOTES = "\"'“„«"
MAX_TITLE = 400
"""Characters of a title that are read."""
MAX_SHOWN = 300
"""Characters of a line or heading that may be the headline."""
MAX_SITE_NAME_CHARS = 60
"""Characters of an outlet's name."""
LONG_PIECE = 12
"""Characters; a longer part of a title is more than a name or a section."""
AKIN = 0.25
"""The least share of the shorter one's words that a heading and a title of one article have in
common."""
MIN_LARGE_SIZE = 3
"""The least size of a line that may be the headline, on the scale of `LARGE`."""
LARGE = {"h2": 6, "h3": 5, "h4": 4, "big": 4, "b": 3, "strong": 3, "font": 0}
"""How large each tag sets a line, on the scale of `<font size>`, where 3 is the size of the
text."""


def headline(page: Page) -> str | None:
    """Return the headline without the outlet's name; None where the page names only the outlet."""
    front = _Front(page)
    found = (_said(front) or "").replace(SOFT_HYPHEN, "")
    if found and not front.names_site(found):
        return found
    long = (text for text in front.shown_headings if len(text) > LONG_PIECE)
    shown = (text for text in long if not front.names_site(text))
    return next(shown, None) or _large_line(front)


@dataclass(frozen=True)
class _Front:
    """A page's headings and its outlet's names, each read once for all comparisons with claims."""

    page: Page

    @cached_property
    def shown_headings(self) -> tuple[str, ...]:
        """The texts of the page's `<h1>`."""
        headings = (element for element in self.page.elements if element.tag == "h1")
        texts = (" ".join(heading.text_content().split()) for heading in headings)
        return tuple(text for text in texts if 2 < len(text) < MAX_SHOWN)

    @cached_property
    def folded_lines(self) -> frozenset[str]:
        """All lines of the page that may be a headline, folded."""
        short = (block for block in self.page.blocks if len(block.text) < MAX_SHOWN)
        return frozenset(folded(block.text) for block in short)

    @cached_property
    def site_names(self) -> frozenset[str]:
        """The names of the outlet, squeezed, with and without an article before them."""
        bare = {ARTICLES.sub("", name) for name in _site_names(self.page)}
        return frozenset(squeezed("".join(words)) for words in product(("", *GIVEN), bare))

    def shown_as(self, claim: str) -> str | None:
        """Return the heading with the claimed headline, None if the page shows none."""
        return next((text for text in self.shown_headings if _same(text, claim)), None)

    def names_site(self, words: str) -> bool:
        """Whether words are the outlet's name, by its data, its host or its copyright line."""
        name = squeezed(words)
        if not name or len(words) > MAX_SITE_NAME_CHARS:
            return False
        if name in self.site_names:
            return True
        return any(f" {folded(words)} " in f" {folded(line)} " for line in self.page.rights)


def _said(front: _Front) -> str | None:
    """The headline that the page's data or its title claim."""
    page = front.page
    of_thing = (jsonld.plain(page.article.get("headline")) or "")[:MAX_TITLE]
    of_graph = _bare_title(page.meta["og:title"], front) if "og:title" in page.meta else ""
    if not of_thing:
        return _said_by_tags(of_graph, front)
    if page.article.get("alternativeHeadline"):  # the site itself distinguishes its headlines
        return _whole(of_thing, front)
    if of_graph:
        return _whole(_likelier(of_thing, of_graph, front), front)
    title = _bare_title(page.title, front) if page.title else ""
    title_alone_is_shown = front.shown_as(title) and not front.shown_as(of_thing)
    return _whole(title if title_alone_is_shown else of_thing, front)


def _said_by_tags(of_graph: str, front: _Front) -> str | None:
    """The headline that OpenGraph, other meta tags or the title claim, in this order.

    The title comes first if the page shows it and not the similar headline of OpenGraph.
    """
    page = front.page
    title = _bare_title(page.title, front) if page.title else ""
    title_alone_is_shown = front.shown_as(title) and not front.shown_as(of_graph)
    if title_alone_is_shown and _are_akin(title, of_graph):
        return _whole(title, front)
    others = (_bare_title(page.meta[name], front) for name in OTHER_META if name in page.meta)
    claim = of_graph or next(others, "")
    if claim and folded(claim) != folded(title):
        return _whole(claim, front)
    return _of_title(claim or title, front)


def _likelier(of_thing: str, of_graph: str, front: _Front) -> str:
    """The one of the headlines of JSON-LD and OpenGraph that the page shows.

    If one is the other with a kicker before it, OpenGraph's is taken, since it was set by hand. A
    kicker in both remains, even if the page sets it apart.
    """
    one, other = folded(of_thing), folded(of_graph)
    whole = _clean(front.page.meta["og:title"])
    both_have_kicker = one == folded(whole) and one.endswith(f" {other}")
    if both_have_kicker and whole == _without_names(whole, front):
        return whole
    if one != other and (one.endswith(f" {other}") or other.endswith(f" {one}")):
        return of_graph
    return of_thing if front.shown_as(of_thing) or not front.shown_as(of_graph) else of_graph


def _of_title(title: str, front: _Front) -> str | None:
    """The heading that a title means; titles are written for search engines."""
    if not title:
        return next(iter(front.shown_headings), None)
    if whole := front.shown_as(title):
        return whole if folded(whole) != folded(title) else title
    akin = (text for text in front.shown_headings if _are_akin(text, title))
    heading = next((text for text in akin if not front.names_site(text)), None)
    if heading:
        return heading
    same = (block.text for block in front.page.blocks if folded(block.text) == folded(title))
    return next(same, title)


def _whole(claim: str, front: _Front) -> str:
    """The claim, or the heading if the claim was cut short by dots or by a quotation mark in it."""
    if claim.endswith(CUT):
        return front.shown_as(claim) or claim
    longer = (
        text for text in front.shown_headings if text.startswith(claim) and len(text) > len(claim)
    )
    return next((text for text in longer if text[len(claim) :].lstrip()[0] in QUOTES), claim)


def _same(shown: str, claim: str) -> bool:
    """Whether a heading is the claimed headline, which may have been cut short."""
    one, cut = folded(shown), claim.endswith(CUT)
    other = folded(claim.rstrip("….")) if cut else folded(claim)
    return one == other or (cut and one.startswith(other))


def _are_akin(heading: str, title: str) -> bool:
    """Whether a heading and a title may belong to the same article."""
    one, other = _units(heading), _units(title)
    return len(one & other) >= max(2, AKIN * min(len(one), len(other)))


def _units(text: str) -> set[str]:
    """The words of a text; in scripts without blanks its pairs of letters."""
    same = folded(text)
    if DENSE.search(same):
        return {same[at : at + 2] for at in range(len(same) - 1)}
    return set(same.split())


def _bare_title(title: str, front: _Front) -> str:
    """A title without outlet and section.

    It is the part of the title that the page shows, else what remains without the names.
    """
    clean = _clean(title)
    cuts = list(PARTING.finditer(clean))
    if not cuts and not front.shown_headings:
        return clean
    starts = (clean[: cut.start()].strip() for cut in reversed(cuts))
    ends = (clean[cut.end() :].strip() for cut in cuts)
    pieces = [piece for piece in (clean, *starts, *ends) if not front.names_site(piece)]
    if headed := _headings_in_title(clean, pieces, front):
        return max(headed, key=len)
    if not cuts:
        return _without_names(clean, front)
    long = (piece for piece in pieces if len(piece) > LONG_PIECE)
    lines = [piece for piece in long if folded(piece) in front.folded_lines]
    return max(lines, key=len) if lines else _without_names(clean, front)


def _headings_in_title(title: str, pieces: list[str], front: _Front) -> list[str]:
    """The pieces of a title that are headings, and the headings that begin or end it."""
    headings = {folded(text): text for text in front.shown_headings}
    headed = [piece for piece in pieces if folded(piece) in headings]
    whole = folded(title)
    at_ends = (text for same, text in headings.items() if _is_end_of(same, whole))
    return headed + [text for text in at_ends if not front.names_site(text)]


def _clean(title: str) -> str:
    """The words of a title, entities resolved and mark-up removed."""
    return (jsonld.plain(title) or title)[:MAX_TITLE]


def _is_end_of(part: str, whole: str) -> bool:
    """Whether a heading is the beginning or end of a title, and long enough to be the headline."""
    ends = part == whole or whole.startswith(f"{part} ") or whole.endswith(f" {part}")
    return ends and (len(part) > LONG_PIECE or len(part) * 2 > len(whole))


def _without_names(title: str, front: _Front) -> str:
    """A title without the parts at its ends that name the outlet and then the section."""
    first, colon, rest = title.partition(": ")
    if colon and rest.strip() and front.names_site(first):
        return _without_names(rest.strip(), front)
    cuts = list(PARTING.finditer(title))
    if not cuts:
        return title
    body, last = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :].strip()
    first, rest = title[: cuts[0].start()].strip(), title[cuts[0].end() :].strip()
    if body and (front.names_site(last) or opens_like_byline(last)):
        return _without_section(_without_names(body, front), front)
    if rest and front.names_site(first):
        return _without_section(_without_names(rest, front), front)
    return _without_section(body, front) if len(last) < 30 < len(body) else title


def _without_section(title: str, front: _Front) -> str:
    """A title without its last part if the page's URL or data call this the section."""
    cuts = list(PARTING.finditer(title))
    if not cuts:
        return title
    folders = unquote(urlsplit(front.page.url).path).split("/")[:-1]
    names = set(map(squeezed, filter(None, (section(front.page), *folders))))
    body, last = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :]
    return body if squeezed(last) in names and len(body) > LONG_PIECE else title


def _site_names(page: Page) -> Iterator[str]:
    """The names of the outlet in the page's data, its host, and the name within the host."""
    claims = (
        page.meta.get("og:site_name"),
        page.meta.get("application-name"),
        jsonld.plain(page.article.get("publisher")),
        (urlsplit(page.url).hostname or "").removeprefix("www."),
        host_word(page.url),
    )
    yield from filter(None, claims)


def rights_lines(blocks: list[Block]) -> tuple[str, ...]:
    """Return the lines that claim copyright, which name the outlet."""
    short = (block.text for block in blocks if len(block.text) < 400)
    return tuple(text for text in short if _is_marked(text) and RIGHTS.search(text))


def _is_marked(text: str) -> bool:
    """Whether a line may claim copyright at all; a quick test before the slower pattern."""
    return "©" in text or "(" in text or "ght" in text.lower()


def squeezed(words: str) -> str:
    """Return words in lower case without blanks, as a host writes them."""
    return folded(words).replace(" ", "")


def _large_line(front: _Front) -> str | None:
    """The largest line above the first paragraph, the first of several, on pages without `<h1>`."""
    blocks = front.page.blocks
    first_paragraph = next(filter(_is_paragraph, blocks), None)
    if first_paragraph is None:
        return None
    above = takewhile(lambda block: block is not first_paragraph, blocks)
    texts = (block.text for block in above if not block.linked)
    lines = {folded(text): text for text in texts if 12 < len(text) < 200}
    sizes: dict[str, int] = {}
    for element in front.page.elements:
        text = None
        if element.tag in LARGE:
            text = lines.get(folded(element.text_content()[:MAX_SHOWN]))
        if text:
            sizes[text] = max(
                sizes.get(text, 0), _size(str(element.tag), element.get("size") or "")
            )
    large = (text for text, size in sizes.items() if size >= MIN_LARGE_SIZE)
    own = (text for text in large if not front.names_site(text))
    return max(own, key=sizes.__getitem__, default=None)


def _is_paragraph(block: Block) -> bool:
    """Whether a block is a long sentence and not mainly a link."""
    is_sentence = len(block.text) > 90 and block.text.endswith(SENTENCE_ENDS)
    return is_sentence and block.linked * 2 < len(block.text)


def _size(tag: str, written: str) -> int:
    """The size of a line; `<font size="+1">` counts from 3."""
    if tag != "font" or not written.lstrip("+").isdigit():
        return LARGE[tag]
    return int(written) + (3 if written.startswith("+") else 0)
