"""Find when a page says that its article was published and changed.

Better no date than a wrong one. The sources in their order are JSON-LD, meta tags, the lines beside
the headline, marked times, the URL, and last htmldate (https://htmldate.readthedocs.io). A
timestamp for machines (`<time datetime>`) is believed where the visible text gives the same day or
no day. Ignored are dates in the running text, in copyright lines, in comments, lists of other
articles, notices and scripts, dates later than a day after the page was fetched, and the day of the
fetch if htmldate finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import chain, dropwhile, islice, takewhile
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.timestamps import DAY_CHARS
from crawler.dates.date_parser import (
    SiteDate,
    count_words_beside_date,
    is_date_line,
    parse_site_date,
    possible_page_date,
    reads_as_sentence,
)
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block
from crawler.extraction.fields.byline import opens_like_byline
from crawler.extraction.fields.marked_times import (
    TimeMark,
    believed_timestamp,
    is_on_day,
    may_be_same_time,
    shortest_wording,
    split_at_marks,
    time_marks,
    time_marks_in_block,
)
from crawler.extraction.fields.metadata import (
    MAX_BLOCK_ABOVE_HEADLINE_CHARS,
    OpenedPage,
    canonical_url_of_page,
    headline_block_index,
)
from crawler.extraction.fields.printed_days import (
    PrintedDay,
    PrintedWording,
    find_printed_day,
)
from crawler.text.language import LANGUAGE_SAMPLE_CHARS, MIN_DECISIVE_LETTERS, detect_language

DIGIT_IN_TEXT = re.compile(r"\d")
DAY_AND_YEAR = re.compile(
    r"(?<!\d)\d\d?(?!\d).{1,30}(?<!\d)\d{4}(?!\d)|(?<!\d)\d{4}(?!\d)\D{1,30}\d\d?(?!\d)|"
    r"\d\.\d\d?\.\d\d(?!\d)"
)
"""Numbers that may be a day and a year."""
MIN_PROSE_LINE_CHARS = 80
"""Characters of a line that may be a paragraph of the text."""
MAX_FOREIGN_HEADING_CHARS = 60
"""Characters of a heading above comments or other articles."""
FOREIGN_HEADING = re.compile(
    r"\W*(?:\d+\s+)?(?:"
    r"comments?|related|more (?:from|on|stories|news|articles)|read (?:more|next|also)|latest|"
    r"most read|popular|recommended|you may also|see also|upcoming|events|kommentare?|mehr zum|"
    r"lesen sie auch|das könnte|ähnliche|commentaires?|réactions|à lire|lire aussi|sur le même|"
    r"comentarios?|comentários?|relacionad\w+|más noticias|leia também|commenti|leggi anche|"
    r"potrebbe|reacties|lees ook|meer over|komentarze|czytaj także|zobacz też|комментарии|"
    r"читайте также|yorumlar|ilgili haberler|评论|相关|댓글|관련|コメント|関連"
    r")",
    re.I,
)
"""Headings above comments and lists of other articles."""
MAX_TEASER_CHARS, MIN_TEASER_LINK_CHARS, MAX_TEASER_LEVELS = 400, 20, 3
"""Characters of a box about another article; letters of the link in it; how many elements around a
date are compared with such boxes."""
TEASER_BOX_TAGS = frozenset(("li", "div", "article", "section", "p", "td"))
"""Tags of boxes about other articles."""
MAX_SEARCHED_DATE_LINES = 2_000
"""Short lines with a digit that are searched for a day."""
MAX_BYLINE_WORDS_AT_MARK, MAX_OTHER_WORDS_AT_MARK = 4, 2
"""Words beside a marked time in a line of links: a name or two."""
MAX_MARKED_PUBLICATION_DATES = 3
"""Elements marked up as the date of publication that are read."""
MAX_MARKED_PRINTED_DATES = 12
"""Timestamps for machines that are searched for the offset of the date of publication."""
DATE_LINE_SENTENCE_ENDS = (".", "!", "?", "…", "”", "»", "。", "।")
FRAME_TAGS = frozenset(("aside", "footer", "nav", "dialog", "form"))
"""Tags of parts of a page that are not the article."""
FOREIGN_PART_NAMES_TEXT = r"""
comments?|comment-?(?:list|area|body|content|section|thread|meta|item)|respond|reply|replies|
disqus\w*|related\w*|recommend\w*|popular\w*|trending|latest(?:-\w+)*|most-?(?:read|viewed|popular)|
more-?(?:news|stories|articles)|read-?more|upcoming|events?(?![-_]{0,2}date)|calendar|agenda|
newsletter|cookies?(?:-\w+)*|consent|gdpr|privacy(?:-\w+)*|outbrain\w*|taboola\w*|sidebar
"""
FOREIGN_PART_NAME = re.compile(
    rf"(?:^|\s)(?:[a-z]+[-_]{{1,2}})?(?:{''.join(FOREIGN_PART_NAMES_TEXT.split())})(?:[-_]{{1,2}}\w+)?(?=$|\s)",
    re.I,
)
"""Classes and ids of comments, other articles and notices."""
FRAME_NAME = re.compile(
    r"(?:^|[\s_-])(?:widget\w*|teasers?|promos?|footer|nav|navigation|sidebar\w*)(?=$|[\s_-])", re.I
)
"""Classes and ids of the frame around an article, which may contain the article's date beside the
headline."""
ARTICLE_DETAIL_NAME = re.compile(
    r"(?:entry|post|article|story)[-_]{0,2}(?:footer|meta|info|details|utility|date|author)", re.I
)
"""Classes of the lines about an article, which many themes put into a `<footer>` or `<aside>` of
it."""
FOREIGN_ITEM_TYPE = re.compile(r"/(?:Comment|UserComments|Event)$")
"""Types of microdata that are not the article."""
DATED_WORK_TYPES = frozenset(
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
"""Types whose date counts on a page without data about an article."""
WORK_DATE_FIELDS = ("datePublished", "dateModified", "dateCreated")
DATE_META_NAME = re.compile(r"dat[eu]|time|publi|issued|modified|created|updated", re.I)
DateAndWording = tuple[str | None, str | None]
"""A timestamp, and its wording on the site."""
MarkUp = tuple[str | None, ...]
"""The tags and classes of an element and of the one around it."""

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
"""Meta tags that give the date of publication, the most reliable first."""
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
"""Meta tags that give the date of the last change, the most reliable first."""
DAY_IN_URL_PATH = re.compile(
    r"/(20[0-4]\d|19[89]\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)"
)
UPDATE_LABEL = re.compile(
    r"\b(?:last\s+)?(?:updated?|modified|edited|aktualisiert|geändert|mis à jour|actualizado|"
    r"atualizado|aggiornato|bijgewerkt|aktualizacja|aktualizováno|обновлено|изменено|uppdaterad|"
    r"oppdatert|opdateret|güncelleme|güncellendi|ενημέρωση|更新|수정|업데이트|päivitetty|frissítve|"
    r"оновлено|актуализирано|ažurirano|actualizat|diperbarui|cập nhật|آخر تحديث|تم التحديث|تحديث|"
    r"به‌روزرسانی|עודכן|अपडेट)",
    re.I,
)
"""Words for an update before a date."""
DATE_PART_SEPARATOR = re.compile(r"\s*[|•·]\s*|\s+[–—-]\s+")
"""Signs between the dates of publication and update on one line."""
MAX_CHRONOLOGY_LINE_CHARS = 100
"""Characters of a line of a chronology that begins with its date."""
CHRONOLOGY_TAGS = frozenset(("h2", "h3", "h4", "h5", "h6", "li", "dt"))
"""Elements that begin the entries of a chronology."""
MIN_CHRONOLOGY_DAYS = 2
"""Days that a chronology has entries for."""


@dataclass(frozen=True, slots=True)
class ArticleDates:
    """The dates of publication and last change, and the lines of the page that give them."""

    published: DateAndWording = (None, None)
    modified: DateAndWording = (None, None)
    lines: tuple[str, ...] = ()
    printed: PrintedDay | None = None
    """The day of publication on the outlet's own clock."""


