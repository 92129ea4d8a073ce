"""When a page says that its article was published and changed. Better no date than a wrong one.

JSON-LD first, then meta tags, then the line beside the headline, a marked time, the address, and
last what htmldate makes of the mark-up. A moment that is marked for machines (`<time datetime>`) is
believed where the text shown names the same day, or none. Not read are dates in the running text,
in copyright lines, in comments, lists of other articles, notices and scripts, any that is later
than a day after the page was fetched, and today's by htmldate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import dropwhile, islice, takewhile
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.dates.date_parser import is_date_line, is_sentence, known_by, moment, told_words
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block
from crawler.extraction.fields.byline import opens_like_byline
from crawler.extraction.fields.marked_times import (
    Mark,
    agree,
    as_printed,
    believed,
    marks,
    marks_in,
    parted,
    same_day,
)
from crawler.extraction.fields.metadata import MAX_SHORT, Page, canonical_url, headline_index
from crawler.text.language import ENOUGH, SAMPLE, language_of

DIGIT = re.compile(r"\d")
DAY_AND_YEAR = re.compile(
    r"(?<!\d)\d\d?(?!\d).{1,30}(?<!\d)\d{4}(?!\d)|(?<!\d)\d{4}(?!\d)\D{1,30}\d\d?(?!\d)|\d\.\d\d?\.\d\d(?!\d)"
)
DAY = len("2024-02-15")
MIN_PROSE = 80
"""Characters of a line that may be a paragraph of the text."""
MOST_HEADING = 60
OTHERS_HEADING = re.compile(
    r"\W*(?:\d+\s+)?(?:"
    r"comments?|related|more (?:from|on|stories|news|articles)|read (?:more|next|also)|latest|most read|"
    r"popular|recommended|you may also|see also|upcoming|events|kommentare?|mehr zum|lesen sie auch|"
    r"das könnte|ähnliche|commentaires?|réactions|à lire|lire aussi|sur le même|comentarios?|comentários?|"
    r"relacionad\w+|más noticias|leia também|commenti|leggi anche|potrebbe|reacties|lees ook|meer over|"
    r"komentarze|czytaj także|zobacz też|комментарии|читайте также|yorumlar|ilgili haberler|评论|相关|"
    r"댓글|관련|コメント|関連"
    r")",
    re.I,
)
"""Headings of comments and of lists of other articles."""
MOST_TEASER, MIN_LINK, NEAREST = 400, 20, 3
"""Characters of a box about another article, letters of a link in it, and how far around a date it
is looked for."""
MOST_LINES = 2_000
"""Short lines with a digit that are searched for a day."""
MOST_NAMES, FEW_NAMES = 4, 2
"""Words beside a marked time in a line of links: a name or two."""
ENDS = (".", "!", "?", "…", "”", "»", "。", "।")
OTHER_PARTS = frozenset(("aside", "footer", "nav", "dialog", "form"))
OTHERS_TEXT = r"""
comments?|comment-?(?:list|area|body|content|section|thread|meta|item)|respond|reply|replies|disqus\w*|related\w*|
recommend\w*|popular\w*|trending|latest(?:-\w+)*|most-?(?:read|viewed|popular)|more-?(?:news|stories|articles)|read-?more|
upcoming|events?(?![-_]{0,2}date)|calendar|agenda|newsletter|cookies?(?:-\w+)*|consent|gdpr|privacy(?:-\w+)*|outbrain\w*|taboola\w*|sidebar
"""
OTHERS = re.compile(
    rf"(?:^|\s)(?:[a-z]+[-_]{{1,2}})?(?:{''.join(OTHERS_TEXT.split())})(?:[-_]{{1,2}}\w+)?(?=$|\s)",
    re.I,
)
"""Classes and ids of comments, other articles and notices, wherever they stand."""
FRAME = re.compile(
    r"(?:^|[\s_-])(?:widget\w*|teasers?|promos?|footer|nav|navigation|sidebar\w*)(?=$|[\s_-])", re.I
)
"""Classes and ids of the frame around an article, which beside a headline may hold the article's
own date."""
OWN_DETAILS = re.compile(
    r"(?:entry|post|article|story)[-_]{0,2}(?:footer|meta|info|details|utility|date|author)", re.I
)
"""Classes of the lines about an article, which many themes put into a `<footer>` or `<aside>` of
it."""
OTHER_TYPE = re.compile(r"/(?:Comment|UserComments|Event)$")
WORKS = frozenset(
    (
        "WebPage",
        "ItemPage",
        "VideoObject",
        "CreativeWork",
        "Recipe",
        "HowTo",
        "DiscussionForumPosting",
        "PodcastEpisode",
    )
)
"""Types that date a page which says nothing of an article."""
DATES_OF_WORK = ("datePublished", "dateModified", "dateCreated")
DATE_NAME = re.compile(r"dat[eu]|time|publi|issued|modified|created|updated", re.I)
Found = tuple[str | None, str | None]
"""A moment, and the words that the site gave it in."""

PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "date_published",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date.created",
    "dcterms.issued",
    "dc.date",
    "dc.created",
    "publish-date",
    "publish_date",
    "publishdate",
    "publication_date",
    "pubdate",
    "pub_date",
    "published_at",
    "article_date_original",
    "article.published",
    "originalpublicationdate",
    "citation_publication_date",
    "citation_date",
    "date",
    "displaydate",
    "vr:published_time",
    "shareaholic:article_published_time",
    "created",
    "creation_date",
    "ptime",
    "published",
    "datecreated",
    "article:post_date",
    "release_date",
    "last-published",
)
MODIFIED_META = (
    "article:modified_time",
    "og:updated_time",
    "og:article:modified_time",
    "datemodified",
    "article:modified",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
    "modified",
    "lastmod",
    "updated_time",
    "revised",
    "shareaholic:article_modified_time",
    "article:updated_time",
    "article:updated",
)
URL_DATE = re.compile(
    r"/(20[0-4]\d|19[89]\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"
)
UPDATED = re.compile(
    r"\b(?:last\s+)?(?:updated?|modified|edited|aktualisiert|geändert|mis à jour|actualizado|atualizado|aggiornato|"
    r"bijgewerkt|aktualizacja|aktualizováno|обновлено|изменено|uppdaterad|oppdatert|opdateret|güncelleme|güncellendi|"
    r"ενημέρωση|更新|수정)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Dates:
    """When it was published and changed, and the lines of the page that say so."""

    published: Found = (None, None)
    modified: Found = (None, None)
    lines: tuple[str, ...] = ()


def dates(page: Page, near: list[Block], headline: str | None = None) -> Dates:
    """When the article was published and last changed, each with the words that say so."""
    reader = Reader(page, headline)
    shown, updated, lines = _shown_dates(reader, near)
    published = _first(reader, _claimed(page, "datePublished", PUBLISHED_META))
    claimed = published[1]
    published = _sharper(published, shown) if published[0] else shown
    if not published[0]:
        published = _first(reader, _weaker(reader))
    modified = _first(reader, _claimed(page, "dateModified", MODIFIED_META))
    modified = modified if modified[0] else updated
    if not published[0] and not shown[0]:
        published = _by_htmldate(reader)
    if published[0] and len(published[0]) == DAY:
        published = _marked(reader, published[0]) or published
    published = published if published[0] else (None, claimed)
    return Dates(published, modified, lines)


class Reader:
    """Reads the dates of one page, in the language that its text is in."""

    def __init__(self, page: Page, headline: str | None = None) -> None:
        self.page = page
        self.headline_at = headline_index(page, headline)
        self.language = page.language

    def moment(self, raw: str | None) -> str | None:
        """What a text of the page names, if it can be; in the language that is declared, or else
        that of the text."""
        found = self._read(raw, self.language)
        if (
            found is None
            and raw
            and DAY_AND_YEAR.search(raw)
            and self._seen_language != self.language
        ):
            found = self._read(raw, self._seen_language)
        return found

    def _read(self, raw: str | None, language: str | None) -> str | None:
        return known_by(moment(raw, language, self.page.month_first), self.page.fetched_at)

    @cached_property
    def _seen_language(self) -> str | None:
        """The language of the page's text, if it has enough of it to tell."""
        text = "\n".join(block.text for block in self.page.blocks if len(block.text) > MIN_PROSE)[
            :SAMPLE
        ]
        return language_of(text, (self.language,)) if len(text) > ENOUGH else self.language

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """The moments that the page marks for machines."""
        return tuple(marks(self.page.tree))

    @cached_property
    def around_headline(self) -> frozenset[HtmlElement]:
        """The headline's element and all that are around it."""
        if self.headline_at is None:
            return frozenset(self.page.tree.iter("html", "body", "main"))
        element = self.page.blocks[self.headline_at].element
        return frozenset((element, *element.iterancestors()))

    def is_others(self, element: HtmlElement) -> bool:
        """Whether an element stands in comments, a list of other articles, a calendar or a
        notice."""
        return any(_is_others(around) for around in self._within(element))

    def is_elsewhere(self, element: HtmlElement) -> bool:
        """Whether an element stands in a part of the page that is not the article's: those, and the
        page's frame."""
        within = list(self._within(element))
        if any(_is_others(around) or _is_frame(around) for around in within) or any(
            map(_is_teaser, within[:NEAREST])
        ):
            return True
        return element in self._after_text and not any(
            OWN_DETAILS.search(_names(around)) for around in within
        )

    @cached_property
    def _after_text(self) -> frozenset[HtmlElement]:
        """What stands below a heading of comments or other articles, where the page has one below
        its headline."""
        if self.headline_at is None:
            return frozenset()
        below = self.page.blocks[self.headline_at + 1 :]
        heading = next((block.element for block in below if _heads_others(block)), None)
        if heading is None:
            return frozenset()
        order = iter(self.page.elements)
        return frozenset(dropwhile(lambda each: each is not heading, order))

    def _within(self, element: HtmlElement) -> Iterator[HtmlElement]:
        """The element and those around it that do not hold the headline too."""
        return takewhile(
            lambda around: around not in self.around_headline, (element, *element.iterancestors())
        )


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _heads_others(block: Block) -> bool:
    return (
        len(block.text) < MOST_HEADING
        and bool(OTHERS_HEADING.match(block.text))
        and block.linked < len(block.text)
    )


