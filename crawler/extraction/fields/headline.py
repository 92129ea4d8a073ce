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

from archive.text.unspaced import HAN_RANGE, KANA_RANGE
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.fields.byline import opens_like_byline
from crawler.extraction.fields.metadata import OpenedPage, section_of_page, site_word_of_host
from crawler.text.soft_hyphens import SOFT_HYPHEN

HEADLINE_META = (
    "twitter:title",
    "headline",
    "parsely-title",
    "sailthru.title",
    "dc.title",
    "citation_title",
    "title",
)
"""Meta tags with the headline, the most reliable first."""
TITLE_SEPARATOR = re.compile(r"\s+[|–—•·«»<>:-]+\s+|\s*[|｜_»«]\s*")
"""Separators between the parts of a title."""
COPYRIGHT_WORDS = re.compile(r"©|\(c\)\s*(?:19|20)\d\d|\bcopyright\b", re.I)
"""Words of lines that claim copyright."""
PARAGRAPH_ENDINGS = (".", "!", "?", "”", "。", "…", '"')
ARTICLES_OF_NAMES = ("the", "der", "die", "das", "le", "la", "el", "il")
"""Articles of the languages in which outlets have them in their name."""
ARTICLE_OF_NAME = re.compile(rf"^(?:{'|'.join(ARTICLES_OF_NAMES)})\s+", re.I)
UNSPACED_TITLE_LETTER = re.compile(f"[{KANA_RANGE}{HAN_RANGE}]")
"""Scripts without blanks between words."""
CUT_HEADLINE_ENDS = ("…", "...")
"""Endings of a headline that was cut short."""
QUOTES_THAT_CUT = "\"'“„«"
MAX_PAGE_TITLE_CHARS = 400
"""Characters of a title that are read."""
MAX_SHOWN_HEADLINE_CHARS = 300
"""Characters of a line or heading that may be the headline."""
MAX_OUTLET_NAME_CHARS = 60
"""Characters of an outlet's name."""
MAX_NAME_IN_RIGHTS_WORDS = 5
"""Words of an outlet's name in a line that claims copyright; pictures have headlines in theirs."""
MAX_NAME_IN_TITLE_CHARS = 12
"""Characters; a longer part of a title is more than a name or a section."""
MIN_SHARE_OF_COMMON_WORDS = 0.25
"""The least share of the shorter one's words that a heading and a title of one article have in
common."""
MIN_HEADLINE_FONT_SIZE = 3
"""The least size of a line that may be the headline, on the scale of `FONT_SIZE_BY_TAG`."""
FONT_SIZE_BY_TAG = {"h2": 6, "h3": 5, "h4": 4, "big": 4, "b": 3, "strong": 3, "font": 0}
"""The font size of each tag, on the scale of `<font size>`, where 3 is the size of the text."""


def find_headline(page: OpenedPage) -> str | None:
    """Return the headline without the outlet's name; None where the page names only the outlet."""
    front = _HeadlinePage(page)
    found = (_claimed_headline(front) or "").replace(SOFT_HYPHEN, "")
    if found and not front.names_site(found):
        return found
    long = (text for text in front.shown_headings if len(text) > MAX_NAME_IN_TITLE_CHARS)
    shown = (text for text in long if not front.names_site(text))
    return next(shown, None) or _largest_line(front)