def read_article_dates(
    page: OpenedPage, near: list[Block], headline: str | None = None
) -> ArticleDates:
    """Return when the article was published and last changed, with the wording on the page."""
    reader = PageDateReader(page, headline)
    shown, updated, lines = _dates_beside_headline(reader, near)
    modified = _first_readable_date(reader, _dates_in_data(page, "dateModified", MODIFIED_META))
    published = _publication_date(reader, shown)
    printed = find_printed_day(published[0], _printed_wordings(reader, published[1], shown))
    return ArticleDates(published, modified if modified[0] else updated, lines, printed)


def dates_by_rule(reader: PageDateReader, raw: str, found: ArticleDates) -> ArticleDates | None:
    """Return the dates with the text that an outlet's rule gives as publication; None for no date.

    The rule's day counts as printed; the page's own date may add the offset of the same instant.
    """
    date = reader.read_site_date(raw)
    if date is None:
        return None
    wordings = [PrintedWording(date, is_visible=True)]
    if found.published[0] and found.printed:
        general = SiteDate(found.published[0], found.printed.day, found.printed.offset)
        wordings.append(PrintedWording(general))
    return replace(
        found,
        published=(date.timestamp, raw),
        lines=(*found.lines, raw),
        printed=find_printed_day(date.timestamp, wordings),
    )