def _is_teaser(element: HtmlElement) -> bool:
    """Whether a small box holds a link as long as a headline: it is about what the link leads
    to."""
    if (
        element.tag not in ("li", "div", "article", "section", "p", "td")
        or len(element.text_content()) > MOST_TEASER
    ):
        return False
    words = (link.text_content().split() for link in element.iter("a"))
    return any(len(each) > MOST_NAMES and sum(map(len, each)) > MIN_LINK for each in words)


def _is_frame(element: HtmlElement) -> bool:
    names = _names(element)
    return bool(element.tag in OTHER_PARTS or FRAME.search(names)) and not OWN_DETAILS.search(names)


def _is_others(element: HtmlElement) -> bool:
    return bool(OTHERS.search(_names(element)) or OTHER_TYPE.search(element.get("itemtype") or ""))


def _claimed(page: Page, name: str, metas: tuple[str, ...]) -> Iterator[str | None]:
    yield jsonld.plain(page.article.get(name))
    for tag in metas:
        yield page.meta.get(tag)
    if not page.article:
        for thing in page.things:
            if jsonld.types(thing) & WORKS:
                yield jsonld.plain(thing.get(name))


def _marked(reader: Reader, day: str) -> Found | None:
    """A moment of that day that the article's own part marks for machines, in no sentence and of no
    update."""
    for mark in reader.marks:
        at = reader.moment(mark.said) or ""
        if len(at) > DAY and at.startswith(day) and not mark.is_update and not mark.within_prose:
            same = believed(mark.text, reader.moment(mark.text), mark, reader) == at
            if same and not reader.is_elsewhere(mark.element):
                return at, mark.said
    return None