@dataclass(frozen=True)
class _HeadlinePage:
    """A page's headings and its outlet's names, each read once for all comparisons with claims."""

    page: OpenedPage

    @cached_property
    def shown_headings(self) -> tuple[str, ...]:
        """The texts of the page's `<h1>`."""
        headings = (element for element in self.page.elements if element.tag == "h1")
        texts = (" ".join(heading.text_content().split()) for heading in headings)
        return tuple(text for text in texts if 2 < len(text) < MAX_SHOWN_HEADLINE_CHARS)

    @cached_property
    def folded_lines(self) -> frozenset[str]:
        """All lines of the page that may be a headline, folded."""
        short = (block for block in self.page.blocks if len(block.text) < MAX_SHOWN_HEADLINE_CHARS)
        return frozenset(fold_text(block.text) for block in short)

    @cached_property
    def site_names(self) -> frozenset[str]:
        """The names of the outlet, squeezed, with and without an article before them."""
        bare = {ARTICLE_OF_NAME.sub("", name) for name in _names_of_site(self.page)}
        return frozenset(
            squeeze_words("".join(words)) for words in product(("", *ARTICLES_OF_NAMES), bare)
        )

    def shown_as(self, claim: str) -> str | None:
        """Return the heading with the claimed headline, None if the page shows none."""
        return next((text for text in self.shown_headings if _is_same_headline(text, claim)), None)

    def names_site(self, words: str) -> bool:
        """Return whether words are the outlet's name in its data, host or copyright line."""
        name = squeeze_words(words)
        if not name or len(words) > MAX_OUTLET_NAME_CHARS:
            return False
        if name in self.site_names:
            return True
        if len(words.split()) > MAX_NAME_IN_RIGHTS_WORDS:
            return False
        return any(f" {fold_text(words)} " in f" {fold_text(line)} " for line in self.page.rights)


def _claimed_headline(front: _HeadlinePage) -> str | None:
    """The headline that the page's data or its title claim."""
    page = front.page
    of_thing = (jsonld.plain_text_of(page.article.get("headline")) or "")[:MAX_PAGE_TITLE_CHARS]
    of_graph = _title_without_site(page.meta["og:title"], front) if "og:title" in page.meta else ""
    if not of_thing:
        return _headline_claimed_by_tags(of_graph, front)
    if page.article.get("alternativeHeadline"):  # the site itself distinguishes its headlines
        return _uncut_headline(of_thing, front)
    if of_graph:
        return _uncut_headline(_shown_of_two_claims(of_thing, of_graph, front), front)
    title = _title_without_site(page.title, front) if page.title else ""
    title_alone_is_shown = front.shown_as(title) and not front.shown_as(of_thing)
    return _uncut_headline(title if title_alone_is_shown else of_thing, front)


def _headline_claimed_by_tags(of_graph: str, front: _HeadlinePage) -> str | None:
    """The headline that OpenGraph, other meta tags or the title claim, in this order.

    The title comes first if the page shows it and not the similar headline of OpenGraph.
    """
    page = front.page
    title = _title_without_site(page.title, front) if page.title else ""
    title_alone_is_shown = front.shown_as(title) and not front.shown_as(of_graph)
    if title_alone_is_shown and _have_common_words(title, of_graph):
        return _uncut_headline(title, front)
    others = (
        _title_without_site(page.meta[name], front) for name in HEADLINE_META if name in page.meta
    )
    claim = of_graph or next(others, "")
    if claim and fold_text(claim) != fold_text(title):
        return _uncut_headline(claim, front)
    return _headline_of_title(claim or title, front)


def _shown_of_two_claims(of_thing: str, of_graph: str, front: _HeadlinePage) -> str:
    """The one of the headlines of JSON-LD and OpenGraph that the page shows.

    If one is the other with a kicker before it, OpenGraph's is taken, since it was set by hand. A
    kicker in both remains, even if the page sets it apart.
    """
    one, other = fold_text(of_thing), fold_text(of_graph)
    whole = _clean_title(front.page.meta["og:title"])
    both_have_kicker = one == fold_text(whole) and one.endswith(f" {other}")
    if both_have_kicker and whole == _without_site_names(whole, front):
        return whole
    if one != other and (one.endswith(f" {other}") or other.endswith(f" {one}")):
        return of_graph
    return of_thing if front.shown_as(of_thing) or not front.shown_as(of_graph) else of_graph