def _printed_wordings(
    reader: PageDateReader, raw: str | None, shown: DateAndWording
) -> Iterator[PrintedWording]:
    """The wordings of the date of publication, that of the archive's timestamp first.

    The others follow, as they may state the time zone: the page's data, the line beside the
    headline, and the marked times.
    """
    yield PrintedWording(reader.read_site_date(raw), is_visible=raw == shown[1])
    for said in _dates_in_data(reader.page, "datePublished", PUBLISHED_META):
        yield PrintedWording(reader.read_site_date(said))
    yield PrintedWording(reader.read_site_date(shown[1]), is_visible=True)
    for mark in islice(reader.time_marks, MAX_MARKED_PRINTED_DATES):
        if not mark.is_update and not mark.within_prose:
            yield PrintedWording(reader.read_site_date(mark.said))


def _publication_date(reader: PageDateReader, shown: DateAndWording) -> DateAndWording:
    """The date of publication from the most reliable source that gives it.

    `shown` is the date in the lines beside the headline. Where no source gives a date, the claim in
    the page's data is returned as the wording.
    """
    claimed = _first_readable_date(
        reader, _dates_in_data(reader.page, "datePublished", PUBLISHED_META)
    )
    published = _more_exact_date(claimed, shown) if claimed[0] else shown
    if not published[0]:
        published = _first_readable_date(reader, _dates_in_markup_and_url(reader))
    if not published[0]:
        published = _date_by_htmldate(reader)
    day = published[0]
    if not day:
        return None, claimed[1]
    return (_marked_time_on_day(reader, day) or published) if len(day) == DAY_CHARS else published