def _weaker(reader: Reader) -> Iterator[str | None]:
    """Marked times of the article itself, then the date in the page's address."""
    unfilled = {
        mark.said
        for mark in reader.marks
        if not mark.text and mark.element.tag == "time" and not mark.is_update
    }
    if len(unfilled) == 1 and not all(
        map(reader.is_elsewhere, (m.element for m in reader.marks if not m.text))
    ):
        yield unfilled.pop()  # a script would show how long ago that was
    marked = (
        each
        for each in reader.page.elements[1:]
        if _is_marked_date(each) and not reader.is_elsewhere(each)
    )
    for element in islice(marked, 3):
        yield element.get("datetime") or element.get("content") or element.text_content().strip()
    for address in (reader.page.url, canonical_url(reader.page) or ""):
        if fits := URL_DATE.search(urlsplit(address).path):
            yield "-".join(fits.groups())


def _is_marked_date(element: HtmlElement) -> bool:
    said = element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
    return said or "entry-date" in (element.get("class") or "")


def _first(reader: Reader, claims: Iterator[str | None]) -> Found:
    raw_only = None
    for raw in claims:
        at = reader.moment(raw)
        if at:
            return at, raw
        raw_only = raw_only or (raw if raw and any(c.isdigit() for c in raw) else None)
    return None, raw_only


def _sharper(claimed: Found, shown: Found) -> Found:
    """The claimed moment, or the shown one where it adds to the same day a clock time, or to the
    same clock a zone."""
    one, other = claimed[0] or "", shown[0] or ""
    if len(one) == DAY < len(other) and same_day(one, other):
        return shown
    exact = len(one) > DAY and not one.endswith("Z") and other.endswith("Z") and agree(one, other)
    return shown if exact and one[14:] == other[14:] else claimed