def _headline_of_title(title: str, front: _HeadlinePage) -> str | None:
    """The heading that a title means; titles are written for search engines."""
    if not title:
        return next(iter(front.shown_headings), None)
    if whole := front.shown_as(title):
        return whole if fold_text(whole) != fold_text(title) else title
    akin = (text for text in front.shown_headings if _have_common_words(text, title))
    heading = next((text for text in akin if not front.names_site(text)), None)
    if heading:
        return heading
    same = (block.text for block in front.page.blocks if fold_text(block.text) == fold_text(title))
    return next(same, title)


def _uncut_headline(claim: str, front: _HeadlinePage) -> str:
    """The claim, or the heading if the claim was cut short by dots or by a quotation mark in it."""
    if claim.endswith(CUT_HEADLINE_ENDS):
        return front.shown_as(claim) or claim
    longer = (
        text for text in front.shown_headings if text.startswith(claim) and len(text) > len(claim)
    )
    return next(
        (text for text in longer if text[len(claim) :].lstrip()[0] in QUOTES_THAT_CUT), claim
    )


def _is_same_headline(shown: str, claim: str) -> bool:
    """Return whether a heading is the claimed headline, which may have been cut short."""
    one, cut = fold_text(shown), claim.endswith(CUT_HEADLINE_ENDS)
    other = fold_text(claim.rstrip("….")) if cut else fold_text(claim)
    return one == other or (cut and one.startswith(other))


def _have_common_words(heading: str, title: str) -> bool:
    """Return whether a heading and a title may belong to the same article."""
    one, other = _words_or_letter_pairs(heading), _words_or_letter_pairs(title)
    return len(one & other) >= max(2, MIN_SHARE_OF_COMMON_WORDS * min(len(one), len(other)))


def _words_or_letter_pairs(text: str) -> set[str]:
    """The words of a text; in scripts without blanks its pairs of letters."""
    same = fold_text(text)
    if UNSPACED_TITLE_LETTER.search(same):
        return {same[at : at + 2] for at in range(len(same) - 1)}
    return set(same.split())


def _title_without_site(title: str, front: _HeadlinePage) -> str:
    """A title without outlet and section.

    It is the part of the title that the page shows, else what remains without the names.
    """
    clean = _clean_title(title)
    cuts = list(TITLE_SEPARATOR.finditer(clean))
    if not cuts and not front.shown_headings:
        return clean
    starts = (clean[: cut.start()].strip() for cut in reversed(cuts))
    ends = (clean[cut.end() :].strip() for cut in cuts)
    pieces = [piece for piece in (clean, *starts, *ends) if not front.names_site(piece)]
    if headed := _headings_in_title(clean, pieces, front):
        return max(headed, key=len)
    if not cuts:
        return _without_site_names(clean, front)
    long = (piece for piece in pieces if len(piece) > MAX_NAME_IN_TITLE_CHARS)
    lines = [piece for piece in long if fold_text(piece) in front.folded_lines]
    return max(lines, key=len) if lines else _without_site_names(clean, front)


def _headings_in_title(title: str, pieces: list[str], front: _HeadlinePage) -> list[str]:
    """The pieces of a title that are headings, and the headings that begin or end it."""
    headings = {fold_text(text): text for text in front.shown_headings}
    headed = [piece for piece in pieces if fold_text(piece) in headings]
    whole = fold_text(title)
    at_ends = (text for same, text in headings.items() if _begins_or_ends_title(same, whole))
    return headed + [text for text in at_ends if not front.names_site(text)]


def _clean_title(title: str) -> str:
    """The words of a title, entities resolved and mark-up removed."""
    return (jsonld.plain_text_of(title) or title)[:MAX_PAGE_TITLE_CHARS]


def _begins_or_ends_title(part: str, whole: str) -> bool:
    """Return whether a heading begins or ends a title, and is long enough for a headline."""
    ends = part == whole or whole.startswith(f"{part} ") or whole.endswith(f" {part}")
    return ends and (len(part) > MAX_NAME_IN_TITLE_CHARS or len(part) * 2 > len(whole))