class PageDateReader:
    """Reads the dates of one page in the language of its text."""

    def __init__(self, page: OpenedPage, headline: str | None = None) -> None:
        self.page = page
        self.headline_at = headline_block_index(page, headline)
        self.language = page.language
        self._chronologies: dict[MarkUp, frozenset[Block]] = {}

    def read_date(self, raw: str | None) -> str | None:
        """Return the timestamp that a text of the page gives, None if it gives none."""
        found = self.read_site_date(raw)
        return found.timestamp if found else None

    def read_site_date(self, raw: str | None) -> SiteDate | None:
        """Return the date that a text of the page gives, None if it gives none.

        The text is read in the declared language first, then in the language of the page's text.
        """
        found = self._read_in(raw, self.language)
        if found or not raw or not DAY_AND_YEAR.search(raw):
            return found
        if self._seen_language == self.language:
            return None
        return self._read_in(raw, self._seen_language)

    def _read_in(self, raw: str | None, language: str | None) -> SiteDate | None:
        """The date of a text in a language, None if it gives none or an impossible one."""
        found = parse_site_date(raw, language, self.page.month_first)
        if found and possible_page_date(found.timestamp, self.page.fetched_at):
            return found
        return None

    @cached_property
    def _seen_language(self) -> str | None:
        """The language of the page's text; the declared one if there is too little text."""
        long = (block.text for block in self.page.blocks if len(block.text) > MIN_PROSE_LINE_CHARS)
        text = "\n".join(long)[:LANGUAGE_SAMPLE_CHARS]
        return (
            detect_language(text, (self.language,))
            if len(text) > MIN_DECISIVE_LETTERS
            else self.language
        )

    @cached_property
    def time_marks(self) -> tuple[TimeMark, ...]:
        """The timestamps for machines on the page."""
        return tuple(time_marks(self.page.tree))

    @cached_property
    def around_headline(self) -> frozenset[HtmlElement]:
        """The headline's element and all elements around it."""
        if self.headline_at is None:
            return frozenset(self.page.tree.iter("html", "body", "main"))
        element = self.page.blocks[self.headline_at].element
        return frozenset((element, *element.iterancestors()))

    def is_of_chronology(self, block: Block) -> bool:
        """Return whether a line is of a chronology in the text, which does not date the page.

        Its lines are marked up alike, give different days, and stand behind or between paragraphs.
        Above all paragraphs only a heading is one of them, as the page's own date stands there.
        """
        mark_up = _mark_up_of(block.element)
        if mark_up not in self._chronologies:
            self._chronologies[mark_up] = self._chronology_of(mark_up)
        return block in self._chronologies[mark_up]

    def _chronology_of(self, mark_up: MarkUp) -> frozenset[Block]:
        """The lines with this mark-up if they are a chronology, else none."""
        entries = self._possible_entries.get(mark_up, [])
        is_among_text = bool(entries) and entries[-1][1] > 0
        row = [block for block, _ in entries]
        return frozenset(row if is_among_text and self._gives_several_days(row) else ())

    @cached_property
    def _possible_entries(self) -> dict[MarkUp, list[tuple[Block, int]]]:
        """The lines that may be entries of a chronology, by their mark-up.

        Each with the number of paragraphs above it.
        """
        found: dict[MarkUp, list[tuple[Block, int]]] = {}
        passed = 0
        for block in self.page.blocks[(self.headline_at or 0) :][:MAX_SEARCHED_DATE_LINES]:
            is_short = len(block.text) <= MAX_CHRONOLOGY_LINE_CHARS
            if is_short and _may_be_entry(block.text) and (passed or _is_set_as_heading(block)):
                found.setdefault(_mark_up_of(block.element), []).append((block, passed))
            passed += len(block.text) > MIN_PROSE_LINE_CHARS
        return found

    def _gives_several_days(self, row: list[Block]) -> bool:
        """Return whether these lines give more than one day."""
        if len(row) < MIN_CHRONOLOGY_DAYS:
            return False
        days = {(self.read_date(block.text) or "")[:DAY_CHARS] for block in row}
        return len(days - {""}) >= MIN_CHRONOLOGY_DAYS

    def is_others(self, element: HtmlElement) -> bool:
        """Return whether an element is in comments, other articles, a calendar or a notice."""
        return any(_is_foreign_part(around) for around in self._parts_around(element))

    def is_elsewhere(self, element: HtmlElement) -> bool:
        """Return whether an element is outside the article: in such parts or in the page's frame."""
        within = list(self._parts_around(element))
        if any(_is_foreign_part(around) or _is_frame_part(around) for around in within):
            return True
        if any(map(_is_teaser_box, within[:MAX_TEASER_LEVELS])):
            return True
        is_own_detail = any(ARTICLE_DETAIL_NAME.search(_class_and_id(around)) for around in within)
        return element in self._after_text and not is_own_detail

    @cached_property
    def _after_text(self) -> frozenset[HtmlElement]:
        """All elements after a heading of comments or other articles below the headline."""
        if self.headline_at is None:
            return frozenset()
        below = self.page.blocks[self.headline_at + 1 :]
        heading = next((block.element for block in below if _is_foreign_heading(block)), None)
        if heading is None:
            return frozenset()
        order = iter(self.page.elements)
        return frozenset(dropwhile(lambda each: each is not heading, order))

    def _parts_around(self, element: HtmlElement) -> Iterator[HtmlElement]:
        """The element and those around it, up to the first that also contains the headline."""
        around = (element, *element.iterancestors())
        return takewhile(lambda each: each not in self.around_headline, around)