def _shown_dates(reader: Reader, near: list[Block]) -> tuple[Found, Found, tuple[str, ...]]:
    """When the lines beside the headline say that it was published and updated, and these lines."""
    published: Found = (None, None)
    updated: Found = (None, None)
    lines: list[str] = []
    for block in _head(near):
        if (
            len(block.text) > MAX_SHORT
            or not is_date_line(block.text)
            or reader.is_others(block.element)
        ):
            continue
        marked = marks_in(block, reader.marks)
        if block.linked * 2 > len(block.text) and not (
            marked and _is_little_beside(block.text, marked)
        ):
            continue
        said = list(_said(reader, block, marked))
        lines += [block.text] if said else []
        for found, is_update in said:
            if is_update and not updated[0]:
                updated = found
            elif not is_update and not published[0]:
                published = found
    return published, updated, tuple(lines)


def _head(near: list[Block]) -> Iterator[Block]:
    """The lines beside the headline, to the second that is prose: the first may be a standfirst."""
    prose = 0
    for block in near:
        prose += (
            len(block.text) > MIN_PROSE
            and block.linked * 2 < len(block.text)
            and block.text.endswith(ENDS)
        )
        if prose < 2 or not block.text.endswith(ENDS):
            yield block


def _is_little_beside(text: str, marked: list[Mark]) -> bool:
    for mark in marked:
        text = text.replace(mark.text, " ", 1)
    return told_words(text) <= (MOST_NAMES if opens_like_byline(text) else FEW_NAMES)


def _said(reader: Reader, block: Block, marked: list[Mark]) -> Iterator[tuple[Found, bool]]:
    """The moments that a line names, and of each whether it is that of an update."""
    parts = parted(block.text, marked)
    for part, mark in parts:
        if mark and is_sentence(block.text):
            continue
        shown = reader.moment(part)
        at = believed(part, shown, mark, reader) if mark else shown
        if at:
            raw = as_printed(part, shown, reader.moment) if shown else (mark.said if mark else part)
            yield (at, raw), _is_update(part, mark)


def _is_update(part: str, mark: Mark | None) -> bool:
    if mark and mark.is_update is not None:
        return mark.is_update
    label, text = (part.partition(mark.text)[0], mark.text) if mark and mark.text else ("", part)
    before_digits = DIGIT.split(text, maxsplit=1)[0]
    label += before_digits
    return bool(UPDATED.search(label))


def _by_htmldate(reader: Reader) -> Found:
    """htmldate, without its widest net: what it makes of mark-up, not of running text or of another
    thing's date."""
    from htmldate import find_date

    page = reader.page
    latest = (page.fetched_at or "")[:10] or None
    try:
        found = find_date(
            page.tree,
            extensive_search=False,
            original_date=True,
            min_date="1995-01-01",
            max_date=latest,
            url=None,
            deferred_url_extractor=True,
        )
    # hostile mark-up finds new ways to fail in there; a date is never worth a page
    except Exception:
        return None, None
    if not found or found == latest or (latest and _day_before(latest) == found):
        return None, None
    return (found, found) if _is_own(reader, found) else (None, None)


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _is_own(reader: Reader, day: str) -> bool:
    """Whether a day stands in what the page says of its article: its data, or a line or a mark in
    its own part."""
    page = reader.page
    claims = [value for name, value in page.meta.items() if DATE_NAME.search(name)]
    claims += [said for name in DATES_OF_WORK if (said := jsonld.plain(page.article.get(name)))]
    if any(day in claim or (reader.moment(claim) or "")[:DAY] == day for claim in claims):
        return True
    marked = (
        mark
        for mark in reader.marks
        if not mark.within_prose and not reader.is_elsewhere(mark.element)
    )
    if any(
        (believed(mark.text, reader.moment(mark.text), mark, reader) or "")[:DAY] == day
        for mark in marked
    ):
        return True
    short = (
        block for block in page.blocks if len(block.text) <= MAX_SHORT and DIGIT.search(block.text)
    )
    return any(_says(reader, block, day) for block in islice(short, MOST_LINES))


def _says(reader: Reader, block: Block, day: str) -> bool:
    """Whether a block of the article's own part is a line that names the day."""
    text = block.text
    if not is_date_line(text) or is_sentence(text):
        return False
    return (reader.moment(text) or "")[:DAY] == day and not reader.is_elsewhere(block.element)