def _without_site_names(title: str, front: _HeadlinePage) -> str:
    """A title without the parts at its ends that name the outlet and then the section."""
    first, colon, rest = title.partition(": ")
    if colon and rest.strip() and front.names_site(first):
        return _without_site_names(rest.strip(), front)
    cuts = list(TITLE_SEPARATOR.finditer(title))
    if not cuts:
        return title
    body, last = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :].strip()
    first, rest = title[: cuts[0].start()].strip(), title[cuts[0].end() :].strip()
    if body and (front.names_site(last) or opens_like_byline(last)):
        return _without_section_name(_without_site_names(body, front), front)
    if rest and front.names_site(first):
        return _without_section_name(_without_site_names(rest, front), front)
    return _without_section_name(body, front) if len(last) < 30 < len(body) else title


def _without_section_name(title: str, front: _HeadlinePage) -> str:
    """A title without its last part if the page's URL or data call this the section."""
    cuts = list(TITLE_SEPARATOR.finditer(title))
    if not cuts:
        return title
    folders = unquote(urlsplit(front.page.url).path).split("/")[:-1]
    names = set(map(squeeze_words, filter(None, (section_of_page(front.page), *folders))))
    body, last = title[: cuts[-1].start()].strip(), title[cuts[-1].end() :]
    return body if squeeze_words(last) in names and len(body) > MAX_NAME_IN_TITLE_CHARS else title


def _names_of_site(page: OpenedPage) -> Iterator[str]:
    """The names of the outlet in the page's data, its host, and the name within the host."""
    claims = (
        page.meta.get("og:site_name"),
        page.meta.get("application-name"),
        jsonld.plain_text_of(page.article.get("publisher")),
        (urlsplit(page.url).hostname or "").removeprefix("www."),
        site_word_of_host(page.url),
    )
    yield from filter(None, claims)


def rights_lines(blocks: list[Block]) -> tuple[str, ...]:
    """Return the lines that claim copyright, which name the outlet."""
    short = (block.text for block in blocks if len(block.text) < 400)
    return tuple(
        text for text in short if _may_claim_copyright(text) and COPYRIGHT_WORDS.search(text)
    )


def _may_claim_copyright(text: str) -> bool:
    """Return whether a line may claim copyright at all; a quick test before the slower pattern."""
    return "©" in text or "(" in text or "ght" in text.lower()


def squeeze_words(words: str) -> str:
    """Return words in lower case without blanks, as a host writes them."""
    return fold_text(words).replace(" ", "")


def _largest_line(front: _HeadlinePage) -> str | None:
    """The largest line above the first paragraph, the first of several, on pages without `<h1>`."""
    blocks = front.page.blocks
    first_paragraph = next(filter(_is_long_sentence, blocks), None)
    if first_paragraph is None:
        return None
    above = takewhile(lambda block: block is not first_paragraph, blocks)
    texts = (block.text for block in above if not block.linked)
    lines = {fold_text(text): text for text in texts if 12 < len(text) < 200}
    sizes: dict[str, int] = {}
    for element in front.page.elements:
        text = None
        if element.tag in FONT_SIZE_BY_TAG:
            text = lines.get(fold_text(element.text_content()[:MAX_SHOWN_HEADLINE_CHARS]))
        if text:
            sizes[text] = max(
                sizes.get(text, 0), _font_size(str(element.tag), element.get("size") or "")
            )
    large = (text for text, size in sizes.items() if size >= MIN_HEADLINE_FONT_SIZE)
    own = (text for text in large if not front.names_site(text))
    return max(own, key=sizes.__getitem__, default=None)


def _is_long_sentence(block: Block) -> bool:
    """Return whether a block is a long sentence and not mainly a link."""
    is_sentence = len(block.text) > 90 and block.text.endswith(PARAGRAPH_ENDINGS)
    return is_sentence and block.linked * 2 < len(block.text)


def _font_size(tag: str, written: str) -> int:
    """The size of a line; `<font size="+1">` counts from 3."""
    if tag != "font" or not written.lstrip("+").isdigit():
        return FONT_SIZE_BY_TAG[tag]
    return int(written) + (3 if written.startswith("+") else 0)