def _may_be_entry(text: str) -> bool:
    """Return whether a line has a date and says nothing of publication or update."""
    if not DIGIT_IN_TEXT.search(text) or not DAY_AND_YEAR.search(text) or UPDATE_LABEL.search(text):
        return False
    return is_date_line(text)


def _is_set_as_heading(block: Block) -> bool:
    """Return whether a line is a heading, an entry of a list, or all in bold."""
    if block.element.tag in CHRONOLOGY_TAGS:
        return True
    bold = (each for each in block.element if each.tag in ("b", "strong"))
    return any(" ".join(each.text_content().split()) == block.text for each in bold)


def _mark_up_of(element: HtmlElement) -> MarkUp:
    """The tags and classes of an element and of the one around it."""
    around = element.getparent()
    outer = (None, None) if around is None else (around.tag, around.get("class"))
    return (element.tag, element.get("class"), *outer)


def _class_and_id(element: HtmlElement) -> str:
    """The class and id of an element."""
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _is_foreign_heading(block: Block) -> bool:
    """Return whether a block is a heading above comments or other articles."""
    is_label = len(block.text) < MAX_FOREIGN_HEADING_CHARS and block.linked < len(block.text)
    return is_label and FOREIGN_HEADING.match(block.text) is not None


def _is_teaser_box(element: HtmlElement) -> bool:
    """Return whether a small box is about another page: it has a link as long as a headline."""
    if element.tag not in TEASER_BOX_TAGS or len(element.text_content()) > MAX_TEASER_CHARS:
        return False
    links = (link.text_content().split() for link in element.iter("a"))
    return any(
        len(words) > MAX_BYLINE_WORDS_AT_MARK and sum(map(len, words)) > MIN_TEASER_LINK_CHARS
        for words in links
    )


def _is_frame_part(element: HtmlElement) -> bool:
    """Return whether an element belongs to the frame around the article."""
    names = _class_and_id(element)
    return bool(
        element.tag in FRAME_TAGS or FRAME_NAME.search(names)
    ) and not ARTICLE_DETAIL_NAME.search(names)


def _is_foreign_part(element: HtmlElement) -> bool:
    """Return whether an element is named or marked up as comments, other articles or a notice."""
    return bool(
        FOREIGN_PART_NAME.search(_class_and_id(element))
        or FOREIGN_ITEM_TYPE.search(element.get("itemtype") or "")
    )


def _dates_in_data(page: OpenedPage, name: str, metas: tuple[str, ...]) -> Iterator[str | None]:
    """The dates of this name in the page's data, the most reliable first."""
    yield jsonld.plain_text_of(page.article.get(name))
    for tag in metas:
        yield page.meta.get(tag)
    if not page.article:
        for thing in page.things:
            if jsonld.types_of_thing(thing) & DATED_WORK_TYPES:
                yield jsonld.plain_text_of(thing.get(name))


def _marked_time_on_day(reader: PageDateReader, day: str) -> DateAndWording | None:
    """The timestamp for machines on that day in the article, outside sentences, not an update."""
    for mark in reader.time_marks:
        if mark.is_update or mark.within_prose:
            continue
        at = reader.read_date(mark.said) or ""
        if len(at) <= DAY_CHARS or not at.startswith(day):
            continue
        is_believed = believed_timestamp(mark.text, reader.read_date(mark.text), mark, reader) == at
        if is_believed and not reader.is_elsewhere(mark.element):
            return at, mark.said
    return None


def _dates_in_markup_and_url(reader: PageDateReader) -> Iterator[str | None]:
    """The marked times of the article itself, then the date in the page's URL."""
    yield _time_of_empty_elements(reader)
    marked = filter(_is_publication_date_element, reader.page.elements[1:])
    own = (element for element in marked if not reader.is_elsewhere(element))
    for element in islice(own, MAX_MARKED_PUBLICATION_DATES):
        yield element.get("datetime") or element.get("content") or element.text_content().strip()
    for url in (reader.page.url, canonical_url_of_page(reader.page) or ""):
        if fits := DAY_IN_URL_PATH.search(urlsplit(url).path):
            yield "-".join(fits.groups())


def _time_of_empty_elements(reader: PageDateReader) -> str | None:
    """The timestamp of the `<time>` elements without text, if all have the same one.

    In a browser a script would show there how long ago that was.
    """
    empty = [mark for mark in reader.time_marks if not mark.text]
    times = (mark for mark in empty if mark.element.tag == "time" and not mark.is_update)
    timestamps = {mark.said for mark in times}
    if len(timestamps) != 1 or all(reader.is_elsewhere(mark.element) for mark in empty):
        return None
    return timestamps.pop()


def _is_publication_date_element(element: HtmlElement) -> bool:
    """Return whether an element is marked up as the date of publication."""
    if element.get("itemprop") == "datePublished" or element.get("pubdate") is not None:
        return True
    return "entry-date" in (element.get("class") or "")


def _first_readable_date(reader: PageDateReader, claims: Iterator[str | None]) -> DateAndWording:
    """The first text that gives a timestamp; without one, the first text with a digit."""
    unread = None
    for raw in claims:
        if at := reader.read_date(raw):
            return at, raw
        if unread is None and raw and any(map(str.isdigit, raw)):
            unread = raw
    return None, unread


def _more_exact_date(claimed: DateAndWording, shown: DateAndWording) -> DateAndWording:
    """The shown date if it is more exact than the claimed one, else the claimed one.

    It is more exact if it adds a clock time to the same day, or a time zone to the same clock time.
    """
    one, other = claimed[0] or "", shown[0] or ""
    if len(one) == DAY_CHARS < len(other) and is_on_day(one, other):
        return shown
    lacks_zone = len(one) > DAY_CHARS and not one.endswith("Z")
    if (
        lacks_zone
        and other.endswith("Z")
        and may_be_same_time(one, other)
        and one[14:] == other[14:]
    ):
        return shown
    return claimed


def _dates_beside_headline(
    reader: PageDateReader, near: list[Block]
) -> tuple[DateAndWording, DateAndWording, tuple[str, ...]]:
    """The dates of publication and update in the lines beside the headline, and these lines."""
    published: DateAndWording = (None, None)
    updated: DateAndWording = (None, None)
    lines: list[str] = []
    for block in _lines_before_text(near):
        said = list(_dates_of_line(reader, block))
        if said:
            lines.append(block.text)
        for found, is_update in said:
            if is_update and not updated[0]:
                updated = found
            elif not is_update and not published[0]:
                published = found
    return published, updated, tuple(lines)


def _dates_of_line(reader: PageDateReader, block: Block) -> Iterator[tuple[DateAndWording, bool]]:
    """The dates in a line beside the headline, each with whether it is the date of an update.

    Links and lines of other articles give none.
    """
    text = block.text
    if (
        len(text) > MAX_BLOCK_ABOVE_HEADLINE_CHARS
        or not is_date_line(text)
        or reader.is_others(block.element)
        or reader.is_of_chronology(block)
    ):
        return
    marked = time_marks_in_block(block, reader.time_marks)
    if block.linked * 2 <= len(text) or (marked and _is_little_but_marks(text, marked)):
        yield from _dates_in_line(reader, block, marked)


def _lines_before_text(near: list[Block]) -> Iterator[Block]:
    """The lines beside the headline, up to the second of prose; the first may be a standfirst."""
    prose = 0
    for block in near:
        is_sentence = block.text.endswith(DATE_LINE_SENTENCE_ENDS)
        if (
            is_sentence
            and len(block.text) > MIN_PROSE_LINE_CHARS
            and block.linked * 2 < len(block.text)
        ):
            prose += 1
        if prose < 2 or not is_sentence:
            yield block


def _is_little_but_marks(text: str, marked: list[TimeMark]) -> bool:
    """Return whether a line has hardly any words beside its marked times."""
    for mark in marked:
        text = text.replace(mark.text, " ", 1)
    return count_words_beside_date(text) <= (
        MAX_BYLINE_WORDS_AT_MARK if opens_like_byline(text) else MAX_OTHER_WORDS_AT_MARK
    )


def _dates_in_line(
    reader: PageDateReader, block: Block, marked: list[TimeMark]
) -> Iterator[tuple[DateAndWording, bool]]:
    """The dates in a line, each with whether it is the date of an update."""
    for part, mark in split_at_marks(block.text, marked):
        if mark and reads_as_sentence(block.text):
            continue
        shown = reader.read_date(part)
        at = believed_timestamp(part, shown, mark, reader) if mark else shown
        if not mark and len(several := list(_labelled_dates(reader, part))) > 1:
            yield from several
            continue
        if not at:
            continue
        raw = mark.said if mark else part
        if shown:
            raw = shortest_wording(part, shown, reader.read_date)
        yield (at, raw), _is_update_part(part, mark)


def _labelled_dates(reader: PageDateReader, part: str) -> Iterator[tuple[DateAndWording, bool]]:
    """The dates of a line that has an update beside another date: `Published … | Updated …`."""
    if not UPDATE_LABEL.search(part):
        return
    parted = UPDATE_LABEL.sub(lambda label: f" | {label[0]}", part)
    for piece in filter(None, map(str.strip, DATE_PART_SEPARATOR.split(parted))):
        if at := reader.read_date(piece):
            yield (at, piece), _is_update_part(piece, None)


def _is_update_part(part: str, mark: TimeMark | None) -> bool:
    """Return whether a part of a line gives the date of an update."""
    if mark and mark.is_update is not None:
        return mark.is_update
    label, text = "", part
    if mark and mark.text:
        label, text = part.partition(mark.text)[0], mark.text
    before_digits = DIGIT_IN_TEXT.split(text, maxsplit=1)[0]
    return UPDATE_LABEL.search(label + before_digits) is not None


def _date_by_htmldate(reader: PageDateReader) -> DateAndWording:
    """The date that htmldate finds in the mark-up of the article.

    Its extensive search is off, since that finds dates in running text and of other articles.
    """
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
    # htmldate fails on hostile mark-up in ever new ways; a date is not worth losing the page
    except Exception:
        return None, None
    if not found or (latest and found in (latest, _day_before(latest))):
        return None, None
    return (found, found) if _is_day_of_article(reader, found) else (None, None)


def _day_before(day: str) -> str:
    """The day before a day."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _is_day_of_article(reader: PageDateReader, day: str) -> bool:
    """Return whether the page dates its article: in its data, or in a line of the article."""
    page = reader.page
    of_meta = (value for name, value in page.meta.items() if DATE_META_NAME.search(name))
    of_data = (jsonld.plain_text_of(page.article.get(name)) for name in WORK_DATE_FIELDS)
    claims = filter(None, chain(of_meta, of_data))
    if any(day in claim or (reader.read_date(claim) or "")[:DAY_CHARS] == day for claim in claims):
        return True
    if any(_marks_day(reader, mark, day) for mark in reader.time_marks):
        return True
    short = (block for block in page.blocks if len(block.text) <= MAX_BLOCK_ABOVE_HEADLINE_CHARS)
    with_digit = (block for block in short if DIGIT_IN_TEXT.search(block.text))
    return any(
        _names_day(reader, block, day) for block in islice(with_digit, MAX_SEARCHED_DATE_LINES)
    )


def _marks_day(reader: PageDateReader, mark: TimeMark, day: str) -> bool:
    """Return whether a timestamp for machines in the article's own part is on the day."""
    if mark.within_prose or reader.is_elsewhere(mark.element):
        return False
    at = believed_timestamp(mark.text, reader.read_date(mark.text), mark, reader)
    return (at or "")[:DAY_CHARS] == day


def _names_day(reader: PageDateReader, block: Block, day: str) -> bool:
    """Return whether a block is a line of the article's own part that gives the day."""
    text = block.text
    if not is_date_line(text) or reads_as_sentence(text) or reader.is_of_chronology(block):
        return False
    return (reader.read_date(text) or "")[:DAY_CHARS] == day and not reader.is_elsewhere(
        block.element
    )
